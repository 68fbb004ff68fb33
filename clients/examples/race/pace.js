/** A frame that comes later than this after the one before, in seconds, was missed. */
const LATE_S = 1.5 / 60
/** So many of them, of all, are too many. */
const LATE_SHARE = 0.06
/** Frames that are looked at together. */
const LOOK = 240
/** Below so much of the share that was late before, a change has brought relief. */
const RELIEF = 0.8

/** Finds how many pixels this machine can draw in time, by trying fewer. */
export class Pace {
  /** Pixels of the canvas for one of the page's. */
  ratio
  #steps
  #frames = 0
  #late = 0
  /** What was, while a change is on trial. */
  #before = null

  /** `steps`: ratios to choose from, the largest first. */
  constructor(steps) {
    this.#steps = steps
    this.ratio = steps[0]
  }

  /** Looks at one more frame, `elapsed` seconds after the last. Gives whether `ratio` is another now. */
  follow(elapsed) {
    if (elapsed > LATE_S) this.#late++
    if (++this.#frames < LOOK) return false
    const share = this.#late / this.#frames
    this.#frames = this.#late = 0
    return this.#judge(share)
  }

  #judge(share) {
    const { ratio } = this
    const before = this.#before
    this.#before = null
    if (before !== null && share > RELIEF * before.share) {
      // It is not the pixels: a screen that shows fewer frames, or somebody else on this machine.
      this.ratio = before.ratio
      this.#steps = []
    } else if (share > LATE_SHARE) {
      this.ratio = this.#steps.find((step) => step < ratio) ?? ratio
      this.#before = { ratio, share }
    }
    return this.ratio !== ratio
  }
}
