import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Prediction, type Authority } from '../../src/prediction.js'
import type { Inputs } from '../../src/inputs.js'
import { Residue } from '../../src/residue.js'
import { Game, TICK_MS } from './game.js'

const BAD = { rtt: 150, jitter: 30, stall: 200, stallEvery: 5_000 }

test('where every input arrived in time and nobody else moved it, it is the same in every bit', () => {
  const game = new Game({ rtt: 150, jitter: 30 })
  game.run(10_000, (now) => void game.prediction.state(now))
  const before = { ...game.prediction.corrections }
  const { missed } = game.server
  game.run(120_000, (now) => void game.prediction.state(now))
  const { compared, count } = game.prediction.corrections
  assert.equal(game.server.missed, missed)
  assert.ok(compared - before.compared >= 110, `${compared - before.compared}`)
  assert.equal(count, before.count)
})

test('with stalls, it is corrected where inputs were missed and never else', () => {
  const game = new Game(BAD)
  game.run(120_000, (now) => void game.prediction.state(now))
  const { compared, count } = game.prediction.corrections
  assert.ok(compared > 100)
  assert.ok(count > 0, 'there is something to correct')
  assert.ok(count <= game.server.toldOtherwise, `${count}, ${game.server.toldOtherwise}`)
})

test('what shows never jumps: a correction moves over softly, and is soon all there', () => {
  const game = new Game({ rtt: 150, jitter: 10, read: () => 8 + 8 * 16 })
  game.run(5_000, (now) => void game.prediction.state(now))
  let shown = game.prediction.state(game.now)!.x!
  let largest = 0
  const look = (now: number) => {
    const x = game.prediction.state(now)!.x!
    largest = Math.max(largest, Math.abs(x - shown))
    shown = x
  }
  game.run(1_000, look)
  assert.equal(largest, 0, 'it stands')
  game.push(1_000)
  game.run(2_000, look)
  const { count, largest: size, recent } = game.prediction.corrections
  assert.equal(count, 1)
  assert.equal(size, 1_000)
  assert.deepEqual(
    recent.map(({ size }) => size),
    [1_000],
  )
  assert.equal(Math.round(shown), new Int32Array(game.server.car.buffer)[0])
  // Of the error, an animation frame takes 1 - 2^(-16.7 / 60) = 18% and a tick's play.
  assert.ok(largest < 400, `${largest}`)
})

test('between ticks it moves evenly, in time with the page', () => {
  const game = new Game({ rtt: 100, read: () => 15 + 8 * 16 })
  game.run(20_000, (now) => void game.prediction.state(now))
  const steps: number[] = []
  let last = game.prediction.state(game.now)!.x!
  game.run(3_000, (now) => {
    const x = game.prediction.state(now)!.x!
    steps.push(x - last)
    last = x
  })
  const speed = new Int32Array(game.prediction.latest!.buffer)[2]!
  assert.ok(speed > 100)
  for (const step of steps.slice(1))
    assert.ok(Math.abs(step - speed) < speed * 0.15, `${step}, ${speed}`)
})

test('the error halves in each half-life, whatever the frame rate; angles take the shorter way', () => {
  for (const fps of [24, 60, 144]) {
    const residue = new Residue(100, { heading: 360 })
    residue.absorb({ x: 10, heading: 355 }, { x: 0, heading: 5 }, 0)
    assert.deepEqual(residue.over({ x: 0, heading: 5 }, 0), { x: 10, heading: 355 })
    for (let now = 0; now < 200; now += 1000 / fps) residue.over({ x: 0, heading: 5 }, now)
    assert.deepEqual(residue.over({ x: 0, heading: 5 }, 100), { x: 5, heading: 0 })
    assert.deepEqual(residue.over({ x: 0, heading: 5 }, 5_000), { x: 0, heading: 5 })
  }
})

/** A prediction with ticks and the room's word in the test's hand, over plain states. */
class Hand {
  now = 0
  told: Authority<{ x: number }> | undefined
  readonly inputsAt = new Map<number, number>()
  readonly steps: number[] = []
  readonly prediction: Prediction<{ x: number }>
  tick = 100
  epoch = 1
  phase = 1
  #heard = () => {}
  #play = (_: number) => {}

