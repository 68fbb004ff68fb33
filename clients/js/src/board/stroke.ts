/** The shape of what a hand drew: from a record's points to an outline that can be filled. */
import { getStroke } from 'perfect-freehand'
import { distanceToSegment, type Box, type Point } from './geometry.js'
import { HIGHLIGHTER, MARKER, PEN, SCALE_STEPS, STROKE_STEPS, type BoardObject } from './model.js'

/** Where a path is drawn to: a Path2D, a canvas, or the text of an SVG path. */
export interface Sink {
  moveTo(x: number, y: number): void
  lineTo(x: number, y: number): void
  quadraticCurveTo(cx: number, cy: number, x: number, y: number): void
  bezierCurveTo(ax: number, ay: number, bx: number, by: number, x: number, y: number): void
  closePath(): void
}

/** Points of a stroke from its first one, in pixels, before it is scaled. */
interface Trace {
  /** x, y, pressure 0..1 of each. */
  readonly flat: Float64Array
  readonly count: number
}

/** From a point's index to another's; fractions are between two points. */
export type Stretch = readonly [from: number, to: number]

export const CUT_STEPS = 16
const PRESSURE_MAX = 127
const PEN_WIDTH = 1.7
const MARKER_WIDTH = 2.6
const HIGHLIGHTER_WIDTH = 7

const traces = new WeakMap<readonly number[], Trace>()
const boxes = new WeakMap<readonly number[], Box>()

export function traceOf({ points }: BoardObject): Trace {
  let trace = traces.get(points)
  if (trace === undefined) traces.set(points, (trace = decodeTrace(points)))
  return trace
}

function decodeTrace(points: readonly number[]): Trace {
  const count = Math.floor(points.length / 3)
  const flat = new Float64Array(3 * count)
  let [x, y] = [0, 0]
  for (let i = 0; i < 3 * count; i += 3) {
    flat[i] = x += points[i]! / STROKE_STEPS
    flat[i + 1] = y += points[i + 1]! / STROKE_STEPS
    flat[i + 2] = points[i + 2]! / PRESSURE_MAX
  }
  return { flat, count }
}

/** Of its points from the first one; a board that opens asks this of every stroke that it has. */
function pointsBox({ points }: BoardObject): Box {
  let box = boxes.get(points)
  if (box === undefined) boxes.set(points, (box = measure(points)))
  return box
}

function measure(points: readonly number[]): Box {
  if (points.length < 3) return { x: 0, y: 0, w: 0, h: 0 }
  let x = points[0]!
  let y = points[1]!
  let [left, top, right, bottom] = [x, y, x, y]
  for (let i = 3; i + 2 < points.length; i += 3) {
    x += points[i]!
    y += points[i + 1]!
    if (x < left) left = x
    else if (x > right) right = x
    if (y < top) top = y
    else if (y > bottom) bottom = y
  }
  const step = 1 / STROKE_STEPS
  return { x: left * step, y: top * step, w: (right - left) * step, h: (bottom - top) * step }
}

export function scaleOf({ w, h }: BoardObject): Point {
  return { x: w === 0 ? 1 : w / SCALE_STEPS, y: h === 0 ? 1 : h / SCALE_STEPS }
}

/** The box of its points before it is turned. */
export function strokeBox(object: BoardObject): Box {
  const box = pointsBox(object)
  const scale = scaleOf(object)
  return {
    x: object.x + box.x * scale.x,
    y: object.y + box.y * scale.y,
    w: box.w * scale.x,
    h: box.h * scale.y,
  }
}

/** At a middling pressure. */
export function strokeWidth({ size, tool }: BoardObject): number {
  if (tool === MARKER) return size * MARKER_WIDTH
  return size * (tool === HIGHLIGHTER ? HIGHLIGHTER_WIDTH : PEN_WIDTH)
}

/** Filled within its outline; else a line of one width along its points. */
export function isOutlined({ tool }: BoardObject): boolean {
  return tool === PEN
}

/** What is left of it, in order. */
export function stretchesOf(object: BoardObject): Stretch[] {
  const last = traceOf(object).count - 1
  if (last < 0) return []
  const cuts: [number, number][] = []
  for (let i = 0; i + 1 < object.cuts.length; i += 2) {
    const from = object.cuts[i]! / CUT_STEPS
    const to = object.cuts[i + 1]! / CUT_STEPS
    if (to >= from) cuts.push([from, to])
  }
  if (cuts.length === 0) return [[0, last]]
  cuts.sort((a, b) => a[0] - b[0])
  const stretches: Stretch[] = []
  let from = 0
  for (const cut of cuts) {
    if (cut[0] > from) stretches.push([from, Math.min(cut[0], last)])
    from = Math.max(from, cut[1])
    if (from >= last) break
  }
  if (from < last) stretches.push([from, last])
  return stretches
}

