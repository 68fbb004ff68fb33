/** What belongs together: groups, frames, locks. */
import { holds, middleOf } from '../geometry.js'
import { FREE, GROUPS_MAX, LOCKED, type BoardObject, type Patch } from '../model.js'
import { newKeysBetween } from '../order.js'
import type { Scene } from '../scene.js'
import { isLocked, type Edit } from './edit.js'

/** One group of all these, within the group that is entered, around the groups that they are in. */
export function group(
  scene: Scene,
  ids: Iterable<string>,
  newGroup: string,
  entered: string | null = null,
): Edit[] {
  const objects = changeable(scene, ids)
  if (objects.length < 2) return []
  return objects.flatMap(({ id, groups }) => {
    if (groups.length === GROUPS_MAX) return []
    const depth = entered === null ? 0 : groups.indexOf(entered) + 1
    return { id, set: { groups: [...groups.slice(0, depth), newGroup, ...groups.slice(depth)] } }
  })
}

/** Takes the outermost group apart, of those within the one that is entered. */
export function ungroup(
  scene: Scene,
  ids: Iterable<string>,
  entered: string | null = null,
): Edit[] {
  return changeable(scene, ids).flatMap(({ id, groups }) => {
    const depth = entered === null ? 0 : groups.indexOf(entered) + 1
    return groups[depth] === undefined
      ? []
      : { id, set: { groups: groups.filter((_, i) => i !== depth) } }
  })
}

/** Locks them, or frees them where all of them are locked. */
export function toggleLock(scene: Scene, ids: Iterable<string>): Edit[] {
  const objects = [...ids].flatMap((id) => scene.find(id) ?? [])
  const lock = objects.every(isLocked) ? FREE : LOCKED
  return objects.flatMap((object) => (object.lock === lock ? [] : { id: object.id, set: { lock } }))
}

/**
 * The frame that each of these lies in by its middle, where that is another one than before. What
 * comes into a frame from behind it is put in front of it, else nobody would see it.
 */
export function framed(
  scene: Scene,
  objects: readonly BoardObject[],
  patches: Map<string, Patch>,
): void {
  const taken = new Set(objects.map(({ id }) => id))
  for (const { id } of objects) {
    const object = scene.find(id)
    if (object === undefined || object.type === 'frame') continue
    // What a frame holds that is taken along stays in it.
    if (object.frame !== null && taken.has(object.frame)) continue
    const box = scene.bounds(id)!
    const found = scene.frameAt(middleOf(box))
    const frame = found !== undefined && !isLocked(found) ? found : undefined
    const isSame = (frame?.id ?? null) === object.frame
    if (isSame) continue
    const patch: Patch = { frame: frame?.id ?? null }
    const isBehind = frame !== undefined && scene.rank(id) < scene.rank(frame.id)
    const raised = isBehind ? { z: keyAbove(scene, frame) } : {}
    patches.set(id, { ...patches.get(id), ...patch, ...raised })
  }
}

/** The frame that something new at this object's place belongs to. */
export function frameFor(
  scene: Scene,
  object: Pick<BoardObject, 'x' | 'y' | 'w' | 'h'>,
): string | null {
  const frame = scene.frameAt(middleOf(object))
  return frame !== undefined && holds(frame, middleOf(object)) ? frame.id : null
}

function keyAbove(scene: Scene, { id, z }: BoardObject): string {
  return newKeysBetween(z, scene.all[scene.rank(id) + 1]?.z ?? null, 1)[0]!
}

function changeable(scene: Scene, ids: Iterable<string>): BoardObject[] {
  return [...ids].flatMap((id) => scene.find(id) ?? []).filter((object) => !isLocked(object))
}
