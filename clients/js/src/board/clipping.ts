/**
 * Objects out of their board: what is copied, and what a template is made of. As JSON it survives
 * any clipboard, and whatever a stranger puts there is looked at before it is believed.
 */
import { hex } from './files.js'
import { union, type Box, type Point } from './geometry.js'
import { GROUPS_MAX, TYPES, type BoardObject, type Patch } from './model.js'

/** The object's own fields; text as letters, not as the history of its making. */
export type ClippedObject = { readonly id: string } & {
  readonly [
    key in Exclude<keyof BoardObject, 'id' | 'z' | 'text' | 'image' | 'lock'>
  ]?: BoardObject[key]
} & {
  readonly type: BoardObject['type']
  readonly x: number
  readonly y: number
  readonly words?: string
  /** SHA-256 of a file of the room that it came from, in hex. */
  readonly image?: string
}

export interface Clipping {
  /** The lowest first. */
  readonly objects: readonly ClippedObject[]
  /** What the objects cover together. */
  readonly box: Box
  /** The address of the room that has its images, as `room.url`; null where there are none. */
  readonly files: string | null
}

/** A record to be made, its references within the clipping kept. */
export interface Placed {
  readonly id: string
  readonly patch: Patch
  readonly words: string
  /** In hex; a file that the room may not have. */
  readonly image: string | null
}

const MARK = 'tutti board'
const VERSION = 1
export const CLIPPED_MAX = 2_000
const NUMBERS_MAX = 20_000
const WORDS_MAX = 20_000
const ID = /^[\x21-\x7e]{1,24}$/
const HASH = /^[0-9a-f]{64}$/

type Check = (value: unknown) => boolean

const isWithin =
  (low: number, high: number): Check =>
  (value) =>
    typeof value === 'number' && value >= low && value <= high
const isPlace = isWithin(-1_048_576, 1_048_576)
const isExtent = isWithin(0, 1_048_576)
const isColour = isWithin(0, 16 + 0xffffff)
const isId: Check = (value) => typeof value === 'string' && ID.test(value)
const isNumbers: Check = (value) =>
  Array.isArray(value) && value.length <= NUMBERS_MAX && value.every(Number.isInteger)
const isAnchor: Check = (value) =>
  Array.isArray(value) && value.length === 2 && value.every(isWithin(-1, 2))
const isIds: Check = (value) =>
  Array.isArray(value) && value.length <= GROUPS_MAX && value.every(isId)

const CHECKS: { readonly [key in keyof ClippedObject]-?: Check } = {
  id: isId,
  type: (value) => (TYPES as readonly unknown[]).includes(value),
  x: isPlace,
  y: isPlace,
  w: isExtent,
  h: isExtent,
  angle: isWithin(-100, 100),
  colour: isColour,
  fill: isColour,
  size: isWithin(0.5, 127.5),
  dash: isWithin(0, 3),
  opacity: isWithin(0, 1),
  tool: isWithin(0, 7),
  points: isNumbers,
  cuts: isNumbers,
  font: isWithin(0, 7),
  fontSize: isWithin(4, 512),
  align: isWithin(0, 8),
  start: isId,
  end: isId,
  startAt: isAnchor,
  endAt: isAnchor,
  bend: isWithin(-131_072, 131_072),
  heads: isWithin(0, 15),
  frame: isId,
  groups: isIds,
  words: (value) => typeof value === 'string' && value.length <= WORDS_MAX,
  image: (value) => typeof value === 'string' && HASH.test(value),
}

/**
 * Takes objects out of their board, the lowest first. `wordsOf` gives an object's text, `boxOf`
 * what it covers.
 */
export function clip(
  objects: readonly BoardObject[],
  wordsOf: (object: BoardObject) => string,
  boxOf: (object: BoardObject) => Box,
  files: string | null,
): Clipping {
  return {
    objects: objects.map((object) => clipped(object, wordsOf(object))),
    box: union(objects.map(boxOf)) ?? { x: 0, y: 0, w: 0, h: 0 },
    files: objects.some(({ image }) => image !== null) ? files : null,
  }
}

function clipped(object: BoardObject, words: string): ClippedObject {
  const { z: _z, text: _text, lock: _lock, image, ...fields } = object
  const own = Object.entries(fields).filter(
    ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
  )
  return {
    ...(Object.fromEntries(own) as unknown as ClippedObject),
    ...(words !== '' && { words }),
    ...(image !== null && { image: hex(image) }),
  }
}

export function writeClipping({ objects, box, files }: Clipping): string {
  return JSON.stringify({ mark: MARK, version: VERSION, box, files, objects })
}

/** What some text says is a clipping, as far as it holds; null where it is none. */
export function readClipping(text: string): Clipping | null {
  if (!text.startsWith('{') || !text.includes(MARK)) return null
  let value: { readonly [key: string]: unknown }
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  const { mark, version, objects, box, files } = value
  if (mark !== MARK || version !== VERSION || !Array.isArray(objects) || !isBox(box)) return null
  return {
    objects: objects.slice(0, CLIPPED_MAX).flatMap(readObject),
    box,
    files: typeof files === 'string' ? files : null,
  }
}

function readObject(value: unknown): ClippedObject[] {
  if (typeof value !== 'object' || value === null) return []
  const known = Object.entries(value).filter(
    ([key, field]) => Object.hasOwn(CHECKS, key) && CHECKS[key as keyof ClippedObject](field),
  )
  const object = Object.fromEntries(known) as unknown as Partial<ClippedObject>
  const { id, type, x, y } = object
  if (id === undefined || type === undefined || x === undefined || y === undefined) return []
  return [object as ClippedObject]
}

function isBox(value: unknown): value is Box {
  if (typeof value !== 'object' || value === null) return false
  const { x, y, w, h } = value as { readonly [key: string]: unknown }
  return isPlace(x) && isPlace(y) && isExtent(w) && isExtent(h)
}

/**
 * The records of a clipping whose middle is put at `at`: with ids, groups and references of their
 * own. What refers to something outside of it refers to nothing.
 */
export function place(
  { objects, box }: Clipping,
  at: Point,
  keys: readonly string[],
  newId: () => string,
): Placed[] {
  const ids = new Map(objects.map(({ id }) => [id, newId()]))
  const groups = new Map<string, string>()
  const groupOf = (group: string) => {
    if (!groups.has(group)) groups.set(group, newId())
    return groups.get(group)!
  }
  const dx = at.x - box.x - box.w / 2
  const dy = at.y - box.y - box.h / 2
  return objects.map((object, number) => {
    const { id, words = '', image = null, ...fields } = object
    const patch: { -readonly [key in keyof Patch]: Patch[key] } = {
      ...fields,
      x: object.x + dx,
      y: object.y + dy,
      z: keys[number]!,
    }
    for (const key of ['start', 'end', 'frame'] as const) {
      const target = object[key]
      if (typeof target === 'string') patch[key] = ids.get(target) ?? null
    }
    if (patch.start === null) patch.startAt = null
    if (patch.end === null) patch.endAt = null
    if (object.groups !== undefined) patch.groups = object.groups.map(groupOf)
    return { id: ids.get(id)!, patch, words, image }
  })
}
