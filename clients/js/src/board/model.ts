/** What is on a board: objects, as code sees them and as their records hold them. */
import type { FieldsInput } from '../collection.js'
import type { Fields, Value } from '../value.js'
import type { Box } from './geometry.js'

export const OBJECTS = 'objects'

export const TYPES = [
  'stroke',
  'rectangle',
  'ellipse',
  'diamond',
  'line',
  'arrow',
  'text',
  'note',
  'image',
  'frame',
] as const
export type ObjectType = (typeof TYPES)[number]

/** `tool` of a stroke. */
export const PEN = 0
export const MARKER = 1
export const HIGHLIGHTER = 2

/** `dash`. */
export const SOLID = 0
export const DASHED = 1
export const DOTTED = 2

/** `heads` of an arrow, a sum. */
export const HEAD_AT_START = 1
export const HEAD_AT_END = 2

/** `lock`. */
export const FREE = 0
export const LOCKED = 1
/** Only who set it and the room's owners may change or free it. */
export const KEPT = 2

/** Either way from the middle of the board. */
export const PLACE_MAX = 1_048_576
export const GROUPS_MAX = 8

/** Per pixel: of places and extents, of points of lines, of points of strokes. */
export const PLACE_STEPS = 8
export const LINE_STEPS = 8
export const STROKE_STEPS = 2
/** A whole turn of `angle`. */
const TURN_STEPS = 4096
/** The whole side of a box, of `start_at` and `end_at`. */
const ANCHOR_STEPS = 1024
/** Per pixel of `w` and `h` of a stroke, which scale it: this many are its own size. */
export const SCALE_STEPS = 1024

/** Where on its target an end of an arrow is: 0..1 of the box's sides. */
export type Anchor = readonly [x: number, y: number]

/** Never changed in place. */
export interface BoardObject {
  readonly id: string
  readonly type: ObjectType
  /** Among all objects, the lowest first. */
  readonly z: string
  /** The upper left corner before it is turned; of strokes, lines and arrows the first point. */
  readonly x: number
  readonly y: number
  /** Of strokes, by how much they are scaled: {@link SCALE_STEPS} or 0 is not at all. */
  readonly w: number
  readonly h: number
  /** Radians, clockwise, about the middle. Lines and arrows have none. */
  readonly angle: number
  /** See `style.ts`. */
  readonly colour: number
  /** Null for none. */
  readonly fill: number | null
  /** Width of lines in pixels. */
  readonly size: number
  readonly dash: number
  /** 0..1. */
  readonly opacity: number
  readonly tool: number
  /**
   * Of strokes (dx, dy, pressure 0..127), each from the point before, in half pixels; of lines and
   * arrows (x, y) of each point after the first, from the first, in eighths of a pixel.
   */
  readonly points: readonly number[]
  /** Of strokes: what is erased, pairs (from, to) in sixteenths of a point's index. */
  readonly cuts: readonly number[]
  /** Yjs updates. */
  readonly text: readonly Uint8Array[]
  readonly font: number
  readonly fontSize: number
  readonly align: number
  readonly start: string | null
  readonly end: string | null
  readonly startAt: Anchor | null
  readonly endAt: Anchor | null
  /** How far an arrow's middle stands off its chord, in pixels, to the left of its direction. */
  readonly bend: number
  readonly heads: number
  readonly frame: string | null
  /** Outermost first. */
  readonly groups: readonly string[]
  readonly lock: number
  /** SHA-256 of a file of the room. */
  readonly image: Uint8Array | null
}

/** What an edit sets; null unsets, where nothing is the default of the field. */
export type Patch = {
  readonly [key in keyof Omit<BoardObject, 'id'>]?: BoardObject[key] | null
}

const NO_NUMBERS: readonly number[] = []
const NO_TEXTS: readonly Uint8Array[] = []
const NO_NAMES: readonly string[] = []

/** The object of a record; undefined where it is none that we know. */
export function decode(id: string, fields: Fields): BoardObject | undefined {
  const type = TYPES[number(fields['type'], -1)]
  if (type === undefined) return undefined
  return {
    id,
    type,
    z: string(fields['z']) ?? '',
    x: number(fields['x'], 0),
    y: number(fields['y'], 0),
    w: Math.max(0, number(fields['w'], 0)),
    h: Math.max(0, number(fields['h'], 0)),
    angle: (number(fields['angle'], 0) / TURN_STEPS) * 2 * Math.PI,
    colour: number(fields['colour'], 0),
    fill: typeof fields['fill'] === 'number' ? fields['fill'] : null,
    size: number(fields['size'], 4) / 2,
    dash: number(fields['dash'], SOLID),
    opacity: number(fields['opacity'], 100) / 100,
    tool: number(fields['tool'], PEN),
    points: numbers(fields['points']),
    cuts: numbers(fields['cuts']),
    text: binaries(fields['text']),
    font: number(fields['font'], 0),
    fontSize: number(fields['font_size'], 20),
    align: number(fields['align'], type === 'text' ? 0 : 4),
    start: string(fields['start']),
    end: string(fields['end']),
    startAt: anchor(fields['start_at']),
    endAt: anchor(fields['end_at']),
    bend: number(fields['bend'], 0) / LINE_STEPS,
    heads: number(fields['heads'], type === 'arrow' ? HEAD_AT_END : 0),
    frame: string(fields['frame']),
    groups: strings(fields['groups']),
    lock: number(fields['lock'], FREE),
    image: fields['image'] instanceof Uint8Array ? fields['image'] : null,
  }
}

