/** Cars from above, in metres: the nose along x, the middle at the origin. */
import { mix } from './liveries.js'
import { fillRounded } from './shapes.js'

/** Of a sprite; a car fits in with room around it. */
const LENGTH = 5
const WIDTH = 2.6
const FRONT_WHEELS = { x: 1.3, y: 0.8, length: 0.62, width: 0.32 }
const REAR_WHEELS = { x: -1.35, y: 0.78, length: 0.7, width: 0.42 }
const STEERED_MAX = 0.42
const SHADOW = { x: 0.3, y: 0.42 }

/** Draws cars; bodies are painted once for each livery, at `scale` pixels for a metre. */
export class CarPainter {
  #scale
  #bodies = new Map()
  #shadow
  #wheel
  #brakeLight
  #beam
  #night

  constructor({ scale, night }) {
    this.#scale = scale
    this.#night = night
    this.#shadow = this.#sprite(LENGTH, WIDTH, paintSilhouette)
    const { length, width } = FRONT_WHEELS
    this.#wheel = this.#sprite(length, width, (context) => paintWheel(context, FRONT_WHEELS))
    const glow = 2 * BRAKE_LIGHT.radius
    this.#brakeLight = this.#sprite(glow, glow, paintBrakeLight)
    this.#beam = night ? this.#sprite(BEAM.length, BEAM.width, paintBeam) : null
  }

