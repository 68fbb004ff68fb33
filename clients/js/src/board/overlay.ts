/** What is drawn over the objects for this person alone: selection, handles, guides, areas. */
import { borderOf, courseOf, traceCourse } from './arrow.js'
import type { Editor } from './editor.js'
import { isLocked } from './edit/edit.js'
import { cornersOf, middleOf, type Box, type Point } from './geometry.js'
import { handlesOf, holdOf } from './handles.js'
import { isLine, type BoardObject } from './model.js'
import { unturnedBox } from './shape.js'
import { TOKENS } from './style.js'
import { Line } from './tools/line.js'
import { Select } from './tools/select.js'

const HANDLE = 8
/** More outlines than this tell nobody anything; the box around them does. */
const OUTLINES_MAX = 200

type Context = CanvasRenderingContext2D

export function drawOverlay(editor: Editor, ask: () => Context): void {
  const { tool, selection, scene } = editor
  const select = tool instanceof Select ? tool : null
  const target = select?.target ?? (tool instanceof Line ? tool.target : null)
  const isHolding = selection.size > 0 || target !== null
  const isReaching = select !== null && (select.hovered || select.area || select.guides.length > 0)
  if (!isHolding && !isReaching) return
  const context = ask()
  const tokens = TOKENS[editor.look.theme]
  context.lineWidth = 1.25
  context.strokeStyle = tokens.accent
  if (select?.hovered && !selection.has(select.hovered)) {
    const object = scene.find(select.hovered)
    if (object !== undefined) outline(editor, context, object)
  }
  drawSelection(editor, context, select)
  if (target !== null) drawTarget(editor, context, target)
  if (select === null) return
  context.strokeStyle = tokens.guide
  context.lineWidth = 1
  for (const { from, to } of select.guides) {
    path(
      context,
      [from, to].map((point) => editor.camera.toScreen(point)),
      false,
    )
    context.stroke()
  }
  if (select.area !== null) drawArea(editor, context, select.area)
}

function drawSelection(editor: Editor, context: Context, select: Select | null): void {
  const { selection, scene, camera, readOnly } = editor
  if (selection.size === 0) return
  const { objects } = selection
  const tokens = TOKENS[editor.look.theme]
  context.strokeStyle = tokens.accent
  if (objects.length <= OUTLINES_MAX) for (const object of objects) outline(editor, context, object)
  for (const object of objects) if (isLocked(object)) drawLock(editor, context, object)
  if (objects.length > 1) {
    const box = selection.box
    context.setLineDash([4, 3])
    if (box !== null)
      path(
        context,
        cornersOf(box, 0).map((corner) => camera.toScreen(corner)),
        true,
      )
    context.stroke()
    context.setLineDash([])
  }
  const free = objects.filter((object) => !isLocked(object))
  const hold = readOnly || select === null || select.isMoving ? null : holdOf(scene, free)
  if (hold === null) return
  context.lineWidth = 1.5
  for (const [handle, at] of handlesOf(hold, scene, camera.zoom)) {
    const { x, y } = camera.toScreen(at)
    const isRound = handle.length > 2
    context.fillStyle = handle === 'bend' ? tokens.accent : tokens.surface
    context.beginPath()
    if (isRound) context.arc(x, y, HANDLE / 2 + 0.5, 0, 2 * Math.PI)
    else context.roundRect(x - HANDLE / 2, y - HANDLE / 2, HANDLE, HANDLE, 2)
    context.fill()
    context.stroke()
  }
}

function outline(editor: Editor, context: Context, object: BoardObject): void {
  const { camera, scene } = editor
  if (isLine(object)) {
    context.save()
    context.scale(camera.zoom, camera.zoom)
    context.translate(-camera.x, -camera.y)
    context.lineWidth /= camera.zoom
    context.beginPath()
    traceCourse(courseOf(object, scene.find), context)
    context.stroke()
    context.restore()
    return
  }
  const corners =
    object.type === 'stroke'
      ? cornersOf(unturnedBox(object, scene.find), object.angle)
      : cornersOf(object, object.angle)
  if (isLocked(object)) context.setLineDash([3, 3])
  path(
    context,
    corners.map((corner) => camera.toScreen(corner)),
    true,
  )
  context.stroke()
  context.setLineDash([])
}

function drawTarget(editor: Editor, context: Context, target: BoardObject): void {
  context.strokeStyle = TOKENS[editor.look.theme].accent
  context.lineWidth = 2
  path(
    context,
    borderOf(target).map((point) => editor.camera.toScreen(point)),
    true,
  )
  context.stroke()
}

function drawArea(editor: Editor, context: Context, area: Box): void {
  const tokens = TOKENS[editor.look.theme]
  const { x, y } = editor.camera.toScreen(area)
  const { zoom } = editor.camera
  context.fillStyle = tokens.accentWash
  context.strokeStyle = tokens.accent
  context.lineWidth = 1
  context.fillRect(x, y, area.w * zoom, area.h * zoom)
  context.strokeRect(x + 0.5, y + 0.5, area.w * zoom, area.h * zoom)
}

/** A padlock at the upper right. */
function drawLock(editor: Editor, context: Context, object: BoardObject): void {
  const bounds = editor.scene.bounds(object.id)
  if (bounds === undefined) return
  const tokens = TOKENS[editor.look.theme]
  const { x, y } = editor.camera.toScreen({ x: bounds.x + bounds.w, y: bounds.y })
  const middle = middleOf({ x: x - 9, y: y - 9, w: 18, h: 18 })
  context.save()
  context.fillStyle = tokens.surface
  context.beginPath()
  context.arc(middle.x, middle.y, 10, 0, 2 * Math.PI)
  context.fill()
  context.stroke()
  context.beginPath()
  context.arc(middle.x, middle.y - 1.5, 2.6, Math.PI, 0)
  context.stroke()
  context.fillStyle = tokens.accent
  context.beginPath()
  context.roundRect(middle.x - 4, middle.y - 1.5, 8, 6, 1.5)
  context.fill()
  context.restore()
}

function path(context: Context, points: readonly Point[], isClosed: boolean): void {
  context.beginPath()
  points.forEach(({ x, y }, i) => (i === 0 ? context.moveTo(x, y) : context.lineTo(x, y)))
  if (isClosed) context.closePath()
}
