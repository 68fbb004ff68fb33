import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { TuttiError } from '../../src/errors.js'
import { Names } from '../../src/names.js'
import { encodeOperation, Operation, type Edit } from '../../src/operation.js'
import { platform } from '../../src/platform.js'
import {
  decodeServerMessage,
  encodeClock,
  encodeHello,
  encodeLeave,
  encodeOperations,
  encodePresence,
  encodePresenceMoved,
  unzigzag,
  zigzag,
} from '../../src/wire.js'
import {
  bytesOf,
  frame,
  INPUT,
  inputsFrame,
  jsonOf,
  newsFrame,
  run,
  section,
  sectionsOf,
  SHAPES,
  welcome,
  type Json,
} from './messages.js'

const isMalformed = (error: unknown) => error instanceof TuttiError && error.status === 'malformed'

const runsOf = (...elements: Json[]) => sectionsOf(frame(1, section(1, 0, 1, ...elements)))[0]!.runs

test('hello', () => {
  const key = new Uint8Array(16).fill(9)
  const hello = encodeHello({
    key,
    roomKind: null,
    user: { name: 'Ada' },
    sequence: 12,
    decided: 11,
    incarnation: 3,
    places: [0, 5, 1, 900],
  })
  assert.deepEqual(jsonOf(hello), [0, 1, key, null, { name: 'Ada' }, 12, 11, 3, [0, 5, 1, 900], 1])
})

test('clock and leave', () => {
  assert.deepEqual(jsonOf(encodeClock(300)), [3, 300])
  assert.deepEqual(jsonOf(encodeLeave()), [4])
})

test('presence, whole and moved', () => {
  assert.deepEqual(
    jsonOf(
      encodePresence([
        [2, 5],
        ['mood', 'good'],
      ]),
    ),
    [2, 2, 5, 'mood', 'good'],
  )
  const moved = encodePresenceMoved(12, [-3, 20])
  assert.deepEqual(jsonOf(moved), [28, 5, 40])
  assert.equal(moved.length, 4)
})

test('zigzag', () => {
  for (const n of [0, 1, -1, 2, -2, 63, -64, 2 ** 40, -(2 ** 40)]) {
    assert.equal(unzigzag(zigzag(n)), n)
  }
  assert.deepEqual([0, -1, 1, -2, 2].map(zigzag), [0, 1, 2, 3, 4])
})

function encoded(edits: Edit[]): Json {
  const names = new Names()
  names.add({ what: 'collection', number: 5, name: 'shapes', ofMembers: false, scope: 1 })
  const numbers = { minimum: 0, maximum: 9, steps: 8 }
  const common = { what: 'field', collection: 5, ...numbers } as const
  names.add({ ...common, number: 2, name: 'x', type: 'fixed', merge: 'set' })
  names.add({ ...common, number: 3, name: 'points', type: 'any', merge: 'append' })
  names.add({ what: 'event', number: 4, name: 'chat', kept: 1 })
  const operation = new Operation()
  operation.edits.push(...edits)
  return (jsonOf(encodeOperations([encodeOperation(operation, names)])) as Json[])[1]!
}

test('operations: known names go as numbers, unknown ones as they are', () => {
  const mine = new Operation()
  mine.sequence = 33
  const shape = { collection: 'shapes', id: 'a' }
  assert.deepEqual(
    encoded([
      { verb: 'put', ...shape, fields: { x: 0.5, hue: 'red' }, ifNew: true },
      { verb: 'set', ...shape, fields: { x: null }, ifUnchanged: 700 },
      { verb: 'append', ...shape, fields: { points: [1, 2] } },
      { verb: 'add', ...shape, fields: { x: -2 } },
      { verb: 'delete', ...shape, fields: {}, ifMine: mine },
      { verb: 'set', collection: 'new', id: 'b', fields: { y: 1 }, ifUnchanged: 1, ifMine: mine },
      { verb: 'emit', event: 'chat', to: 0, value: 'hi' },
      { verb: 'emit', event: 'wave', to: 6, value: null },
    ]),
    [
      [0 + 8 * 1, 5, 'a', 2, 4, 'hue', 'red'],
      [1 + 8 * 2, 5, 'a', 700, 2, null],
      [2, 5, 'a', 3, 1, 2],
      [3, 5, 'a', 2, -16],
      [4 + 8 * 4, 5, 'a', 33],
      [1 + 8 * 6, 'new', 'b', 1, 33, 'y', 1],
      [5, 4, 0, 'hi'],
      [5, 'wave', 6, null],
    ],
  )
})

