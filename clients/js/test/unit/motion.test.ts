import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Arrivals } from '../../src/arrivals.js'
import { Track } from '../../src/interpolation.js'
import {
  Motion,
  type InterpolationOptions,
  type MovingFields,
  type Things,
} from '../../src/motion.js'
import { difference, wrapped } from '../../src/position.js'
import type { Fields } from '../../src/value.js'
import { randomOf } from './messages.js'

const INTERVAL = 50
const FRAME_MS = 1000 / 60

/** Things that move when the test says so. */
class Stage implements Things<string, Fields> {
  readonly arrivals = new Arrivals()
  readonly #all = new Map<string, Fields>()
  #changed = (_id: string, _thing: Fields | undefined) => {}

  get(id: string): Fields | undefined {
    return this.#all.get(id)
  }

  ids(): Iterable<string> {
    return this.#all.keys()
  }

  watch(changed: (id: string, thing: Fields | undefined) => void): () => void {
    this.#changed = changed
    return () => (this.#changed = () => {})
  }

  frame(at: number, now: number, things: { [id: string]: Fields } = {}): void {
    this.arrivals.frame(at, now)
    for (const [id, thing] of Object.entries(things)) {
      this.#all.set(id, thing)
      this.#changed(id, thing)
    }
  }

  motion(fields: MovingFields, options: InterpolationOptions = {}): Motion<string, Fields> {
    return new Motion(this, this.arrivals, () => 0, fields, options)
  }
}

test('angles take the shorter way and stay on their circle', () => {
  assert.equal(difference(1000, 20, 1024), 44)
  assert.equal(difference(20, 1000, 1024), -44)
  assert.equal(difference(0, 900, undefined), 900)
  assert.deepEqual([wrapped(-1, 1024), wrapped(1024, 1024), wrapped(5, undefined)], [1023, 0, 5])
  const track = new Track({ heading: 1024 })
  track.add(0, { heading: 1000 }, INTERVAL)
  track.add(50, { heading: 24 }, INTERVAL)
  assert.deepEqual(track.at(25), { heading: 0 })
  assert.deepEqual(track.at(12.5), { heading: 1012 })
  assert.deepEqual(track.at(37.5), { heading: 12 })
})

test('a frame that is late: motion goes on for as long as it is told to, stands, and comes back', () => {
  const track = new Track({}, 100)
  track.add(0, { x: 0 }, INTERVAL)
  track.add(50, { x: 50 }, INTERVAL)
  const x = (time: number) => Math.round(track.at(time, 50)!['x']!)
  assert.deepEqual([50, 75, 100, 150, 200, 500].map(x), [50, 75, 100, 150, 150, 150])
  assert.ok(x(800) < 150 && x(800) > 50)
  assert.equal(x(1_100), 50, 'nothing has confirmed it')
})

test('what a newer frame did not change stands where it is', () => {
  const track = new Track({}, 100)
  track.add(0, { x: 0 }, INTERVAL)
  track.add(50, { x: 50 }, INTERVAL)
  assert.equal(track.at(80, 100)!['x'], 50)
})

test('what was guessed wrong goes on from where it was, and is soon right', () => {
  const track = new Track({}, 100)
  track.add(0, { x: 0 }, INTERVAL)
  track.add(50, { x: 50 }, INTERVAL)
  const guess = track.at(140, 50)!['x']!
  assert.equal(guess, 140)
  track.add(100, { x: 60 }, INTERVAL)
  track.add(150, { x: 60 }, INTERVAL)
  const after = track.at(140.001, 150)!['x']!
  assert.ok(Math.abs(after - guess) < 0.01, `${after}`)
  const soon = track.at(200, 150)!['x']!
  assert.ok(soon > 60 && soon < 110, `${soon}`)
  assert.ok(Math.abs(track.at(800, 800)!['x']! - 60) < 0.1)
})

test('two words about one moment are one', () => {
  const track = new Track({}, 100)
  track.add(0, { x: 0 }, INTERVAL)
  track.add(50, { x: 50 }, INTERVAL)
  track.add(50, { x: 60 }, INTERVAL)
  assert.deepEqual(track.at(50, 50), { x: 60 })
  assert.deepEqual(track.at(100, 50), { x: 120 })
})

test('records keep their other fields; those that are gone are gone; another line begins anew', () => {
  const stage = new Stage()
  stage.arrivals.restart(INTERVAL, 0)
  const motion = stage.motion(['x'], { delay: 100 })
  stage.frame(0, 0, { a: { x: 0, name: 'Ada' } })
  stage.frame(50, 50, { a: { x: 50, name: 'Ada' } })
  assert.deepEqual(motion.at('a', 125), { x: 25, name: 'Ada' })
  assert.deepEqual(motion.sample(125), [['a', { x: 25, name: 'Ada' }]])
  assert.equal(motion.at('b', 125), undefined)
  stage.arrivals.restart(INTERVAL, 90_000)
  stage.frame(90_050, 200, { a: { x: 900, name: 'Ada' } })
  assert.deepEqual(motion.at('a', 210), { x: 900, name: 'Ada' })
  motion.stop()
  stage.frame(90_100, 250, { a: { x: 5, name: 'Ada' } })
  assert.equal(motion.at('a', 1_000)!['x'], 900)
})

test('numbers that make no sense are refused', () => {
  const stage = new Stage()
  const misuse = { name: 'TuttiError', status: 'misuse' }
  assert.throws(() => stage.motion({ heading: { turn: 0 } }), misuse)
  assert.throws(() => stage.motion(['x'], { extrapolate: -0.1 }), misuse)
  assert.throws(() => stage.motion(['x'], { extrapolate: 0.501 }), misuse)
  stage.motion(['x'], { extrapolate: 0.5 })
})

test('on a line with jitter and stalls nothing jumps: the largest step from frame to frame', () => {
  const random = randomOf(7)
  const stage = new Stage()
  stage.arrivals.restart(INTERVAL, 0)
  const motion = stage.motion({ x: {}, y: {}, heading: { turn: 1024 } }, { extrapolate: 0.1 })
  // A car at 30 m/s on a circle of 50 m, 20 frames a second, 75 ms away.
  const carAt = (at: number) => {
    const angle = (at / 1000) * (30 / 50)
    const heading = Math.round(wrapped((angle / (2 * Math.PI)) * 1024, 1024)) % 1024
    return { x: 50 * Math.cos(angle), y: 50 * Math.sin(angle), heading }
  }
  const arriving: { at: number; now: number }[] = []
  let last = 0
  for (let at = 0; at < 120_000; at += INTERVAL) {
    const stalled = at % 5_000 < 200 && at > 5_000 ? 200 - (at % 5_000) : 0
    last = Math.max(last, at + 75 + random() * 30 + stalled)
    arriving.push({ at, now: last })
  }
  let before: Fields | undefined
  let largest = 0
  let turned = 0
  for (let now = 0; now < 120_000; now += FRAME_MS) {
    while (arriving[0] !== undefined && arriving[0].now <= now) {
      const { at, now: arrived } = arriving.shift()!
      stage.frame(at, arrived, { car: carAt(at) })
    }
    const car = motion.at('car', now)
    if (car === undefined) continue
    if (before !== undefined && now > 2_000) {
      const step = Math.hypot(num(car, 'x') - num(before, 'x'), num(car, 'y') - num(before, 'y'))
      largest = Math.max(largest, step)
      turned = Math.max(
        turned,
        Math.abs(difference(num(before, 'heading'), num(car, 'heading'), 1024)),
      )
    }
    before = car
  }
  const even = 30 / 60
  assert.ok(largest < 2 * even, `${largest} m, where ${even} m is even`)
  assert.ok(turned < 8, `${turned} of 1024`)
})

function num(fields: Fields, field: string): number {
  return fields[field] as number
}
