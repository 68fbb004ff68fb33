import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedLink, type LinkConditions } from '../../src/simulated_link.js'

/** A line whose time and timers are in the test's hand. */
class Bench {
  now = 0
  readonly arrived: { what: string; now: number }[] = []
  #timers: { at: number; run: () => void }[] = []
  readonly link = new SimulatedLink({
    now: () => this.now,
    random: () => 0,
    setTimer: (run, ms) => {
      const timer = { at: this.now + ms, run }
      this.#timers.push(timer)
      return timer
    },
    clearTimer: (timer) => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    },
  })

  constructor(conditions: LinkConditions | null = null) {
    this.link.simulate(conditions)
  }

  carry(what: string, way: 'up' | 'down' = 'down'): this {
    this.link.carry(way, () => this.arrived.push({ what, now: this.now }))
    return this
  }

  pass(ms: number): this {
    const end = this.now + ms
    for (;;) {
      this.#timers.sort((a, b) => a.at - b.at)
      const next = this.#timers[0]
      if (next === undefined || next.at > end) break
      this.#timers.shift()
      this.now = next.at
      next.run()
    }
    this.now = end
    return this
  }

  /** A message every 10 ms, and when each arrived. */
  stream(ms: number): number[] {
    for (let i = 0; i < ms; i += 10) this.carry(String(i)).pass(10)
    this.pass(20_000)
    assert.deepEqual(
      this.arrived.map(({ what }) => what),
      Array.from({ length: ms / 10 }, (_, i) => String(i * 10)),
      'none is lost and none overtakes another',
    )
    return this.arrived.map(({ now }) => now)
  }
}

test('without conditions everything goes straight through', () => {
  const bench = new Bench().carry('a').carry('b', 'up')
  assert.deepEqual(bench.arrived, [
    { what: 'a', now: 0 },
    { what: 'b', now: 0 },
  ])
  assert.equal(bench.link.conditions, null)
})

test('half of the latency each way', () => {
  const bench = new Bench({ latency: 100 }).carry('down').carry('up', 'up').pass(49)
  assert.deepEqual(bench.arrived, [])
  bench.pass(1)
  assert.deepEqual(bench.arrived, [
    { what: 'down', now: 50 },
    { what: 'up', now: 50 },
  ])
})

test('jitter adds up to so much, in order, and the same seed gives the same line', () => {
  const delays = (seed: number) =>
    new Bench({ latency: 100, jitter: 40, seed }).stream(5_000).map((now, i) => now - 10 * i)
  const first = delays(3)
  assert.ok(Math.min(...first) >= 50 && Math.max(...first) <= 90)
  assert.ok(Math.max(...first) - Math.min(...first) > 30)
  assert.deepEqual(delays(3), first)
  assert.notDeepEqual(delays(4), first)
})

test('in a stall nothing comes through, and behind it all at once', () => {
  const conditions = { stall: 200, stallEvery: 1_000, seed: 2 }
  const arrivals = new Bench(conditions).stream(60_000)
  const waits = arrivals.map((now, i) => now - 10 * i)
  assert.equal(Math.max(...waits) > 150 && Math.max(...waits) <= 200, true)
  const stalls = waits.filter((wait, i) => wait > 0 && (waits[i - 1] ?? 0) === 0).length
  assert.ok(stalls > 35 && stalls < 70, `${stalls}`)
})

test('what is under way arrives in its order after the simulation is ended', () => {
  const bench = new Bench({ latency: 100 }).carry('a')
  bench.link.simulate(null)
  bench.carry('b').pass(50)
  assert.deepEqual(
    bench.arrived.map(({ what }) => what),
    ['a', 'b'],
  )
  bench.carry('c')
  assert.equal(bench.arrived.length, 3)
})

test('a socket that is closed: what goes up goes first, what comes down is lost', () => {
  const bench = new Bench({ latency: 100 }).carry('up', 'up').carry('down')
  bench.link.flush()
  assert.deepEqual(bench.arrived, [{ what: 'up', now: 0 }])
  bench.link.cut()
  bench.pass(1_000)
  assert.equal(bench.arrived.length, 1)
})

test('numbers that make no sense are refused, and change nothing', () => {
  const bench = new Bench({ latency: 20 })
  for (const conditions of [{ latency: -1 }, { jitter: NaN }, { stall: 10_001 }]) {
    assert.throws(() => bench.link.simulate(conditions), { name: 'TuttiError', status: 'misuse' })
  }
  assert.equal(bench.link.conditions?.latency, 20)
  bench.link.simulate({ stall: 10_000 })
})
