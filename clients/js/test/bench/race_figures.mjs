// What is looked at while a race runs: our own car against the room's word, the others' motion.
import { Camera } from '../../../examples/race/camera.js'

/** Bits of `cause` in what a driver is told. */
const MISSED = 2
/** No car is as fast: it was put somewhere else. */
const PUT_BACK_SPEED = 150
const PUT_BACK_MS = 1_000
const WINDOW = [1280, 720]

export function percentile(list, share) {
  const sorted = [...list].sort((a, b) => a - b)
  return sorted[Math.ceil(share * sorted.length) - 1] ?? 0
}

/** Each state that the room told of our car: what had moved it, and whether we had it otherwise. */
export class OwnCar {
  #racer
  #kinds = {
    foreseen: { compared: 0, corrected: 0 },
    touched: { compared: 0, corrected: 0 },
    missed: { compared: 0, corrected: 0 },
  }
  #metres = []
  #pixels = []
  #before

  constructor(racer) {
    this.#racer = racer
    this.#before = this.#now()
    racer.room.on('frame', () => this.#look())
  }

  figures() {
    return { kinds: this.#kinds, metres: this.#metres, pixels: this.#pixels }
  }

  #now() {
    const { prediction, told } = this.#racer
    return { ...prediction.corrections, told: told() }
  }

  #look() {
    const [before, now] = [this.#before, this.#now()]
    if (now.compared === before.compared) return
    this.#before = now
    const kind = this.#kinds[this.#kindOf(now.told)]
    kind.compared++
    if (now.count === before.count) return
    kind.corrected++
    const { size } = now.recent.at(-1)
    this.#metres.push(size)
    this.#pixels.push(size * this.#scale(now.told.state))
  }

  #kindOf({ cause }) {
    if (cause === 0) return 'foreseen'
    return cause & MISSED ? 'missed' : 'touched'
  }

  /** Pixels of a metre, as the page shows it at that speed. */
  #scale(state) {
    const camera = new Camera()
    camera.resize(...WINDOW)
    camera.follow({ x: 0, y: 0, heading: 0, vx: this.#racer.speedOf(state), vy: 0 }, 1)
    return camera.scale
  }
}

/** The other cars as a page draws them: how far each goes from one animation frame to the next. */
export class Jumps {
  #racer
  #frameMs
  #shown = new Map()
  #at = performance.now()
  #steps = 0
  #largest = 0
  #beyond = []
  /** By car: until when its own jump, back onto the road, is none of ours. */
  #putBack = new Map()

  constructor(racer, frameMs) {
    this.#racer = racer
    this.#frameMs = frameMs
    const interval = 1 / racer.room.frameRate
    racer.room.collection('cars').on('change', ({ id, record, before }) => {
      if (record === undefined || before === undefined) return
      const speed = Math.hypot(record.x - before.x, record.y - before.y) / interval
      if (speed > PUT_BACK_SPEED) this.#putBack.set(id, performance.now() + PUT_BACK_MS)
    })
  }

  /** Draws all frames whose time has come. */
  look() {
    const { cars, prediction, told } = this.#racer
    for (; this.#at + this.#frameMs <= performance.now(); this.#at += this.#frameMs) {
      prediction.state(this.#at)
      for (const [id, car] of cars.sample(this.#at)) {
        const before = this.#shown.get(id)
        this.#shown.set(id, car)
        const isOurs = id === String(told()?.car)
        if (before === undefined || isOurs || this.#at < (this.#putBack.get(id) ?? 0)) continue
        this.#step(before, car)
      }
    }
  }

  figures() {
    const [usual, most] = [0.999, 1].map((share) => percentile(this.#beyond, share).toFixed(2))
    return {
      steps: this.#steps,
      largest: this.#largest,
      beyond: this.#steps === 0 ? '–' : `${usual} / ${most}`,
    }
  }

  #step(before, { x, y, speed }) {
    const step = Math.hypot(x - before.x, y - before.y)
    this.#steps++
    this.#largest = Math.max(this.#largest, step)
    this.#beyond.push(step - (speed * this.#frameMs) / 1000)
  }
}
