/** Where an object is, and whether a point or an area touches it. */
import { borderOf, courseOf, headLength, type Find } from './arrow.js'
import {
  boxAround,
  cornersOf,
  distanceToSegment,
  grown,
  middleOf,
  segmentMeets,
  turned,
  withinPolygon,
  type Box,
  type Point,
} from './geometry.js'
import { frameOf, isLine, type BoardObject } from './model.js'
import { pointAt, strokeBox, strokeIsNear, strokeWidth, stretchesOf } from './stroke.js'
import { textOf } from './text.js'
import { LABEL_PADDING, LABEL_WIDTH_MAX, layOut } from './text_layout.js'

/** Room for a note's shadow. */
const SHADOW = 14

/** Before it is turned. */
export function unturnedBox(object: BoardObject, find: Find): Box {
  if (object.type === 'stroke') return strokeBox(object)
  return isLine(object) ? boxAround(courseOf(object, find).flat) : frameOf(object)
}

/** Upright, around the turned object; widths of lines do not count. */
export function boundsOf(object: BoardObject, find: Find): Box {
  const box = unturnedBox(object, find)
  return object.angle === 0 ? box : boxAround(cornersOf(box, object.angle))
}

/** All that it may paint on. */
export function paintBox(object: BoardObject, find: Find): Box {
  return grown(boundsOf(object, find), overhang(object))
}

function overhang(object: BoardObject): number {
  switch (object.type) {
    case 'stroke':
      return strokeWidth(object) + 1
    case 'arrow':
      return Math.max(headLength(object) + 2, labelReach(object))
    case 'text':
      return wordsOverhang(object)
    case 'note':
      return SHADOW
    case 'frame':
      return 24
    default:
      return object.size / 2 + 1
  }
}

/** How far from an arrow its words reach, which stand half way along it. */
function labelReach({ text, font, fontSize }: BoardObject): number {
  if (text.length === 0) return 0
  const { height } = layOut(textOf(text), font, fontSize, LABEL_WIDTH_MAX)
  return Math.max(LABEL_WIDTH_MAX / 2 + LABEL_PADDING, height / 2)
}

/**
 * How far beyond its sides an object's words may be painted. Letters of a text reach over its edge
 * a little, and one letter is wider than a very narrow text. Others have an edge that shows.
 */
export function wordsOverhang({ type, fontSize }: BoardObject): number {
  return type === 'text' ? fontSize / 2 : 0
}

/**
 * `solid`: on something that it paints. `hollow`: within it, where it paints nothing. Null: beside
 * it. `reach`: how far beside still counts as on it.
 */
export function hit(
  object: BoardObject,
  at: Point,
  reach: number,
  find: Find,
): 'solid' | 'hollow' | null {
  if (isLine(object)) {
    const { flat } = courseOf(object, find)
    return nearPath(flat, at, reach + object.size / 2, false) ? 'solid' : null
  }
  if (object.type === 'stroke') {
    const local = turned(at, middleOf(strokeBox(object)), -object.angle)
    const from = { x: local.x - object.x, y: local.y - object.y }
    return strokeIsNear(object, from, reach + strokeWidth(object) / 2) ? 'solid' : null
  }
  const border = borderOf(object)
  if (nearPath(border, at, reach + object.size / 2, true)) return 'solid'
  if (!withinPolygon(at, border)) return null
  return isSolid(object) ? 'solid' : 'hollow'
}

function isSolid({ type, fill, text }: BoardObject): boolean {
  if (type === 'note' || type === 'image' || type === 'text') return true
  return type !== 'frame' && (fill !== null || text.length > 0)
}

function nearPath(path: readonly Point[], at: Point, reach: number, closed: boolean): boolean {
  if (path.length === 1) return Math.hypot(at.x - path[0]!.x, at.y - path[0]!.y) <= reach
  const pieces = closed ? path.length : path.length - 1
  for (let i = 0; i < pieces; i++) {
    if (distanceToSegment(at, path[i]!, path[(i + 1) % path.length]!) <= reach) return true
  }
  return false
}

/** Whether any of it lies in an upright area. */
export function touchesBox(object: BoardObject, box: Box, find: Find): boolean {
  if (object.type === 'stroke') return strokeTouches(object, box)
  const path = isLine(object) ? courseOf(object, find).flat : borderOf(object)
  const pieces = isLine(object) ? path.length - 1 : path.length
  for (let i = 0; i < pieces; i++) {
    if (segmentMeets(box, path[i]!, path[(i + 1) % path.length]!)) return true
  }
  // The area lies within the object: that takes hold of it only where it is filled.
  return !isLine(object) && isSolid(object) && withinPolygon({ x: box.x, y: box.y }, path)
}

function strokeTouches(object: BoardObject, box: Box): boolean {
  const middle = middleOf(strokeBox(object))
  const onBoard = (index: number) => {
    const { x, y } = pointAt(object, index)
    return turned({ x: object.x + x, y: object.y + y }, middle, object.angle)
  }
  return stretchesOf(object).some(([from, to]) => {
    let a = onBoard(from)
    for (let i = Math.floor(from) + 1; ; i++) {
      const b = onBoard(Math.min(i, to))
      if (segmentMeets(box, a, b)) return true
      if (i >= to) return false
      a = b
    }
  })
}
