/** What a selection can be taken by: eight handles to resize it, one to turn it, ends of lines. */
import { courseOf } from './arrow.js'
import { distance, holds, middleOf, turned, type Box, type Point } from './geometry.js'
import { isLine, type BoardObject } from './model.js'
import type { Scene } from './scene.js'
import { unturnedBox } from './shape.js'
import { isLocked } from './edit/edit.js'

export type Handle =
  | 'nw'
  | 'n'
  | 'ne'
  | 'e'
  | 'se'
  | 's'
  | 'sw'
  | 'w'
  | 'turn'
  | 'start'
  | 'end'
  | 'bend'
  | `point${number}`

const SIDES = ['nw', 'n', 'ne', 'e', 'se', 's', 'sw', 'w'] as const
/** From the upper side to the handle that turns. */
const TURN_PIXELS = 26
const REACH_PIXELS = 9
const REACH_TOUCH_PIXELS = 20
/** Sides shorter than this have handles at their ends alone. */
const SIDE_PIXELS_MIN = 40

export interface Hold {
  readonly objects: readonly BoardObject[]
  /** Before it is turned by `angle` about its middle. */
  readonly box: Box
  readonly angle: number
}

/** What the handles are at; null where nothing can be pulled. */
export function holdOf(scene: Scene, objects: readonly BoardObject[]): Hold | null {
  const [only] = objects
  if (only === undefined || objects.every(isLocked)) return null
  if (objects.length === 1) {
    return { objects, box: unturnedBox(only, scene.find), angle: only.angle }
  }
  const box = scene.boundsOfAll(objects.map(({ id }) => id))!
  return { objects, box, angle: 0 }
}

/** Where each handle is on the board. */
export function handlesOf(hold: Hold, scene: Scene, zoom: number): [Handle, Point][] {
  const [only] = hold.objects
  if (hold.objects.length === 1 && isLine(only!)) return lineHandles(only!, scene)
  const { box, angle } = hold
  const middle = middleOf(box)
  const place = (x: number, y: number) => turned({ x, y }, middle, angle)
  const handles: [Handle, Point][] = []
  for (const side of SIDES) {
    const length = side === 'n' || side === 's' ? box.w : box.h
    if (side.length === 1 && length * zoom < SIDE_PIXELS_MIN) continue
    const { x, y } = cornerOf(box, side)
    handles.push([side, place(x, y)])
  }
  handles.push(['turn', place(middle.x, box.y - TURN_PIXELS / zoom)])
  return handles
}

/** Where a side's or corner's handle is before it is turned. */
export function cornerOf({ x, y, w, h }: Box, handle: string): Point {
  return {
    x: handle.includes('w') ? x : handle.includes('e') ? x + w : x + w / 2,
    y: handle.includes('n') ? y : handle.includes('s') ? y + h : y + h / 2,
  }
}

function lineHandles(line: BoardObject, scene: Scene): [Handle, Point][] {
  const { points, flat } = courseOf(line, scene.find)
  const last = points.length - 1
  const handles: [Handle, Point][] = points.map((point, i) => [
    i === 0 ? 'start' : i === last ? 'end' : `point${i}`,
    point,
  ])
  if (line.type === 'arrow' && points.length === 2) {
    const middle = flat.length === 2 ? middlePoint(flat[0]!, flat[1]!) : flat[flat.length >> 1]!
    handles.push(['bend', middle])
  }
  return handles
}

function middlePoint(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }
}

/** The handle under the pointer. */
export function handleAt(
  hold: Hold,
  scene: Scene,
  at: Point,
  zoom: number,
  isTouch: boolean,
): Handle | null {
  const reach = (isTouch ? REACH_TOUCH_PIXELS : REACH_PIXELS) / zoom
  let best: { handle: Handle; off: number } | null = null
  for (const [handle, point] of handlesOf(hold, scene, zoom)) {
    const off = distance(at, point)
    if (off <= reach && (best === null || off < best.off)) best = { handle, off }
  }
  // A small thing must still be movable: its inside is not its handles'.
  const { box, angle } = hold
  const isSmall = Math.min(box.w, box.h) * zoom < 3 * REACH_PIXELS
  const isInside = holds(box, turned(at, middleOf(box), -angle))
  const isSide = best !== null && (SIDES as readonly string[]).includes(best.handle)
  return isSmall && isInside && isSide ? null : (best?.handle ?? null)
}

const CURSORS = ['ns-resize', 'nesw-resize', 'ew-resize', 'nwse-resize']

export function cursorOf(handle: Handle, angle: number): string {
  if (handle === 'turn') return 'grab'
  const index = (SIDES as readonly string[]).indexOf(handle)
  if (index < 0) return 'move'
  const eighth = Math.round(angle / (Math.PI / 4)) + index - 1
  return CURSORS[((eighth % 4) + 4) % 4]!
}
