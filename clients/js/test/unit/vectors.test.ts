/** The vectors that all implementations share: bytes, and what they say. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { TuttiError } from '../../src/errors.js'
import { decode, Writer } from '../../src/msgpack.js'
import { decodeServerMessage } from '../../src/wire.js'
import type { Value } from '../../src/value.js'

interface Vector {
  readonly name: string
  readonly hex: string
  /** Left out where the bytes are malformed. */
  readonly message?: unknown
  readonly from?: 'client' | 'server'
}

const folder = join(process.cwd(), '..', '..', 'tests', 'vectors')
const files = readdirSync(folder).filter((name) => name.endsWith('.json'))

test('there are vectors', () => {
  assert.ok(files.length > 0, 'no file in tests/vectors')
})

for (const file of files) {
  const content: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'))
  const vectors = (Array.isArray(content) ? content : [content]) as Vector[]
  for (const vector of vectors) test(`${file}: ${vector.name}`, () => check(vector))
}

function check({ hex, message, from }: Vector): void {
  const bytes = Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'))
  if (message === undefined) {
    assert.throws(
      () => decodeServerMessage(bytes),
      (error) => error instanceof TuttiError && error.status === 'malformed',
    )
    return
  }
  const value = decode(bytes)
  assert.deepEqual(jsonOf(value), message)
  assert.equal(Buffer.from(new Writer().value(value).finish()).toString('hex'), hex)
  if (from === 'server') decodeServerMessage(bytes)
}

/** JSON has no binaries: they stand as `{ "hex": "…" }`. */
function jsonOf(value: Value): unknown {
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString('hex') }
  if (Array.isArray(value)) return value.map(jsonOf)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonOf(item)]))
}
