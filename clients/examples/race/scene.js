import { Camera } from './camera.js'
import { CarPainter } from './car_paint.js'
import { Effects } from './effects.js'
import { Ground } from './ground.js'
import { Pace } from './pace.js'
import { fillRounded } from './shapes.js'

/** Pixels for one of the page's: more are not worth their time, and a slow machine draws fewer. */
const RATIOS = [2, 1.5, 1, 0.75]
/** Pixels of the ground for a metre: on a fine screen more, as far as memory allows. */
const GROUND_SCALE = 11
const GROUND_SCALE_MAX = 18
/** Of a car: as large as it is drawn at most. */
const CAR_SCALE = 22
const LABEL_RATIO = 2
/** To the right of a car, at the edge to its left: above it would be the next one. */
const LABEL_BESIDE = 8

/** The world on a canvas: the ground, the cars, what they throw up, and their names. */
export class Scene {
  camera = new Camera()
  #canvas
  #context
  #ratio = 1
  #screen = 0
  #pace = null
  #night = matchMedia('(prefers-color-scheme: dark)')
  #still = matchMedia('(prefers-reduced-motion: reduce)')
  #road = null
  #ground = null
  #effects = null
  #painter = null
  #labels = new Map()
  /** What is on the canvas, where nothing on it moves. */
  #shown = ''

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
    this.#painter = new CarPainter({ scale: CAR_SCALE * this.#ratio, night })
    this.#labels.clear()
    this.#shown = ''
    this.camera.cut()
  }

  /** Gets the land ready that will come into sight, a little at each call. */
  prepare() {
    this.#ground?.prepare()
  }

  /** What is drawn of `ghosts` throws up nothing and leaves no marks. Cars: id, x, y, heading, vx, vy, speed, steer, brakes, slides, touches, livery, isGhost, name. */
  draw(cars, elapsed, ghosts = []) {
    const { camera } = this
    const { x, y, angle, scale } = camera
    const place = [x, y, angle, scale].join(' ')
    if (cars.length === 0 && place === this.#shown && !this.#effects.isBusy) return
    if (this.#pace.follow(elapsed)) this.#resize()
    const context = this.#context
    camera.apply(context, this.#ratio)
    // Tiles are about as fine as the canvas: more care would change nothing but the time it takes.
    context.imageSmoothingQuality = 'low'
    const isWhole = this.#ground.draw(context, camera)
    context.imageSmoothingQuality = 'medium'
    for (const car of cars) this.#effects.follow(car, elapsed)
    const inSight = [...ghosts, ...cars].filter((car) => camera.sees(car.x, car.y, 24))
    for (const car of inSight) this.#painter.drawBelow(context, car)
    for (const car of inSight) this.#painter.draw(context, car)
    this.#effects.draw(context, elapsed)
    context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0)
    for (const car of inSight) if (car.name !== '') this.#drawLabel(car)
    this.#shown = isWhole && cars.length === 0 ? place : ''
  }

  #drawLabel({ x, y, name, livery, isGhost }) {
    const label = this.#label(name, livery)
    const [px, py] = this.camera.toWindow(x, y)
    this.#context.globalAlpha = isGhost ? 0.45 : 0.9
    const [width, height] = [label.width / LABEL_RATIO, label.height / LABEL_RATIO]
    const beside = LABEL_BESIDE + 1.3 * this.camera.scale
    const isAtEdge = px + beside + width > this.camera.width
    const left = isAtEdge ? px - beside - width : px + beside
    this.#context.drawImage(label, left, py - height / 2, width, height)
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

  #resize() {
    const { clientWidth, clientHeight } = this.#canvas
    if (this.#screen !== devicePixelRatio) {
      this.#screen = devicePixelRatio
      this.#pace = paceFor(this.#screen)
    }
    this.#ratio = this.#pace.ratio
    this.#canvas.width = Math.max(1, Math.round(clientWidth * this.#ratio))
    this.#canvas.height = Math.max(1, Math.round(clientHeight * this.#ratio))
    this.camera.resize(clientWidth, clientHeight)
    this.#shown = ''
  }
}

function paceFor(screen) {
  const most = Math.min(RATIOS[0], screen)
  return new Pace([most, ...RATIOS.filter((ratio) => ratio < most)])
}

function paintLabel(name, colour) {
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d')
  const font = '600 11px Inter, system-ui, sans-serif'
  context.font = font
  const width = Math.ceil(context.measureText(name).width) + 12
  canvas.width = width * LABEL_RATIO
  canvas.height = 16 * LABEL_RATIO
  context.scale(LABEL_RATIO, LABEL_RATIO)
  context.fillStyle = 'rgb(14 16 22 / 58%)'
  fillRounded(context, 0, 0, width, 16, 4)
  context.fillStyle = colour
  context.fillRect(0, 2, 3, 12)
  context.fillStyle = '#fff'
  context.font = font
  context.textBaseline = 'middle'
  context.fillText(name, 7, 8.5)
  return canvas
}
