// Small pictures of a recording, made by playing it once more in a replay that nobody else sees.
import { replay } from '/tutti/tutti.js'

const WIDTH = 192
const HEIGHT = 120
export const RATIO = WIDTH / HEIGHT
/** A moment that does not come is tried again when it is asked for again. */
const WAIT_MS = 5_000
/** The replay that takes them is left when nothing was asked for so long. */
const REST_MS = 20_000
/** The oldest go. */
const PICTURES_MAX = 240

/** Takes the pictures that are asked for, one after the other. */
export class Film {
  /** Tick → canvas, in the order in which they were taken. */
  #pictures = new Map()
  #room
  #paint
  #changed
  #wanted = []
  #isWorking = false
  #scout = null
  #rest
  /** While it is set nothing is taken: somebody else needs the server more. */
  isHeld = false

  /** `paint` fills a canvas with what a room holds; `changed` is called when there is another. */
  constructor(room, paint, changed) {
    this.#room = room
    this.#paint = paint
    this.#changed = changed
    addEventListener('pagehide', () => this.#leave())
  }

  get isEmpty() {
    return this.#pictures.size === 0
  }

  /** What is to be had, the most wanted first; what was wanted before and was not taken is not. */
  want(ticks) {
    this.#wanted = ticks
    if (!this.#isWorking) this.#work()
  }

  /** The picture of the nearest tick before, or where there is none the first after; or null. */
  at(tick) {
    let before = -1
    let after = Infinity
    for (const taken of this.#pictures.keys()) {
      if (taken <= tick && taken > before) before = taken
      else if (taken > tick && taken < after) after = taken
    }
    return this.#pictures.get(before) ?? this.#pictures.get(after) ?? null
  }

  async #work() {
    this.#isWorking = true
    try {
      for (let tick = this.#next(); tick !== undefined; tick = this.#next()) {
        clearTimeout(this.#rest)
        this.#scout ??= await replay('/', this.#room, { at: tick })
        if (await isThere(this.#scout.seek(tick))) await this.#take(tick)
        else this.#wanted = this.#wanted.filter((other) => other !== tick)
      }
    } catch {
      // Without pictures it is a timeline still.
      this.#leave()
    }
    this.#isWorking = false
    clearTimeout(this.#rest)
    this.#rest = setTimeout(() => this.#leave(), REST_MS)
  }

  #next() {
    if (this.isHeld || document.visibilityState !== 'visible') return undefined
    return this.#wanted.find((tick) => !this.#pictures.has(tick))
  }

  async #take(tick) {
    const canvas = Object.assign(document.createElement('canvas'), { width: WIDTH, height: HEIGHT })
    await this.#paint(canvas, this.#scout.room)
    this.#pictures.set(tick, canvas)
    if (this.#pictures.size > PICTURES_MAX) {
      this.#pictures.delete(this.#pictures.keys().next().value)
    }
    this.#changed()
  }

  #leave() {
    this.#scout?.leave()
    this.#scout = null
  }
}

function isThere(sought) {
  let late
  const waited = new Promise((resolve) => (late = setTimeout(resolve, WAIT_MS, false)))
  const came = sought.then(
    () => true,
    () => false,
  )
  return Promise.race([came, waited]).finally(() => clearTimeout(late))
}
