/** Pulling at a handle: from where the pointer is to what the selection becomes. */
import { anchorOf, canBeTarget, courseOf, ownPoints } from '../arrow.js'
import type { Editor } from '../editor.js'
import { isLocked } from '../edit/edit.js'
import { linePatch, resized, rotated, type Patches } from '../edit/move.js'
import { boxOf, distance, middleOf, turned, type Box, type Point } from '../geometry.js'
import { cornerOf, type Handle, type Hold } from '../handles.js'
import { clamp, isLine, type BoardObject, type Patch } from '../model.js'
import { Snap, toGrid, type Guide } from '../snap.js'
import type { Pointer } from './tool.js'

const TURN_STEP = Math.PI / 12
/** Right angles hold on a little, so that a thing is easily put upright again. */
const UPRIGHT_WITHIN = Math.PI / 60
const BEND_STRAIGHT_PIXELS = 6

export interface Pulled {
  readonly patches: Patches
  readonly guides: readonly Guide[]
  /** What an end of an arrow would be attached to. */
  readonly target: BoardObject | null
}

/** What is pulled at, from where; to what it snaps is looked up once. */
export interface Pulling {
  readonly hold: Hold
  readonly handle: Handle
  readonly from: Point
  readonly snap: Snap
}

export function beginPull(editor: Editor, hold: Hold, handle: Handle, from: Point): Pulling {
  const { scene, camera } = editor
  const moving = new Set(hold.objects.map(({ id }) => id))
  return { hold, handle, from, snap: new Snap(scene, camera.box, camera.zoom, moving) }
}

export function pull(editor: Editor, pulling: Pulling, pointer: Pointer): Pulled {
  const { hold, handle, from } = pulling
  if (handle === 'turn') return turnBy(editor, hold, from, pointer)
  const [only] = hold.objects
  if (hold.objects.length === 1 && isLine(only!)) return pullLine(editor, only!, handle, pointer)
  return resizeBy(editor, pulling, pointer)
}

function turnBy(editor: Editor, hold: Hold, from: Point, { at, shift }: Pointer): Pulled {
  const middle = middleOf(hold.box)
  const angleAt = (point: Point) => Math.atan2(point.y - middle.y, point.x - middle.x)
  let angle = angleAt(at) - angleAt(from)
  const whole = hold.angle + angle
  if (shift) angle = Math.round(whole / TURN_STEP) * TURN_STEP - hold.angle
  else {
    const upright = Math.round(whole / (Math.PI / 2)) * (Math.PI / 2)
    if (Math.abs(whole - upright) < UPRIGHT_WITHIN) angle = upright - hold.angle
  }
  return { patches: rotated(hold.objects, middle, angle, editor.scene), guides: [], target: null }
}

function resizeBy(
  editor: Editor,
  { hold, handle, from, snap }: Pulling,
  { at, shift, alt, ctrl }: Pointer,
): Pulled {
  const middle = middleOf(hold.box)
  const local = (point: Point) => turned(point, middle, -hold.angle)
  const [a, b] = [local(from), local(at)]
  const pulled = cornerOf(hold.box, handle)
  let corner = { x: pulled.x + b.x - a.x, y: pulled.y + b.y - a.y }
  let guides: readonly Guide[] = []
  if (hold.angle === 0 && !ctrl && !shift) {
    const [xs, ys] = [/[we]/.test(handle) ? [corner.x] : [], /[ns]/.test(handle) ? [corner.y] : []]
    if (editor.snapsToGrid) corner = { x: toGrid(corner.x), y: toGrid(corner.y) }
    else {
      const snapped = snap.edges(boxOf(corner, corner), xs, ys)
      corner = { x: corner.x + snapped.dx, y: corner.y + snapped.dy }
      guides = snapped.guides
    }
  }
  const keepsShape = hold.objects.some(keepsAspect) !== shift || hold.objects.some(isTurned)
  const to = pulledBox(hold.box, handle, corner, keepsShape && handle.length === 2, alt)
  const patches = resized(hold.objects, hold.box, to, editor.scene, handle)
  return { patches, guides, target: null }
}

/** The angles of things that are turned could not be kept if the sides went their own ways. */
function isTurned(object: BoardObject, _: number, all: readonly BoardObject[]): boolean {
  return all.length > 1 && Math.abs(Math.sin(2 * object.angle)) > 0.01
}

function keepsAspect({ type }: BoardObject): boolean {
  return type === 'image' || type === 'text'
}