test('welcome, with elements of a later version at its end', () => {
  const message = decodeServerMessage(
    bytesOf([
      ...(welcome({
        member: 4,
        scopesKept: [0, 1],
        refusals: [9, 7],
        forked: ['lobby', 3, 1200],
      }) as Json[]),
      'new',
      1,
    ]),
  )
  assert.equal(message.kind, 'welcome')
  if (message.kind !== 'welcome') return
  assert.equal(message.member, 4)
  assert.deepEqual(message.scopesKept, [0, 1])
  assert.equal(message.limits.operationsInFlight, 64)
  assert.deepEqual(message.refusals, [{ number: 9, status: 7 }])
  assert.equal(message.recorded, true)
  assert.deepEqual(message.forked, { room: 'lobby', incarnation: 3, tick: 1200 })
})

test('news', () => {
  const message = decodeServerMessage(bytesOf(newsFrame(3, [5, 0, 0, 7, 4, 9])))
  assert.deepEqual(message, {
    kind: 'frame',
    ticks: 3,
    inputs: null,
    news: {
      decided: 5,
      durable: 0,
      refusals: [
        { number: 0, status: 7 },
        { number: 4, status: 9 },
      ],
    },
    sections: [],
  })
})

test('put names slots and ids', () => {
  assert.deepEqual(runsOf(run(SHAPES, 1), 0b101, 2, 3, 'a', 1, 2, 9, 'b', 3, null), [
    {
      form: 'put',
      collection: SHAPES,
      fields: [0, 2],
      rows: [
        { slot: 3, id: 'a', values: [1, 2] },
        { slot: 9, id: 'b', values: [3, null] },
      ],
    },
  ])
})

test('gaps count the slots left out', () => {
  assert.deepEqual(runsOf(0, 3, 4, 0, 2), [{ form: 'delete', slots: [4, 5, 8] }])
})

test('a bitmap counts from its first slot', () => {
  const [changed] = runsOf(run(SHAPES, 3), 1, 10, new Uint8Array([0b101, 0b10]), 'a', 'b', 'c')
  assert.deepEqual(changed, {
    form: 'set',
    collection: SHAPES,
    fields: [0],
    rows: [
      { slot: 10, values: ['a'] },
      { slot: 12, values: ['b'] },
      { slot: 19, values: ['c'] },
    ],
  })
})

test('runs of all forms stand one after the other', () => {
  const runs = runsOf(
    ...[0, 1, 7],
    ...[run(SHAPES, 1), 1, 1, 7, 'a', 5],
    ...[run(SHAPES, 2), 1, 1, 7, 6],
    ...[run(SHAPES, 4), 1, 1, 7, 3],
    ...[run(SHAPES, 5), 1, 7, new Uint8Array([1]), 4],
    ...[run(SHAPES, 6), 2, 7, 0, 2, 'p', 'q'],
    ...[run(3, 7), 9, { text: 'hi' }],
  )
  assert.deepEqual(
    runs.map(({ form }) => form),
    ['delete', 'put', 'set', 'moved', 'moved', 'append', 'event'],
  )
})

const BROKEN: [string, Json][] = [
  ['no array', 5],
  ['an empty array', []],
  ['an unknown kind', [9]],
  ['a kind that is no integer', ['0', 1]],
  ['a frame without ticks', [0]],
  ['a frame with negative ticks', [0, -1]],
  ['a section that is no array', [0, 1, 5]],
  ['a section without advance', [0, 1, [8]]],
  ['a lost scope with elements', [0, 1, [8 + 4, 3]]],
  ['a run cut off', frame(1, section(1, 0, 1, run(1, 1), 1, 1, 0, 'a'))],
  ['a put of a trillion records', frame(1, section(1, 0, 1, run(1, 1), 0, 2 ** 40, 0, 'a'))],
  ['a mask of 33 fields', frame(1, section(1, 0, 1, run(1, 2), 2 ** 32, 0))],
  ['an id that is a list', frame(1, section(1, 0, 1, run(1, 1), 0, 1, 0, []))],
  ['a bitmap that is text', frame(1, section(1, 0, 1, run(1, 3), 0, 0, 'x'))],
  ['an unknown definition', frame(1, section(0, 0, 1, [7, 1]))],
  ['a field of an unknown type', frame(1, section(0, 0, 1, [1, 0, 1, 'x', 9, 0, 0, 0, 1]))],
  ['a field with number 32', frame(1, section(0, 0, 1, [1, 0, 32, 'x', 0, 0, 0, 0, 1]))],
  ['news with half a refusal', newsFrame(1, [1, 0, 0])],
  ['a clock with a surplus', [3, 1, 2, 3, 4]],
  ['a welcome without its end', (welcome() as Json[]).slice(0, 9)],
]

