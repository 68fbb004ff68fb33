/** What is saved, at the level of messages: who is told when, and what a crash of the server costs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Operation, type RecordEdit } from '../../src/operation.js'
import { KEPT_MAX } from '../../src/pending.js'
import { Bench, operationsOf, setX, SHAPE_A } from './bench.js'
import { frame, MORE, names, newsFrame, welcome, type Json } from './messages.js'

const DISK = { durability: 2 }
/** Of an operation that set x, on the wire. */
const xOf = (operation: Json) => ((operation as Json[])[0] as Json[]).at(-1)
const sentXs = (messages: Json[]) =>
  operationsOf(messages).flatMap((message) => (message as Json[]).slice(1).map(xOf))
const statesOf = (operations: Operation[]) => operations.map(({ state }) => state)

/** A page over a server with a disk, with shape `a`; the welcome's tick is 1000. */
const onDisk = () => new Bench().live(DISK)

/** Makes changes, lets them go out, and has `decided` of them applied at tick 1001. */
function changed(bench: Bench, xs: number[], decided = xs.length): Operation[] {
  const operations = xs.map((x) => bench.change(x))
  bench.pass(0)
  bench.receive(newsFrame(1, [decided, 0], setX(xs[decided - 1]!)))
  return operations
}

/** The server comes back from a crash and sends the whole state; shape `a` has x = 5 in it. */
function restarted(bench: Bench, fields: Parameters<typeof welcome>[0]): Bench {
  bench.session.closed()
  bench.sent.length = 0
  const known = { keyKnown: true, incarnation: 8, tick: 1000, ...DISK, ...fields }
  return bench.open().receive(welcome(known), frame(0, names(), SHAPE_A))
}

test('a change is saved when the durable tick has reached that of its outcome', () => {
  const bench = onDisk()
  const [one, two] = [bench.change(1), bench.change(2)]
  bench.pass(0)
  assert.deepEqual(statesOf([one, two]), ['waiting', 'waiting'])
  bench.receive(newsFrame(3, [1, 0], setX(1)), newsFrame(1, [1, 0], setX(2)))
  assert.deepEqual([bench.session.pending.unsaved, bench.session.pending.count], [2, 0])
  bench.receive(newsFrame(1, [0, 2]))
  assert.deepEqual([bench.saved, bench.session.durableTick], [[], 1002])
  bench.receive(newsFrame(1, [0, 1]))
  assert.deepEqual(bench.saved, [one])
  assert.deepEqual(statesOf([one, two]), ['saved', 'applied'])
  bench.receive(newsFrame(1, [0, 1]))
  assert.deepEqual(bench.saved, [one, two])
  assert.equal(bench.session.pending.unsaved, 0)
})

test('the durable tick begins as far back as the welcome says', () => {
  const bench = new Bench().live({ ...DISK, unsaved: 30 })
  changed(bench, [1])
  bench.receive(newsFrame(1, [0, 30]))
  assert.deepEqual([bench.saved.length, bench.session.durableTick], [0, 1000])
  bench.receive(newsFrame(0, [0, 1]))
  assert.equal(bench.saved.length, 1)
})

test('where nothing is more than memory, what is decided is saved', () => {
  const bench = new Bench().live()
  const operations = changed(bench, [1, 2])
  assert.deepEqual(bench.saved, operations)
  assert.equal(bench.session.durableTick, 1001)
})

test('a welcome without the newest element says that all is saved', () => {
  const bench = new Bench().open()
  bench.receive((welcome(DISK) as Json[]).slice(0, -1), frame(0))
  assert.equal(bench.session.durableTick, 1000)
})

test('a durable tick in the future, or before the beginning, is malformed', () => {
  assert.match(onDisk().receive(newsFrame(1, [0, 2])).dropped!, /malformed/)
  const unsaved = new Bench().open().receive(welcome({ ...DISK, unsaved: 1001 }))
  assert.match(unsaved.dropped!, /malformed/)
})

test('a refused change is not waited for', () => {
  const bench = onDisk()
  const refused = bench.change(1)
  bench.pass(0)
  bench.receive(newsFrame(1, [1, 0, 0, 7]))
  assert.deepEqual([refused.state, bench.session.pending.unsaved], ['failed', 0])
})

