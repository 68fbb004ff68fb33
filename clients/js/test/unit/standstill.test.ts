/** A server that stood still: its ticks of that time are left out, and are not waited for again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Arrivals } from '../../src/arrivals.js'
import { Motion, type Things } from '../../src/motion.js'
import type { Fields } from '../../src/value.js'
import { Game, TICK_MS, TICK_RATE } from './game.js'

const INTERVAL = 50
const STOOD_MS = 2_000
const ticks = (ms: number) => Math.round(ms / TICK_MS)

/** Frames of these times of ticks that come `lag` later. */
function frames(arrivals: Arrivals, from: number, to: number, lag: number): void {
  for (let at = from; at < to; at += INTERVAL) arrivals.frame(at, at + lag)
}

test('frames that stay late: the room has stood still, and its time goes on with ours', () => {
  const arrivals = new Arrivals()
  frames(arrivals, 0, 3_000, 30)
  frames(arrivals, 3_000, 3_400, 30 + STOOD_MS)
  assert.equal(arrivals.stood, 0)
  assert.ok(arrivals.isInDoubt)
  frames(arrivals, 3_400, 3_450, 30 + STOOD_MS)
  assert.deepEqual([arrivals.stood, arrivals.isInDoubt], [STOOD_MS, false])
  assert.deepEqual([arrivals.newest, arrivals.base], [3_400 + STOOD_MS, 30])
  assert.equal(arrivals.jitter, 0, 'a room that stood still is no line with jitter')
  frames(arrivals, 3_450, 9_000, 30 + STOOD_MS)
  assert.deepEqual([arrivals.stood, arrivals.base], [STOOD_MS, 30])
})

test('frames that were held up and come at once: only the line was out', () => {
  const arrivals = new Arrivals()
  frames(arrivals, 0, 3_000, 30)
  for (let at = 3_000; at < 5_000; at += INTERVAL) arrivals.frame(at, 5_030)
  frames(arrivals, 5_000, 8_000, 30)
  assert.deepEqual([arrivals.stood, arrivals.base, arrivals.isInDoubt], [0, 30, false])
  assert.ok(arrivals.jitter <= 400, `${arrivals.jitter}`)
})

test('late by 400 ms is late; by more, for as long, is a standstill', () => {
  const lateBy = (late: number) => {
    const arrivals = new Arrivals()
    frames(arrivals, 0, 3_000, 30)
    frames(arrivals, 3_000, 4_000, 30 + late)
    return arrivals
  }
  assert.deepEqual([lateBy(400).stood, lateBy(400).jitter], [0, 400])
  assert.deepEqual([lateBy(401).stood, lateBy(401).jitter], [401, 0])
})

test('another connection begins with nothing left out', () => {
  const arrivals = new Arrivals()
  frames(arrivals, 0, 3_000, 30)
  frames(arrivals, 3_000, 4_000, 30 + STOOD_MS)
  arrivals.restart(INTERVAL, 4_000)
  assert.deepEqual([arrivals.stood, arrivals.newest, arrivals.age(9_000)], [0, 4_000, 0])
})

for (const rtt of [20, 150, 300]) {
  test(`inputs go on with the room, ${rtt} ms away, and never far ahead of it`, () => {
    const game = new Game({ rtt, jitter: 10 })
    game.run(10_000)
    const usual = game.inputs.tick - game.server.tick
    const before = { ...game.server }
    const most = ticks(rtt / 2 + 500)
    let ahead = 0
    const look = () => (ahead = Math.max(ahead, game.inputs.tick - game.server.tick))
    game.serverStops(STOOD_MS)
    game.run(STOOD_MS, look)
    assert.ok(ahead > usual && ahead <= usual + most, `${ahead} ticks, ${usual} before`)
    game.run(2_000, look)
    const missed = game.server.missed - before.missed
    assert.ok(missed <= ticks(200), `${missed} ticks without an input`)
    assert.equal(game.server.early, before.early, 'none for a tick too far ahead')
    assert.ok(game.inputs.tick - game.server.tick <= usual + 3, 'as far ahead as before')
    game.run(10_000, look)
    assert.equal(game.server.missed - before.missed, missed, 'and all is well from then on')
    assert.ok(ahead <= usual + most, `${ahead}`)
  })
}

test('stalls of the line are no standstill: nothing is held back, nothing is left out', () => {
  const game = new Game({ rtt: 150, jitter: 30, stall: 200, stallEvery: 3_000 })
  game.run(10_000)
  game.readAt.length = 0
  game.run(60_000)
  const { readAt } = game
  for (let i = 1; i < readAt.length; i++) assert.equal(readAt[i]!.tick, readAt[i - 1]!.tick + 1)
  assert.equal(game.session.arrivals.stood, 0)
})

test('an outage of the line: inputs are held back, and go on at the tick that is due', () => {
  for (const stall of [600, 1_000, 3_000]) {
    const game = new Game({ rtt: 80, stall, stallEvery: 12_000 })
    let lead = 0
    game.run(60_000, () => (lead = Math.max(lead, game.inputs.lead)))
    const { missed, taken } = game.server
    assert.ok(missed > 0)
    assert.ok(missed / (missed + taken) < stall / 12_000 + 0.1, `${missed} of ${missed + taken}`)
    assert.equal(game.session.arrivals.stood, 0)
    assert.ok(lead < 450, `what came late in it brings our ticks ${lead} ms before the room's`)
  }
})