  constructor(options: { snap?: number } = {}) {
    const hand = this
    const inputs = {
      get tick() {
        return hand.tick
      },
      get epoch() {
        return hand.epoch
      },
      at: (tick: number) => this.inputsAt.get(tick) ?? null,
      follow: (play: (tick: number) => void) => {
        this.#play = play
        return () => (this.#play = () => {})
      },
      phase: () => this.phase,
      catchUp: () => {},
    } as unknown as Inputs
    this.prediction = new Prediction<{ x: number }>(
      {
        inputs,
        read: () => undefined,
        step: ({ x }, input, tick) => {
          this.steps.push(tick)
          return { x: x + (input ?? 0) }
        },
        pose: ({ x }) => ({ x }),
        ...options,
      },
      {
        now: () => this.now,
        read: () => this.told,
        onFrame: (heard) => {
          this.#heard = heard
          return () => (this.#heard = () => {})
        },
      },
    )
  }

  play(input: number): void {
    this.tick++
    this.inputsAt.set(this.tick, input)
    this.#play(this.tick)
  }

  tell(tick: number, x: number): void {
    this.told = { tick, state: { x } }
    this.#heard()
  }

  tellNothing(): void {
    this.told = undefined
    this.#heard()
  }
}

test('the room has it otherwise: later inputs are played again, and only those', () => {
  const hand = new Hand()
  hand.tell(100, 0)
  for (let i = 0; i < 5; i++) hand.play(1)
  assert.deepEqual(hand.prediction.latest, { x: 5 })
  hand.steps.length = 0
  hand.tell(103, 3)
  assert.deepEqual(hand.steps, [], 'as it was thought to be')
  hand.tell(104, 10)
  assert.deepEqual(hand.steps, [105])
  assert.deepEqual(hand.prediction.latest, { x: 11 })
  assert.deepEqual(hand.prediction.corrections.recent, [{ tick: 104, size: 6 }])
  assert.equal(hand.prediction.corrections.compared, 2)
})

test('what shows is where it was at the moment of a correction, or at once where that is too far', () => {
  const soft = new Hand()
  soft.tell(100, 0)
  soft.play(0)
  soft.tell(101, 50)
  assert.deepEqual(soft.prediction.state(0), { x: 0 })
  const hard = new Hand({ snap: 20 })
  hard.tell(100, 0)
  hard.play(0)
  hard.tell(101, 50)
  assert.deepEqual(hard.prediction.state(0), { x: 50 })
})

test('between ticks, and a little before the newest: the time of an animation frame is older', () => {
  const hand = new Hand()
  hand.tell(100, 0)
  for (const input of [1, 2, 4]) hand.play(input)
  const shown = [1, 0.5, 0, -0.25, -1, -1.5, -2].map((phase) => {
    hand.phase = phase
    return hand.prediction.state(0)!['x']
  })
  assert.deepEqual(shown, [7, 5, 3, 2.5, 1, 0.5, 0])
  hand.phase = -2.5
  assert.deepEqual(hand.prediction.state(0), { x: 7 }, 'nothing is known of then')
})

test('ticks that were left out are played with what is in force', () => {
  const hand = new Hand()
  hand.tell(100, 0)
  hand.inputsAt.set(101, 5)
  hand.tick = 103
  hand.play(1)
  assert.deepEqual(hand.steps, [101, 102, 103, 104])
  assert.deepEqual(hand.prediction.latest, { x: 6 })
})

test('ticks that the room left out are played again, with what is in force now, and softly', () => {
  const hand = new Hand()
  hand.tell(100, 0)
  for (let i = 0; i < 5; i++) hand.play(1)
  hand.steps.length = 0
  hand.tick = 102
  hand.play(10)
  assert.deepEqual(hand.steps, [103])
  assert.deepEqual(hand.prediction.latest, { x: 12 })
  assert.deepEqual(hand.prediction.state(0), { x: 5 }, 'where it was at that moment')
  assert.deepEqual(hand.prediction.state(5_000), { x: 12 })
  hand.tell(103, 12)
  const { compared, count } = hand.prediction.corrections
  assert.deepEqual([compared, count], [1, 0])
})

test('a room ahead of us, an old word, nothing to predict, another connection', () => {
  const hand = new Hand()
  assert.equal(hand.prediction.state(0), undefined)
  hand.tell(110, 7)
  assert.deepEqual(hand.prediction.state(0), { x: 7 })
  hand.tick = 110
  hand.play(1)
  assert.deepEqual(hand.prediction.latest, { x: 8 })
  hand.tell(109, 99)
  hand.tell(110, 99)
  assert.deepEqual(hand.prediction.latest, { x: 8 }, 'told before')
  hand.tellNothing()
  assert.deepEqual([hand.prediction.state(0), hand.prediction.latest], [undefined, undefined])
  hand.play(1)
  hand.tell(111, 3)
  assert.deepEqual(hand.prediction.latest, { x: 4 })
  hand.epoch = 2
  hand.tick = 20
  hand.play(1)
  assert.deepEqual(hand.prediction.latest, { x: 4 }, 'ticks of another connection')
  hand.tell(20, 50)
  assert.deepEqual(hand.prediction.latest, { x: 51 })
})

test('a room that is silent for too long is not guessed any further', () => {
  const hand = new Hand()
  hand.tell(100, 0)
  for (let i = 0; i < 255; i++) hand.play(1)
  assert.deepEqual(hand.prediction.latest, { x: 255 })
  hand.play(1)
  assert.equal(hand.prediction.latest, undefined)
  hand.tell(350, 9)
  assert.deepEqual(hand.prediction.latest, { x: 9 + 6 })
})

test('bytes are stepped in place, and nothing is made anew from tick to tick', () => {
  const drafts = new Set<Uint8Array>()
  const game = new Game({ rtt: 100 })
  game.run(30_000, () => {
    const { latest } = game.prediction
    if (latest !== undefined) drafts.add(latest)
  })
  assert.ok(game.inputs.tick > 1_500 + 1_000)
  assert.ok(drafts.size <= 256, `${drafts.size}`)
  assert.ok(TICK_MS > 0)
})
