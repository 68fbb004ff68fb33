import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode as oracleDecode, encode as oracleEncode } from '@msgpack/msgpack'
import { TuttiError } from '../../src/errors.js'
import { decode, Writer } from '../../src/msgpack.js'
import type { Value } from '../../src/value.js'
import { decodeServerMessage } from '../../src/wire.js'
import { bytesOf, frame, names, newsFrame, randomOf, run, section, welcome } from './messages.js'

const encode = (value: Value) => new Writer().value(value).finish()
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'))

const EDGES: Value[] = [
  null,
  true,
  false,
  0,
  1,
  127,
  128,
  255,
  256,
  65535,
  65536,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53,
  -1,
  -32,
  -33,
  -128,
  -129,
  -32768,
  -32769,
  -(2 ** 31),
  -(2 ** 31) - 1,
  -(2 ** 53),
  0.5,
  -0.1,
  1e300,
  2 ** 60,
  '',
  'a',
  'x'.repeat(31),
  'x'.repeat(32),
  'x'.repeat(255),
  'x'.repeat(256),
  'ü€𝄞',
  '\uFEFFbom',
  new Uint8Array(0),
  new Uint8Array(256),
  [],
  Array(15).fill(1),
  Array(16).fill(1),
  {},
  { a: { b: [1, 'c'] } },
]

test('what is written is read back, by us and by another library', () => {
  for (const value of EDGES) {
    assert.deepEqual(decode(encode(value)), value)
    assert.deepEqual(oracleDecode(encode(value)), value)
  }
})

test('what another library writes is read', () => {
  for (const value of EDGES) assert.deepEqual(decode(oracleEncode(value)), value)
})

test('numbers take their shortest form', () => {
  assert.equal(hex(encode(200)), 'ccc8')
  assert.equal(hex(encode(-33)), 'd0df')
  assert.equal(hex(encode(0.5)), 'ca3f000000')
  assert.equal(hex(encode(0.1)), 'cb3fb999999999999a')
  assert.equal(hex(encode(2 ** 32)), 'cf0000000100000000')
})

test('every value can be the one for which the buffer has to grow', () => {
  for (const value of EDGES) {
    for (let before = 240; before < 258; before++) {
      const list = ['x'.repeat(before), value]
      assert.deepEqual(decode(encode(list)), list)
    }
  }
})

test('a long array and a long text take the forms with 32-bit counts', () => {
  const list = Array(65536).fill(7)
  assert.deepEqual(decode(encode(list)), list)
  assert.equal((decode(encode('x'.repeat(70_000))) as string).length, 70_000)
})

test('a key called __proto__ is a key like any other', () => {
  const map = decode(bytes('81a95f5f70726f746f5f5f81a17801')) as { [key: string]: Value }
  assert.deepEqual(Object.keys(map), ['__proto__'])
  assert.equal(Object.getPrototypeOf(map), Object.prototype)
  assert.equal(({} as { x?: number }).x, undefined)
  assert.equal(hex(encode(map)), '81a95f5f70726f746f5f5f81a17801')
})

const MALFORMED: [string, string][] = [
  ['nothing', ''],
  ['an integer cut off', 'cd01'],
  ['a string cut off', 'a461'],
  ['four billion items declared', 'ddffffffff'],
  ['four billion keys declared', 'dfffffffff'],
  ['four billion bytes declared', 'c6ffffffff00'],
  ['a byte after the message', '0101'],
  ['an extension type', 'd40100'],
  ['a type that is not used', 'c1'],
  ['NaN', 'cb7ff8000000000000'],
  ['infinity', 'ca7f800000'],
  ['invalid UTF-8', 'a2c328'],
  ['a lone surrogate', 'a3eda080'],
  ['a key twice', '82a16101a16102'],
  ['a key that is a number', '810101'],
  ['an integer over 2^53', 'cf0020000000000001'],
  ['an integer under -2^53', 'd3ffdfffffffffffff'],
  ['twenty levels', '91'.repeat(20) + '00'],
]

for (const [what, text] of MALFORMED) {
  test(`malformed: ${what}`, () => {
    assert.throws(() => decode(bytes(text)), isMalformed)
  })
}

test('random bytes and damaged messages are read or are malformed, and nothing else', () => {
  const random = randomOf(1)
  const below = (n: number) => Math.floor(random() * n)
  const samples = [
    welcome({ scopesKept: [1, 2], refusals: [3, 7] }),
    frame(1, names(), section(1, 2, 3, run(1, 1), 3, 2, 0, 'a', 1, 'red', 3, 'b', 2, 'blue')),
    newsFrame(1, [2, 0, 1, 7], section(2, 0, 9, run(0, 5), 12, 4, new Uint8Array([5]), 1, 2, 3, 4)),
    frame(2, section(1, 0, 1, run(1, 6), 2, 0, 4, 3, 'p', 'q', 'r', run(1, 7), 4, { a: [1] })),
    [3, 5, 1_700_000_000_000, 99],
    [4, 10, 'x is outside its range'],
  ].map((message) => bytesOf(message))

  let read = 0
  for (let i = 0; i < 60_000; i++) {
    const damaged = Uint8Array.from(samples[below(samples.length)]!)
    const whole = i % 4 === 0 ? Uint8Array.from({ length: below(40) }, () => below(256)) : damaged
    for (let hits = 1 + below(3); hits > 0 && whole.length > 0; hits--) {
      whole[below(whole.length)] = below(4) === 0 ? [0xdd, 0xdf, 0xc6, 0xcf][below(4)]! : below(256)
    }
    try {
      decodeServerMessage(whole.subarray(0, below(8) === 0 ? below(whole.length) : whole.length))
      read++
    } catch (error) {
      assert.ok(isMalformed(error), `seed 1, round ${i}: ${String(error)}`)
    }
  }
  assert.ok(read > 1_000, 'some damage leaves a message whole')
})

function isMalformed(error: unknown): boolean {
  return error instanceof TuttiError && error.status === 'malformed'
}
