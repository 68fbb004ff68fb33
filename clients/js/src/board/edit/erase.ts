/** The eraser for parts of strokes: which stretches a round rubber takes off. */
import { distance, middleOf, turned, type Point } from '../geometry.js'
import type { BoardObject } from '../model.js'
import { CUT_STEPS, pointAt, strokeBox, stretchesOf, strokeWidth, traceOf } from '../stroke.js'

/**
 * Pairs (from, to) in sixteenths of a point's index, of what is left of a stroke within `radius`
 * of the way from `a` to `b`, on the board. Empty where it is missed.
 */
export function cutsOf(object: BoardObject, a: Point, b: Point, radius: number): number[] {
  const middle = middleOf(strokeBox(object))
  const local = (point: Point) => {
    const { x, y } = turned(point, middle, -object.angle)
    return { x: x - object.x, y: y - object.y }
  }
  const [from, to] = [local(a), local(b)]
  const reach = radius + strokeWidth(object) / 2
  const cuts: number[] = []
  for (const stretch of stretchesOf(object)) {
    const [first, last] = stretch.map((index) => Math.round(index * CUT_STEPS)) as [number, number]
    let begun = -1
    for (let step = first; step <= last; step++) {
      if (begun < 0 && step % CUT_STEPS === 0 && isFar(object, step / CUT_STEPS, from, to, reach)) {
        step = Math.min(last, step + CUT_STEPS - 1)
        continue
      }
      const isNear = nearWay(pointAt(object, step / CUT_STEPS), from, to) <= reach
      if (isNear && begun < 0) begun = step
      if ((!isNear || step === last) && begun >= 0) {
        cuts.push(begun, isNear ? step : step - 1)
        begun = -1
      }
    }
  }
  return cuts
}

/** Nothing from this point to the next can be within reach. */
function isFar(object: BoardObject, index: number, a: Point, b: Point, reach: number): boolean {
  const { count } = traceOf(object)
  if (index + 1 >= count) return false
  const [from, to] = [pointAt(object, index), pointAt(object, index + 1)]
  return nearWay(from, a, b) > reach + distance(from, to)
}

function nearWay(point: Point, a: Point, b: Point): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y]
  const length = dx * dx + dy * dy
  if (length === 0) return distance(point, a)
  const t = Math.max(0, Math.min(1, ((point.x - a.x) * dx + (point.y - a.y) * dy) / length))
  return distance(point, { x: a.x + dx * t, y: a.y + dy * t })
}
