/** Draws one object: on the board, on the minimap, into an exported picture. */
import { courseOf, headLength, traceCourse, traceHead, type Find } from './arrow.js'
import { lengthOf, middleOf, type Box } from './geometry.js'
import {
  DASHED,
  DOTTED,
  frameOf,
  HEAD_AT_END,
  HEAD_AT_START,
  HIGHLIGHTER,
  isLine,
  type BoardObject,
} from './model.js'
import { unturnedBox } from './shape.js'
import { isOutlined, strokeWidth, traceLine, traceOutline, type Sink } from './stroke.js'
import { inkOf, noteOf, TOKENS, tintOf, type Theme } from './style.js'

/** What painting needs to know beside the object. */
export interface Look {
  readonly theme: Theme
  readonly find: Find
  /** The picture with this hash, where it is here already; asking for it makes it come. */
  image(hash: Uint8Array): CanvasImageSource | null
  /** Likewise, and nothing comes for it. */
  peek?(hash: Uint8Array): CanvasImageSource | null
  /** Writes the object's words; the origin is its upper left corner, and it is turned already. */
  words?(context: CanvasRenderingContext2D, object: BoardObject): void
}

/** What shows all of a board shows the pictures that there are, and asks for none. */
export function fromAfar(look: Look): Look {
  return { ...look, image: (hash) => look.peek?.(hash) ?? null }
}

const RADIUS_MAX = 12
/** Of a dashed outline: about a box of 3,000 pixels with dots of the usual size. */
export const DASHES_MAX = 2_000
/** How much of a highlighter's colour covers what is under it. */
export const HIGHLIGHT = 0.38
/** Below this width on the screen nobody can tell an outline from a line. */
const OUTLINE_PIXELS_MIN = 1.1
/** Below this scale, and with points closer than this on the canvas, nobody can tell how many. */
const AFAR_SCALE = 0.5
const AFAR_PIXELS = 0.7
/** Drawn again with so much of its colour, a hair line is as dark as a line that is a pixel wide. */
const HAIR_AGAIN = 0.5

interface Paths {
  /** What they were made of, beside the points. */
  readonly of: Pick<BoardObject, 'size' | 'tool' | 'w' | 'h' | 'cuts'>
  outline?: Path2D
  line?: Path2D
}

/** By a stroke's points, which stay the same array while only its place or colour changes. */
const strokePaths = new WeakMap<readonly number[], Paths>()

/** `scale`: pixels of the canvas per pixel of the board. */
export function paint(
  context: CanvasRenderingContext2D,
  object: BoardObject,
  look: Look,
  scale = 1,
): void {
  context.save()
  context.globalAlpha *= object.opacity
  if (isLine(object)) paintLine(context, object, look)
  else if (object.type === 'stroke') paintStroke(context, object, look, scale)
  else paintBoxed(context, object, look)
  context.restore()
}

function turn(context: CanvasRenderingContext2D, object: BoardObject, box: Box): void {
  const { x, y } = middleOf(box)
  context.translate(x, y)
  context.rotate(object.angle)
  context.translate(-x, -y)
}

function paintStroke(
  context: CanvasRenderingContext2D,
  object: BoardObject,
  look: Look,
  scale: number,
): void {
  if (object.angle !== 0) turn(context, object, unturnedBox(object, look.find))
  context.translate(object.x, object.y)
  const colour = inkOf(object.colour, look.theme)
  if (isOutlined(object) && strokeWidth(object) * scale >= OUTLINE_PIXELS_MIN) {
    context.fillStyle = colour
    context.fill(outlineOf(object))
    return
  }
  if (object.tool === HIGHLIGHTER) context.globalAlpha *= HIGHLIGHT
  context.strokeStyle = colour
  context.lineWidth = strokeWidth(object)
  context.lineCap = 'round'
  context.lineJoin = 'round'
  if (scale < AFAR_SCALE) strokeFromAfar(context, object, scale)
  else context.stroke(lineOf(object))
}

