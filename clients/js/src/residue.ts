import { difference, wrapped, type Position, type Turns } from './position.js'

/** So many half-lives, and nothing is left to be seen. */
const HALF_LIVES_MAX = 16

/**
 * What is wrong with what is shown, on purpose: after a correction it starts out where it was, and
 * half of the error is gone after each half-life, whatever the frame rate.
 */
export class Residue {
  #error: Position | null = null
  #since = 0
  readonly #halfLife: number
  readonly #turns: Turns

  constructor(halfLife: number, turns: Turns) {
    this.#halfLife = halfLife
    this.#turns = turns
  }

  /** What shows goes on from `shown`, though `truth` is where it should be. */
  absorb(shown: Readonly<Position>, truth: Readonly<Position>, now: number): void {
    const error: Position = {}
    for (const field in truth) {
      const from = shown[field]
      if (from !== undefined) error[field] = difference(truth[field]!, from, this.#turns[field])
    }
    this.#error = error
    this.#since = now
  }

  /** The position that is to be shown for this one. */
  over(truth: Position, now: number): Position {
    if (this.#error === null) return truth
    const halfLives = Math.max(0, now - this.#since) / this.#halfLife
    if (halfLives > HALF_LIVES_MAX) {
      this.#error = null
      return truth
    }
    const left = 2 ** -halfLives
    const shown: Position = {}
    for (const field in truth) {
      const error = this.#error[field] ?? 0
      shown[field] = wrapped(truth[field]! + error * left, this.#turns[field])
    }
    return shown
  }

  clear(): void {
    this.#error = null
  }
}
