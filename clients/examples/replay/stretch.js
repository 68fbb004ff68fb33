/** How much of what is left to go is gone in a second: a glide of about a quarter of one. */
const GLIDE_PER_S = 14
/** Nearer than this part of what shows, it is there. */
const THERE = 1e-4
/** Nobody needs less than this of a recording across the whole screen. */
const LEAST_S = 0.5
/** Where it is shows here when the view turns its page. */
const PAGE_SHARE = 0.12

/**
 * Which part of a recording shows, in ticks: all of it, or what somebody has gone nearer to. It
 * glides there; `step()` moves it on.
 */
export class Stretch {
  #first = 0
  #last = 1
  #hz = 20
  #goal = { from: 0, until: 1 }
  #shown = { from: 0, until: 1 }
  #isWhole = true

  get from() {
    return this.#shown.from
  }

  get until() {
    return this.#shown.until
  }

  get isWhole() {
    return this.#isWhole
  }

  get isGliding() {
    const { from, until } = this.#goal
    return this.#shown.from !== from || this.#shown.until !== until
  }

  /** How many times as large as all of it. */
  get zoom() {
    return (this.#last - this.#first) / (this.#goal.until - this.#goal.from)
  }

  /** Gives whether that is different: the recording has grown, or has lost its beginning. */
  setRange({ first, last, hz }) {
    const end = Math.max(first + 1, last)
    if (first === this.#first && end === this.#last && hz === this.#hz) return false
    this.#first = first
    this.#last = end
    this.#hz = hz
    const { from, until } = this.#isWhole ? { from: first, until: end } : this.#goal
    this.#go(from, until)
    this.arrive()
    return true
  }

  /** Part of what shows at which a tick is: 0 at its left, 1 at its right, beyond them outside. */
  share(tick) {
    const { from, until } = this.#shown
    return (tick - from) / (until - from)
  }

  tickAt(share) {
    const { from, until } = this.#shown
    const tick = Math.round(from + share * (until - from))
    return Math.min(this.#last, Math.max(this.#first, tick))
  }

  /** Nearer, or with a factor below 1 farther; the tick at that share stays where it is. */
  zoomAt(share, factor) {
    const { from, until } = this.#goal
    const tick = from + share * (until - from)
    const length = (until - from) / factor
    const least = Math.min(LEAST_S * this.#hz, this.#last - this.#first)
    const kept = Math.max(least, length)
    this.#go(tick - share * kept, tick + (1 - share) * kept)
  }

  /** By parts of what shows, to the right. */
  pan(share) {
    const { from, until } = this.#goal
    const ticks = share * (until - from)
    this.#go(from + ticks, until + ticks)
  }

  showWhole() {
    this.#go(this.#first, this.#last)
  }

  /** As one turns a page: where it is stays in sight. Gives whether it had to. */
  follow(tick) {
    const { from, until } = this.#goal
    if (this.#isWhole || (tick >= from && tick <= until)) return false
    const length = until - from
    this.#go(tick - PAGE_SHARE * length, tick + (1 - PAGE_SHARE) * length)
    return true
  }

  /** Moves on by so many seconds. */
  step(elapsed) {
    const { from, until } = this.#goal
    const left = Math.exp(-GLIDE_PER_S * elapsed)
    const shown = this.#shown
    shown.from = from + (shown.from - from) * left
    shown.until = until + (shown.until - until) * left
    const near = THERE * (until - from)
    if (Math.abs(shown.from - from) < near && Math.abs(shown.until - until) < near) this.arrive()
  }

  /** Without a glide: what a hand drags has to stay under it. */
  arrive() {
    this.#shown = { ...this.#goal }
  }

  /** As long as asked for, within the recording. */
  #go(from, until) {
    const whole = this.#last - this.#first
    const length = Math.min(until - from, whole)
    const begin = Math.min(this.#last - length, Math.max(this.#first, from))
    this.#isWhole = length >= whole
    this.#goal = { from: begin, until: begin + length }
  }
}