/** Hair lines, up to a pixel wide and without ends, are drawn in a fraction of the time of others. */
function strokeFromAfar(
  context: CanvasRenderingContext2D,
  object: BoardObject,
  scale: number,
): void {
  const pixels = strokeWidth(object) * scale
  const isThick = pixels >= OUTLINE_PIXELS_MIN || (pixels >= 1 && context.globalAlpha < 1)
  // A dot is nothing but its ends.
  const isHair = !isThick && object.points.length > 3
  if (isHair) {
    context.lineWidth = Math.min(context.lineWidth, 1 / scale)
    context.lineCap = 'butt'
  }
  context.beginPath()
  traceLine(object, context, AFAR_PIXELS / scale)
  context.stroke()
  if (isHair && pixels >= 1) {
    context.globalAlpha = HAIR_AGAIN
    context.stroke()
  }
}

/** From the object's first point. */
function outlineOf(object: BoardObject): Path2D {
  const paths = pathsOf(object)
  if (paths.outline === undefined) traceOutline(object, (paths.outline = new Path2D()))
  return paths.outline
}

function lineOf(object: BoardObject): Path2D {
  const paths = pathsOf(object)
  if (paths.line === undefined) traceLine(object, (paths.line = new Path2D()))
  return paths.line
}

function pathsOf(object: BoardObject): Paths {
  let paths = strokePaths.get(object.points)
  if (paths === undefined || !isSameShape(paths.of, object)) {
    const { size, tool, w, h, cuts } = object
    strokePaths.set(object.points, (paths = { of: { size, tool, w, h, cuts } }))
  }
  return paths
}

function isSameShape(a: Paths['of'], b: Paths['of']): boolean {
  return a.size === b.size && a.tool === b.tool && a.w === b.w && a.h === b.h && a.cuts === b.cuts
}

function paintLine(context: CanvasRenderingContext2D, object: BoardObject, look: Look): void {
  const course = courseOf(object, look.find)
  context.strokeStyle = inkOf(object.colour, look.theme)
  context.lineWidth = object.size
  context.lineCap = 'round'
  context.lineJoin = 'round'
  context.setLineDash(dashesOf(object, lengthOf(course.flat)))
  context.beginPath()
  traceCourse(course, context)
  context.stroke()
  context.setLineDash([])
  if (object.heads !== 0 && course.flat.length > 1) {
    context.beginPath()
    traceHeads(object, course.flat, context)
    context.stroke()
  }
  context.translate(object.x, object.y)
  look.words?.(context, object)
}

export function traceHeads(
  object: BoardObject,
  flat: ReturnType<typeof courseOf>['flat'],
  sink: Sink,
): void {
  if (object.heads & HEAD_AT_END) traceHead(flat, headLength(object), sink)
  if (object.heads & HEAD_AT_START) traceHead([...flat].reverse(), headLength(object), sink)
}

/**
 * Along an outline of this length in pixels. Each dash is drawn for itself, so a very long outline
 * has longer ones.
 */
export function dashesOf({ dash, size }: BoardObject, length: number): number[] {
  if (dash !== DASHED && dash !== DOTTED) return []
  const [on, off] = dash === DASHED ? [size * 2.5 + 3, size * 2 + 4] : [0.01, size * 2 + 2]
  const stretch = Math.max(1, length / (DASHES_MAX * (on + off)))
  return [on * stretch, off * stretch]
}

/** At most: an ellipse's or a diamond's is shorter. */
export function borderLength({ w, h }: BoardObject): number {
  return 2 * (w + h)
}

function paintBoxed(context: CanvasRenderingContext2D, object: BoardObject, look: Look): void {
  if (object.angle !== 0) turn(context, object, frameOf(object))
  context.translate(object.x, object.y)
  switch (object.type) {
    case 'note':
      paintNote(context, object, look)
      break
    case 'image':
      paintImage(context, object, look)
      break
    case 'frame':
      paintFrame(context, object, look)
      break
    case 'text':
      break
    default:
      paintShape(context, object, look)
  }
  look.words?.(context, object)
}