for (const frameRate of [1, 2]) {
  test(`${frameRate} frames a second: the pause between two is no outage`, () => {
    const game = new Game({ rtt: 80, jitter: 30, ticksPerFrame: TICK_RATE / frameRate })
    game.run(5_000)
    game.readAt.length = 0
    const before = { ...game.server }
    game.run(30_000)
    const { readAt } = game
    for (let i = 1; i < readAt.length; i++) assert.equal(readAt[i]!.tick, readAt[i - 1]!.tick + 1)
    assert.ok(readAt.length > 29 * TICK_RATE, `${readAt.length} ticks`)
    assert.equal(game.server.missed, before.missed)
  })

  test(`${frameRate} frames a second: inputs wait for a room that stands still`, () => {
    for (const stood of [1_000, 3_000]) {
      const game = new Game({ rtt: 80, ticksPerFrame: TICK_RATE / frameRate })
      game.run(10_000)
      const usual = game.inputs.tick - game.server.tick
      const most = ticks(40 + 500 + 1000 / frameRate)
      let ahead = 0
      game.serverStops(stood)
      game.run(stood + 6_000, () => (ahead = Math.max(ahead, game.inputs.tick - game.server.tick)))
      assert.ok(ahead > usual && ahead <= usual + most, `${ahead} ticks, ${usual} before`)
      const { missed } = game.server
      game.run(10_000)
      assert.equal(game.server.missed, missed, 'and all is well from then on')
      assert.ok(game.inputs.tick - game.server.tick <= usual + 3, 'as far ahead as before')
    }
  })
}

test('inputs that go out many at once wait for a room that stands still too', () => {
  for (const ticksPerMessage of [4, 20, 32]) {
    const game = new Game({ rtt: 80, ticksPerMessage })
    game.run(10_000)
    const usual = game.inputs.tick - game.server.tick
    const most = ticks(40 + 500) + 2 * ticksPerMessage
    let ahead = 0
    game.serverStops(4_000)
    game.run(4_000, () => (ahead = Math.max(ahead, game.inputs.tick - game.server.tick)))
    assert.ok(ahead <= usual + most, `${ahead} ticks, ${usual} before`)
  }
})

test('hands that rested while the room stood still are read again at once', () => {
  let isResting = true
  const game = new Game({ rtt: 80, read: () => (isResting ? null : 5) })
  game.run(5_000)
  game.serverStops(STOOD_MS)
  game.run(STOOD_MS + 600)
  const { tick } = game.server
  isResting = false
  game.run(1_000)
  const { taken } = game.server
  assert.ok(taken >= TICK_RATE / 2, `${taken} inputs were there in time`)
  assert.ok(game.inputs.tick - game.server.tick <= ticks(250))
  assert.ok(game.server.tick - tick >= TICK_RATE - 2)
})

test('our own part: foreseen again after it, and moved over softly', () => {
  const game = new Game({ rtt: 100, read: () => 15 + 8 * 16 })
  game.run(20_000, (now) => void game.prediction.state(now))
  const speed = new Int32Array(game.prediction.latest!.buffer)[2]!
  let before = game.prediction.state(game.now)!['x']!
  let [back, forth] = [0, 0]
  const look = (now: number) => {
    const x = game.prediction.state(now)!['x']!
    back = Math.max(back, before - x)
    forth = Math.max(forth, x - before)
    before = x
  }
  game.serverStops(STOOD_MS)
  game.run(5_000, look)
  assert.ok(back <= speed, `${back} backwards, at ${speed} a tick`)
  assert.ok(forth <= 8 * speed, `${forth} at once, at ${speed} a tick`)
  const { count } = game.prediction.corrections
  game.run(10_000, look)
  assert.equal(game.prediction.corrections.count, count)
})

/** A car at 30 m/s, as the others see it. */
class Road implements Things<string, Fields> {
  readonly arrivals = new Arrivals()
  #car: Fields | undefined
  #changed = (_id: string, _thing: Fields | undefined) => {}

  get(): Fields | undefined {
    return this.#car
  }

  ids(): Iterable<string> {
    return this.#car === undefined ? [] : ['car']
  }

  watch(changed: (id: string, thing: Fields | undefined) => void): () => void {
    this.#changed = changed
    return () => {}
  }

  frame(at: number, now: number): void {
    this.arrivals.frame(at, now)
    this.#car = { x: (30 * at) / 1000 }
    this.#changed('car', this.#car)
  }
}

for (const extrapolate of [0, 0.1]) {
  test(`others stand once and not twice, extrapolated by ${extrapolate} s`, () => {
    const road = new Road()
    road.arrivals.restart(INTERVAL, 0)
    const motion = new Motion(road, road.arrivals, () => 0, ['x'], { extrapolate })
    let [shown, backwards, largest, standing] = [-Infinity, 0, 0, 0]
    let next = 0
    const STOPS_AT = 5_000
    const lagOf = (at: number) => 75 + (at >= STOPS_AT ? STOOD_MS : 0)
    const MOVES_AGAIN = STOPS_AT + lagOf(STOPS_AT)
    for (let now = 0; now < 12_000; now += 1000 / 60) {
      for (; next + lagOf(next) <= now; next += INTERVAL) road.frame(next, next + lagOf(next))
      const x = motion.at('car', now)?.['x'] as number | undefined
      if (x === undefined) continue
      if (now > 1_000) {
        largest = Math.max(largest, x - shown)
        backwards = Math.max(backwards, shown - x)
        if (now > MOVES_AGAIN && x <= shown) standing += 1000 / 60
      }
      shown = x
    }
    assert.ok(standing < 600, `it stood for ${standing} ms after the room went on`)
    assert.ok(largest < 2, `${largest} m at once`)
    // What was guessed and did not come is taken back.
    assert.ok(backwards <= (extrapolate === 0 ? 0 : 0.2), `${backwards} m backwards`)
    assert.ok(((12_000 - 75 - STOOD_MS) * 30) / 1000 - shown < 6, 'as late as before')
  })
}