/** Sides stop where they meet. */
function pulledBox(
  box: Box,
  handle: string,
  to: Point,
  keepsShape: boolean,
  fromMiddle: boolean,
): Box {
  const middle = middleOf(box)
  let w = box.w
  let h = box.h
  const grow = fromMiddle ? 2 : 1
  if (handle.includes('e')) w = Math.max(0, box.w + (to.x - box.x - box.w) * grow)
  if (handle.includes('w')) w = Math.max(0, box.w - (to.x - box.x) * grow)
  if (handle.includes('s')) h = Math.max(0, box.h + (to.y - box.y - box.h) * grow)
  if (handle.includes('n')) h = Math.max(0, box.h - (to.y - box.y) * grow)
  if (keepsShape && box.w > 0 && box.h > 0) {
    const by = Math.max(w / box.w, h / box.h)
    ;[w, h] = [box.w * by, box.h * by]
  }
  w = Math.max(1, w)
  h = Math.max(1, h)
  if (fromMiddle) return { x: middle.x - w / 2, y: middle.y - h / 2, w, h }
  return {
    x: handle.includes('w') ? box.x + box.w - w : box.x,
    y: handle.includes('n') ? box.y + box.h - h : box.y,
    w,
    h,
  }
}

function pullLine(editor: Editor, line: BoardObject, handle: Handle, pointer: Pointer): Pulled {
  if (handle === 'bend') return bendBy(editor, line, pointer)
  const points =
    courseOf(line, editor.scene.find).points.length === 2 ? ends(editor, line) : ownPoints(line)
  const last = points.length - 1
  const index = handle === 'start' ? 0 : handle === 'end' ? last : Number(handle.slice(5))
  const neighbour = points[index === 0 ? 1 : index - 1] ?? pointer.at
  const { patch, target } = endPatch(editor, line, handle, pointer, neighbour)
  points[index] = pointer.shift ? straightened(neighbour, pointer.at) : pointer.at
  const patches: Patches = new Map([[line.id, { ...linePatch(points), ...patch }]])
  return { patches, guides: [], target }
}

/** Those that show, so that the end that is not pulled stays. */
function ends(editor: Editor, line: BoardObject): Point[] {
  return [...courseOf(line, editor.scene.find).points]
}

/** What an end of an arrow at the pointer is attached to. Control keeps it off. */
export function endPatch(
  editor: Editor,
  line: Pick<BoardObject, 'id' | 'type'>,
  handle: Handle,
  { at, ctrl }: Pointer,
  from: Point,
): { readonly patch: Patch; readonly target: BoardObject | null } {
  if (line.type !== 'arrow' || (handle !== 'start' && handle !== 'end'))
    return { patch: {}, target: null }
  const target = ctrl ? null : targetAt(editor, at, line.id)
  const anchor = target === null ? null : nearMiddle(anchorOf(target, at))
  const isUsed = target !== null && distance(from, at) > editor.reach
  const patch: Patch =
    handle === 'start'
      ? { start: isUsed ? target.id : null, startAt: isUsed ? anchor : null }
      : { end: isUsed ? target.id : null, endAt: isUsed ? anchor : null }
  return { patch, target: isUsed ? target : null }
}

/** A hand that means the middle rarely meets it. */
function nearMiddle([u, v]: readonly [number, number]): readonly [number, number] {
  const isMiddle = Math.hypot(u - 0.5, v - 0.5) < 0.15
  return isMiddle ? [0.5, 0.5] : [clamp(u, 0, 1), clamp(v, 0, 1)]
}

function targetAt(editor: Editor, at: Point, except: string): BoardObject | null {
  const { scene, reach } = editor
  const around = { x: at.x - reach, y: at.y - reach, w: 2 * reach, h: 2 * reach }
  const found = scene
    .in(around)
    .filter((object) => object.id !== except && canBeTarget(object) && object.type !== 'stroke')
    .filter((object) => object.type !== 'frame' && !isLocked(object))
    .reverse()
    .find((object) => scene.isUnder(object, at, reach))
  return found ?? null
}

function bendBy(editor: Editor, line: BoardObject, { at }: Pointer): Pulled {
  const points = ends(editor, line)
  const [a, b] = [points[0]!, points[points.length - 1]!]
  const length = distance(a, b)
  if (length === 0) return { patches: new Map(), guides: [], target: null }
  const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }
  const off = ((at.x - middle.x) * (b.y - a.y) - (at.y - middle.y) * (b.x - a.x)) / length
  const bend = Math.abs(off) * editor.camera.zoom < BEND_STRAIGHT_PIXELS ? 0 : off
  return { patches: new Map([[line.id, { bend }]]), guides: [], target: null }
}

/** `to`, brought on one of the lines through `from` at every 15 degrees. */
export function straightened(from: Point, to: Point): Point {
  const length = distance(from, to)
  const angle = Math.round(Math.atan2(to.y - from.y, to.x - from.x) / TURN_STEP) * TURN_STEP
  return { x: from.x + length * Math.cos(angle), y: from.y + length * Math.sin(angle) }
}
