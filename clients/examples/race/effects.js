import { ASPHALT, GRASS, KERB, SAND } from './road.js'

const PUFFS_MAX = 160
const REAR = -1.35
const TRACK_HALF = 0.78
/** Farther than this from frame to frame no car drives. */
const GAP_MAX = 6
/** A mark is so long, or longer: one for each frame would be many. */
const MARK_METRES = 0.45
/** Metres a second from which wheels throw up what they roll over. */
const DUSTY = 6

const dust = {
  [GRASS]: { colour: '150 140 84', strength: 0.3 },
  [SAND]: { colour: '226 200 142', strength: 0.55 },
}
const smoke = { colour: '236 236 240', strength: 0.3 }
/** What wheels leave where they slide, and where they only roll. */
const inks = {
  [ASPHALT]: inksOf('#121316'),
  [KERB]: inksOf('#121316'),
  [GRASS]: inksOf('#5b4a2a'),
  [SAND]: inksOf('#a98a52'),
}

function inksOf(colour) {
  return { slides: { colour, strength: 0.34 }, rolls: { colour, strength: 0.22 } }
}

/** Skid marks, tyre smoke, dust and sparks. */
export class Effects {
  #ground
  #road
  #isStill
  /** By car: where its rear wheels were, and from where on they leave a mark, with which ink. */
  #wheels = new Map()
  #puffs = []
  #sprites = new Map()

  /** `isStill`: nothing flies about, for people who asked for less motion. */
  constructor({ ground, road, isStill }) {
    this.#ground = ground
    this.#road = road
    this.#isStill = isStill
  }

  /** Looks at a car as it is drawn now; `elapsed` seconds after the last time. */
  follow(car, elapsed) {
    const wheels = rearWheels(car)
    const before = this.#near(car.id, wheels)
    const point = this.#road.nearest(car.x, car.y, before?.point ?? null)
    const surface = this.#road.surface(car.x, car.y, point)
    const isLoose = surface === GRASS || surface === SAND
    const isMarking = car.slides || (isLoose && car.speed > 2)
    const ink = isMarking ? inks[surface][car.slides ? 'slides' : 'rolls'] : null
    const from = before === undefined ? wheels : this.#mark(before, wheels, ink)
    this.#wheels.set(car.id, { wheels, point, from, ink })
    if (this.#isStill || car.isGhost) return
    if (isLoose && car.speed > DUSTY) this.#throw(car, wheels, dust[surface], elapsed * car.speed)
    else if (car.slides && !isLoose) this.#throw(car, wheels, smoke, elapsed * 40)
    if (car.touches) this.#spark(car)
  }

  /** Where it was last, unless it is somewhere else all at once. */
  #near(id, [[x, y]]) {
    const before = this.#wheels.get(id)
    if (before === undefined) return undefined
    const [[beforeX, beforeY]] = before.wheels
    return Math.hypot(x - beforeX, y - beforeY) > GAP_MAX ? undefined : before
  }

  /** Leaves a mark once it is long enough, or ends; gives from where the next one goes on. */
  #mark({ from, ink: before }, to, ink) {
    const [[x, y]] = to
    const length = Math.hypot(x - from[0][0], y - from[0][1])
    if (before === null || length === 0) return to
    if (before === ink && length < MARK_METRES) return from
    for (const [i, [x1, y1]] of from.entries()) this.#ground.mark(x1, y1, ...to[i], before)
    return to
  }

  /** `amount`: puffs from each wheel, on average. */
  #throw(car, wheels, { colour, strength }, amount) {
    for (const [x, y] of wheels) {
      if (Math.random() > amount / 2) continue
      this.#add({
        x: x + 0.4 * (Math.random() - 0.5),
        y: y + 0.4 * (Math.random() - 0.5),
        vx: 0.12 * car.vx + 1.6 * (Math.random() - 0.5),
        vy: 0.12 * car.vy + 1.6 * (Math.random() - 0.5),
        size: 0.5 + 0.4 * Math.random(),
        growth: 2.2,
        age: 0,
        life: 0.5 + 0.5 * Math.random(),
        colour,
        strength,
      })
    }
  }

  #spark(car) {
    for (let i = 0; i < 2; i++) {
      this.#add({
        x: car.x + 2 * (Math.random() - 0.5),
        y: car.y + 2 * (Math.random() - 0.5),
        vx: 0.6 * car.vx + 14 * (Math.random() - 0.5),
        vy: 0.6 * car.vy + 14 * (Math.random() - 0.5),
        size: 0.22,
        growth: -0.2,
        age: 0,
        life: 0.25 + 0.2 * Math.random(),
        colour: '255 196 92',
        strength: 1,
      })
    }
  }

  #add(puff) {
    this.#puffs.push(puff)
    if (this.#puffs.length > PUFFS_MAX) this.#puffs.shift()
  }

  /** Whether anything flies about. */
  get isBusy() {
    return this.#puffs.length > 0
  }

  /** Above the cars, in metres. */
  draw(context, elapsed) {
    this.#puffs = this.#puffs.filter((puff) => (puff.age += elapsed) < puff.life)
    for (const puff of this.#puffs) {
      puff.x += puff.vx * elapsed
      puff.y += puff.vy * elapsed
      puff.size = Math.max(0.05, puff.size + puff.growth * elapsed)
      context.globalAlpha = puff.strength * (1 - puff.age / puff.life)
      const { x, y, size } = puff
      context.drawImage(this.#sprite(puff.colour), x - size, y - size, 2 * size, 2 * size)
    }
    context.globalAlpha = 1
  }

  #sprite(colour) {
    let sprite = this.#sprites.get(colour)
    if (sprite === undefined) {
      sprite = puffSprite(colour)
      this.#sprites.set(colour, sprite)
    }
    return sprite
  }
}

function rearWheels({ x, y, heading }) {
  const [cos, sin] = [Math.cos(heading), Math.sin(heading)]
  return [-TRACK_HALF, TRACK_HALF].map((side) => [
    x + REAR * cos - side * sin,
    y + REAR * sin + side * cos,
  ])
}

function puffSprite(colour) {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 48
  const context = canvas.getContext('2d')
  const cloud = context.createRadialGradient(24, 24, 2, 24, 24, 24)
  cloud.addColorStop(0, `rgb(${colour} / 100%)`)
  cloud.addColorStop(0.5, `rgb(${colour} / 45%)`)
  cloud.addColorStop(1, `rgb(${colour} / 0%)`)
  context.fillStyle = cloud
  context.fillRect(0, 0, 48, 48)
  return canvas
}