test('what is held back is not told as saved before it shows', () => {
  const bench = onDisk()
  bench.change(9)
  bench.pass(0)
  bench.receive(newsFrame(1, [1, 0], setX(9, MORE)), newsFrame(1, [0, 2]))
  assert.deepEqual([bench.saved.length, bench.session.pending.unsaved], [0, 1])
  bench.receive(frame(1, [8, 1]))
  assert.deepEqual([bench.saved.length, bench.session.pending.unsaved], [1, 0])
})

test('a broken line costs nothing: what was applied is kept until it is saved', () => {
  const bench = onDisk()
  const [told, untold] = changed(bench, [1, 2], 1)
  bench.session.closed()
  bench.sent.length = 0
  bench.open().receive(
    welcome({
      ...DISK,
      sequence: 2,
      keyKnown: true,
      scopesKept: [0, 1, 2],
      tick: 1010,
      unsaved: 9,
    }),
    frame(0, setX(2)),
  )
  assert.deepEqual(bench.saved, [told], 'its tick was 1001')
  bench.receive(newsFrame(1, [0, 8]))
  assert.deepEqual(bench.saved, [told], 'the other was told by the welcome, at 1010')
  bench.receive(newsFrame(1, [0, 1]))
  assert.deepEqual(bench.saved, [told, untold])
  assert.deepEqual(operationsOf(bench.pass(1_000)), [], 'nothing is sent twice')
})

test('after a crash what was not saved goes again, in its order, before all else', () => {
  const bench = onDisk()
  const applied = changed(bench, [1, 2, 3])
  const sent = bench.change(4)
  bench.pass(0)
  bench.session.closed()
  const queued = bench.change(5)
  restarted(bench, { sequence: 1 })
  assert.deepEqual((bench.sent[0] as Json[]).slice(5, 8), [4, 3, 7], 'the hello tells all it knows')
  assert.deepEqual(bench.saved, [applied[0]], 'what the room came back with is on its disk')
  assert.deepEqual(sentXs(bench.pass(0)), [2, 3, 4, 5])
  const again = [applied[1]!, applied[2]!, sent, queued]
  assert.deepEqual(
    again.map(({ sequence }) => sequence),
    [2, 3, 4, 5],
  )
  assert.deepEqual(statesOf(again), ['waiting', 'waiting', 'waiting', 'waiting'])
  bench.receive(newsFrame(1, [4, 0], setX(5)), newsFrame(1, [0, 1]))
  assert.deepEqual(bench.saved, [...applied, sent, queued])
})

test('after a crash what was refused is not asked again, and numbers close up', () => {
  const bench = onDisk()
  const [first, refused, last] = [1, 2, 3].map((x) => bench.change(x)) as Operation[]
  bench.pass(0)
  bench.receive(newsFrame(1, [3, 0, 1, 9], setX(3)))
  restarted(bench, {})
  assert.deepEqual(sentXs(bench.pass(0)), [1, 3])
  assert.deepEqual([first!.sequence, last!.sequence], [1, 2])
  assert.equal(refused!.sequence, 0, 'its number is that of another one now')
})

test('guards name the number that an operation has now', () => {
  const bench = onDisk()
  const [refused, first] = [bench.change(1), bench.change(2)]
  const guarded = (x: number, ifMine: Operation) => {
    const operation = bench.change(x)
    operation.edits[0] = { ...(operation.edits[0] as RecordEdit), ifMine }
  }
  bench.pass(0)
  bench.receive(newsFrame(1, [2, 0, 1, 9], setX(2)))
  guarded(3, first)
  guarded(4, refused)
  assert.deepEqual(mineOf(bench.pass(0)), [2, 0])
  bench.receive(newsFrame(1, [2, 0], setX(3)))
  restarted(bench, {})
  assert.deepEqual(mineOf(bench.pass(0)), [null, 1, 0])
})

/** The numbers that operations name in their guards. */
function mineOf(messages: Json[]): (Json | null)[] {
  return operationsOf(messages).flatMap((message) =>
    (message as Json[]).slice(1).map((operation) => {
      const edit = (operation as Json[])[0] as Json[]
      return (edit[0] as number) >= 8 ? edit[3]! : null
    }),
  )
}

