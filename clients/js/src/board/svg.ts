/** The board as an SVG picture: the same paths, fonts and colours as on the canvas, as vectors. */
import { courseOf, traceCourse } from './arrow.js'
import { hex } from './files.js'
import { lengthOf, middleOf, type Box } from './geometry.js'
import { HIGHLIGHTER, frameOf, isLine, type BoardObject } from './model.js'
import {
  borderLength,
  dashesOf,
  HIGHLIGHT,
  traceHeads,
  traceRounded,
  traceShape,
  type Look,
} from './paint.js'
import { unturnedBox } from './shape.js'
import { isOutlined, strokeWidth, traceLine, traceOutline, type Sink } from './stroke.js'
import { familyOf, inkOf, noteOf, tintOf, TOKENS, type Theme } from './style.js'
import { gapOf, spills, wordsColour, wordsOf, writtenLines } from './words.js'

export interface SvgOptions {
  /** What the picture shows of the board. */
  readonly box: Box
  /** The paper; else nothing is behind the objects. */
  readonly background: boolean
  /** Hash in hex → address, best one that holds the picture itself. */
  readonly images: ReadonlyMap<string, string>
}

const NOTE_RADIUS = 4
const FRAME_RADIUS = 3
const LABEL_RADIUS = 4

/** The objects in this order, the lowest first. */
export function svgOf(objects: readonly BoardObject[], look: Look, options: SvgOptions): string {
  const { box, background, images } = options
  const { paper, cast } = TOKENS[look.theme]
  const size = `width="${number(box.w)}" height="${number(box.h)}"`
  const view = [box.x, box.y, box.w, box.h].map(number).join(' ')
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="${view}">`,
    '<defs><filter id="cast" x="-20%" y="-20%" width="140%" height="150%">' +
      `<feDropShadow dx="0" dy="3" stdDeviation="4" flood-color="${cast}"/></filter></defs>`,
    ...(background
      ? [`<rect x="${number(box.x)}" y="${number(box.y)}" ${size} fill="${paper}"/>`]
      : []),
    ...objects.map((object) => elementOf(object, look, images)),
    '</svg>\n',
  ].join('\n')
}

function elementOf(object: BoardObject, look: Look, images: ReadonlyMap<string, string>): string {
  const content = isLine(object)
    ? lineOf(object, look) + wordsElement(object, look)
    : object.type === 'stroke'
      ? strokeOf(object, look.theme)
      : boxedOf(object, look, images) + wordsElement(object, look)
  const opacity = object.opacity < 1 ? ` opacity="${number(object.opacity)}"` : ''
  return `<g${transformOf(object, look)}${opacity}>${content}</g>`
}

/** To its upper left corner or first point, turned about its middle. */
function transformOf(object: BoardObject, look: Look): string {
  if (isLine(object)) return ''
  const { x, y } = middleOf(
    object.type === 'stroke' ? unturnedBox(object, look.find) : frameOf(object),
  )
  const degrees = number((object.angle * 180) / Math.PI)
  const turn = object.angle === 0 ? '' : `rotate(${degrees} ${number(x)} ${number(y)}) `
  return ` transform="${turn}translate(${number(object.x)} ${number(object.y)})"`
}

function strokeOf(object: BoardObject, theme: Theme): string {
  const colour = inkOf(object.colour, theme)
  if (isOutlined(object)) {
    return `<path d="${traced((sink) => traceOutline(object, sink))}" fill="${colour}"/>`
  }
  const faint = object.tool === HIGHLIGHTER ? ` stroke-opacity="${HIGHLIGHT}"` : ''
  const d = traced((sink) => traceLine(object, sink))
  return `<path d="${d}" ${pen(colour, strokeWidth(object))}${faint}/>`
}

function lineOf(object: BoardObject, look: Look): string {
  const course = courseOf(object, look.find)
  const colour = inkOf(object.colour, look.theme)
  const line = traced((sink) => traceCourse(course, sink))
  const heads =
    course.flat.length < 2 ? '' : traced((sink) => traceHeads(object, course.flat, sink))
  return (
    `<path d="${line}" ${pen(colour, object.size)}${dashes(object, lengthOf(course.flat))}/>` +
    (heads === '' ? '' : `<path d="${heads}" ${pen(colour, object.size)}/>`)
  )
}

function boxedOf(object: BoardObject, look: Look, images: ReadonlyMap<string, string>): string {
  const { theme } = look
  const { type, w, h } = object
  const tokens = TOKENS[theme]
  const rounded = (radius: number) =>
    traced((sink) => traceRounded(w, h, Math.min(radius, w / 4, h / 4), sink))
  switch (type) {
    case 'text':
      return ''
    case 'note':
      return `<path d="${rounded(NOTE_RADIUS)}" fill="${noteOf(object.colour, theme)}" filter="url(#cast)"/>`
    case 'frame':
      return `<path d="${rounded(FRAME_RADIUS)}" fill="${tokens.surface}" stroke="${tokens.strongRule}"/>`
    case 'image': {
      const address = object.image === null ? undefined : images.get(hex(object.image))
      return address === undefined
        ? `<path d="${rounded(LABEL_RADIUS)}" fill="${tokens.well}" stroke="${tokens.rule}"/>`
        : `<image width="${number(w)}" height="${number(h)}" preserveAspectRatio="none" href="${escaped(address)}"/>`
    }
    default: {
      const fill = object.fill === null ? 'none' : tintOf(object.fill, theme)
      const d = traced((sink) => traceShape(object, sink))
      const line = pen(inkOf(object.colour, theme), object.size, fill)
      return `<path d="${d}" ${line}${dashes(object, borderLength(object))}/>`
    }
  }
}

function wordsElement(object: BoardObject, look: Look): string {
  const words = wordsOf(object, look.find)
  if (words === null || words.text === '') return ''
  const colour = wordsColour(object, look.theme)
  const lines = writtenLines(words)
    .filter(({ text }) => text.trim() !== '')
    .map(({ text, x, y }) => `<tspan x="${number(x)}" y="${number(y)}">${escaped(text)}</tspan>`)
  const { font, size } = words.layout
  const face = `font-family="${escaped(familyOf(font))}" font-size="${number(size)}"`
  const whole = `<text ${face} fill="${colour}" xml:space="preserve">${lines.join('')}</text>`
  const text = spills(words) ? cutTo(words.within, whole) : whole
  if (!isLine(object)) return text
  const { x, y, w, h } = gapOf(words)
  const gap = traced((sink) => traceRounded(w, h, LABEL_RADIUS, sink))
  const paper = TOKENS[look.theme].paper
  const at = (dx: number, dy: number) => `transform="translate(${number(dx)} ${number(dy)})"`
  return (
    `<g ${at(object.x, object.y)}>` + `<path ${at(x, y)} d="${gap}" fill="${paper}"/>${text}</g>`
  )
}

/** An inner picture shows nothing beyond its edges. */
function cutTo(box: Box, content: string): string {
  const [x, y, w, h] = [box.x, box.y, box.w, box.h].map(number)
  const place = `x="${x}" y="${y}" width="${w}" height="${h}"`
  return `<svg ${place} viewBox="${x} ${y} ${w} ${h}">${content}</svg>`
}

function pen(colour: string, width: number, fill = 'none'): string {
  const line = `stroke="${colour}" stroke-width="${number(width)}"`
  return `fill="${fill}" ${line} stroke-linecap="round" stroke-linejoin="round"`
}

function dashes(object: BoardObject, length: number): string {
  const lengths = dashesOf(object, length)
  return lengths.length === 0 ? '' : ` stroke-dasharray="${lengths.map(number).join(' ')}"`
}

function traced(trace: (sink: Sink) => void): string {
  const parts: string[] = []
  const push = (letter: string, ...at: number[]) => parts.push(letter + at.map(number).join(' '))
  trace({
    moveTo: (...at) => push('M', ...at),
    lineTo: (...at) => push('L', ...at),
    quadraticCurveTo: (...at) => push('Q', ...at),
    bezierCurveTo: (...at) => push('C', ...at),
    closePath: () => push('Z'),
  })
  return parts.join('')
}

/** To a hundredth of a pixel. */
function number(value: number): string {
  return String(Math.round(value * 100) / 100)
}

function escaped(text: string): string {
  const names: { readonly [letter: string]: string } = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  }
  // Other control characters, and these two numbers, are none that XML may hold.
  return text
    .replace(/[&<>"]/g, (letter) => names[letter]!)
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '')
}
