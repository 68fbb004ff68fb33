/** Objects that come, go, or look different. */
import { courseOf } from '../arrow.js'
import { isLine, type BoardObject, type Patch } from '../model.js'
import { newKeysBetween } from '../order.js'
import type { Scene } from '../scene.js'
import { isAutoWide } from '../words.js'
import { isLocked, withHeld, type Edit } from './edit.js'
import { linePatch } from './move.js'

/**
 * Removes these and what frames among them hold. Arrows at them stay where they point, attached to
 * nothing.
 */
export function remove(scene: Scene, ids: Iterable<string>): Edit[] {
  const objects = withHeld(scene, ids)
  const gone = new Set(objects.map(({ id }) => id))
  const loose = new Set(objects.flatMap(({ id }) => [...scene.arrowsAt(id)]))
  const edits: Edit[] = []
  for (const id of loose) {
    const arrow = scene.find(id)
    if (arrow === undefined || gone.has(id) || isLocked(arrow)) continue
    const set: Patch = {
      ...linePatch(courseOf(arrow, scene.find).points),
      ...(arrow.start !== null && gone.has(arrow.start) && { start: null, startAt: null }),
      ...(arrow.end !== null && gone.has(arrow.end) && { end: null, endAt: null }),
    }
    edits.push({ id, set })
  }
  return [...edits, ...objects.map(({ id }) => ({ id, delete: true as const }))]
}

export interface Copies {
  readonly edits: Edit[]
  /** Of what was asked for, without what frames among it hold. */
  readonly ids: string[]
}

/**
 * Copies of these and of what frames among them hold, shifted. They refer to each other where the
 * originals do, are groups of their own, and stand right above them, or on top where that is asked.
 */
export function duplicate(
  scene: Scene,
  ids: Iterable<string>,
  {
    dx,
    dy,
    newId,
    onTop = false,
  }: { dx: number; dy: number; newId: () => string; onTop?: boolean },
): Copies {
  const chosen = new Set(ids)
  const objects = withHeld(scene, chosen)
  const highest = objects.at(-1)
  if (highest === undefined) return { edits: [], ids: [] }
  const above = onTop ? null : (scene.all[scene.rank(highest.id) + 1]?.z ?? null)
  const keys = newKeysBetween(onTop ? scene.topOrder : highest.z, above, objects.length)
  const copies = copied(objects, keys, newId, (id) => scene.find(id) !== undefined)
  return {
    edits: copies.map(({ id, put }) => ({
      id,
      put: { ...put, x: (put.x ?? 0) + dx, y: (put.y ?? 0) + dy },
    })),
    ids: copies.filter((_, i) => chosen.has(objects[i]!.id)).map(({ id }) => id),
  }
}

/** What records of copies hold; `stands`: whether a thing that is not copied may be referred to. */
export function copied(
  objects: readonly BoardObject[],
  keys: readonly string[],
  newId: () => string,
  stands: (id: string) => boolean,
): { readonly id: string; readonly put: Patch }[] {
  const names = new Map(objects.map(({ id }) => [id, newId()]))
  const groups = new Map<string, string>()
  const groupOf = (group: string) => {
    if (!groups.has(group)) groups.set(group, newId())
    return groups.get(group)!
  }
  const refer = (id: string | null) =>
    id === null ? null : (names.get(id) ?? (stands(id) ? id : null))
  return objects.map((object, i) => {
    const { id, ...fields } = object
    const extent = isAutoWide(object) ? { w: 0, h: 0 } : {}
    return {
      id: names.get(id)!,
      put: onlyUsed({
        ...fields,
        ...extent,
        z: keys[i]!,
        groups: object.groups.map(groupOf),
        frame: refer(object.frame),
        start: refer(object.start),
        end: refer(object.end),
      }),
    }
  })
}

/** Without the fields that say nothing of such an object. */
function onlyUsed(fields: Omit<BoardObject, 'id'>): Patch {
  const patch: { -readonly [key in keyof Patch]: Patch[key] } = { ...fields }
  const drop = (...keys: (keyof Patch)[]) => {
    for (const key of keys) delete patch[key]
  }
  const isStroke = fields.type === 'stroke'
  if (!isStroke) drop('tool', 'cuts')
  if (!isStroke && !isLine(fields as BoardObject)) drop('points')
  if (fields.w === 0 && fields.h === 0) drop('w', 'h')
  if (fields.type === 'text') drop('h')
  if (isLine(fields as BoardObject)) drop('w', 'h', 'angle')
  if (fields.type !== 'arrow') drop('start', 'end', 'startAt', 'endAt', 'bend', 'heads')
  if (isStroke || fields.type === 'line' || fields.type === 'image') {
    drop('font', 'fontSize', 'align', 'text')
  }
  for (const key of Object.keys(patch) as (keyof Patch)[]) {
    const value = patch[key]
    if (value === null || (Array.isArray(value) && value.length === 0)) delete patch[key]
  }
  return patch
}

/** On top of everything. */
export function created(scene: Scene, id: string, fields: Patch): Edit {
  return { id, put: { z: newKeysBetween(scene.topOrder, null, 1)[0]!, ...fields } }
}

/** What each of these can show of a style. */
export function restyle(scene: Scene, ids: Iterable<string>, style: Patch): Edit[] {
  return [...ids].flatMap((id) => {
    const object = scene.find(id)
    if (object === undefined || isLocked(object)) return []
    const set = shown(object, style)
    return Object.keys(set).length === 0 ? [] : { id, set }
  })
}

function shown(object: BoardObject, style: Patch): Patch {
  const set: { [key: string]: unknown } = {}
  for (const [key, value] of Object.entries(style)) {
    if (STYLES[key]?.(object) && object[key as keyof BoardObject] !== value) set[key] = value
  }
  return set as Patch
}

const isShape = ({ type }: BoardObject) =>
  type === 'rectangle' || type === 'ellipse' || type === 'diamond'
const hasLetters = (object: BoardObject) =>
  isShape(object) || object.type === 'text' || object.type === 'note' || object.type === 'arrow'

/** Which objects a style is of any use to. */
const STYLES: { readonly [key: string]: (object: BoardObject) => boolean } = {
  colour: ({ type }) => type !== 'image' && type !== 'frame',
  fill: isShape,
  size: (object) => isShape(object) || isLine(object) || object.type === 'stroke',
  dash: (object) => isShape(object) || isLine(object),
  opacity: ({ type }) => type !== 'frame',
  font: hasLetters,
  fontSize: hasLetters,
  align: hasLetters,
  heads: ({ type }) => type === 'arrow',
}
