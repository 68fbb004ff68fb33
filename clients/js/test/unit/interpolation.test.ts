import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Arrivals } from '../../src/arrivals.js'
import { Clock } from '../../src/clock.js'
import { Playout, Track } from '../../src/interpolation.js'
import { Bucket } from '../../src/pacing.js'
import { randomOf } from './messages.js'

const INTERVAL = 50

test('between two samples, in a straight line', () => {
  const track = new Track()
  track.add(0, { x: 0, y: 10 }, INTERVAL)
  track.add(50, { x: 100, y: 20 }, INTERVAL)
  assert.deepEqual(track.at(25), { x: 50, y: 15 })
  assert.deepEqual(track.at(-5), { x: 0, y: 10 }, 'before the first: the first')
})

test('never beyond the newest', () => {
  const track = new Track()
  track.add(0, { x: 0 }, INTERVAL)
  track.add(50, { x: 100 }, INTERVAL)
  assert.deepEqual(track.at(51), { x: 100 })
  assert.deepEqual(track.at(10_000), { x: 100 })
})

test('what stood still starts when it started, and does not creep there', () => {
  const track = new Track()
  track.add(0, { x: 0 }, INTERVAL)
  track.add(5_000, { x: 100 }, INTERVAL)
  assert.deepEqual(track.at(4_000), { x: 0 })
  assert.deepEqual(track.at(4_975), { x: 50 })
})

test('a field that comes later starts where it came', () => {
  const track = new Track()
  track.add(0, { x: 0 }, INTERVAL)
  track.add(50, { x: 10, y: 7 }, INTERVAL)
  track.add(100, { x: 10, y: 9 }, INTERVAL)
  assert.deepEqual(track.at(25), { x: 5, y: 7 })
  assert.deepEqual(track.at(-100), { x: 0, y: 7 })
})

test('what is trimmed was not needed', () => {
  const track = new Track()
  for (let at = 0; at < 1_000; at += 50) track.add(at, { x: at }, INTERVAL)
  const before = track.at(720)
  track.trim(720)
  assert.deepEqual(track.at(720), before)
  assert.deepEqual(track.at(735), { x: 735 })
})

test('on a good line the delay is two frames; motion is even', () => {
  const arrivals = new Arrivals()
  const playout = new Playout(arrivals, null)
  const track = new Track()
  const steps: number[] = []
  let last: number | undefined
  for (let now = 0; now < 5_000; now += 10) {
    if (now % INTERVAL === 0) {
      arrivals.frame(now, now + 30)
      track.add(now, { x: now }, INTERVAL)
    }
    const x = track.at(playout.time(now + 30))!['x']!
    if (now > 500 && last !== undefined) steps.push(x - last)
    last = x
  }
  assert.equal(playout.delay, 2 * INTERVAL)
  assert.ok(steps.every((step) => Math.abs(step - 10) < 1e-6))
})

test('on a line with jitter the delay grows until motion never stops, and shrinks again', () => {
  const random = randomOf(3)
  const arrivals = new Arrivals()
  const playout = new Playout(arrivals, null)
  const track = new Track()
  const frames: { at: number; arrives: number }[] = []
  let last = 0
  for (let at = 0; at < 20_000; at += INTERVAL) {
    last = Math.max(last, at + 20 + random() * 120)
    frames.push({ at, arrives: last })
  }
  let stalls = 0
  let backwards = 0
  let shown = -Infinity
  for (let now = 0; now < 20_000; now += 10) {
    while (frames[0] && frames[0].arrives <= now) {
      const { at, arrives } = frames.shift()!
      arrivals.frame(at, arrives)
      track.add(at, { x: at }, INTERVAL)
    }
    const x = track.at(playout.time(now))?.['x'] ?? 0
    if (now > 2_000 && x <= shown) stalls++
    if (x < shown) backwards++
    shown = x
  }
  assert.ok(playout.delay > 150 && playout.delay < 300, `${playout.delay}`)
  assert.equal(backwards, 0)
  assert.ok(stalls < 20, `${stalls} of 1800 moments without motion`)
  for (let at = 20_000; at < 60_000; at += INTERVAL) arrivals.frame(at, at + 30)
  assert.ok(playout.delay < 120, `${playout.delay}`)
})

test('a line that became slower is no line with jitter, once the quicker one is forgotten', () => {
  const arrivals = new Arrivals()
  for (let at = 0; at < 10_000; at += INTERVAL) arrivals.frame(at, at + 30)
  assert.equal(arrivals.jitter, 0)
  for (let at = 10_000; at < 16_000; at += INTERVAL) arrivals.frame(at, at + 230)
  assert.equal(arrivals.base, 230)
  assert.ok(arrivals.jitter < 1, `${arrivals.jitter}`)
})

test('a page that was asleep sees what is now, not what it missed', () => {
  const arrivals = new Arrivals()
  const playout = new Playout(arrivals, 100)
  arrivals.frame(0, 30)
  assert.equal(playout.time(1_030), 900)
  arrivals.frame(60_000, 60_030)
  assert.equal(playout.time(60_030), 59_900)
})

test('a fixed delay stays', () => {
  const arrivals = new Arrivals()
  const playout = new Playout(arrivals, 75)
  arrivals.frame(0, 0)
  arrivals.frame(50, 300)
  assert.equal(playout.delay, 75)
})

test('the clock believes the quickest answer, and never goes back', () => {
  const clock = new Clock()
  const SERVER = 1_700_000_000_000
  const exchange = (sent: number, there: number, back: number) => {
    const echo = clock.ask(sent)
    clock.answer(echo, SERVER + sent + there, sent + there + back)
  }
  assert.equal(clock.rtt, null)
  exchange(0, 90, 10)
  assert.equal(clock.rtt, 100)
  const before = clock.wall(200)
  exchange(300, 5, 5)
  assert.equal(clock.offset, SERVER)
  assert.ok(clock.wall(200) >= before)
  exchange(400, 10, 200)
  assert.equal(clock.offset, SERVER)
  assert.equal(clock.rtt, 210)
})

test('a clock that was set is followed at once', () => {
  const clock = new Clock()
  clock.answer(clock.ask(0), 1_000_000, 10)
  clock.answer(clock.ask(100), 5_000_000, 200)
  assert.equal(clock.offset, 5_000_000 - 150)
  clock.answer(clock.ask(300), 1_000_300, 310)
  assert.equal(clock.offset, 1_000_000 - 5)
})

test('answers to what was not asked mean nothing', () => {
  const clock = new Clock()
  clock.answer(5, 1_000, 10)
  assert.deepEqual([clock.rtt, clock.offset], [null, 0])
})

test('a bucket gives its burst at once, and then its rate', () => {
  const bucket = new Bucket(10, 5, 0)
  let now = 0
  const taken: number[] = []
  while (now < 1_000) {
    const at = bucket.readyAt(1, now)
    if (at > now) {
      now = at
      continue
    }
    bucket.take(1, now)
    taken.push(now)
  }
  assert.deepEqual(taken.slice(0, 7), [0, 0, 0, 0, 0, 100, 200])
  assert.equal(taken.length, 5 + 9)
})

test('a bucket gives more than it holds on credit, once it is full', () => {
  const bucket = new Bucket(10, 5, 0)
  assert.equal(bucket.readyAt(20, 0), 0)
  bucket.take(20, 0)
  assert.equal(bucket.readyAt(1, 0), 1_600)
})
