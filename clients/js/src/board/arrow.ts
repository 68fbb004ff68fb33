/** Lines and arrows: where they run, which depends on what they are attached to. */
import {
  cornersOf,
  crossing,
  distance,
  middleOf,
  turned,
  withinPolygon,
  type Point,
} from './geometry.js'
import { frameOf, isBox, LINE_STEPS, type Anchor, type BoardObject } from './model.js'
import { strokeBox, type Sink } from './stroke.js'

export type Find = (id: string) => BoardObject | undefined

export interface Course {
  /** Corners, or the two ends of a bent arrow. */
  readonly points: readonly Point[]
  /** Of a bent arrow, between its two ends. */
  readonly control: Point | null
  /** The same as straight pieces. */
  readonly flat: readonly Point[]
}

const BEND_PIECES = 24
const ELLIPSE_PIECES = 64
/** An arrow stops this far from what it points at, and by its own width. */
const GAP = 3
const BEND_MIN = 0.5

interface Cached {
  readonly start: BoardObject | undefined
  readonly end: BoardObject | undefined
  readonly course: Course
}

const courses = new WeakMap<BoardObject, Cached>()

/** On the board. */
export function courseOf(object: BoardObject, find: Find): Course {
  const start = targetOf(object, object.start, find)
  const end = targetOf(object, object.end, find)
  const cached = courses.get(object)
  if (cached !== undefined && cached.start === start && cached.end === end) return cached.course
  const course = runCourse(object, start, end)
  courses.set(object, { start, end, course })
  return course
}

function targetOf(object: BoardObject, id: string | null, find: Find): BoardObject | undefined {
  if (id === null || object.type !== 'arrow') return undefined
  const target = find(id)
  return target !== undefined && canBeTarget(target) ? target : undefined
}

/** Whether arrows can be attached to it. */
export function canBeTarget(object: BoardObject): boolean {
  return isBox(object) || object.type === 'stroke'
}

/** Its own points, whatever it is attached to. */
export function ownPoints({ x, y, points }: BoardObject): Point[] {
  const all: Point[] = [{ x, y }]
  for (let i = 0; i + 1 < points.length; i += 2) {
    all.push({ x: x + points[i]! / LINE_STEPS, y: y + points[i + 1]! / LINE_STEPS })
  }
  return all
}

function runCourse(
  object: BoardObject,
  start: BoardObject | undefined,
  end: BoardObject | undefined,
): Course {
  const own = ownPoints(object)
  if (own.length === 1) return { points: own, control: null, flat: own }
  const last = own.length - 1
  if (start !== undefined) own[0] = anchorPoint(start, object.startAt)
  if (end !== undefined) own[last] = anchorPoint(end, object.endAt)
  const control = own.length === 2 ? controlOf(own[0]!, own[1]!, object.bend) : null
  let flat: Point[] = control === null ? own : bent(own[0]!, control, own[1]!)
  const gap = GAP + object.size / 2
  if (start !== undefined) flat = cutAt([...flat].reverse(), start, gap).reverse()
  if (end !== undefined) flat = cutAt(flat, end, gap)
  if (control === null) return { points: flat, control: null, flat }
  const [a, b] = [flat[0]!, flat[flat.length - 1]!]
  const middle = flat[flat.length >> 1]!
  return { points: [a, b], control: through(a, middle, b), flat }
}

/** The curve's middle stands off the chord by `bend`. */
function controlOf(a: Point, b: Point, bend: number): Point | null {
  const length = distance(a, b)
  if (Math.abs(bend) < BEND_MIN || length === 0) return null
  const off = (2 * bend) / length
  return { x: (a.x + b.x) / 2 + (b.y - a.y) * off, y: (a.y + b.y) / 2 - (b.x - a.x) * off }
}

/** The control point of a curve that passes `middle` half way. */
function through(a: Point, middle: Point, b: Point): Point {
  return { x: 2 * middle.x - (a.x + b.x) / 2, y: 2 * middle.y - (a.y + b.y) / 2 }
}

function bent(a: Point, control: Point, b: Point): Point[] {
  const points: Point[] = []
  for (let i = 0; i <= BEND_PIECES; i++) {
    const t = i / BEND_PIECES
    const [p, q, r] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2]
    points.push({ x: p * a.x + q * control.x + r * b.x, y: p * a.y + q * control.y + r * b.y })
  }
  return points
}

