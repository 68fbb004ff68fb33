/**
 * One client and a server whose lines break and which crashes, at random, for as long as it takes:
 * what the client was told is saved is in the room to the end, and everything is in it once.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Operation } from '../../src/operation.js'
import { Bench, SHAPE_A } from './bench.js'
import { frame, names, newsFrame, randomOf, welcome, type Json } from './messages.js'

const RUNS = 150
const STEPS = 120
/** Values that the room refuses: every seventh. */
const isRefused = (x: number) => x % 7 === 0

interface State {
  /** What was applied, in its order. */
  readonly log: readonly number[]
  readonly decided: number
  readonly tick: number
}

/** Numbers operations, applies or refuses them, saves now and then. Its ticks go on after a crash. */
class Server {
  state: State = { log: [], decided: 0, tick: 1000 }
  saved = this.state
  incarnation = 7
  readonly #arrived: number[] = []
  #told = { decided: 0, tick: 1000, durable: 1000 }
  #refusals: [number, number][] = []

  constructor(readonly bench: Bench) {}

  greet(): void {
    const { decided, tick } = this.state
    const hello = this.bench.sent.at(-1) as number[]
    this.#arrived.length = 0
    this.#told = { decided, tick, durable: this.saved.tick }
    const refusals = this.#refusals.filter(([number]) => number > hello[6]! && number <= decided)
    this.bench.receive(
      welcome({
        keyKnown: true,
        durability: 2,
        sequence: decided,
        tick,
        incarnation: this.incarnation,
        unsaved: tick - this.saved.tick,
        refusals: refusals.flat(),
      }),
      frame(0, names(), SHAPE_A),
    )
    this.bench.sent.length = 0
  }

  /** Takes what has left the client. */
  hear(): void {
    for (const message of this.bench.sent.splice(0) as Json[][]) {
      if (message[0] !== 1) continue
      for (const operation of message.slice(1) as Json[][][]) {
        this.#arrived.push(operation[0]![4] as number)
      }
    }
  }

  /** Applies some of what it has heard. */
  tick(count: number): void {
    const { log, decided, tick } = this.state
    const taken = this.#arrived.splice(0, count)
    taken.forEach((x, i) => {
      if (isRefused(x)) this.#refusals.push([decided + i + 1, 14])
    })
    this.state = {
      log: [...log, ...taken.filter((x) => !isRefused(x))],
      decided: decided + taken.length,
      tick: tick + 1,
    }
  }

  tell(): void {
    const { decided, tick } = this.state
    const told = this.#told
    const back = this.#refusals.filter(([number]) => number > told.decided)
    this.bench.receive(
      newsFrame(tick - told.tick, [
        decided - told.decided,
        this.saved.tick - told.durable,
        ...back.flatMap(([number, status]) => [decided - number, status]),
      ]),
    )
    this.#told = { decided, tick, durable: this.saved.tick }
  }

  save(): void {
    this.saved = this.state
  }

  crash(): void {
    this.state = this.saved
    this.incarnation++
    this.#refusals = this.#refusals.filter(([number]) => number <= this.state.decided)
  }
}

function run(seed: number): void {
  const random = randomOf(seed)
  const chance = (share: number) => random() < share
  const bench = new Bench()
  const server = new Server(bench)
  const made: Operation[] = []
  const reconnect = () => {
    bench.session.closed()
    bench.open()
    if (chance(0.3)) return reconnect()
    server.greet()
  }
  const deliver = () => {
    bench.pass(0)
    server.hear()
  }
  const checkTruth = () => {
    const lost = made.filter(
      ({ state }, i) => state === 'saved' && !server.saved.log.includes(i + 1),
    )
    assert.deepEqual(lost, [], `seed ${seed}: told as saved, and not on the disk`)
  }
  bench.open()
  server.greet()
  for (let step = 0; step < STEPS; step++) {
    checkTruth()
    if (chance(0.5)) made.push(bench.change(made.length + 1))
    if (chance(0.5)) deliver()
    if (chance(0.5)) server.tick(Math.floor(random() * 4))
    if (chance(0.4)) server.tell()
    if (chance(0.15)) server.save()
    if (chance(0.05)) server.crash()
    else if (!chance(0.05)) continue
    reconnect()
  }
  deliver()
  server.tick(STEPS)
  server.save()
  server.tell()

  const expected = made.map((_, i) => i + 1).filter((x) => !isRefused(x))
  assert.equal(bench.dropped, null, `seed ${seed}`)
  assert.deepEqual(server.state.log, expected, `seed ${seed}: each once, in order`)
  assert.deepEqual(
    made.map(({ state }) => state),
    made.map((_, i) => (isRefused(i + 1) ? 'failed' : 'saved')),
    `seed ${seed}`,
  )
  assert.deepEqual([...new Set(bench.saved)].length, bench.saved.length, 'saved is told once')
  assert.equal(bench.session.pending.unsaved, 0)
}

test('lines that break and a server that crashes: everything once, in order, and saved', () => {
  for (let seed = 0; seed < RUNS; seed++) run(seed)
})
