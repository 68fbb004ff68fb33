import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Operation } from '../../src/operation.js'
import { DEAD_MS, PROBE_MS } from '../../src/session.js'
import { Bench, clocksOf, operationsOf, presenceOf, setX, SHAPE_A } from './bench.js'
import {
  bytesOf,
  frame,
  MORE,
  names,
  newsFrame,
  randomOf,
  RESTART,
  run,
  section,
  SHAPES,
  welcome,
  type Json,
} from './messages.js'

test('says hello, and nothing else before the welcome', () => {
  const bench = new Bench().open()
  bench.change(1)
  bench.session.presence.set({ x: 1 })
  bench.pass(1_000)
  assert.deepEqual(bench.sent, [[0, 1, new Uint8Array(16), 'open', null, 0, 0, 0, [], 1]])
})

test('is live with the first frame after the welcome', () => {
  const bench = new Bench().open().receive(welcome())
  assert.equal(bench.session.isLive, false)
  bench.receive(frame(0))
  assert.equal(bench.session.isLive, true)
  assert.equal(bench.lives, 1)
})

test('is live only when nothing of the first frame is left to follow', () => {
  const bench = new Bench().open().receive(welcome())
  bench.receive(frame(0, names(), section(1, RESTART + MORE, 4, run(SHAPES, 1), 1, 1, 0, 'a', 5)))
  assert.equal(bench.session.isLive, false)
  bench.receive(frame(1, section(1, 0, 6, run(SHAPES, 1), 1, 1, 1, 'b', 6)))
  assert.equal(bench.session.isLive, true)
  assert.equal(bench.x(), 5)
  assert.deepEqual(bench.session.replica.places, [0, 12, 1, 10])
})

test('operations are numbered from the welcome, and go in one message', () => {
  const bench = new Bench().live({ sequence: 40 })
  const [one, two] = [bench.change(1), bench.change(2)]
  const sent = operationsOf(bench.pass(0))
  assert.deepEqual(sent, [[1, [[1, 1, 'a', 0, 1]], [[1, 1, 'a', 0, 2]]]])
  assert.deepEqual([one.sequence, two.sequence], [41, 42])
})

test('no more operations are in flight than the room allows', () => {
  const bench = new Bench().live({ limits: [65536, 100, 100, 1e6, 1e6, 3, 1e4] })
  for (let x = 0; x < 5; x++) bench.change(x)
  assert.equal((operationsOf(bench.pass(1_000))[0] as Json[]).length, 1 + 3)
  bench.receive(newsFrame(1, [2, 0], setX(1)))
  assert.equal((operationsOf(bench.pass(1_000))[0] as Json[]).length, 1 + 2)
  assert.deepEqual(bench.outcomes(), ['applied', 'applied'])
  assert.equal(bench.session.pending.count, 3)
})

test('news name the refused ones, counted back from the newest', () => {
  const bench = new Bench().live()
  for (let x = 0; x < 4; x++) bench.change(x)
  bench.pass(0)
  bench.receive(newsFrame(1, [4, 0, 2, 7, 0, 5]))
  assert.deepEqual(bench.outcomes(), ['applied', 'stale', 'applied', 'deleted'])
})

test('more news than operations is malformed, and the next hello asks for everything', () => {
  const bench = new Bench().live()
  bench.receive(newsFrame(1, [1, 0]))
  assert.match(bench.dropped!, /malformed/)
  bench.session.closed()
  bench.sent.length = 0
  bench.open()
  assert.deepEqual((bench.sent[0] as Json[]).slice(5), [0, 0, 0, [], 1])
  assert.equal(bench.x(), 5, 'what showed goes on showing')
})

test('outcomes wait for the rest of a transfer, as the effects do', () => {
  const bench = new Bench().live()
  bench.change(9)
  bench.pass(0)
  bench.receive(newsFrame(1, [1, 0], setX(9, MORE)))
  assert.deepEqual([bench.outcomes(), bench.x()], [[], 5])
  bench.receive(frame(1, section(1, 0, 1)))
  assert.deepEqual([bench.outcomes(), bench.x()], [['applied'], 9])
})

test('cursors move while a large state is on its way', () => {
  const bench = new Bench().live()
  bench.receive(
    frame(1, section(2, RESTART, 1, run(0, 1), 4, 1, 0, 2, 100), setX(8, MORE)),
    frame(1, section(2, 0, 1, run(0, 4), 4, 1, 0, 4)),
  )
  assert.deepEqual(bench.session.replica.record('presence', 2), { x: 51 })
  assert.equal(bench.x(), 5)
})

