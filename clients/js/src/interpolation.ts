/**
 * Smooth motion out of frames: what is shown is a little in the past, between two samples that
 * have both arrived. Never beyond the newest one: a hand that is late stands still rather than
 * flying off.
 */

/** Numbers by field name. */
export type Position = { [field: string]: number }

interface Sample {
  /** Server time, in milliseconds of ticks. */
  readonly at: number
  readonly position: Readonly<Position>
}

const SAMPLES_MAX = 64
/** How fast the estimate forgets: a lag or a jitter of this many frames ago weighs little. */
const FRAMES_REMEMBERED = 100
const DELAY_MAX_MS = 500
/** How much faster or slower than time what is shown may run, to get to where it should be. */
const SLEW = 0.25

/** The motion of one member. */
export class Track {
  #samples: Sample[] = []

  /** `interval`: how far apart samples of a motion are; more means that it stood still before. */
  add(at: number, position: Position, interval: number): void {
    const last = this.#samples[this.#samples.length - 1]
    if (last !== undefined && at - last.at > 2 * interval) {
      this.#samples.push({ at: at - interval, position: last.position })
    }
    this.#fillBack(position)
    this.#samples.push({ at, position })
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift()
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

  at(time: number): Readonly<Position> | undefined {
    const after = this.#samples.findIndex((sample) => sample.at > time)
    if (after < 0) return this.#samples[this.#samples.length - 1]?.position
    const b = this.#samples[after]!
    const a = this.#samples[after - 1]
    return a === undefined ? b.position : between(a, b, time)
  }

  /** Forgets what nobody will ask for again. */
  trim(before: number): void {
    const first = this.#samples.findIndex((sample) => sample.at >= before)
    const cut = first < 0 ? this.#samples.length - 1 : first - 1
    if (cut > 0) this.#samples.splice(0, cut)
  }
}

function between(a: Sample, b: Sample, time: number): Position {
  const share = (time - a.at) / (b.at - a.at)
  const position: Position = {}
  for (const field of Object.keys(b.position)) {
    const to = b.position[field]!
    const from = a.position[field] ?? to
    position[field] = from + (to - from) * share
  }
  return position
}

/**
 * Which moment of the server's time to show. Every frame says at what tick it was made; how late
 * the later ones are against the quickest is the jitter, and the delay follows it: two frame
 * intervals on a good line, more on a bad one, at most half a second.
 */
export class Playout {
  readonly #interval: number
  readonly #fixedDelay: number | null
  /** Our time less the server's, for the quickest frames. */
  #base: number | null = null
  /** How much later than those the late ones are. */
  #jitter = 0
  /** What was shown when. */
  #last: { now: number; time: number } | null = null

  constructor(interval: number, delay: number | null) {
    this.#interval = interval
    this.#fixedDelay = delay
  }

  frame(at: number, now: number): void {
    const lag = now - at
    if (this.#base === null || lag < this.#base) this.#base = lag
    const late = lag - this.#base
    // Up at once, down slowly; and the base creeps up, lest one lucky frame rules for ever.
    this.#jitter = Math.max(late, this.#jitter * (1 - 1 / FRAMES_REMEMBERED))
    this.#base += late / (10 * FRAMES_REMEMBERED)
  }

  /** Milliseconds from the newest frame of a perfect line to what is shown. */
  get delay(): number {
    if (this.#fixedDelay !== null) return this.#fixedDelay
    return Math.min(DELAY_MAX_MS, 2 * this.#interval + this.#jitter)
  }

  /** Runs on evenly, a little faster or slower where the delay changes, and never goes back. */
  time(now: number): number {
    const due = now - (this.#base ?? 0) - this.delay
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