/** The point at an index, from the object's own first one. */
export function pointAt(object: BoardObject, index: number): Point & { readonly pressure: number } {
  const { flat } = traceOf(object)
  const scale = scaleOf(object)
  const i = 3 * Math.floor(index)
  const t = index - Math.floor(index)
  const at = (k: number) =>
    t === 0 ? flat[i + k]! : flat[i + k]! + (flat[i + 3 + k]! - flat[i + k]!) * t
  return { x: at(0) * scale.x, y: at(1) * scale.y, pressure: at(2) }
}

function pointsWithin(object: BoardObject, [from, to]: Stretch): [number, number, number][] {
  const points: [number, number, number][] = []
  const push = (index: number) => {
    const { x, y, pressure } = pointAt(object, index)
    points.push([x, y, pressure])
  }
  push(from)
  for (let i = Math.floor(from) + 1; i < to; i++) push(i)
  if (to > from) push(to)
  return points
}

/** The outline to be filled, from the object's first point; turning it is left to others. */
export function traceOutline(object: BoardObject, sink: Sink): void {
  const options = {
    size: strokeWidth(object),
    thinning: 0.62,
    smoothing: 0.5,
    streamline: 0.28,
    simulatePressure: false,
    last: true,
  }
  for (const stretch of stretchesOf(object)) {
    drawRing(getStroke(pointsWithin(object, stretch), options) as [number, number][], sink)
  }
}

/** Through the middles between the corners, which become the curves' control points. */
function drawRing(ring: readonly [number, number][], sink: Sink): void {
  const [first] = ring
  if (first === undefined) return
  let [ax, ay] = ring[ring.length - 1]!
  sink.moveTo((ax + first[0]) / 2, (ay + first[1]) / 2)
  for (let i = 0; i < ring.length; i++) {
    ;[ax, ay] = ring[i]!
    const [bx, by] = ring[i + 1 === ring.length ? 0 : i + 1]!
    sink.quadraticCurveTo(ax, ay, (ax + bx) / 2, (ay + by) / 2)
  }
  sink.closePath()
}

/**
 * The middle line, from the object's first point, smoothed. Points closer than `apart` to the one
 * before are left out: from afar nobody can tell.
 */
export function traceLine(object: BoardObject, sink: Sink, apart = 0): void {
  const line = new SmoothLine(sink, apart)
  if (object.cuts.length === 0) {
    traceUncut(object, line)
    return
  }
  for (const stretch of stretchesOf(object)) {
    const points = pointsWithin(object, stretch)
    points.forEach(([x, y], i) => line.point(x, y, i === 0, i + 1 === points.length))
  }
}

/** Straight from the record: from afar there are thousands of strokes, each seen once. */
function traceUncut(object: BoardObject, line: SmoothLine): void {
  const { points } = object
  const scale = scaleOf(object)
  const [stepX, stepY] = [scale.x / STROKE_STEPS, scale.y / STROKE_STEPS]
  const last = 3 * Math.floor(points.length / 3) - 3
  let [x, y] = [0, 0]
  for (let i = 0; i <= last; i += 3) {
    x += points[i]!
    y += points[i + 1]!
    line.point(x * stepX, y * stepY, i === 0, i === last)
  }
}

/** Runs through the middles between its points, which become the curves' control points. */
class SmoothLine {
  readonly #sink: Sink
  readonly #apart: number
  #x = 0
  #y = 0
  #isAtStart = true

  constructor(sink: Sink, apart: number) {
    this.#sink = sink
    this.#apart = apart
  }

  point(x: number, y: number, isFirst: boolean, isLast: boolean): void {
    if (isFirst) {
      this.#sink.moveTo(x, y)
      // A line of no length draws nothing; its round ends make this a dot.
      if (isLast) this.#sink.lineTo(x + 0.01, y)
    } else {
      const isNear = Math.abs(x - this.#x) < this.#apart && Math.abs(y - this.#y) < this.#apart
      if (isNear && !isLast) return
      if (!this.#isAtStart) {
        this.#sink.quadraticCurveTo(this.#x, this.#y, (this.#x + x) / 2, (this.#y + y) / 2)
      }
      if (isLast) this.#sink.lineTo(x, y)
    }
    this.#isAtStart = isFirst
    this.#x = x
    this.#y = y
  }
}

/** Whether `at`, from the object's first point and not turned, is this close to what is left. */
export function strokeIsNear(object: BoardObject, at: Point, reach: number): boolean {
  return stretchesOf(object).some(([from, to]) => {
    let a: Point = pointAt(object, from)
    if (to === from) return Math.hypot(at.x - a.x, at.y - a.y) <= reach
    for (let i = Math.floor(from) + 1; ; i++) {
      const b = pointAt(object, Math.min(i, to))
      if (distanceToSegment(at, a, b) <= reach) return true
      if (i >= to) return false
      a = b
    }
  })
}
