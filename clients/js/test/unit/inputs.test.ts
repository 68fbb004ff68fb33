import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Arrivals } from '../../src/arrivals.js'
import { Inputs } from '../../src/inputs.js'
import { TickClock } from '../../src/tick_clock.js'
import { encodeInputs } from '../../src/wire.js'
import { Bench, clocksOf } from './bench.js'
import { Game, TICK_MS } from './game.js'
import { settled, TinyServer } from './server.js'
import { frame, INPUT, inputsFrame, jsonOf, names, welcome, type Json } from './messages.js'

const BAD = { rtt: 150, jitter: 30, stall: 200, stallEvery: 5_000 }
const inputsOf = (messages: Json[]) => messages.filter((m) => (m as Json[])[0] === 5)

/** A session with inputs, in a room at tick 1000 with 50 ms from tick to tick. */
function playing(options: Partial<ConstructorParameters<typeof Inputs>[0]> = {}, input = INPUT) {
  const bench = new Bench()
  const inputs = new Inputs(
    { read: (tick: number) => tick % 100, ...options } as never,
    () => bench.session.pump(bench.now),
    () => bench.session.play(null),
  )
  bench.session.play(inputs)
  bench.open().receive(welcome({ input }), frame(0, names()))
  const [question] = clocksOf(bench.pass(0)) as number[][]
  assert.deepEqual(inputsOf(bench.pass(30)), [], 'not before the round trip is known')
  bench.receive([3, question![1]!, 1_000_000, 1000])
  bench.sent.length = 0
  return { bench, inputs }
}

/** Lets time pass in a room that says something in each frame, as one does that gets inputs. */
function played(bench: Bench, ms: number): Json[] {
  const from = bench.sent.length
  for (let left = ms; left > 0; left -= 50) {
    bench.pass(Math.min(50, left))
    bench.receive(inputsFrame(1, null, 0))
  }
  return bench.sent.slice(from)
}

test('an input takes four bytes, and one byte more in the same message', () => {
  assert.deepEqual(jsonOf(encodeInputs(0, [97])), [5, 0, 97])
  assert.equal(encodeInputs(0, [97]).length, 4)
  assert.equal(encodeInputs(0, [97, 98]).length, 5)
})

test('each tick is asked once, in order, and goes out with the gap before the first', () => {
  const asked: number[] = []
  const { bench } = playing({
    read: (tick: number) => {
      asked.push(tick)
      return tick % 100
    },
  } as never)
  const messages = inputsOf(played(bench, 1_000)) as number[][]
  assert.ok(messages.length >= 19 && messages.length <= 22, `${messages.length}`)
  const [first] = asked
  assert.deepEqual(
    asked,
    asked.map((_, i) => first! + i),
  )
  assert.equal(messages[0]![1], first! - 1001, 'the first gap counts from the welcome')
  assert.ok(messages.slice(1).every(([, gap, ...values]) => gap === 0 && values.length === 1))
  assert.deepEqual(
    messages.map(([, , value]) => value),
    asked.map((tick) => tick % 100),
  )
})

test('ticks without an input are left out, and what is in force is the one before, for a while', () => {
  const { bench, inputs } = playing({
    read: (tick: number) => (tick % 10 === 0 ? 7 : null),
  } as never)
  const messages = inputsOf(played(bench, 2_000)) as number[][]
  assert.deepEqual(
    messages.slice(1).map((message) => message.slice(1)),
    [
      [9, 7],
      [9, 7],
      [9, 7],
    ].slice(0, messages.length - 1),
  )
  assert.ok(messages.length >= 3)
  const last = Math.floor(inputs.tick / 10) * 10
  assert.deepEqual(
    [inputs.at(last), inputs.at(last - 10 + 6), inputs.at(last - 10 + 7)],
    [7, 7, null],
  )
})

test('several ticks go in one message where that is asked for', () => {
  const { bench, inputs } = playing({ ticksPerMessage: 4 })
  const messages = inputsOf(played(bench, 2_000)) as number[][]
  assert.ok(messages.every((message) => message.length === 2 + 4))
  assert.ok(messages.length >= 9)
  assert.equal(inputs.sent, messages.length * 4)
})