/** A place on an object, on the board; its middle where none is given. */
function anchorPoint(target: BoardObject, anchor: Anchor | null): Point {
  const box = target.type === 'stroke' ? strokeBox(target) : frameOf(target)
  const [u, v] = anchor ?? [0.5, 0.5]
  return turned({ x: box.x + u * box.w, y: box.y + v * box.h }, middleOf(box), target.angle)
}

/** Where on an object a point of the board is. */
export function anchorOf(target: BoardObject, point: Point): Anchor {
  const box = target.type === 'stroke' ? strokeBox(target) : frameOf(target)
  const { x, y } = turned(point, middleOf(box), -target.angle)
  return [box.w === 0 ? 0.5 : (x - box.x) / box.w, box.h === 0 ? 0.5 : (y - box.y) / box.h]
}

/** Its border on the board, as a closed polygon. */
export function borderOf(object: BoardObject): Point[] {
  const box = object.type === 'stroke' ? strokeBox(object) : frameOf(object)
  const middle = middleOf(box)
  if (object.type === 'ellipse') {
    return Array.from({ length: ELLIPSE_PIECES }, (_, i) => {
      const angle = (i / ELLIPSE_PIECES) * 2 * Math.PI
      const x = middle.x + (Math.cos(angle) * box.w) / 2
      const y = middle.y + (Math.sin(angle) * box.h) / 2
      return turned({ x, y }, middle, object.angle)
    })
  }
  if (object.type === 'diamond') {
    const { x, y, w, h } = box
    return [
      { x: middle.x, y },
      { x: x + w, y: middle.y },
      { x: middle.x, y: y + h },
      { x, y: middle.y },
    ].map((corner) => turned(corner, middle, object.angle))
  }
  return cornersOf(box, object.angle)
}

/** Ends a course a little before it enters `target`; left as it is where it begins inside. */
function cutAt(flat: readonly Point[], target: BoardObject, gap: number): Point[] {
  const border = borderOf(target)
  if (withinPolygon(flat[0]!, border)) return [...flat]
  for (let i = 0; i + 1 < flat.length; i++) {
    let nearest: Point | null = null
    for (let k = 0; k < border.length; k++) {
      const at = crossing(flat[i]!, flat[i + 1]!, border[k]!, border[(k + 1) % border.length]!)
      if (at === null) continue
      if (nearest === null || distance(flat[i]!, at) < distance(flat[i]!, nearest)) nearest = at
    }
    if (nearest !== null) return shortened([...flat.slice(0, i + 1), nearest], gap)
  }
  return shortened(flat, gap)
}

/** Takes `by` off the end, though never all of it. */
function shortened(flat: readonly Point[], by: number): Point[] {
  const points = [...flat]
  let left = by
  while (points.length > 1) {
    const end = points.pop()!
    const before = points[points.length - 1]!
    const length = distance(before, end)
    if (length > left) {
      const t = (length - left) / length
      return [
        ...points,
        { x: before.x + (end.x - before.x) * t, y: before.y + (end.y - before.y) * t },
      ]
    }
    left -= length
  }
  return [...flat]
}

/** The line itself, on the board. */
export function traceCourse({ points, control, flat }: Course, sink: Sink): void {
  sink.moveTo(points[0]!.x, points[0]!.y)
  if (control !== null) {
    const end = points[points.length - 1]!
    sink.quadraticCurveTo(control.x, control.y, end.x, end.y)
    return
  }
  for (const { x, y } of flat.slice(1)) sink.lineTo(x, y)
}

export function headLength({ size }: BoardObject): number {
  return 8 + size * 3
}

/** The two strokes of a head at the end of `flat`. */
export function traceHead(flat: readonly Point[], length: number, sink: Sink): void {
  const tip = flat[flat.length - 1]!
  // A bend turns at its very end; the head looks along the piece that it covers.
  const from = [...flat].reverse().find((point) => distance(point, tip) >= length) ?? flat[0]!
  const span = distance(from, tip)
  if (span === 0) return
  const reach = Math.min(length, span)
  const back = {
    x: tip.x + ((from.x - tip.x) / span) * reach,
    y: tip.y + ((from.y - tip.y) / span) * reach,
  }
  const one = turned(back, tip, Math.PI / 7)
  const other = turned(back, tip, -Math.PI / 7)
  sink.moveTo(one.x, one.y)
  sink.lineTo(tip.x, tip.y)
  sink.lineTo(other.x, other.y)
}