test('a second crash, and lines that break between, lose nothing and double nothing', () => {
  const bench = onDisk()
  changed(bench, [1, 2, 3])
  bench.session.closed()
  bench.open().receive(welcome({ ...DISK, keyKnown: true, incarnation: 8 }))
  restarted(bench, { sequence: 0, incarnation: 8 })
  assert.deepEqual((bench.sent[0] as Json[]).slice(5, 8), [3, 0, 7], 'of the state that it holds')
  assert.deepEqual(sentXs(bench.pass(0)), [1, 2, 3])
  bench.receive(newsFrame(1, [2, 0], setX(2)))
  restarted(bench, { sequence: 1, incarnation: 9 })
  assert.deepEqual((bench.sent[0] as Json[]).slice(5, 8), [3, 2, 8])
  assert.deepEqual(sentXs(bench.pass(0)), [2, 3])
  bench.receive(newsFrame(1, [2, 0], setX(3)), newsFrame(1, [0, 1]))
  assert.deepEqual(
    bench.saved.map(({ edits }) => (edits[0] as RecordEdit).fields['x']),
    [1, 2, 3],
  )
  assert.equal(bench.session.pending.unsaved, 0)
})

test('what was decided, but is held back, is lost like the rest', () => {
  const bench = onDisk()
  const [refused, applied] = [bench.change(8), bench.change(9)]
  bench.pass(0)
  bench.receive(newsFrame(1, [2, 0, 1, 9], setX(9, MORE)))
  restarted(bench, {})
  assert.deepEqual([bench.released, applied.state], [[refused], 'waiting'])
  assert.deepEqual(sentXs(bench.pass(0)), [9])
  bench.receive(newsFrame(1, [1, 0], setX(9)), newsFrame(1, [0, 1]))
  assert.deepEqual([bench.released, bench.saved], [[refused, applied], [applied]])
})

test('a room that forgot us: what may be lost is uncertain, what was saved never is', () => {
  const bench = onDisk()
  const [safe, kept, sent] = changed(bench, [1, 2, 3], 1)
  bench.receive(newsFrame(0, [0, 1]), newsFrame(1, [1, 0], setX(2)))
  assert.deepEqual(statesOf([safe!, kept!, sent!]), ['saved', 'applied', 'waiting'])
  bench.session.closed()
  const queued = bench.change(4)
  bench.released.length = 0
  restarted(bench, { keyKnown: false, sequence: 3 })
  assert.deepEqual(bench.released, [kept, sent])
  assert.deepEqual(bench.outcomes(), ['uncertain', 'uncertain'])
  assert.equal(safe!.state, 'saved')
  assert.deepEqual(sentXs(bench.pass(0)), [4])
  assert.equal(queued.sequence, 4)
})

test('what is saved but held back is not uncertain either', () => {
  const bench = onDisk()
  const change = bench.change(9)
  bench.pass(0)
  bench.receive(newsFrame(1, [1, 0], setX(9, MORE)), newsFrame(1, [0, 1]))
  restarted(bench, { keyKnown: false, sequence: 1 })
  assert.deepEqual([change.outcome, bench.saved], ['applied', [change]])
})

test('without a disk nothing that was decided is ever uncertain', () => {
  const bench = new Bench().live()
  const [decided] = changed(bench, [1, 2], 1)
  bench.released.length = 0
  restarted(bench, { keyKnown: false, sequence: 2, durability: 0 })
  assert.deepEqual([decided!.state, bench.outcomes()], ['saved', ['uncertain']])
})

test('ticks of another incarnation are other ticks', () => {
  const bench = onDisk()
  changed(bench, [1])
  restarted(bench, { sequence: 1, tick: 5_000, unsaved: 1 })
  assert.deepEqual(bench.saved, [], 'though 4,999 is more than 1,001')
  bench.receive(newsFrame(0, [0, 1]))
  assert.equal(bench.saved.length, 1)
})

test('what was lost lies over the next whole state, and not over the old one', () => {
  const bench = onDisk()
  const { pending, replica } = bench.session
  const add = (count: number) => {
    const operation = new Operation()
    const edit = { verb: 'add', collection: 'shapes', id: 'a', fields: { x: count } } as const
    operation.edits.push(edit)
    pending.cover(operation, edit)
    pending.enqueue(operation)
  }
  const x = () => pending.lay('shapes', 'a', replica.record('shapes', 'a'))!['x']
  add(10)
  bench.pass(0)
  bench.receive(newsFrame(1, [1, 0], setX(15)))
  add(100)
  bench.session.closed()
  bench.open().receive(welcome({ ...DISK, keyKnown: true, incarnation: 8 }))
  assert.equal(x(), 115, 'the state from before the crash has the first one')
  bench.receive(frame(0, names(), SHAPE_A))
  assert.equal(x(), 115, 'the one from after it has none')
  bench.pass(0)
  bench.receive(newsFrame(1, [2, 0], setX(115)))
  assert.equal(x(), 115)
})