for (const [what, message] of BROKEN) {
  test(`malformed: ${what}`, () => {
    assert.throws(
      () => decodeServerMessage(bytesOf(message)),
      (error) => error instanceof TuttiError && error.status === 'malformed',
    )
  })
}

const POINTS = [run(1, 1), 1, 2, 0, 'a', [1, 2, 3], 1, 'b', [1, 2, 3]]
const INFLATERS = [
  ['a browser', platform.inflate],
  ['node', (bytes: Uint8Array, size: number) => inflateRawSync(bytes, { maxOutputLength: size })],
] as const

for (const [where, inflate] of INFLATERS) {
  test(`deflated: in ${where}`, () => {
    const before = platform.inflate
    platform.inflate = inflate
    try {
      const whole = bytesOf(POINTS)
      const deflated = new Uint8Array(deflateRawSync(whole))
      const of = (bytes: Uint8Array, ...rest: Json[]) => frame(1, [8, 3, bytes, ...rest])
      const section = sectionsOf(of(deflated, whole.length))[0]!
      assert.deepEqual(section, sectionsOf(frame(1, [8, 3, ...POINTS]))[0])
      const names = bytesOf([[2, 0, 'chat', 4]])
      const namesDeflated = new Uint8Array(deflateRawSync(names))
      const [defined] = sectionsOf(frame(1, [2, 1, namesDeflated, names.length]))
      assert.deepEqual(defined!.definitions, [{ what: 'event', number: 0, name: 'chat', kept: 4 }])

      const bomb = new Uint8Array(deflateRawSync(new Uint8Array(1 << 24)))
      const noArray = new Uint8Array(deflateRawSync(bytesOf(7)))
      const broken: [string, Json][] = [
        ['a byte less than was said', of(deflated, whole.length + 1)],
        ['a byte more than was said', of(deflated, whole.length - 1)],
        ['nothing', of(new Uint8Array(0), whole.length)],
        ['half of it', of(deflated.subarray(0, deflated.length / 2), whole.length)],
        ['no such bytes', of(new Uint8Array(40).fill(0xff), whole.length)],
        ['no array', of(noArray, 1)],
        ['a bomb', of(bomb, 65_536)],
        ['a size beyond what may be', of(deflated, 65_537)],
        ['no size', of(deflated)],
        ['a surplus', of(deflated, whole.length, 0)],
      ]
      for (const [what, message] of broken) {
        assert.throws(
          () => decodeServerMessage(bytesOf(message)),
          (error) => error instanceof TuttiError && error.status === 'malformed',
          what,
        )
      }
    } finally {
      platform.inflate = before
    }
  })
}

test('malformed: more than 65,536 bytes', () => {
  const large = bytesOf([4, 0, 'x'.repeat(70_000)])
  assert.throws(() => decodeServerMessage(large), /too large/)
})

test('what inputs a room takes', () => {
  const of = (input: Json) => {
    const message = decodeServerMessage(bytesOf(welcome({ input })))
    return message.kind === 'welcome' ? message.input : undefined
  }
  assert.equal(of(null), null)
  const { definition, ...rules } = of(INPUT)!
  assert.deepEqual(rules, { hold: 6, ahead: 64 })
  const { type, minimum, maximum, steps } = definition
  assert.deepEqual([type, minimum, maximum, steps], ['int', 0, 255, 1])
  assert.deepEqual(of([...(INPUT as Json[]), 'later']), of(INPUT))
  assert.equal(of([9, 0, 255, 1, 6, 64]), null, 'of a type that nobody knows yet')
  for (const input of [1, [], [2, 0, 255, 1, 6], [2, 0, 255, 1, -1, 64]]) {
    assert.throws(() => of(input as Json), isMalformed)
  }
})

test('a frame with inputs', () => {
  const of = (message: Json) => decodeServerMessage(bytesOf(message))
  assert.deepEqual(of(inputsFrame(3, -2, 4)), {
    kind: 'frame',
    ticks: 3,
    inputs: { margin: -2, missed: 4 },
    news: null,
    sections: [],
  })
  const full = of([6, 3, null, 0, [2, 5, 1, 7], section(1, 0, 1, run(SHAPES, 2), 1, 1, 0, 9)])
  assert.ok(full.kind === 'frame')
  assert.deepEqual(full.inputs, { margin: null, missed: 0 })
  assert.deepEqual(full.news, { decided: 2, durable: 5, refusals: [{ number: 1, status: 7 }] })
  assert.equal(full.sections.length, 1)
  for (const message of [
    [6, 1, 0],
    [6, 1, 0, 0],
    [6, 1, 0, -1, null],
    [6, 1, 'x', 0, null],
  ]) {
    assert.throws(() => of(message as Json), isMalformed)
  }
})
