/** Edits of objects: made by pure functions, sent as one step of undo. */
import type { Room } from '../../room.js'
import { COMMENTS } from '../comments.js'
import type { Point } from '../geometry.js'
import { encode, FREE, OBJECTS, type BoardObject, type Patch } from '../model.js'
import type { Scene } from '../scene.js'

export type Edit =
  | { readonly id: string; readonly put: Patch }
  | { readonly id: string; readonly set: Patch }
  | { readonly id: string; readonly delete: true }
  /** A comment is pinned to this place of the board, and to no object any more. */
  | { readonly id: string; readonly unpin: Point }

/** Of one operation; what a message takes is more, and names and guards come on top. */
const BYTES_MAX = 24_000
const EDITS_MAX = 60
const NUMBER_BYTES = 3
const RECORD_BYTES = 160

/**
 * Sends edits, as few operations as take them. Whoever wants them to be one step of undo wraps
 * them in a gesture, which `Editor.apply` does.
 */
export function submit(room: Room, edits: readonly Edit[]): void {
  const objects = room.collection(OBJECTS)
  const comments = room.collection(COMMENTS)
  for (const group of grouped(edits)) {
    room.group(() => {
      for (const edit of group) {
        if ('put' in edit) objects.put(edit.id, encode(edit.put))
        else if ('set' in edit) objects.set(edit.id, encode(edit.set))
        else if ('unpin' in edit) comments.set(edit.id, { ...edit.unpin, on: null })
        else objects.delete(edit.id)
      }
    })
  }
}

function* grouped(edits: readonly Edit[]): Iterable<Edit[]> {
  let group: Edit[] = []
  let bytes = 0
  for (const edit of edits) {
    const more = bytesOf(edit)
    if (group.length === EDITS_MAX || (group.length > 0 && bytes + more > BYTES_MAX)) {
      yield group
      group = []
      bytes = 0
    }
    group.push(edit)
    bytes += more
  }
  if (group.length > 0) yield group
}

function bytesOf(edit: Edit): number {
  if ('delete' in edit || 'unpin' in edit) return RECORD_BYTES
  const { points = [], cuts = [], text = [] } = 'put' in edit ? edit.put : edit.set
  const numbers = (points?.length ?? 0) + (cuts?.length ?? 0)
  const texts = (text ?? []).reduce((sum, update) => sum + update.length, 0)
  return RECORD_BYTES + NUMBER_BYTES * numbers + texts
}

export function sets(patches: ReadonlyMap<string, Patch>): Edit[] {
  return [...patches].map(([id, set]) => ({ id, set }))
}

export function isLocked({ lock }: BoardObject): boolean {
  return lock !== FREE
}

/** These and what the frames among them hold, but for what is locked; the lowest first. */
export function withHeld(scene: Scene, ids: Iterable<string>): BoardObject[] {
  return withAllHeld(scene, ids, (object) => !isLocked(object))
}

/** These and what the frames among them hold, as far as it `counts`; the lowest first. */
export function withAllHeld(
  scene: Scene,
  ids: Iterable<string>,
  counts: (object: BoardObject) => boolean = () => true,
): BoardObject[] {
  const all = new Set<string>()
  const take = (id: string) => {
    if (all.has(id)) return
    const object = scene.find(id)
    if (object === undefined || !counts(object)) return
    all.add(id)
    if (object.type === 'frame') for (const held of scene.heldBy(id)) take(held)
  }
  for (const id of ids) take(id)
  return [...all].map((id) => scene.find(id)!).sort((a, b) => scene.rank(a.id) - scene.rank(b.id))
}

/** What moves as one: a group, or an object that is in none. */
export function unitsOf(scene: Scene, ids: Iterable<string>, entered: string | null): string[][] {
  const units = new Map<string, string[]>()
  for (const id of ids) {
    const object = scene.find(id)
    if (object === undefined || isLocked(object)) continue
    const depth = entered === null ? -1 : object.groups.indexOf(entered)
    const key = object.groups[depth + 1] ?? `\n${id}`
    units.set(key, [...(units.get(key) ?? []), id])
  }
  return [...units.values()]
}

/** What someone has locked is not taken back, since the room would refuse all of that step. */
export function leaveLockedOut(room: Room): void {
  room.history.leaveOut(
    (collection, { lock }, field) =>
      collection === OBJECTS && field !== 'lock' && lock !== undefined && lock !== FREE,
  )
}