  /** The shadows and lights of all, below all of them. */
  drawBelow(context, car) {
    context.save()
    context.globalAlpha = car.isGhost ? 0.12 : 0.34
    context.translate(car.x + SHADOW.x, car.y + SHADOW.y)
    context.rotate(car.heading)
    context.drawImage(this.#shadow, -LENGTH / 2, -WIDTH / 2, LENGTH, WIDTH)
    context.restore()
    if (this.#night) this.#drawBeam(context, car)
  }

  /** `car`: x, y, heading in radians, steer -1..1, brakes, livery, isGhost. */
  draw(context, car) {
    context.save()
    context.globalAlpha = car.isGhost ? 0.45 : 1
    context.translate(car.x, car.y)
    context.rotate(car.heading)
    context.drawImage(this.#body(car.livery), -LENGTH / 2, -WIDTH / 2, LENGTH, WIDTH)
    if (car.brakes) {
      const { x, radius } = BRAKE_LIGHT
      context.drawImage(this.#brakeLight, x - radius, -radius, 2 * radius, 2 * radius)
    }
    for (const side of [-FRONT_WHEELS.y, FRONT_WHEELS.y]) {
      this.#drawWheel(context, side, car.steer * STEERED_MAX)
    }
    context.restore()
  }

  #drawWheel(context, side, angle) {
    const { x, length, width } = FRONT_WHEELS
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
    context.save()
    context.transform(cos, sin, -sin, cos, x, side)
    context.drawImage(this.#wheel, -length / 2, -width / 2, length, width)
    context.restore()
  }

  #drawBeam(context, { x, y, heading, isGhost }) {
    context.save()
    context.globalCompositeOperation = 'lighter'
    context.globalAlpha = isGhost ? 0.2 : 0.5
    context.translate(x, y)
    context.rotate(heading)
    context.drawImage(this.#beam, 1.6, -BEAM.width / 2, BEAM.length, BEAM.width)
    context.restore()
  }

  #body(livery) {
    let body = this.#bodies.get(livery)
    if (body === undefined) {
      body = this.#sprite(LENGTH, WIDTH, (context) => paintBody(context, livery))
      this.#bodies.set(livery, body)
    }
    return body
  }

  #sprite(length, width, paint) {
    const canvas = document.createElement('canvas')
    canvas.width = Math.ceil(length * this.#scale)
    canvas.height = Math.ceil(width * this.#scale)
    const context = canvas.getContext('2d')
    context.scale(canvas.width / length, canvas.height / width)
    context.translate(length / 2, width / 2)
    paint(context)
    return canvas
  }
}

const BEAM = { length: 22, width: 12 }

function paintBeam(context) {
  context.translate(-BEAM.length / 2, 0)
  const light = context.createRadialGradient(0, 0, 0.5, 0, 0, BEAM.length)
  light.addColorStop(0, 'rgb(255 244 214 / 60%)')
  light.addColorStop(0.35, 'rgb(255 240 205 / 22%)')
  light.addColorStop(1, 'rgb(255 240 205 / 0%)')
  context.filter = 'blur(6px)'
  for (const side of [-0.55, 0.55]) {
    context.fillStyle = light
    context.beginPath()
    context.moveTo(0, side)
    context.lineTo(BEAM.length, side - 3.6)
    context.lineTo(BEAM.length, side + 3.6)
    context.fill()
  }
}

function paintWheel(context, { length, width }) {
  context.fillStyle = '#17181b'
  fillRounded(context, -length / 2, -width / 2, length, width, 0.1)
  context.fillStyle = '#34363b'
  context.fillRect(-length / 2 + 0.08, -width * 0.18, length - 0.16, width * 0.36)
}

function paintRearWheels(context) {
  const { x, y } = REAR_WHEELS
  for (const side of [-y, y]) {
    context.save()
    context.translate(x, side)
    paintWheel(context, REAR_WHEELS)
    context.restore()
  }
}

/** `radius` of the glow behind the light, in metres. */
const BRAKE_LIGHT = { x: -2.1, radius: 0.75 }

function paintBrakeLight(context) {
  context.fillStyle = 'rgb(255 40 20 / 28%)'
  context.beginPath()
  context.arc(0, 0, BRAKE_LIGHT.radius, 0, 2 * Math.PI)
  context.fill()
  context.fillStyle = '#ff3b24'
  fillRounded(context, -0.1, -0.5, 0.16, 1, 0.06)
}

/** The outline of nose, side pods and tail. */
function shell(context) {
  context.beginPath()
  context.moveTo(2.12, -0.1)
  context.bezierCurveTo(1.5, -0.2, 1.1, -0.24, 0.75, -0.32)
  context.bezierCurveTo(0.55, -0.4, 0.45, -0.68, 0.2, -0.7)
  context.bezierCurveTo(-0.4, -0.72, -0.9, -0.62, -1.2, -0.42)
  context.bezierCurveTo(-1.6, -0.28, -1.8, -0.24, -2, -0.2)
  context.lineTo(-2, 0.2)
  context.bezierCurveTo(-1.8, 0.24, -1.6, 0.28, -1.2, 0.42)
  context.bezierCurveTo(-0.9, 0.62, -0.4, 0.72, 0.2, 0.7)
  context.bezierCurveTo(0.45, 0.68, 0.55, 0.4, 0.75, 0.32)
  context.bezierCurveTo(1.1, 0.24, 1.5, 0.2, 2.12, 0.1)
  context.closePath()
}

function paintWings(context, colour, trim) {
  context.fillStyle = colour
  fillRounded(context, 1.72, -0.95, 0.42, 1.9, 0.12)
  fillRounded(context, -2.22, -0.86, 0.5, 1.72, 0.08)
  context.fillStyle = trim
  fillRounded(context, 1.76, -0.99, 0.5, 0.14, 0.05)
  fillRounded(context, 1.76, 0.85, 0.5, 0.14, 0.05)
  context.fillRect(-2.12, -0.8, 0.1, 1.6)
}

function paintBody(context, { body, trim }) {
  const dark = mix(body, '#000000', 0.35)
  const light = mix(body, '#ffffff', 0.35)
  paintRearWheels(context)
  context.strokeStyle = '#26282c'
  context.lineWidth = 0.07
  for (const [from, to] of [
    [1.1, 1.35],
    [0.9, 1.2],
    [-1.1, -1.3],
    [-1.4, -1.45],
  ]) {
    context.beginPath()
    context.moveTo(to, -0.7)
    context.lineTo(from, 0)
    context.lineTo(to, 0.7)
    context.stroke()
  }
  paintWings(context, dark, trim)
  const sheen = context.createLinearGradient(0, -0.72, 0, 0.72)
  sheen.addColorStop(0, light)
  sheen.addColorStop(0.35, body)
  sheen.addColorStop(1, dark)
  shell(context)
  context.fillStyle = sheen
  context.fill()
  context.lineWidth = 0.05
  context.strokeStyle = mix(body, '#000000', 0.55)
  context.stroke()
  paintStripes(context, trim)
  paintCockpit(context, body, trim)
}

function paintStripes(context, trim) {
  context.save()
  shell(context)
  context.clip()
  context.fillStyle = trim
  context.fillRect(0.62, -0.07, 1.6, 0.14)
  context.fillRect(-2, -0.08, 1.35, 0.16)
  context.beginPath()
  for (const side of [-1, 1]) {
    context.moveTo(0.1, side * 0.72)
    context.lineTo(-0.25, side * 0.72)
    context.lineTo(-0.7, side * 0.34)
    context.lineTo(-0.42, side * 0.34)
    context.closePath()
  }
  context.fill()
  context.restore()
}

function paintCockpit(context, body, trim) {
  context.fillStyle = '#16171a'
  context.beginPath()
  context.ellipse(0.05, 0, 0.5, 0.27, 0, 0, 2 * Math.PI)
  context.fill()
  context.fillStyle = trim
  context.beginPath()
  context.arc(-0.05, 0, 0.2, 0, 2 * Math.PI)
  context.fill()
  context.fillStyle = '#101114'
  context.beginPath()
  context.arc(-0.05, 0, 0.2, -0.8, 0.8)
  context.fill()
  context.strokeStyle = mix(body, '#000000', 0.6)
  context.lineWidth = 0.08
  context.beginPath()
  context.moveTo(0.55, 0)
  context.lineTo(0.32, 0)
  context.arc(-0.05, 0, 0.34, -0.5, -2.1, true)
  context.moveTo(0.32, 0)
  context.arc(-0.05, 0, 0.34, 0.5, 2.1)
  context.stroke()
}

/** All of the car as one dark shape: its shadow. */
function paintSilhouette(context) {
  context.fillStyle = '#000'
  shell(context)
  context.fill()
  fillRounded(context, 1.72, -0.95, 0.42, 1.9, 0.12)
  fillRounded(context, -2.22, -0.86, 0.5, 1.72, 0.08)
  for (const { x, y, length, width } of [FRONT_WHEELS, REAR_WHEELS]) {
    fillRounded(context, x - length / 2, -y - width / 2, length, width, 0.1)
    fillRounded(context, x - length / 2, y - width / 2, length, width, 0.1)
  }
}

/** A car in a livery as a small picture of its own, nose to the right. */
export function carPicture(livery, width) {
  const painter = new CarPainter({ scale: (2 * width) / LENGTH, night: false })
  const canvas = document.createElement('canvas')
  canvas.width = 2 * width
  canvas.height = Math.ceil((2 * width * WIDTH) / LENGTH)
  const context = canvas.getContext('2d')
  context.scale(canvas.width / LENGTH, canvas.width / LENGTH)
  context.translate(LENGTH / 2, WIDTH / 2)
  painter.draw(context, { x: 0, y: 0, heading: 0, steer: 0, brakes: false, livery })
  return canvas
}
