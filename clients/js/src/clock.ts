interface Sample {
  /** The server's wall time less ours. */
  readonly offset: number
  /** Milliseconds there and back. */
  readonly rtt: number
}

const SAMPLES_MAX = 8
const ASKED_MAX = 16
/** What the rounding of wall time and a busy page may add to half a round trip. */
const SLACK_MS = 50

/** The server's wall time, from exchanges of which the quickest recent one is believed. */
export class Clock {
  readonly #asked = new Map<number, number>()
  #samples: Sample[] = []
  #best: Sample | null = null
  #echo = 0
  #latest = 0

  /** The number to send; its answer tells when it comes back. */
  ask(now: number): number {
    if (this.#asked.size === ASKED_MAX) this.#asked.clear()
    this.#asked.set(++this.#echo, now)
    return this.#echo
  }

  answer(echo: number, wall: number, now: number): void {
    const asked = this.#asked.get(echo)
    if (asked === undefined) return
    this.#asked.delete(echo)
    const rtt = Math.max(0, now - asked)
    const sample = { rtt, offset: wall - (asked + rtt / 2) }
    if (this.#best !== null && contradicts(sample, this.#best)) {
      // One of the clocks was set, or this machine slept: what was known is worth nothing.
      this.#samples = []
      this.#latest = 0
    }
    this.#samples = [...this.#samples, sample].slice(-SAMPLES_MAX)
    this.#best = this.#samples.reduce((best, next) => (next.rtt <= best.rtt ? next : best))
  }

  /** What was asked over a connection that is gone will not be answered. */
  forget(): void {
    this.#asked.clear()
  }

  get offset(): number {
    return this.#best?.offset ?? 0
  }

  get rtt(): number | null {
    return this.#samples[this.#samples.length - 1]?.rtt ?? null
  }

  /** Never goes back, unless one of the clocks was set. */
  wall(now: number): number {
    this.#latest = Math.max(this.#latest, now + this.offset)
    return this.#latest
  }
}

/** Each offset is known to within half its round trip; the true one must lie in both ranges. */
function contradicts(a: Sample, b: Sample): boolean {
  return Math.abs(a.offset - b.offset) > (a.rtt + b.rtt) / 2 + SLACK_MS
}