test('however many ticks go in one message, a room that only answers gets them all', () => {
  for (const ticksPerMessage of [1, 5, 8, 16, 32]) {
    const { bench, inputs } = playing({ ticksPerMessage })
    const messages: number[][] = []
    let quiet = 0
    for (let now = 0; now < 20_000; now += 50) {
      const sent = inputsOf(bench.pass(50)) as number[][]
      messages.push(...sent)
      quiet++
      if (sent.length > 0) bench.receive(inputsFrame(quiet, null, 0))
      if (sent.length > 0) quiet = 0
    }
    assert.ok(inputs.sent > 360, `${inputs.sent} sent, ${ticksPerMessage} at once`)
    assert.ok(messages.slice(1).every(([, gap]) => gap === 0))
  }
})

test('nothing is read or sent while the page is hidden, or without a connection', () => {
  const { bench, inputs } = playing()
  played(bench, 500)
  bench.session.setVisible(false)
  const { tick } = inputs
  assert.deepEqual(inputsOf(played(bench, 3_000)), [])
  assert.equal(inputs.tick, tick)
  bench.receive(frame(70))
  bench.session.setVisible(true)
  const again = inputsOf(played(bench, 100)) as number[][]
  assert.ok(again[0]![1]! > 50, 'the ticks between are left out')
  bench.session.closed()
  const before = inputs.tick
  assert.deepEqual(inputsOf(played(bench, 1_000)), [])
  assert.equal(inputs.tick, before)
})

test('what waited for more to go with it is not sent once the page is back', () => {
  const { bench, inputs } = playing({ ticksPerMessage: 8 })
  while (inputs.sent === 0 || (inputs.tick - 1000) % 8 < 4) played(bench, 50)
  bench.session.setVisible(false)
  played(bench, 3_000)
  bench.receive(frame(60))
  bench.session.setVisible(true)
  const [message] = inputsOf(played(bench, 500)) as number[][]
  assert.equal(message!.length, 2 + 8)
  assert.ok(message![1]! > 50, `${message![1]}`)
})

test('inputs for ticks that the room was far from are sent again when they are due', () => {
  let hands: number | null = null
  const AHEAD = 8
  const { bench, inputs } = playing({ read: () => hands } as never, [
    ...(INPUT as Json[]).slice(0, 5),
    AHEAD,
  ])
  // Nothing happens in the room, so nothing is said; and it stands still for 4 s of the 5.
  bench.pass(5_000)
  assert.ok(inputs.tick >= 1100)
  hands = 7
  let tick = 1020
  bench.receive(inputsFrame(20, null, 0))
  const messages: number[][] = []
  for (; tick < 1040; tick++) {
    messages.push(...(inputsOf(bench.pass(50)) as number[][]))
    bench.receive(inputsFrame(1, null, 0))
  }
  const back = messages.findIndex(([, gap]) => gap! < 0)
  assert.ok(back > 0, 'first for ticks that were too far ahead, then for those that are due')
  const sent = messages.reduce((next, [, gap, ...values]) => next + gap! + values.length, 1001)
  assert.ok(sent <= tick + AHEAD + 1, `${sent}, where the room is at ${tick}`)
  assert.equal(inputs.tick, sent - 1)
})

test('the first gap on another connection counts from its welcome', () => {
  const { bench, inputs } = playing()
  played(bench, 500)
  bench.session.closed()
  bench.open().receive(welcome({ tick: 500, input: INPUT }), frame(0, names()))
  const messages = inputsOf(played(bench, 200)) as number[][]
  const last = messages.reduce((tick, [, gap, ...values]) => tick + gap! + values.length, 500)
  assert.equal(last, inputs.tick)
  assert.ok(last > 500 && last < 520)
})

test('a value that does not fit is not sent, and the page is told', async () => {
  const errors: unknown[] = []
  const listener = (error: unknown) => errors.push(error)
  process.once('uncaughtException', listener)
  const { bench } = playing({ read: (tick: number) => (tick % 2 ? 256 : 255) } as never)
  const queued = globalThis.queueMicrotask
  globalThis.queueMicrotask = (task) => {
    try {
      task()
    } catch (error) {
      errors.push(error)
    }
  }
  const messages = inputsOf(played(bench, 1_000)) as number[][]
  globalThis.queueMicrotask = queued
  process.off('uncaughtException', listener)
  assert.ok(messages.length > 5)
  assert.ok(messages.every(([, , ...values]) => values.every((value) => value === 255)))
  assert.equal((errors[0] as { status: string }).status, 'range')
})

