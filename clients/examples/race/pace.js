/** A frame that comes later than this after the one before, in seconds, was missed. */
const LATE_S = 1.5 / 60
/** So many of them, of all, are too many. */
const LATE_SHARE = 0.06
/** Of the share, how much the newest frame decides: some three seconds of them. */
const NEWEST = 1 / 180
/** Frames until a change shows what it brings. */
const TRIAL = 240
/** Below so much of what it was, it brought relief. */
const RELIEF = 0.8

/** Finds how many pixels this machine can draw in time, by trying fewer. */
export class Pace {
  /** Pixels of the canvas for one of the page's. */
  ratio
  #steps
  #share = 0
  #frames = 0
  #before = null

  /** `steps`: ratios to choose from, the largest first. */
  constructor(steps) {
    this.#steps = steps
    this.ratio = steps[0]
  }

  /** Looks at one more frame, `elapsed` seconds after the last. Gives whether `ratio` is another now. */
  follow(elapsed) {
    this.#share += (Number(elapsed > LATE_S) - this.#share) * NEWEST
    if (++this.#frames < TRIAL) return false
    const { ratio } = this
    if (this.#before !== null && this.#share > RELIEF * this.#before.share) {
      // It is not the pixels: a screen that shows fewer frames, or somebody else on this machine.
      this.ratio = this.#before.ratio
      this.#steps = []
    } else if (this.#share > LATE_SHARE) {
      this.#next(ratio)
    }
    return this.ratio !== ratio
  }

  #next(ratio) {
    const smaller = this.#steps.find((step) => step < ratio)
    if (smaller === undefined) return
    this.#before = { ratio, share: this.#share }
    this.ratio = smaller
    this.#frames = 0
  }
}