test('a guarded change that is lost is refused: its stamp means nothing any more', () => {
  const bench = onDisk()
  const guarded = new Operation()
  guarded.edits.push({ verb: 'delete', collection: 'shapes', id: 'a', fields: {}, ifUnchanged: 10 })
  bench.session.pending.enqueue(guarded)
  bench.pass(0)
  bench.receive(newsFrame(1, [1, 0]))
  assert.equal(guarded.outcome, 'applied')
  restarted(bench, {})
  assert.equal(guarded.outcome, 'stale')
  assert.deepEqual([operationsOf(bench.pass(0)), bench.session.pending.unsaved], [[], 0])
})

test('no more is kept than fits: then no more changes are taken', () => {
  const bench = new Bench({ operations: 10_000, bytes: 1e9 })
  bench.live({ ...DISK, limits: [65536, 1e5, 1e5, 1e8, 1e8, 10_000, 1e4] })
  const { pending } = bench.session
  changed(
    bench,
    Array.from({ length: KEPT_MAX.operations - 1 }, () => 1),
  )
  pending.checkRoomFor(10)
  changed(bench, [2])
  assert.throws(() => pending.checkRoomFor(10), { status: 'limit', message: /not saved/ })
  bench.receive(newsFrame(0, [0, 1]))
  pending.checkRoomFor(10)
  assert.equal(pending.unsaved, 1)
})

test('no more bytes are kept than fit', () => {
  const bench = onDisk()
  const { pending } = bench.session
  bench.change(1, KEPT_MAX.bytes - 10)
  bench.pass(0)
  bench.receive(newsFrame(1, [1, 0], setX(1)))
  pending.checkRoomFor(10)
  assert.throws(() => pending.checkRoomFor(11), { status: 'limit' })
  bench.receive(newsFrame(0, [0, 1]))
  pending.checkRoomFor(11)
})

test('bytes are counted once, wherever an operation is', () => {
  const bench = new Bench({ operations: 100, bytes: KEPT_MAX.bytes }).live(DISK)
  const { pending } = bench.session
  const half = KEPT_MAX.bytes / 2
  const fits = () => pending.checkRoomFor(half)
  const fitsNot = () => assert.throws(() => pending.checkRoomFor(half + 1), { status: 'limit' })
  const large = () => {
    bench.change(1, half)
    bench.pass(0)
  }
  for (let i = 0; i < 3; i++) {
    large()
    bench.receive(newsFrame(0, [1, 0, 0, 9]))
    pending.checkRoomFor(KEPT_MAX.bytes)
  }
  large()
  fits()
  fitsNot()
  bench.receive(newsFrame(1, [1, 0], setX(1)))
  fits()
  fitsNot()
  restarted(bench, { sequence: 3 })
  fits()
  fitsNot()
  bench.pass(0)
  bench.receive(newsFrame(1, [1, 0], setX(1)), newsFrame(1, [0, 1]))
  pending.checkRoomFor(KEPT_MAX.bytes)
})

test('how the disk is: as the server says, and well on a new connection until it says else', () => {
  const bench = onDisk()
  bench.receive([5, 1])
  bench.receive([5, 2])
  assert.deepEqual(bench.savings, ['interrupted', 'paused'])
  bench.session.closed()
  assert.equal(bench.session.saving, 'paused', 'what was heard last')
  bench.open().receive(welcome({ ...DISK, keyKnown: true }))
  assert.equal(bench.session.saving, 'ok')
  bench.receive([5, 1])
  assert.deepEqual([bench.session.saving, bench.dropped], ['interrupted', null])
  for (const message of [[5], [5, 3], [5, -1], [5, 1, 1], [5, 'ok']]) {
    assert.match(onDisk().receive(message).dropped!, /malformed/, JSON.stringify(message))
  }
})