test('what a full socket does not take is left out once it would come too late', () => {
  const { bench } = playing()
  played(bench, 200)
  bench.buffered = 10_000
  assert.deepEqual(inputsOf(played(bench, 5_000)), [])
  bench.buffered = 0
  const [message, ...more] = inputsOf(played(bench, 50)) as number[][]
  assert.equal(message!.length, 2 + 32)
  assert.ok(message![1]! > 50, `${message![1]}`)
  assert.ok(more.length <= 1)
})

test('on a good line every input arrives, hardly early, and the lead stays', () => {
  const game = new Game({ rtt: 80, jitter: 5 })
  game.run(5_000)
  const before = { ...game.server }
  game.run(60_000)
  const { server, inputs } = game
  assert.equal(server.missed - before.missed, 0)
  assert.equal(server.late - before.late, 0)
  assert.equal(server.early + server.duplicate, 0)
  assert.ok(inputs.margin! >= 0 && inputs.margin! <= 2, `${inputs.margin}`)
  assert.ok(inputs.lead < 80 + 5 + 3 * TICK_MS, `${inputs.lead}`)
})

test('the lead follows a line that gets worse at once, and one that gets better slowly', () => {
  const game = new Game({ rtt: 60, jitter: 5 })
  game.run(10_000)
  const good = game.inputs.lead
  game.line = { ...game.line, rtt: 200 }
  game.run(4_000)
  const before = game.server.missed
  game.run(10_000)
  assert.equal(game.server.missed, before)
  assert.ok(game.inputs.lead > good + 60, `${game.inputs.lead}`)
  game.line = { ...game.line, rtt: 60 }
  game.run(5_000)
  assert.ok(game.inputs.lead > good + 60, 'still remembered')
  game.run(40_000)
  assert.equal(game.server.missed, before)
  assert.ok(game.inputs.lead < good + 2 * TICK_MS, `${game.inputs.lead}, ${good}`)
})

test('ticks come evenly: a few per cent faster or slower, never twice, never left out', () => {
  const game = new Game({ ...BAD, stall: 0 })
  game.run(3_000)
  game.readAt.length = 0
  game.run(60_000)
  const { readAt } = game
  for (let i = 1; i < readAt.length; i++) assert.equal(readAt[i]!.tick, readAt[i - 1]!.tick + 1)
  for (let i = 60; i < readAt.length; i++) {
    const rate = (60 * TICK_MS) / (readAt[i]!.now - readAt[i - 60]!.now)
    assert.ok(rate > 0.96 && rate < 1.1, `${rate}`)
  }
})

test('the lead changes by bending: 8% faster at most, 2% slower', () => {
  const game = new Game({ rtt: 60 })
  game.run(10_000)
  game.line = { ...game.line, rtt: 200 }
  game.run(10_000)
  game.line = { ...game.line, rtt: 60 }
  game.run(20_000)
  const { readAt } = game
  let [slowest, fastest] = [Infinity, 0]
  for (let i = 180; i < readAt.length; i++) {
    assert.equal(readAt[i]!.tick, readAt[i - 1]!.tick + 1)
    const rate = (60 * TICK_MS) / (readAt[i]!.now - readAt[i - 60]!.now)
    slowest = Math.min(slowest, rate)
    fastest = Math.max(fastest, rate)
  }
  // A timer that is late now and was not a second ago makes half a per cent.
  assert.ok(slowest > 0.97 && slowest < 0.99, `${slowest}`)
  assert.ok(fastest > 1.05 && fastest < 1.095, `${fastest}`)
})

/** A clock on a line of 100 ms that is told these margins, and its lead once it has settled. */
function leadOf(ahead: number, margins: readonly number[]): number {
  const arrivals = new Arrivals()
  const clock = new TickClock({ tickMs: 20, ahead, adaptive: true }, arrivals)
  for (let tick = 1; tick <= 500; tick++) {
    const now = tick * 20 + 50
    arrivals.frame(tick * 20, now)
    const due = clock.due(now, 100)
    clock.played(due)
    const margin = margins[tick - 100]
    if (margin !== undefined) clock.told(tick, margin, now)
  }
  return clock.lead
}

test('an outage keeps the lead 0.3 s above what it takes else, and no more', () => {
  const usual = leadOf(64, [2, 2, 2])
  const late = leadOf(64, [2, 2, -7])
  const outage = leadOf(64, [2, 2, -40])
  assert.ok(late > usual + 150 && late < usual + 190, `${late - usual}`)
  assert.ok(outage > usual + 250 && outage < usual + 310, `${outage - usual}`)
})