test('after a reconnect the room gets exactly what it does not know, in the same order', () => {
  const bench = new Bench().live()
  const all = [1, 2, 3, 4].map((x) => bench.change(x))
  bench.pass(0)
  bench.session.closed()
  const late = bench.change(5)
  bench.sent.length = 0
  bench.open()
  assert.deepEqual((bench.sent[0] as Json[]).slice(5), [4, 0, 7, [0, 12, 1, 10], 1])
  bench.receive(
    welcome({ sequence: 2, keyKnown: true, scopesKept: [0, 1, 2], refusals: [2, 9] }),
    frame(0, setX(1)),
  )
  assert.deepEqual(bench.outcomes(), ['applied', 'type'])
  const again = operationsOf(bench.pass(0))[0] as Json[]
  assert.deepEqual(
    again.slice(1).map((operation) => (operation as Json[][])[0]![4]),
    [3, 4, 5],
  )
  assert.deepEqual([all[2]!.sequence, all[3]!.sequence, late.sequence], [3, 4, 5])
})

test('a page that was loaded again with its key goes on where the room is', () => {
  const bench = new Bench().live({ sequence: 57, keyKnown: true, refusals: [57, 7] })
  assert.deepEqual(bench.outcomes(), [])
  bench.session.closed()
  bench.open()
  assert.deepEqual((bench.sent[0] as Json[]).slice(5, 7), [57, 57])
})

test('events are history until the end of a first load', () => {
  const event = (value: string) => [run(1, 7), 3, value]
  const bench = new Bench().open().receive(welcome())
  bench.receive(
    frame(0, names(), section(1, RESTART + MORE, 1, ...event('old'))),
    frame(1, section(1, 0, 1, ...event('older than us too'))),
    frame(1, section(1, 0, 1, ...event('new'))),
  )
  const told = bench.changes.flatMap(({ happenings }) => happenings)
  assert.deepEqual(
    told.map(({ history }) => history),
    [true, true, false],
  )
})

test('a room that forgot us gets nothing twice: what was sent is uncertain', () => {
  const bench = new Bench().live()
  bench.change(1)
  bench.pass(0)
  bench.session.closed()
  bench.change(2)
  bench.open().receive(welcome({ sequence: 1, incarnation: 8 }), frame(0, names(), SHAPE_A))
  assert.deepEqual(bench.outcomes(), ['uncertain'])
  assert.equal(bench.forgets, 2)
  assert.deepEqual(operationsOf(bench.pass(0)), [[1, [[1, 1, 'a', 0, 2]]]])
})

test('stamps of another incarnation are not asked about', () => {
  const bench = new Bench().live()
  bench.session.closed()
  const guarded = new Operation()
  guarded.edits.push({ verb: 'delete', collection: 'shapes', id: 'a', fields: {}, ifUnchanged: 10 })
  bench.session.pending.enqueue(guarded)
  bench.open().receive(welcome({ incarnation: 8, keyKnown: true }), frame(0, names(), SHAPE_A))
  assert.equal(guarded.outcome, 'stale')
  assert.deepEqual(operationsOf(bench.pass(0)), [])
})

test('what is out of date shows until the new state is whole', () => {
  const bench = new Bench().live()
  bench.session.closed()
  bench.open().receive(welcome({ incarnation: 8 }), frame(0, names(), section(1, 3, 1)))
  assert.equal(bench.x(), 5)
  assert.deepEqual(bench.session.replica.places, [0, 12, 1, 10], 'still those of the old state')
  bench.receive(frame(0, section(1, 0, 1, run(SHAPES, 1), 1, 1, 0, 'a', 7)))
  assert.equal(bench.x(), 7)
  assert.equal(bench.session.replica.incarnation, 8)
})

test('a scope that was not kept and does not come back is gone', () => {
  const bench = new Bench().live()
  bench.session.closed()
  bench.open().receive(welcome({ scopesKept: [0] }), frame(0))
  assert.equal(bench.session.replica.record('shapes', 'a'), undefined)
})

test('a scope out of sight is dropped', () => {
  const bench = new Bench().live().receive(frame(1, section(1, 4, 0)))
  assert.equal(bench.x(), undefined)
  assert.deepEqual(bench.session.replica.places, [0, 12])
})

