import { KERB_LEFT, KERB_RIGHT, KERB_WIDTH, SURFACES } from './step.js'

export const [ASPHALT, KERB, GRASS, SAND] = SURFACES

/**
 * A track in metres, as the server knows it: points of a closed line, and how far to either side
 * road and walls reach. x grows to the right and y downwards; an offset is to the right of the line.
 */
export class Road {
  /** `table`: see rules.js. A column is an array with a number, or a surface, for each point. */
  constructor(table) {
    Object.assign(this, table)
    const reach = Math.max(...this.columns.left, ...this.columns.right)
    /** As far as anything of the road is from its line. */
    this.reach = reach
    this.box = boxAround(this.columns, reach)
  }

  /** The index of a point, whatever number is counted on to. */
  index(point) {
    return ((point % this.count) + this.count) % this.count
  }

  /** Where an offset from a point is. */
  spot(point, offset) {
    const i = this.index(point)
    const { x, y, tx, ty } = this.columns
    return [x[i] - ty[i] * offset, y[i] + tx[i] * offset]
  }

  /** The place at a distance along the lap, in metres, with the direction of driving in radians. */
  at(along, offset = 0) {
    const point = Math.floor(along / this.spacing)
    const share = along / this.spacing - point
    const [ax, ay] = this.spot(point, offset)
    const [bx, by] = this.spot(point + 1, offset)
    const heading = Math.atan2(by - ay, bx - ax)
    return { x: ax + (bx - ax) * share, y: ay + (by - ay) * share, heading }
  }

  /** The point next to (x, y): searched around `near`, and everywhere where it is not there. */
  nearest(x, y, near = null) {
    if (near === null) return this.#nearestOf(x, y, 0, this.count - 1)
    const point = this.#nearestOf(x, y, near - SEARCH, near + SEARCH)
    const distance = Math.hypot(x - this.columns.x[point], y - this.columns.y[point])
    return distance > this.reach + this.spacing ? this.nearest(x, y) : point
  }

  #nearestOf(x, y, first, last) {
    const { columns } = this
    let best = 0
    let least = Infinity
    for (let point = first; point <= last; point++) {
      const i = this.index(point)
      const square = (columns.x[i] - x) ** 2 + (columns.y[i] - y) ** 2
      if (square < least) {
        least = square
        best = i
      }
    }
    return best
  }

  /** Where (x, y) is along the lap, and to the right of its line; `near` as above. */
  place(x, y, near = null) {
    const point = this.nearest(x, y, near)
    const { columns } = this
    const forward =
      (x - columns.x[point]) * columns.tx[point] + (y - columns.y[point]) * columns.ty[point]
    return { point, along: point * this.spacing + forward, offset: this.offset(x, y, point) }
  }

  /** How far (x, y) is to the right of the line at a point. */
  offset(x, y, point) {
    const { columns } = this
    const i = this.index(point)
    return (y - columns.y[i]) * columns.tx[i] - (x - columns.x[i]) * columns.ty[i]
  }

  /** What a wheel at (x, y) stands on. */
  surface(x, y, point) {
    const { half, kerbs, onLeft, onRight } = this.columns
    const i = this.index(point)
    const offset = this.offset(x, y, i)
    const beyond = Math.abs(offset) - half[i]
    if (beyond <= 0) return ASPHALT
    const kerb = offset < 0 ? KERB_LEFT : KERB_RIGHT
    if (beyond <= KERB_WIDTH && (kerbs[i] & kerb) !== 0) return KERB
    return offset < 0 ? onLeft[i] : onRight[i]
  }

  /** Pairs of points, first and last, of the road that comes into a box; the last may count on. */
  stretches({ west, north, east, south }) {
    const { x, y } = this.columns
    const reach = this.reach + this.spacing
    const isIn = (i) =>
      x[i] > west - reach && x[i] < east + reach && y[i] > north - reach && y[i] < south + reach
    const found = []
    for (let i = 0; i < this.count; i++) {
      if (!isIn(i)) continue
      const last = found[found.length - 1]
      if (last?.[1] === i) last[1] = i + 1
      else found.push([i, i + 1])
    }
    // The start line is no end: what reaches it from both sides is one.
    if (found.length > 1 && found[0][0] === 0 && found.at(-1)[1] === this.count) {
      found.at(-1)[1] += found.shift()[1]
    }
    return found
  }

  /** How sharply the road bends at a point: radians per metre, to the right positive. */
  bend(point) {
    const { tx, ty } = this.columns
    const [a, b] = [this.index(point - 1), this.index(point + 1)]
    const cross = tx[a] * ty[b] - ty[a] * tx[b]
    return Math.asin(Math.max(-1, Math.min(1, cross))) / (2 * this.spacing)
  }
}

const SEARCH = 12

function boxAround({ x, y }, reach) {
  const [west, east] = [Math.min(...x) - reach, Math.max(...x) + reach]
  const [north, south] = [Math.min(...y) - reach, Math.max(...y) + reach]
  return { west, north, east, south }
}
