import { TuttiError } from './errors.js'
import type { Surroundings } from './connection.js'

/** What a bad line does to messages, both ways. */
export interface LinkConditions {
  /** Milliseconds that it adds to a round trip. Default: 0. */
  readonly latency?: number
  /** Milliseconds: it adds up to so many more to a message, each way. None overtakes another. Default: 0. */
  readonly jitter?: number
  /** For so many milliseconds nothing comes through, now and then. Default: 0. */
  readonly stall?: number
  /**
   * Milliseconds from the end of one stall to the next, on average: half as long to half as long
   * again. Default: 5,000.
   */
  readonly stallEvery?: number
  /** The same number gives the same line. Default: 1. */
  readonly seed?: number
}

const STALL_EVERY_MS = 5_000
const MILLISECONDS_MAX = 10_000

type Way = 'up' | 'down'

/**
 * A bad line for trials, between this client and its socket.
 *
 * ```js
 * room.link.simulate({ latency: 150, jitter: 30, stall: 200 })
 * ```
 */
export class SimulatedLink {
  readonly #surroundings: Surroundings
  readonly #lanes: { readonly [way in Way]: Lane }
  #conditions: Required<LinkConditions> | null = null
  #random = randomFrom(1)
  #stall = { from: Infinity, to: Infinity }

  /** @internal */
  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
    this.#lanes = { up: new Lane(surroundings), down: new Lane(surroundings) }
  }

  /** What is simulated now; null: nothing, messages go straight through. */
  get conditions(): Required<LinkConditions> | null {
    return this.#conditions
  }

  /**
   * Simulates this from here on; null ends it. What is under way arrives as it would have. Throws
   * `misuse` where a number is not from 0 to 10,000.
   */
  simulate(conditions: LinkConditions | null): void {
    if (conditions === null) {
      this.#conditions = null
      return
    }
    const all = {
      latency: 0,
      jitter: 0,
      stall: 0,
      stallEvery: STALL_EVERY_MS,
      seed: 1,
      ...conditions,
    }
    for (const [name, value] of Object.entries(all)) {
      if (name !== 'seed' && !(value >= 0 && value <= MILLISECONDS_MAX)) {
        throw new TuttiError('misuse', `${name} takes 0 to ${MILLISECONDS_MAX} milliseconds`)
      }
    }
    this.#conditions = all
    this.#random = randomFrom(all.seed)
    this.#stall = { from: -Infinity, to: this.#surroundings.now() }
    this.#nextStall()
  }

  /** @internal `arrive` is called once the message has come through, in their order. */
  carry(way: Way, arrive: () => void): void {
    const lane = this.#lanes[way]
    if (this.#conditions === null && lane.isEmpty) {
      arrive()
      return
    }
    lane.add(this.#arrival(), arrive)
  }

  /** @internal What is on its way up arrives now: the socket is about to be closed. */
  flush(): void {
    this.#lanes.up.flush()
  }

  /** @internal What is under way is lost. */
  cut(): void {
    this.#lanes.up.clear()
    this.#lanes.down.clear()
  }

  #arrival(): number {
    const now = this.#surroundings.now()
    if (this.#conditions === null) return now
    const { latency, jitter } = this.#conditions
    const at = now + latency / 2 + jitter * this.#random()
    while (now >= this.#stall.to) this.#nextStall()
    return at >= this.#stall.from ? Math.max(at, this.#stall.to) : at
  }

  #nextStall(): void {
    const { stall, stallEvery } = this.#conditions!
    if (stall === 0) {
      this.#stall = { from: Infinity, to: Infinity }
      return
    }
    const from = this.#stall.to + Math.max(1, stallEvery) * (0.5 + this.#random())
    this.#stall = { from, to: from + stall }
  }
}

/** One way: first in, first out, and none before its time. */
class Lane {
  readonly #surroundings: Surroundings
  #waiting: { readonly at: number; readonly arrive: () => void }[] = []
  #timer: unknown = null

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  add(at: number, arrive: () => void): void {
    this.#waiting.push({ at, arrive })
    if (this.#waiting.length === 1) this.#wait()
  }

  flush(): void {
    const waiting = this.#waiting
    this.clear()
    for (const { arrive } of waiting) arrive()
  }

  clear(): void {
    this.#surroundings.clearTimer(this.#timer)
    this.#waiting = []
  }

  #wait(): void {
    const { now, setTimer, clearTimer } = this.#surroundings
    clearTimer(this.#timer)
    this.#timer = setTimer(() => this.#deliver(), Math.max(0, this.#waiting[0]!.at - now()))
  }

  #deliver(): void {
    const now = this.#surroundings.now()
    while (this.#waiting.length > 0 && this.#waiting[0]!.at <= now) this.#waiting.shift()!.arrive()
    if (this.#waiting.length > 0) this.#wait()
  }
}

/** The same numbers for the same seed: Marsaglia's xorshift. */
function randomFrom(seed: number): () => number {
  let state = Math.imul(seed | 0, 0x9e3779b1) || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
