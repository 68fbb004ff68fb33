/**
 * Smooth motion out of frames: what is shown is a little in the past, between two samples that
 * have both arrived. Beyond the newest one it goes on for as long as it is told to, or not at all: a
 * hand that is late stands still rather than flying off.
 */
import type { Arrivals } from './arrivals.js'
import { between, difference, wrapped, type Position, type Turns } from './position.js'
import { Residue } from './residue.js'

interface Sample {
  /** Server time, in milliseconds of ticks. */
  readonly at: number
  readonly position: Readonly<Position>
}

const SAMPLES_MAX = 64
const DELAY_MAX_MS = 500
/** How much faster or slower than time what is shown may run, to get to where it should be. */
const SLEW = 0.25
/** A guess that nothing has confirmed for so long is taken back, as slowly. */
const GUESS_STANDS_MS = 500
const GUESS_RETURNS_MS = 500
/** How fast what was guessed wrong is put right. */
const HALF_LIFE_MS = 60

/** The motion of one thing. */
export class Track {
  readonly #turns: Turns
  /** For how many milliseconds motion goes on beyond the newest sample. */
  readonly #reach: number
  readonly #residue: Residue
  #samples: Sample[] = []
  /** What was shown last, where it was a guess. */
  #guess: { time: number; known: number; position: Position } | null = null
  #isNews = false

  constructor(turns: Turns = {}, reach = 0) {
    this.#turns = turns
    this.#reach = reach
    this.#residue = new Residue(HALF_LIFE_MS, turns)
  }

  /** `interval`: how far apart samples of a motion are; more means that it stood still before. */
  add(at: number, position: Position, interval: number): void {
    const last = this.#samples[this.#samples.length - 1]
    if (last?.at === at) {
      this.#samples.pop()
    } else if (last !== undefined && at - last.at > 2 * interval) {
      this.#samples.push({ at: at - interval, position: last.position })
    }
    this.#fillBack(position)
    this.#samples.push({ at, position })
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift()
    this.#isNews = true
  }

  /** A field that appears was not somewhere else before: it starts where it appeared. */
  #fillBack(position: Position): void {
    for (const [field, value] of Object.entries(position)) {
      for (let i = this.#samples.length - 1; i >= 0; i--) {
        const sample = this.#samples[i]!
        if (field in sample.position) break
        this.#samples[i] = { at: sample.at, position: { ...sample.position, [field]: value } }
      }
    }
  }

  /** `known`: when the newest frame was made. What it told nothing new of stood still till then. */
  at(time: number, known = -Infinity): Readonly<Position> | undefined {
    if (this.#reach === 0) return this.#truth(time, known)
    this.#correct(known)
    const truth = this.#truth(time, known)
    if (truth === undefined) return undefined
    const position = this.#residue.over(truth, time)
    const last = this.#samples[this.#samples.length - 1]!
    this.#guess = time > last.at ? { time, known, position } : null
    return position
  }

  /** A guess that has turned out wrong goes on from where it was, and soon is what is true. */
  #correct(known: number): void {
    const guess = this.#guess
    if (guess !== null && (this.#isNews || known !== guess.known)) {
      const truth = this.#truth(guess.time, known)
      if (truth !== undefined) this.#residue.absorb(guess.position, truth, guess.time)
    }
    this.#isNews = false
  }

  #truth(time: number, known: number): Position | undefined {
    const after = this.#samples.findIndex((sample) => sample.at > time)
    if (after < 0) return this.#beyond(time, known)
    const b = this.#samples[after]!
    const a = this.#samples[after - 1]
    if (a === undefined) return b.position
    return between(a.position, b.position, (time - a.at) / (b.at - a.at), this.#turns)
  }

  #beyond(time: number, known: number): Position | undefined {
    const last = this.#samples[this.#samples.length - 1]
    const before = this.#samples[this.#samples.length - 2]
    if (last === undefined || before === undefined) return last?.position
    if (this.#reach === 0 || last.at < known) return last.position
    const share = guessed(time - last.at, this.#reach) / (last.at - before.at)
    const position: Position = {}
    for (const field in last.position) {
      const to = last.position[field]!
      const turn = this.#turns[field]
      const motion = difference(before.position[field] ?? to, to, turn)
      position[field] = wrapped(to + motion * share, turn)
    }
    return position
  }

  /** Forgets what nobody will ask for again. */
  trim(before: number): void {
    const first = this.#samples.findIndex((sample) => sample.at >= before)
    // The last two tell how fast it goes.
    const cut = Math.min(first < 0 ? Infinity : first - 1, this.#samples.length - 2)
    if (cut > 0) this.#samples.splice(0, cut)
  }
}

/** How far to go on after so many milliseconds without a word. */
function guessed(ahead: number, reach: number): number {
  const waited = Math.max(0, Math.min(1, (ahead - GUESS_STANDS_MS) / GUESS_RETURNS_MS))
  const left = 1 - waited * waited * (3 - 2 * waited)
  return Math.min(ahead, reach) * left
}

/**
 * Which moment of the room's time to show. The delay follows the jitter: two frame intervals on a
 * good line, more on a bad one, at most half a second.
 */
export class Playout {
  readonly #arrivals: Arrivals
  readonly #fixedDelay: number | null
  /** What was shown when. */
  #last: { now: number; time: number } | null = null

  constructor(arrivals: Arrivals, delay: number | null) {
    this.#arrivals = arrivals
    this.#fixedDelay = delay
  }

  /** Milliseconds from the newest frame of a perfect line to what is shown. */
  get delay(): number {
    if (this.#fixedDelay !== null) return this.#fixedDelay
    const { interval, jitter } = this.#arrivals
    return Math.min(DELAY_MAX_MS, 2 * interval + jitter)
  }

  /** Runs on evenly, a little faster or slower where the delay changes, and never goes back. */
  time(now: number): number {
    const due = now - (this.#arrivals.base ?? 0) - this.delay
    if (this.#last === null) {
      this.#last = { now, time: due }
      return due
    }
    const elapsed = now - this.#last.now
    const even = this.#last.time + elapsed
    if (elapsed <= 0) return even
    const error = due - even
    const most = Math.abs(error) > DELAY_MAX_MS ? Infinity : SLEW * elapsed
    const time = even + Math.max(-most, Math.min(most, error))
    this.#last = { now, time: Math.max(this.#last.time, time) }
    return this.#last.time
  }
}
