/** How long the quickest frame of late is remembered: once or twice this. */
const SPAN_MS = 2_500
/** How fast the jitter is forgotten: what was late so many frames ago weighs little. */
const FRAMES_REMEMBERED = 100
/** A frame later than this is no jitter: the line was out, or the room stood still. */
const OUTAGE_MS = 400
/** Frames come as often as this, or more often, in most rooms. */
const USUAL_INTERVAL_MS = 50
/** What an outage held up comes all at once. Frames that are as late for so long were made late. */
const DECIDE_MS = 400

/**
 * How frames come in on this connection. Each says at what tick it was made; the quickest of late
 * tell how the room's ticks lie in our time, and the others by how much frames may be late.
 *
 * A server that stood still leaves out the ticks of that time. From then on the room's time is that
 * of its ticks and the {@link stood} on top of it, so that it goes on in step with ours.
 */
export class Arrivals {
  /** Milliseconds from frame to frame, where each has something to tell. */
  interval = USUAL_INTERVAL_MS
  /** When the newest frame was made: the room's time, in milliseconds. */
  newest = 0
  /** When the newest frame came, in our time. */
  heardAt = 0
  /** For how many milliseconds the room has been found to stand still on this connection. */
  stood = 0
  /** Another number for each connection. */
  epoch = 0
  /** Our time less the room's, for the quickest frames: of the span that runs, and of that before. */
  #least: number | null = null
  #leastBefore: number | null = null
  #spanEnds = 0
  #jitter = 0
  /** Since when all frames are too late to be believed, and by how much the least of them. */
  #doubt: { readonly since: number; least: number } | null = null

  /** A new connection, with a lag of its own, to a room whose time is this. */
  restart(interval: number, at: number): void {
    this.interval = interval
    this.newest = at
    this.stood = 0
    this.epoch++
    this.#least = null
    this.#leastBefore = null
    this.#jitter = 0
    this.#doubt = null
  }

  /** A frame has come that was made at this time of ticks. */
  frame(ticksAt: number, now: number): void {
    this.#judge(ticksAt, now)
    this.newest = ticksAt + this.stood
    this.heardAt = now
    if (this.#doubt === null) this.#measure(now - this.newest, now)
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

  /** Whether it is open yet if the room stood still, or only the line was out. */
  get isInDoubt(): boolean {
    return this.#doubt !== null
  }

  /** The {@link age} beyond which there is an outage, where each frame has something to tell. */
  get patience(): number {
    return OUTAGE_MS + Math.max(0, this.interval - USUAL_INTERVAL_MS)
  }

  /** How many milliseconds ago the newest frame would have come, had it been a quick one. */
  age(now: number): number {
    return this.base === null ? 0 : now - this.newest - this.base
  }

  #judge(ticksAt: number, now: number): void {
    const late = this.base === null ? 0 : now - ticksAt - this.stood - this.base
    if (late <= OUTAGE_MS) {
      this.#doubt = null
      return
    }
    this.#doubt ??= { since: now, least: late }
    this.#doubt.least = Math.min(this.#doubt.least, late)
    if (now - this.#doubt.since < DECIDE_MS) return
    this.stood += this.#doubt.least
    this.#doubt = null
  }

  #measure(lag: number, now: number): void {
    const before = this.base
    if (this.#least === null) {
      this.#spanEnds = now + SPAN_MS
    } else if (now >= this.#spanEnds) {
      this.#leastBefore = now < this.#spanEnds + SPAN_MS ? this.#least : null
      this.#least = null
      this.#spanEnds = now + SPAN_MS
    }
    this.#least = Math.min(this.#least ?? Infinity, lag)
    // What was late against a line that is gone is less late against one that is slower.
    const slower = Math.max(0, this.base! - (before ?? this.base!))
    const left = (this.#jitter - slower) * (1 - 1 / FRAMES_REMEMBERED)
    // Up at once, down slowly.
    this.#jitter = Math.max(lag - this.base!, left)
  }
}
