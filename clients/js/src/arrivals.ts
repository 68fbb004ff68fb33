/** How long the quickest frame of late is remembered: once or twice this. */
const SPAN_MS = 2_500
/** How fast the jitter is forgotten: what was late so many frames ago weighs little. */
const FRAMES_REMEMBERED = 100

/**
 * How frames come in on this connection. Each says at what tick it was made; the quickest of late
 * tell how the room's ticks lie in our time, and the others by how much frames may be late.
 */
export class Arrivals {
  /** Milliseconds from frame to frame, where each has something to tell. */
  interval = 50
  /** When the newest frame was made: the room's time, in milliseconds of ticks. */
  newest = 0
  /** Another number for each connection. */
  epoch = 0
  /** Our time less the room's, for the quickest frames: of the span that runs, and of that before. */
  #least: number | null = null
  #leastBefore: number | null = null
  #spanEnds = 0
  #jitter = 0

  /** A new connection, with a lag of its own, to a room whose time is this. */
  restart(interval: number, at: number): void {
    this.interval = interval
    this.newest = at
    this.epoch++
    this.#least = null
    this.#leastBefore = null
    this.#jitter = 0
  }

  frame(at: number, now: number): void {
    const lag = now - at
    const before = this.base
    if (this.#least === null) {
      this.#spanEnds = now + SPAN_MS
    } else if (now >= this.#spanEnds) {
      this.#leastBefore = now < this.#spanEnds + SPAN_MS ? this.#least : null
      this.#least = null
      this.#spanEnds = now + SPAN_MS
    }
    this.#least = Math.min(this.#least ?? Infinity, lag)
    this.newest = at
    // What was late against a line that is gone is less late against one that is slower.
    const slower = Math.max(0, this.base! - (before ?? this.base!))
    const left = (this.#jitter - slower) * (1 - 1 / FRAMES_REMEMBERED)
    // Up at once, down slowly.
    this.#jitter = Math.max(lag - this.base!, left)
  }

  /** What to add to the room's time for ours, by the quickest frames; null before the first. */
  get base(): number | null {
    if (this.#least === null) return null
    return Math.min(this.#least, this.#leastBefore ?? Infinity)
  }

  /** By how many milliseconds the late frames come later than the quickest. */
  get jitter(): number {
    return this.#jitter
  }
}
