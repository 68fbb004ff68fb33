/** Objects somewhere else, larger, smaller or turned. */
import { courseOf, ownPoints } from '../arrow.js'
import { middleOf, turned, type Box, type Point } from '../geometry.js'
import {
  isAttached,
  isLine,
  LINE_STEPS,
  PLACE_STEPS,
  SCALE_STEPS,
  type BoardObject,
  type Patch,
} from '../model.js'
import type { Scene } from '../scene.js'
import { unturnedBox } from '../shape.js'
import { scaleOf } from '../stroke.js'
import { isAutoWide } from '../words.js'

export type Patches = Map<string, Patch>

const EXTENT_MIN = 1
const FONT_MIN = 4
const FONT_MAX = 512

export function moved(objects: readonly BoardObject[], dx: number, dy: number): Patches {
  const isAlone = objects.length === 1
  const patches: Patches = new Map()
  for (const object of objects) {
    const place = { x: object.x + dx, y: object.y + dy }
    // An arrow that is taken by itself comes off what it was attached to.
    patches.set(object.id, isAlone && isAttached(object) ? { ...place, ...DETACHED } : place)
  }
  return patches
}

const DETACHED: Patch = { start: null, end: null, startAt: null, endAt: null }

/** As they are, but an arrow alone has the ends that show: it may be about to come off. */
export function settledArrow(object: BoardObject, scene: Scene): BoardObject {
  if (object.type !== 'arrow' || !isAttached(object)) return object
  const { points } = courseOf(object, scene.find)
  return { ...object, ...linePatch(points) } as BoardObject
}

/** A line through these points. */
export function linePatch(points: readonly Point[]): { x: number; y: number; points: number[] } {
  const { x, y } = points[0]!
  // The first point is rounded by the room; those behind it count from where it will be.
  const [left, top] = [x, y].map((at) => Math.round(at * PLACE_STEPS) / PLACE_STEPS) as [
    number,
    number,
  ]
  const steps = points
    .slice(1)
    .flatMap((point) => [
      Math.round((point.x - left) * LINE_STEPS),
      Math.round((point.y - top) * LINE_STEPS),
    ])
  return { x: left, y: top, points: steps }
}

/**
 * Objects of a selection whose box was `from` and shall be `to`. One that is alone is resized in
 * its own turned frame: both boxes are given as they are before it is turned about `from`'s middle.
 */
export function resized(
  objects: readonly BoardObject[],
  from: Box,
  to: Box,
  scene: Scene,
  handle: string,
): Patches {
  const sx = from.w === 0 ? 1 : Math.max(to.w, EXTENT_MIN) / from.w
  const sy = from.h === 0 ? 1 : Math.max(to.h, EXTENT_MIN) / from.h
  const patches: Patches = new Map()
  const [only] = objects
  if (objects.length === 1 && only!.angle !== 0) {
    patches.set(only!.id, resizedTurned(only!, from, to, sx, sy, handle))
    return patches
  }
  for (const object of objects) {
    const place = ({ x, y }: Point) => ({
      x: to.x + (x - from.x) * sx,
      y: to.y + (y - from.y) * sy,
    })
    patches.set(object.id, resizedOne(object, place, sx, sy, scene, handle))
  }
  return patches
}

function resizedOne(
  object: BoardObject,
  place: (point: Point) => Point,
  sx: number,
  sy: number,
  scene: Scene,
  handle: string,
): Patch {
  if (isLine(object)) {
    const patch: Patch = linePatch(ownPoints(object).map(place))
    return { ...patch, bend: object.bend * Math.sqrt(sx * sy) }
  }
  // What is turned keeps its angles: its own sides take what the sides of the whole take.
  const cross = Math.sin(object.angle) ** 2
  const [ox, oy] = [sx + (sy - sx) * cross, sy + (sx - sy) * cross]
  const box = unturnedBox(object, scene.find)
  const middle = place(middleOf(box))
  return sized(object, box, middle, ox, oy, handle)
}

function resizedTurned(
  object: BoardObject,
  from: Box,
  to: Box,
  sx: number,
  sy: number,
  handle: string,
): Patch {
  const middle = turned(middleOf(to), middleOf(from), object.angle)
  return sized(object, from, middle, sx, sy, handle)
}

/** The object with its sides scaled and its middle there. */
function sized(
  object: BoardObject,
  box: Box,
  middle: Point,
  sx: number,
  sy: number,
  handle: string,
): Patch {
  if (object.type === 'text' && handle.length === 2) {
    // Letters keep their shape: they grow as far as there is room both ways.
    const by = Math.min(sx, sy)
    const [w, h] = [object.w * by, object.h * by]
    const fontSize = Math.max(FONT_MIN, Math.min(FONT_MAX, object.fontSize * by))
    const place = { x: middle.x - w / 2, y: middle.y - h / 2, fontSize }
    // One that is as wide as its words stays that: its record has no width.
    return isAutoWide(object) ? place : { ...place, w }
  }
  const [w, h] = [Math.max(box.w * sx, EXTENT_MIN), Math.max(box.h * sy, EXTENT_MIN)]
  const [x, y] = [middle.x - w / 2, middle.y - h / 2]
  if (object.type !== 'stroke') return { x, y, w, h }
  const scale = scaleOf(object)
  return {
    x: x + (object.x - box.x) * sx,
    y: y + (object.y - box.y) * sy,
    w: scale.x * sx * SCALE_STEPS,
    h: scale.y * sy * SCALE_STEPS,
  }
}

/** Turned together by `angle` radians about `about`. */
export function rotated(
  objects: readonly BoardObject[],
  about: Point,
  angle: number,
  scene: Scene,
): Patches {
  const patches: Patches = new Map()
  for (const object of objects) {
    if (isLine(object)) {
      const points = ownPoints(object).map((point) => turned(point, about, angle))
      patches.set(object.id, linePatch(points))
      continue
    }
    const middle = middleOf(unturnedBox(object, scene.find))
    const to = turned(middle, about, angle)
    patches.set(object.id, {
      x: object.x + to.x - middle.x,
      y: object.y + to.y - middle.y,
      angle: object.angle + angle,
    })
  }
  return patches
}