test('definitions may number names anew: operations follow', () => {
  const bench = new Bench().live()
  bench.session.closed()
  bench.change(3)
  const renumbered = section(0, RESTART, 2, [0, 9, 'shapes', 0, 1], [1, 9, 4, 'x', 0, 0, 0, 0, 1])
  bench.open().receive(welcome({ incarnation: 8 }), frame(0, renumbered))
  assert.deepEqual(operationsOf(bench.pass(0)), [[1, [[1, 9, 'a', 4, 3]]]])
})

test('presence goes out once in each frame interval, the newest values only', () => {
  const bench = new Bench().live()
  for (let ms = 0; ms < 1_000; ms += 5) {
    bench.session.presence.set({ x: ms / 2, y: ms })
    bench.pass(5)
  }
  const messages = presenceOf(bench.sent)
  assert.ok(messages.length >= 20 && messages.length <= 21, `${messages.length} messages`)
  assert.deepEqual(messages[0], [2, 2, 0, 3, 0])
  assert.deepEqual(
    messages[1],
    [16 + 12, 90, 180],
    '45 ms later: 22.5 and 45 pixels, in half pixels',
  )
})

test('presence that only moved takes four bytes', () => {
  const bench = new Bench().live()
  bench.session.presence.set({ x: 10, y: 10 })
  bench.pass(100)
  bench.session.presence.set({ x: 13, y: 8.5 })
  const [moved] = presenceOf(bench.pass(100))
  assert.equal(bytesOf(moved!).length, 4)
})

test('presence: anything but a number goes whole, and what did not change does not go', () => {
  const bench = new Bench().live()
  bench.session.presence.set({ x: 1, state: 'idle' })
  bench.pass(100)
  bench.session.presence.set({ x: 1, state: 'busy' })
  assert.deepEqual(presenceOf(bench.pass(100)), [[2, 4, 'busy']])
  bench.session.presence.set({ x: 1.1 })
  assert.deepEqual(presenceOf(bench.pass(100)), [], 'less than half a step')
  bench.session.presence.set({ x: null })
  assert.deepEqual(presenceOf(bench.pass(100)), [[2, 2, null]])
})

test('presence is said whole on a new connection, and after a notice', () => {
  const bench = new Bench().live()
  bench.session.presence.set({ x: 1, y: 2 })
  bench.pass(100)
  bench.session.closed()
  bench.session.presence.set({ y: 3 })
  bench.live({ keyKnown: true, seatKept: true, scopesKept: [0, 1] })
  assert.deepEqual(presenceOf(bench.pass(100)), [[2, 2, 2, 3, 6]])
  bench.receive([4, 10, 'y is outside its range'])
  assert.equal(bench.notices.length, 1)
  assert.deepEqual(presenceOf(bench.pass(200)), [], 'what was refused is not said over and over')
  bench.session.presence.set({ y: 4 })
  assert.deepEqual(presenceOf(bench.pass(100)), [[2, 3, 8]])
})

test('presence: the values of a field with a range', () => {
  const { presence } = new Bench().live().session
  assert.throws(() => presence.set({ x: -1 }), { status: 'range' })
  assert.throws(() => presence.set({ x: 'left' }), { status: 'type' })
  assert.throws(() => presence.set({ away: true }), { status: 'denied' })
  assert.deepEqual(presence.get(), {})
  presence.set({ x: 1.26 })
  assert.deepEqual(presence.get(), { x: 1.5 })
})

test('a socket that does not drain: presence waits, the newest wins; operations wait too', () => {
  const bench = new Bench().live()
  bench.buffered = 200_000
  bench.session.presence.set({ x: 1 })
  bench.change(1)
  assert.deepEqual([...presenceOf(bench.pass(500)), ...operationsOf(bench.sent)], [])
  bench.session.presence.set({ x: 2 })
  bench.buffered = 0
  bench.pass(200)
  assert.deepEqual(presenceOf(bench.sent), [[2, 2, 4]])
  assert.equal(operationsOf(bench.sent).length, 1)
})

test('a socket on its way out gets nothing: what waits is sent on the next one', () => {
  const bench = new Bench().live()
  bench.closing = true
  bench.change(1)
  bench.session.presence.set({ x: 1 })
  bench.pass(1000)
  assert.deepEqual(bench.sent, [])
  assert.equal(bench.session.pending.inFlight, 0)
})

