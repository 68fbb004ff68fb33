/**
 * When our ticks come: ahead of the room's, so that the input of each is there when the room plays
 * it, and not much sooner. The room tells how long inputs had to wait; from that follows by when
 * each tick had to be played here, and our ticks are moved so that the latest of late fits. Moved
 * means bent: they come a few per cent faster or slower until it is so.
 */
import type { Arrivals } from './arrivals.js'

export interface TickClockOptions {
  /** Milliseconds from tick to tick. */
  readonly tickMs: number
  /** So many ticks beyond its own the room takes inputs for. */
  readonly ahead: number
  /** Whether it follows what the room tells; else it stays as it was estimated. */
  readonly adaptive: boolean
}

/** Of inputs that waited for the last ticks it is remembered when they were due. */
export const TICKS_REMEMBERED = 256
/** For how long one input that came late, or nearly, keeps our ticks early. */
const MEMORY_MS = 10_000
/** How much faster ticks come while inputs are late, and how much slower while there is slack. */
const HASTE = 0.08
const EASE = 0.02
/** More than this is nothing to be bent away: the page, the server or the line stood still. */
const JUMP_MS = 400
/** What a line may add now and then that we are ready for; beyond it is an outage. */
const SPREAD_MS = 300
/** How much sooner than just in time. */
const GUARD_MS = 2
/** Before the room has told anything: the round trip, a tick, and this. */
const FIRST_SLACK_MS = 20
/** Inputs for the last few ticks that the room takes are not worth the risk. */
const AHEAD_SLACK = 2

export class TickClock {
  readonly #options: TickClockOptions
  readonly #arrivals: Arrivals
  /** Tick n comes at n × tickMs + this, and for how long the room has stood still on top of it. */
  #offset = 0
  #isSet = false
  #steeredAt = 0
  /** The same, as it was when each of the last ticks was played. */
  readonly #offsets = new Float64Array(TICKS_REMEMBERED).fill(NaN)
  #newest = 0
  /** Offsets with which an input would have been just in time. */
  readonly #deadlines = new Extremes(MEMORY_MS)
  /** Where it does not adapt: what it was estimated to be at first. */
  #estimated: number | null = null
  /** As much of the room's standing still as the offsets know of. */
  #stood = 0

  constructor(options: TickClockOptions, arrivals: Arrivals) {
    this.#options = options
    this.#arrivals = arrivals
  }

  /** The newest tick whose time has come. `rtt`: the last round trip. */
  due(now: number, rtt: number): number {
    this.#steer(now, rtt)
    return Math.floor((now - this.#offset - this.#arrivals.stood) / this.#options.tickMs)
  }

  /** When this tick comes, if nothing changes; after a pause, as it was known before. */
  at(tick: number): number {
    return tick * this.#options.tickMs + this.#offset + this.#arrivals.stood
  }

  /** The room's newest tick that we have heard of. */
  get heard(): number {
    return Math.round((this.#arrivals.newest - this.#arrivals.stood) / this.#options.tickMs)
  }

  /** The input of this tick has been read. */
  played(tick: number): void {
    this.#offsets[tick % TICKS_REMEMBERED] = this.#offset
    this.#newest = tick
  }

  /**
   * The frame of this tick told the least number of ticks that an input had left to wait. Which of
   * them it was is not told: they lie close together, and so do the offsets.
   */
  told(tick: number, margin: number, now: number): void {
    this.#noticeStandstill()
    // How long inputs waited for a room that stood still says nothing of the line.
    if (this.#arrivals.isInDoubt) return
    const input = Math.min(this.#newest, tick + margin)
    const offset = this.#offsets[Math.max(0, input) % TICKS_REMEMBERED]!
    if (this.#newest - input >= TICKS_REMEMBERED || Number.isNaN(offset)) return
    this.#deadlines.add(offset + margin * this.#options.tickMs, now)
  }

  /** By how many milliseconds our ticks come before the quickest frames that tell of them. */
  get lead(): number {
    return this.#isSet ? (this.#arrivals.base ?? 0) - this.#offset : 0
  }

  /** What was told before a pause says nothing of the line after it. */
  restart(): void {
    this.#isSet = false
    this.#estimated = null
    this.#deadlines.clear()
    this.#offsets.fill(NaN)
  }

  /** Inputs from before the room stood still tell nothing about when the next ones have to come. */
  #noticeStandstill(): void {
    if (this.#stood === this.#arrivals.stood) return
    this.#stood = this.#arrivals.stood
    this.#offsets.fill(NaN)
  }

  #steer(now: number, rtt: number): void {
    this.#noticeStandstill()
    const wanted = this.#wanted(now, rtt)
    const elapsed = Math.max(0, now - this.#steeredAt)
    this.#steeredAt = now
    if (!this.#isSet || Math.abs(wanted - this.#offset) > JUMP_MS) {
      this.#offset = wanted
      this.#isSet = true
      return
    }
    const error = wanted - this.#offset
    this.#offset += Math.max(-HASTE * elapsed, Math.min(EASE * elapsed, error))
  }

  #wanted(now: number, rtt: number): number {
    const { tickMs, ahead, adaptive } = this.#options
    const base = this.#arrivals.base ?? now - this.#arrivals.newest
    const estimate = base - rtt - FIRST_SLACK_MS - tickMs
    const earliest = base - Math.max(1, ahead - AHEAD_SLACK) * tickMs
    const told = adaptive ? this.#deadlines.range(now) : null
    if (told === null) return Math.max(earliest, adaptive ? estimate : this.#fixed(estimate))
    return Math.max(earliest, told.least - GUARD_MS, told.common - SPREAD_MS)
  }

  #fixed(estimate: number): number {
    if (this.#estimated === null || Math.abs(estimate - this.#estimated) > JUMP_MS) {
      this.#estimated = estimate
    }
    return this.#estimated
  }
}

const BUCKET_MS = 1_000

/**
 * Of the numbers of late, to within a second of how late: the least, and the common one, which each
 * second had one as great as. For a moment in which the room was behind inputs waited longer; whoever
 * took the greatest of those for what is usual would send too late as long as it is remembered.
 */
class Extremes {
  readonly #memory: number
  #buckets: { readonly from: number; least: number; greatest: number }[] = []

  constructor(memory: number) {
    this.#memory = memory
  }

  add(value: number, now: number): void {
    const newest = this.#buckets[this.#buckets.length - 1]
    if (newest === undefined || now - newest.from >= BUCKET_MS) {
      this.#buckets.push({ from: now, least: value, greatest: value })
      return
    }
    newest.least = Math.min(newest.least, value)
    newest.greatest = Math.max(newest.greatest, value)
  }

  range(now: number): { least: number; common: number } | null {
    while (this.#buckets.length > 0 && now - this.#buckets[0]!.from > this.#memory) {
      this.#buckets.shift()
    }
    if (this.#buckets.length === 0) return null
    let least = Infinity
    let common = Infinity
    for (const [i, bucket] of this.#buckets.entries()) {
      least = Math.min(least, bucket.least)
      // What the second that runs has had so far may all be out of an outage.
      const runs = i > 0 && i === this.#buckets.length - 1
      if (!runs) common = Math.min(common, bucket.greatest)
    }
    return { least, common }
  }

  clear(): void {
    this.#buckets = []
  }
}
