import { Camera } from './camera.js'
import { CarPainter } from './car_paint.js'
import { Effects } from './effects.js'
import { Ground } from './ground.js'

/** More pixels than these for one of the page's are not worth their time. */
const RATIO_MAX = 2
/** A machine that takes longer than this for a frame, in seconds, draws fewer pixels. */
const SLOW_S = 1 / 42
const FAST_S = 1 / 60
/** Of the time that frames take, the share that the newest one decides. */
const NEWEST = 0.02
/** Pixels of the ground for a metre: on a fine screen more, as far as memory allows. */
const GROUND_SCALE = 11
const GROUND_SCALE_MAX = 18
const CAR_SCALE = 44
/** To the right of a car: above it would be the next one. */
const LABEL_BESIDE = 8

/** The world on a canvas: the ground, the cars, what they throw up, and their names. */
export class Scene {
  camera = new Camera()
  #canvas
  #context
  #ratio = 1
  #ratioMax = RATIO_MAX
  #pace = FAST_S
  #night = matchMedia('(prefers-color-scheme: dark)')
  #still = matchMedia('(prefers-reduced-motion: reduce)')
  #road = null
  #ground = null
  #effects = null
  #painter = null
  #labels = new Map()

  constructor(canvas) {
    this.#canvas = canvas
    this.#context = canvas.getContext('2d', { alpha: false })
    this.camera.turns = !this.#still.matches
    new ResizeObserver(() => this.#resize()).observe(canvas)
    this.#resize()
    for (const wish of [this.#night, this.#still]) {
      wish.addEventListener('change', () => this.show(this.#road))
    }
  }

  /** The track from now on. */
  show(road) {
    this.#road = road
    if (road === null) return
    const night = this.#night.matches
    const scale = Math.round(Math.min(GROUND_SCALE_MAX, GROUND_SCALE * this.#ratio))
    this.#ground = new Ground(road, { scale, night })
    this.#effects = new Effects({ ground: this.#ground, road, isStill: this.#still.matches })
    this.#painter = new CarPainter({ scale: CAR_SCALE, night })
    this.#labels.clear()
    this.camera.cut()
  }

  /** Cars: id, x, y, heading, vx, vy, speed, steer, brakes, slides, touches, livery, isGhost, name. */
  draw(cars, elapsed) {
    this.#keepPace(elapsed)
    const { camera } = this
    const context = this.#context
    camera.apply(context, this.#ratio)
    context.imageSmoothingQuality = 'medium'
    this.#ground.draw(context, camera)
    for (const car of cars) this.#effects.follow(car, elapsed)
    const inSight = cars.filter(({ x, y }) => camera.sees(x, y, 24))
    for (const car of inSight) this.#painter.drawBelow(context, car)
    for (const car of inSight) this.#painter.draw(context, car)
    this.#effects.draw(context, elapsed)
    context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0)
    for (const car of inSight) if (car.name !== '') this.#drawLabel(car)
  }

  #drawLabel({ x, y, name, livery, isGhost }) {
    const label = this.#label(name, livery)
    const [px, py] = this.camera.toWindow(x, y)
    this.#context.globalAlpha = isGhost ? 0.45 : 0.9
    const [width, height] = [label.width / RATIO_MAX, label.height / RATIO_MAX]
    const beside = LABEL_BESIDE + 1.3 * this.camera.scale
    this.#context.drawImage(label, px + beside, py - height / 2, width, height)
    this.#context.globalAlpha = 1
  }

  /** Names are painted once: text is slow. */
  #label(name, livery) {
    const key = `${livery.body} ${name}`
    let label = this.#labels.get(key)
    if (label === undefined) {
      label = paintLabel(name, livery.body)
      this.#labels.set(key, label)
    }
    return label
  }

  #keepPace(elapsed) {
    this.#pace += (elapsed - this.#pace) * NEWEST
    if (this.#pace < SLOW_S || this.#ratio <= 1) return
    this.#ratioMax = Math.max(1, this.#ratio - 0.5)
    this.#pace = FAST_S
    this.#resize()
  }

  #resize() {
    const { clientWidth, clientHeight } = this.#canvas
    this.#ratio = Math.min(this.#ratioMax, devicePixelRatio)
    this.#canvas.width = Math.max(1, Math.round(clientWidth * this.#ratio))
    this.#canvas.height = Math.max(1, Math.round(clientHeight * this.#ratio))
    this.camera.resize(clientWidth, clientHeight)
  }
}

function paintLabel(name, colour) {
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d')
  const font = '600 11px Inter, system-ui, sans-serif'
  context.font = font
  const width = Math.ceil(context.measureText(name).width) + 12
  canvas.width = width * RATIO_MAX
  canvas.height = 16 * RATIO_MAX
  context.scale(RATIO_MAX, RATIO_MAX)
  context.fillStyle = 'rgb(14 16 22 / 58%)'
  context.beginPath()
  context.roundRect(0, 0, width, 16, 4)
  context.fill()
  context.fillStyle = colour
  context.fillRect(0, 2, 3, 12)
  context.fillStyle = '#fff'
  context.font = font
  context.textBaseline = 'middle'
  context.fillText(name, 7, 8.5)
  return canvas
}