test('a room that was behind for a moment does not make us late', () => {
  const told = (odd: number) => Array.from({ length: 401 }, (_, i) => (i === 330 ? odd : 2))
  const usual = leadOf(64, told(2))
  const behind = leadOf(64, told(45))
  assert.ok(Math.abs(behind - usual) < 20, `${behind}, ${usual}`)
})

test('no lead beyond what the room takes inputs for', () => {
  assert.ok(leadOf(64, [-5]) > 180)
  assert.equal(leadOf(8, [-5]), 6 * 20)
  assert.equal(leadOf(2, []), 20)
})

test('with jitter and stalls, following the line saves most of the inputs that are late without', () => {
  for (const seed of [1, 2, 3]) {
    const shares = [true, false].map((adaptive) => {
      const game = new Game({ ...BAD, adaptive, seed })
      game.run(120_000)
      const { server } = game
      assert.equal(server.early + server.duplicate, 0)
      return server.missed / (server.taken + server.missed)
    })
    const [adaptive, fixed] = shares as [number, number]
    assert.ok(adaptive < 0.006, `${adaptive}`)
    assert.ok(adaptive < fixed / 5, `${adaptive} against ${fixed}`)
  }
})

test('a server that drops time gets no inputs from too far ahead for long', () => {
  const game = new Game({ rtt: 80 })
  game.run(10_000)
  game.serverStops(3_000)
  game.run(12_000)
  const { early, missed } = game.server
  game.run(20_000)
  assert.equal(game.server.early, early)
  assert.equal(game.server.missed, missed)
  assert.ok(game.inputs.lead < 600, `${game.inputs.lead}`)
})

test('a connection that comes back begins anew', () => {
  const game = new Game({ rtt: 80 })
  game.run(5_000)
  game.cut()
  game.run(2_000)
  game.reconnect()
  game.run(2_000)
  const { missed } = game.server
  game.run(5_000)
  assert.equal(game.server.missed, missed)
})

test('how far the time to the next tick has run stays as it was while there is no connection', () => {
  const game = new Game({ rtt: 80 })
  assert.equal(game.inputs.phase(0), 0)
  game.run(5_000)
  const { tick } = game.inputs
  const shown = tick + game.inputs.phase(game.now)
  game.cut()
  for (let i = 0; i < 20; i++) {
    game.run(100)
    const now = game.inputs.tick + game.inputs.phase(game.now)
    assert.ok(now >= shown && now <= tick + 1, `${now} after ${shown}`)
  }
})

test('figures: what the room tells of late and missed ones', () => {
  const { bench, inputs } = playing()
  bench.pass(300)
  bench.receive(inputsFrame(1, 2, 0), inputsFrame(1, null, 3), inputsFrame(1, -2, 1))
  assert.deepEqual([inputs.margin, inputs.late, inputs.missed], [-2, 1, 4])
})

test('a room: one who plays at a time, and none where none are taken', async () => {
  const server = new TinyServer()
  const watcher = await server.join()
  assert.throws(() => watcher.inputs({ read: () => 0 }), { name: 'TuttiError', status: 'denied' })
  server.input = INPUT
  const room = await server.join()
  const inputs = room.inputs({ read: () => 0 })
  assert.throws(() => room.inputs({ read: () => 0 }), { name: 'TuttiError', status: 'misuse' })
  inputs.stop()
  room.inputs({ read: () => 0 }).stop()
  for (const ticksPerMessage of [0, 33]) {
    assert.throws(() => room.inputs({ read: () => 0, ticksPerMessage }), { status: 'misuse' })
  }
  room.inputs({ read: () => 0, ticksPerMessage: 32 }).stop()
  room.leave()
  watcher.leave()
})

test('a room: inputs are read after the turn in which they were asked for', async () => {
  const server = new TinyServer()
  server.input = INPUT
  const room = await server.join()
  const { socket } = server.seats[0]!
  socket.receive([3, (socket.sent.find((m) => (m as number[])[0] === 3) as number[])[1]!, 1, 1000])
  let reads = 0
  room.inputs({ read: () => reads++ })
  assert.equal(reads, 0)
  await settled()
  assert.ok(reads > 0)
  assert.equal(inputsOf(socket.sent).length, reads)
  room.leave()
})