/** What a record holds of these. Places are brought within the board. */
export function encode(patch: Patch): FieldsInput {
  const fields: { [field: string]: Value } = {}
  for (const [key, value] of Object.entries(patch)) {
    const { field, wire } = ENCODERS[key as keyof Patch]
    fields[field] = value === null || value === undefined ? null : wire(value as never)
  }
  return fields
}

interface Encoder {
  readonly field: string
  readonly wire: (value: never) => Value
}

const asIs = (field: string): Encoder => ({ field, wire: (value: Value) => value })
const scaled = (field: string, by: number, low: number, high: number): Encoder => ({
  field,
  wire: (value: number) => clamp(Math.round(value * by), low, high),
})
const place = (field: string): Encoder => ({
  field,
  wire: (value: number) => clamp(value, -PLACE_MAX, PLACE_MAX),
})
const extent = (field: string): Encoder => ({
  field,
  wire: (value: number) => clamp(value, 0, PLACE_MAX),
})
const at = (field: string): Encoder => ({
  field,
  wire: (value: Anchor) => value.map((side) => Math.round(side * ANCHOR_STEPS)),
})
const list = (field: string): Encoder => ({
  field,
  wire: (value: readonly Value[]) => (value.length === 0 ? null : [...value]),
})

const ENCODERS: { readonly [key in keyof Patch]-?: Encoder } = {
  type: { field: 'type', wire: (value: ObjectType) => TYPES.indexOf(value) },
  z: asIs('z'),
  x: place('x'),
  y: place('y'),
  w: extent('w'),
  h: extent('h'),
  angle: { field: 'angle', wire: (value: number) => turnSteps(value) || null },
  colour: asIs('colour'),
  fill: asIs('fill'),
  size: scaled('size', 2, 1, 255),
  dash: { field: 'dash', wire: (value: number) => value || null },
  opacity: {
    field: 'opacity',
    wire: (value: number) => (value >= 1 ? null : clamp(Math.round(value * 100), 0, 100)),
  },
  tool: asIs('tool'),
  points: list('points'),
  cuts: list('cuts'),
  text: list('text'),
  font: asIs('font'),
  fontSize: { field: 'font_size', wire: (value: number) => clamp(Math.round(value), 4, 512) },
  align: asIs('align'),
  start: asIs('start'),
  end: asIs('end'),
  startAt: at('start_at'),
  endAt: at('end_at'),
  bend: scaled('bend', LINE_STEPS, -(2 ** 20), 2 ** 20),
  heads: asIs('heads'),
  frame: asIs('frame'),
  groups: list('groups'),
  lock: { field: 'lock', wire: (value: number) => value || null },
  image: asIs('image'),
}

/** Whether it is drawn within an upright box of its own that can be pulled to any size. */
export function isBox({ type }: BoardObject): boolean {
  return type !== 'stroke' && type !== 'line' && type !== 'arrow'
}

/** Whether it has points between which a line runs. */
export function isLine({ type }: BoardObject): boolean {
  return type === 'line' || type === 'arrow'
}

/** Whether where it runs is up to others, too. */
export function isAttached({ start, end }: BoardObject): boolean {
  return start !== null || end !== null
}

/** Whether it can hold words of its own. */
export function takesText({ type }: BoardObject): boolean {
  return type !== 'stroke' && type !== 'line' && type !== 'image'
}

/** Before it is turned; of boxes. */
export function frameOf({ x, y, w, h }: BoardObject): Box {
  return { x, y, w, h }
}

/** The angle as a record keeps it, which a whole turn does not change. */
function turnSteps(angle: number): number {
  const steps = Math.round((angle / (2 * Math.PI)) * TURN_STEPS) % TURN_STEPS
  return steps < 0 ? steps + TURN_STEPS : steps
}

export function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value))
}

function number(value: Value | undefined, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}

function string(value: Value | undefined): string | null {
  return typeof value === 'string' ? value : null
}

/** Kept as they are where they are what they should be: what is drawn is cached by them. */
function numbers(value: Value | undefined): readonly number[] {
  if (!Array.isArray(value)) return NO_NUMBERS
  // A board that opens looks at a million of them.
  for (let i = 0; i < value.length; i++) if (typeof value[i] !== 'number') return NO_NUMBERS
  return value as number[]
}

function binaries(value: Value | undefined): readonly Uint8Array[] {
  if (!Array.isArray(value)) return NO_TEXTS
  const isWhole = value.every((item) => item instanceof Uint8Array)
  return isWhole ? (value as Uint8Array[]) : value.filter((item) => item instanceof Uint8Array)
}

function strings(value: Value | undefined): readonly string[] {
  if (!Array.isArray(value)) return NO_NAMES
  return value.filter((item) => typeof item === 'string').slice(0, GROUPS_MAX)
}

function anchor(value: Value | undefined): Anchor | null {
  const [x, y] = numbers(value)
  return x === undefined || y === undefined ? null : [x / ANCHOR_STEPS, y / ANCHOR_STEPS]
}
