import { shortest } from './angles.js'

/**
 * What of the world is in sight: follows a car, looks ahead of it where it goes, turns with it a
 * little late, and steps back as it gets faster. All of it is the same at any frame rate.
 */

/** Seconds in which two thirds of what is left to do are done. */
const TURN_S = 0.22
const LEAD_S = 0.45
const ZOOM_S = 0.9
/** How many metres fit into a square window, standing and at full speed. */
const SPAN_STANDING = 56
const SPAN_FAST = 122
const SPEED_FAST = 55
/** How far ahead it looks, in seconds of driving, where it does not turn with the car. */
const LEAD_FIXED_S = 0.32
/** Where the car stands in the window when the camera turns: parts of the height from the top. */
const CAR_AT = 0.68
/** A car that is somewhere else all at once: nothing to glide over. */
const CUT_METRES = 30

const UP = -Math.PI / 2
/** Radians that nobody sees. */
const ALIGNED = 0.0005

export class Camera {
  /** Whether up is where the car goes; else up is north. */
  turns = true
  x = 0
  y = 0
  /** The direction that is up. */
  angle = UP
  /** Pixels of the window for a metre. */
  scale = 10
  width = 1
  height = 1
  #span = SPAN_STANDING
  #leadX = 0
  #leadY = 0
  #isSet = false

  resize(width, height) {
    this.width = width
    this.height = height
  }

  /** The next `follow` shows its target at once. */
  cut() {
    this.#isSet = false
  }

  /** `target`: x, y, heading, vx, vy in metres a second; `elapsed` seconds. */
  follow(target, elapsed) {
    if (Math.hypot(target.x - this.x, target.y - this.y) > CUT_METRES) this.#isSet = false
    const share = (time) => (this.#isSet ? 1 - Math.exp(-elapsed / time) : 1)
    const speed = Math.hypot(target.vx, target.vy)
    const fast = Math.min(1, speed / SPEED_FAST)
    this.#span += (SPAN_STANDING + (SPAN_FAST - SPAN_STANDING) * fast - this.#span) * share(ZOOM_S)
    this.scale = Math.sqrt(this.width * this.height) / this.#span
    const up = this.turns ? directionOf(target, speed) : UP
    const turn = shortest(up - this.angle)
    // A picture that is not turned at all is drawn in half the time.
    this.angle = Math.abs(turn) < ALIGNED ? up : this.angle + turn * share(TURN_S)
    const lead = this.turns ? 0 : LEAD_FIXED_S
    this.#leadX += (target.vx * lead - this.#leadX) * share(LEAD_S)
    this.#leadY += (target.vy * lead - this.#leadY) * share(LEAD_S)
    this.x = target.x + this.#leadX
    this.y = target.y + this.#leadY
    this.#isSet = true
  }

  /** Shows all of a box, north up. */
  overlook({ west, north, east, south }) {
    this.x = (west + east) / 2
    this.y = (north + south) / 2
    this.angle = UP
    this.scale = 0.9 * Math.min(this.width / (east - west), this.height / (south - north))
    this.#isSet = false
  }

  /** Where in the window (x, y) of this camera stands, in parts of its height from the top. */
  get #anchor() {
    return this.turns && this.#isSet ? CAR_AT : 0.5
  }

  /** Makes metres of the world the units of a context whose pixels are `ratio` to one of ours. */
  apply(context, ratio) {
    const scale = this.scale * ratio
    const turn = UP - this.angle
    const [cos, sin] = [Math.cos(turn) * scale, Math.sin(turn) * scale]
    const [left, top] = [(this.width * ratio) / 2, this.height * ratio * this.#anchor]
    context.setTransform(
      cos,
      sin,
      -sin,
      cos,
      left - this.x * cos + this.y * sin,
      top - this.x * sin - this.y * cos,
    )
  }

  /** Where a place of the world is in the window. */
  toWindow(x, y) {
    const turn = UP - this.angle
    const [cos, sin] = [Math.cos(turn) * this.scale, Math.sin(turn) * this.scale]
    const [dx, dy] = [x - this.x, y - this.y]
    return [this.width / 2 + dx * cos - dy * sin, this.height * this.#anchor + dx * sin + dy * cos]
  }

  /** The box around all that is in sight, `margin` metres wider. */
  box(margin = 0) {
    const [cos, sin] = [Math.cos(this.angle - UP), Math.sin(this.angle - UP)]
    const top = -this.height * this.#anchor
    const corners = []
    for (const px of [-this.width / 2, this.width / 2]) {
      for (const py of [top, top + this.height]) {
        const [dx, dy] = [px / this.scale, py / this.scale]
        corners.push([this.x + dx * cos - dy * sin, this.y + dx * sin + dy * cos])
      }
    }
    const xs = corners.map(([x]) => x)
    const ys = corners.map(([, y]) => y)
    return {
      west: Math.min(...xs) - margin,
      north: Math.min(...ys) - margin,
      east: Math.max(...xs) + margin,
      south: Math.max(...ys) + margin,
    }
  }

  /** Whether anything within `radius` metres of a place may be in sight. */
  sees(x, y, radius) {
    const [px, py] = this.toWindow(x, y)
    const reach = radius * this.scale
    return px > -reach && px < this.width + reach && py > -reach && py < this.height + reach
  }
}

/** Where a car goes, and where it points: drifting, a view between the two is the steadiest. */
function directionOf({ heading, vx, vy }, speed) {
  if (speed < 3) return heading
  const drift = shortest(Math.atan2(vy, vx) - heading)
  // One that rolls backwards is not turned around.
  return Math.abs(drift) > 1.6 ? heading : heading + 0.45 * drift
}
