/** The words on an object: where they stand on it, and how they are drawn. */
import { courseOf, type Find } from './arrow.js'
import { contains, distance, grown, middleOf, turned, type Box, type Point } from './geometry.js'
import { frameOf, isLine, takesText, type BoardObject } from './model.js'
import { traceRounded, type Look } from './paint.js'
import { wordsOverhang } from './shape.js'
import { COLOUR, inkOf, TOKENS, type Theme } from './style.js'
import { textOf } from './text.js'
import {
  LABEL_PADDING,
  LABEL_WIDTH_MAX,
  layOut,
  layOutFitted,
  prepareLetters,
  type Layout,
} from './text_layout.js'

export interface Words {
  readonly text: string
  readonly layout: Layout
  /** In which the lines are set, from the object's upper left corner before it is turned. */
  readonly box: Box
  /** 0 to the left, 1 in the middle, 2 to the right. */
  readonly across: number
  /** Where the first line's upper edge is, from the same corner. */
  readonly top: number
  /** Only the writer breaks lines. */
  readonly isFree: boolean
  /** One line, and no more of it than fits. */
  readonly isTitle: boolean
  /** Beyond this, from the same corner, they are not painted: letters of any size stay within. */
  readonly within: Box
}

/** A line as it is drawn: letters that begin at `x` and stand on `y`. */
export interface WrittenLine {
  readonly text: string
  readonly x: number
  readonly y: number
}

const NOTE_PADDING = 14
const SHAPE_PADDING = 8
const TITLE_SIZE = 14
const TITLE_GAP = 5
const TITLE_EMPTY = 'Frame'
/** Letters of fewer pixels than this on the screen cannot be told apart, nor be read. */
const PIXELS_MIN = 1.5
const MIDDLE = 1

/** `text`: what it is to say, where that is not in its record yet. */
export function wordsOf(object: BoardObject, find: Find, text = textOf(object.text)): Words | null {
  if (!takesText(object)) return null
  if (object.type === 'frame') return titleOf(object, text)
  if (isLine(object)) return labelOf(object, text, find)
  const box = innerBox(object)
  const isFree = object.type === 'text' && isAutoWide(object)
  const layout =
    object.type === 'text'
      ? layOut(text, object.font, object.fontSize, isFree ? null : box.w)
      : layOutFitted(text, object.font, object.fontSize, box.w, box.h)
  const down = object.type === 'text' ? 0 : Math.floor(object.align / 3)
  return {
    text,
    layout,
    box,
    across: object.align % 3,
    // Of what does not fit, the beginning shows.
    top: box.y + (Math.max(0, box.h - layout.height) * down) / 2,
    isFree,
    isTitle: false,
    within: grown({ x: 0, y: 0, w: object.w, h: object.h }, wordsOverhang(object)),
  }
}

/** A text object as large as its words: its record has a width only where someone has set one. */
export function sized(object: BoardObject): BoardObject {
  if (object.type !== 'text') return object
  const isAuto = object.w === 0
  const { font, fontSize } = object
  const layout = layOut(textOf(object.text), font, fontSize, isAuto ? null : object.w)
  const w = isAuto ? Math.max(layout.width, fontSize / 2) : object.w
  const next = { ...object, w, h: layout.height }
  if (isAuto) autoWide.add(next)
  return next
}

/** Those whose width follows their words. */
const autoWide = new WeakSet<BoardObject>()

export function isAutoWide(object: BoardObject): boolean {
  return object.w === 0 || autoWide.has(object)
}

/** The lines as they are drawn, from the object's upper left corner. */
export function writtenLines({ layout, box, across, top }: Words): WrittenLine[] {
  return layout.lines.map(({ text, width }, i) => ({
    text,
    x: box.x + ((box.w - width) * across) / 2,
    y: top + i * layout.lineHeight + layout.baseline,
  }))
}

/** The colour of an object's words. */
export function wordsColour(object: BoardObject, theme: Theme): string {
  if (object.type === 'frame') return TOKENS[theme].soft
  // On a tint, whatever its colour, ink can be read.
  const isOnTint = object.type === 'note' || object.fill !== null
  return inkOf(isOnTint ? COLOUR.ink : object.colour, theme)
}

/** The origin is the object's upper left corner, and it is turned already. */
export function paintWords(
  context: CanvasRenderingContext2D,
  object: BoardObject,
  look: Look,
): void {
  const words = wordsOf(object, look.find)
  if (words === null || words.text === '') return
  const { a, b } = context.getTransform()
  if (words.layout.size * Math.hypot(a, b) < PIXELS_MIN) return
  if (isLine(object)) paintGap(context, words, look.theme)
  context.fillStyle = wordsColour(object, look.theme)
  prepareLetters(context, words.layout.font, words.layout.size)
  context.textAlign = 'left'
  context.textBaseline = 'alphabetic'
  const isCut = spills(words)
  if (isCut) {
    const { x, y, w, h } = words.within
    context.save()
    context.beginPath()
    context.rect(x, y, w, h)
    context.clip()
  }
  for (const { text, x, y } of writtenLines(words)) context.fillText(text, x, y)
  if (isCut) context.restore()
}