function paintShape(context: CanvasRenderingContext2D, object: BoardObject, look: Look): void {
  context.beginPath()
  traceShape(object, context)
  if (object.fill !== null) {
    context.fillStyle = tintOf(object.fill, look.theme)
    context.fill()
  }
  context.strokeStyle = inkOf(object.colour, look.theme)
  context.lineWidth = object.size
  context.lineCap = 'round'
  context.lineJoin = 'round'
  context.setLineDash(dashesOf(object, borderLength(object)))
  context.stroke()
  context.setLineDash([])
}

/** The border of a rectangle, ellipse or diamond, from its upper left corner. */
export function traceShape({ type, w, h }: BoardObject, sink: Sink): void {
  if (type === 'ellipse') traceEllipse(w / 2, h / 2, sink)
  else if (type === 'diamond') traceDiamond(w, h, sink)
  else traceRounded(w, h, Math.min(RADIUS_MAX, w / 4, h / 4), sink)
}

/** How far the handles of a quarter's Bézier curve reach, of its radius. */
const QUARTER = 0.5523

function traceEllipse(rx: number, ry: number, sink: Sink): void {
  const [kx, ky] = [rx * QUARTER, ry * QUARTER]
  sink.moveTo(rx, 0)
  sink.bezierCurveTo(rx + kx, 0, 2 * rx, ry - ky, 2 * rx, ry)
  sink.bezierCurveTo(2 * rx, ry + ky, rx + kx, 2 * ry, rx, 2 * ry)
  sink.bezierCurveTo(rx - kx, 2 * ry, 0, ry + ky, 0, ry)
  sink.bezierCurveTo(0, ry - ky, rx - kx, 0, rx, 0)
  sink.closePath()
}

function traceDiamond(w: number, h: number, sink: Sink): void {
  sink.moveTo(w / 2, 0)
  sink.lineTo(w, h / 2)
  sink.lineTo(w / 2, h)
  sink.lineTo(0, h / 2)
  sink.closePath()
}

export function traceRounded(w: number, h: number, r: number, sink: Sink): void {
  sink.moveTo(r, 0)
  sink.lineTo(w - r, 0)
  sink.quadraticCurveTo(w, 0, w, r)
  sink.lineTo(w, h - r)
  sink.quadraticCurveTo(w, h, w - r, h)
  sink.lineTo(r, h)
  sink.quadraticCurveTo(0, h, 0, h - r)
  sink.lineTo(0, r)
  sink.quadraticCurveTo(0, 0, r, 0)
  sink.closePath()
}

function paintNote(context: CanvasRenderingContext2D, object: BoardObject, look: Look): void {
  const { w, h } = object
  context.save()
  context.shadowColor = TOKENS[look.theme].cast
  // Shadows do not follow the canvas' transform.
  const { a, b } = context.getTransform()
  const scale = Math.hypot(a, b)
  context.shadowBlur = 10 * scale
  context.shadowOffsetY = 3 * scale
  context.fillStyle = noteOf(object.colour, look.theme)
  context.beginPath()
  traceRounded(w, h, Math.min(4, w / 4, h / 4), context)
  context.fill()
  context.restore()
}

function paintImage(context: CanvasRenderingContext2D, object: BoardObject, look: Look): void {
  const picture = object.image && look.image(object.image)
  if (picture) {
    context.drawImage(picture, 0, 0, object.w, object.h)
    return
  }
  const tokens = TOKENS[look.theme]
  context.fillStyle = tokens.well
  context.strokeStyle = tokens.rule
  context.beginPath()
  traceRounded(object.w, object.h, 4, context)
  context.fill()
  context.stroke()
}

function paintFrame(context: CanvasRenderingContext2D, object: BoardObject, look: Look): void {
  const tokens = TOKENS[look.theme]
  context.fillStyle = tokens.surface
  context.strokeStyle = tokens.strongRule
  context.lineWidth = 1
  context.beginPath()
  traceRounded(object.w, object.h, 3, context)
  context.fill()
  context.stroke()
}
