/** Points, boxes and turns in the plane of the board: y grows downwards, lengths are pixels. */

export interface Point {
  readonly x: number
  readonly y: number
}

/** Upright; `w` and `h` are not negative. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly w: number
  readonly h: number
}

export function middleOf({ x, y, w, h }: Box): Point {
  return { x: x + w / 2, y: y + h / 2 }
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y)
}

/** Of the way from each to the next. */
export function lengthOf(points: readonly Point[]): number {
  return points.reduce((sum, at, i) => (i === 0 ? 0 : sum + distance(points[i - 1]!, at)), 0)
}

/** Upright box of two corners, whichever they are. */
export function boxOf(a: Point, b: Point): Box {
  const x = Math.min(a.x, b.x)
  const y = Math.min(a.y, b.y)
  return { x, y, w: Math.max(a.x, b.x) - x, h: Math.max(a.y, b.y) - y }
}

/** The box around points; one of no size at the origin for none. */
export function boxAround(points: Iterable<Point>): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const { x, y } of points) {
    left = Math.min(left, x)
    top = Math.min(top, y)
    right = Math.max(right, x)
    bottom = Math.max(bottom, y)
  }
  return left > right
    ? { x: 0, y: 0, w: 0, h: 0 }
    : { x: left, y: top, w: right - left, h: bottom - top }
}

/** The box around boxes; null for none. */
export function union(boxes: Iterable<Box>): Box | null {
  let all: Box | null = null
  for (const box of boxes) {
    if (all === null) {
      all = box
      continue
    }
    const x = Math.min(all.x, box.x)
    const y = Math.min(all.y, box.y)
    const right = Math.max(all.x + all.w, box.x + box.w)
    const bottom = Math.max(all.y + all.h, box.y + box.h)
    all = { x, y, w: right - x, h: bottom - y }
  }
  return all
}

export function grown({ x, y, w, h }: Box, by: number): Box {
  return { x: x - by, y: y - by, w: w + 2 * by, h: h + 2 * by }
}

/** Whether they have a point in common, edges included. */
export function meets(a: Box, b: Box): boolean {
  return a.x <= b.x + b.w && b.x <= a.x + a.w && a.y <= b.y + b.h && b.y <= a.y + a.h
}

/** What they have in common; null where they are apart. */
export function intersection(a: Box, b: Box): Box | null {
  const x = Math.max(a.x, b.x)
  const y = Math.max(a.y, b.y)
  const w = Math.min(a.x + a.w, b.x + b.w) - x
  const h = Math.min(a.y + a.h, b.y + b.h) - y
  return w < 0 || h < 0 ? null : { x, y, w, h }
}

export function contains(outer: Box, inner: Box): boolean {
  return (
    outer.x <= inner.x &&
    outer.y <= inner.y &&
    inner.x + inner.w <= outer.x + outer.w &&
    inner.y + inner.h <= outer.y + outer.h
  )
}

export function holds({ x, y, w, h }: Box, point: Point): boolean {
  return point.x >= x && point.y >= y && point.x <= x + w && point.y <= y + h
}

/** `point` turned clockwise on the screen by `angle` radians about `about`. */
export function turned(point: Point, about: Point, angle: number): Point {
  if (angle === 0) return point
  const cos = Math.cos(angle)
  const sin = Math.sin(angle)
  const x = point.x - about.x
  const y = point.y - about.y
  return { x: about.x + x * cos - y * sin, y: about.y + x * sin + y * cos }
}

/** Clockwise from the upper left, of a box turned about its middle. */
export function cornersOf(box: Box, angle: number): [Point, Point, Point, Point] {
  const { x, y, w, h } = box
  const middle = middleOf(box)
  const corner = (cx: number, cy: number) => turned({ x: cx, y: cy }, middle, angle)
  return [corner(x, y), corner(x + w, y), corner(x + w, y + h), corner(x, y + h)]
}

export function distanceToSegment(point: Point, a: Point, b: Point): number {
  return distance(point, nearestOnSegment(point, a, b))
}

function nearestOnSegment(point: Point, a: Point, b: Point): Point {
  const dx = b.x - a.x
  const dy = b.y - a.y
  const length = dx * dx + dy * dy
  if (length === 0) return a
  const t = ((point.x - a.x) * dx + (point.y - a.y) * dy) / length
  const within = Math.max(0, Math.min(1, t))
  return { x: a.x + dx * within, y: a.y + dy * within }
}

/** Where two segments cross; null where they do not. */
export function crossing(a: Point, b: Point, c: Point, d: Point): Point | null {
  const abx = b.x - a.x
  const aby = b.y - a.y
  const cdx = d.x - c.x
  const cdy = d.y - c.y
  const area = abx * cdy - aby * cdx
  if (area === 0) return null
  const t = ((c.x - a.x) * cdy - (c.y - a.y) * cdx) / area
  const u = ((c.x - a.x) * aby - (c.y - a.y) * abx) / area
  if (t < 0 || t > 1 || u < 0 || u > 1) return null
  return { x: a.x + abx * t, y: a.y + aby * t }
}

/** Whether a point lies within a closed polygon, by the even-odd rule. */
export function withinPolygon(point: Point, polygon: readonly Point[]): boolean {
  let inside = false
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const a = polygon[i]!
    const b = polygon[j]!
    const straddles = a.y > point.y !== b.y > point.y
    if (straddles && point.x < ((b.x - a.x) * (point.y - a.y)) / (b.y - a.y) + a.x) inside = !inside
  }
  return inside
}

/** Whether a segment has a point in common with a box. */
export function segmentMeets(box: Box, a: Point, b: Point): boolean {
  if (holds(box, a) || holds(box, b)) return true
  const [p, q, r, s] = cornersOf(box, 0)
  return (
    crossing(a, b, p, q) !== null ||
    crossing(a, b, q, r) !== null ||
    crossing(a, b, r, s) !== null ||
    crossing(a, b, s, p) !== null
  )
}