/** Whether they reach beyond where they may be painted. Most do not, and clipping takes a while. */
export function spills({ layout, box, top, across, within }: Words): boolean {
  const left = box.x + ((box.w - layout.width) * across) / 2
  return !contains(within, { x: left, y: top, w: layout.width, h: layout.height })
}

/** An arrow's line makes way for its words. */
function paintGap(context: CanvasRenderingContext2D, words: Words, theme: Theme): void {
  const { x, y, w, h } = gapOf(words)
  context.save()
  context.translate(x, y)
  context.beginPath()
  traceRounded(w, h, LABEL_PADDING, context)
  context.fillStyle = TOKENS[theme].paper
  context.fill()
  context.restore()
}

/** What an arrow's words take of its line, from its first point. */
export function gapOf({ box, layout, top }: Words): Box {
  const width = Math.min(layout.width, box.w)
  return {
    x: box.x + (box.w - width) / 2 - LABEL_PADDING,
    y: top,
    w: width + 2 * LABEL_PADDING,
    h: layout.height,
  }
}

/** Where words may stand in a box of this kind. */
function innerBox({ type, w, h }: BoardObject): Box {
  const [dx, dy] = paddingOf(type, w, h)
  return { x: dx, y: dy, w: Math.max(1, w - 2 * dx), h: Math.max(1, h - 2 * dy) }
}

function paddingOf(type: BoardObject['type'], w: number, h: number): [number, number] {
  const inscribed = (1 - Math.SQRT1_2) / 2
  switch (type) {
    case 'text':
      return [0, 0]
    case 'note':
      return [NOTE_PADDING, NOTE_PADDING]
    case 'ellipse':
      return [w * inscribed, h * inscribed]
    case 'diamond':
      return [w / 4, h / 4]
    default:
      return [SHAPE_PADDING, SHAPE_PADDING]
  }
}

/** Above the frame, cut off where the frame ends. */
function titleOf({ w, font }: BoardObject, text: string): Words {
  const line = (text.split('\n')[0] ?? '') || TITLE_EMPTY
  const layout = clipped(line, font, w)
  return {
    text: line,
    layout,
    box: { x: 0, y: -TITLE_GAP - layout.height, w, h: layout.height },
    across: 0,
    top: -TITLE_GAP - layout.height,
    isFree: true,
    isTitle: true,
    within: { x: 0, y: -TITLE_GAP - layout.height, w, h: layout.height },
  }
}

/** Whether a place of the board is on a frame's title: by that it is taken hold of. */
export function isOnTitle(object: BoardObject, at: Point): boolean {
  if (object.type !== 'frame') return false
  const { layout, top } = titleOf(object, textOf(object.text))
  const { x, y } = turned(at, middleOf(frameOf(object)), -object.angle)
  const [dx, dy] = [x - object.x, y - object.y]
  return dx >= 0 && dx <= layout.width && dy >= top && dy <= 0
}

function clipped(line: string, font: number, width: number): Layout {
  const whole = layOut(line, font, TITLE_SIZE, null)
  if (whole.width <= width) return whole
  let [low, high] = [0, line.length]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    const fits = layOut(`${line.slice(0, middle)}…`, font, TITLE_SIZE, null).width <= width
    if (fits) low = middle
    else high = middle - 1
  }
  return layOut(`${line.slice(0, low)}…`, font, TITLE_SIZE, null)
}

/** Half way along an arrow. */
function labelOf(object: BoardObject, text: string, find: Find): Words {
  const { flat } = courseOf(object, find)
  const at = halfWay(flat)
  const layout = layOut(text, object.font, object.fontSize, LABEL_WIDTH_MAX)
  const box = {
    x: at.x - object.x - LABEL_WIDTH_MAX / 2,
    y: at.y - object.y - layout.height / 2,
    w: LABEL_WIDTH_MAX,
    h: layout.height,
  }
  return {
    text,
    layout,
    box,
    across: MIDDLE,
    top: box.y,
    isFree: false,
    isTitle: false,
    within: { ...box, x: box.x - LABEL_PADDING, w: box.w + 2 * LABEL_PADDING },
  }
}

function halfWay(flat: readonly Point[]): Point {
  let left = 0
  for (let i = 0; i + 1 < flat.length; i++) left += distance(flat[i]!, flat[i + 1]!) / 2
  for (let i = 0; i + 1 < flat.length; i++) {
    const [a, b] = [flat[i]!, flat[i + 1]!]
    const length = distance(a, b)
    if (length >= left && length > 0) {
      const t = left / length
      return { x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t }
    }
    left -= length
  }
  return flat[0]!
}