test('the rates of the room are kept, whatever a page does', () => {
  const bench = new Bench({ operations: 10_000, bytes: 1e6 })
  bench.live({ limits: [65536, 20, 10, 1e6, 1e6, 10_000, 1e4] })
  for (let i = 0; i < 500; i++) {
    bench.change(i)
    bench.session.presence.set({ x: i })
    bench.pass(10)
  }
  assert.ok(bench.sent.length <= 10 + 5 * 20, `${bench.sent.length} messages in 5 s`)
  assert.ok(operationsOf(bench.sent).length > 10, 'operations got their turn')
})

test('bytes are paced too', () => {
  const bench = new Bench({ operations: 10_000, bytes: 1e9 })
  bench.live({ limits: [65536, 1e4, 1e4, 10_000, 20_000, 10_000, 1e4] })
  for (let i = 0; i < 100; i++) {
    const operation = bench.change(i)
    operation.edits[0] = {
      verb: 'set',
      collection: 'shapes',
      id: 'a',
      fields: { color: 'x'.repeat(1_000) },
    }
    operation.bytes = 1_020
  }
  const bytes = () => operationsOf(bench.sent).reduce<number>((n, m) => n + bytesOf(m).length, 0)
  bench.pass(5_000)
  assert.ok(bytes() > 30_000 && bytes() <= 20_000 + 5 * 10_000, `${bytes()} bytes in 5 s`)
})

test('a live line is asked every few seconds, and the clock is set quickly at first', () => {
  const bench = new Bench().live()
  for (let s = 0; s < 20; s++) {
    for (const [, echo] of clocksOf(bench.pass(1_000)) as [number, number][]) {
      bench.receive([3, echo, 1_700_000_000_000 + bench.now, 0])
    }
  }
  const asked = clocksOf(bench.sent).length
  assert.ok(asked >= 6 && asked <= 8, `${asked} probes in 20 s`)
})

test('a line that does not answer is dropped, and not before', () => {
  const bench = new Bench().live()
  bench.pass(DEAD_MS - 100)
  assert.equal(bench.dropped, null)
  bench.pass(200)
  assert.equal(bench.dropped, 'no sign of life')
})

test('any message is a sign of life', () => {
  const bench = new Bench().live()
  for (let s = 0; s < 60; s++) {
    bench.pass(1_000)
    bench.receive(frame(20))
  }
  assert.equal(bench.dropped, null)
})

test('a machine that slept asks again before it gives a line up', () => {
  const bench = new Bench().live()
  bench.pass(PROBE_MS / 2)
  bench.now += 3_600_000
  bench.pass(1_000)
  assert.equal(bench.dropped, null)
  bench.pass(DEAD_MS)
  assert.equal(bench.dropped, 'no sign of life')
})

test('a server that never greets is given up', () => {
  const bench = new Bench().open()
  bench.pass(DEAD_MS + 100)
  assert.equal(bench.dropped, 'no sign of life')
})

test('frames that make no sense drop the line, and never throw', () => {
  const moved = run(SHAPES, 4)
  const senseless = [
    frame(1, section(1, 0, 1, run(SHAPES, 2), 1, 1, 77, 1)),
    frame(1, section(1, 0, 1, moved, 2, 1, 0, 4)),
    frame(1, section(1, 0, 1, moved, 1, 1, 0, 'far')),
    frame(1, section(1, 0, 1, run(SHAPES, 6), 2, 0, 5, 1, 'p')),
    frame(1, section(1, 0, 1, run(SHAPES, 6), 0, 0, 0, 1, 'p')),
    welcome(),
  ]
  for (const message of senseless) {
    const bench = new Bench().live().receive(message)
    assert.match(bench.dropped ?? 'kept', /malformed|welcome/, JSON.stringify(message))
  }
})

test('damaged frames after a good start never throw anything, and the state can be read', () => {
  const random = randomOf(5)
  for (let seed = 0; seed < 3_000; seed++) {
    const bench = new Bench().live()
    const bytes = bytesOf(
      frame(
        1,
        setX(3),
        section(2, 2, 3, run(0, 1), 12, 2, 0, 1, 5, 5, 3, 2, 9, 9, run(0, 4), 4, 2, 0, 2, 1, 1),
      ),
    )
    for (let hits = 0; hits < 3; hits++) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
    }
    bench.session.received(bytes, 0)
    bench.session.replica.record('shapes', 'a')
    bench.session.replica.record('presence', 1)
  }
})
