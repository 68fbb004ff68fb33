/** What belongs together: groups, frames, locks. */
import { contains, holds, middleOf, type Box } from '../geometry.js'
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

/**
 * Where a new frame comes in the order: under what it is drawn around, which it would hide, and over
 * frames that it is drawn in. `own`: the frame itself, where it shows already.
 */
export function orderOfFrame(scene: Scene, box: Box, own: string): string {
  const [lowest] = overFrames(scene, box, own)
  if (lowest === undefined) return newKeysBetween(topBut(scene, own), null, 1)[0]!
  let below = scene.rank(lowest.id) - 1
  if (scene.all[below]?.id === own) below--
  return newKeysBetween(scene.all[below]?.z ?? null, lowest.z, 1)[0]!
}

/** What a new frame is drawn around is held by it. */
export function enclosed(scene: Scene, box: Box, frame: string): Edit[] {
  return overFrames(scene, box, frame)
    .filter((object) => !isLocked(object) && contains(box, scene.bounds(object.id)!))
    .map(({ id }) => ({ id, set: { frame } }))
}

/** What lies there over all frames, the lowest first. */
function overFrames(scene: Scene, box: Box, own: string): BoardObject[] {
  const found = scene.in(box).filter(({ id }) => id !== own)
  const frames = found.filter(({ type }) => type === 'frame')
  const highest = frames.at(-1)
  return highest === undefined ? found : found.slice(found.indexOf(highest) + 1)
}

function topBut(scene: Scene, own: string): string | null {
  const top = scene.all.at(-1)
  return (top?.id === own ? scene.all.at(-2) : top)?.z ?? null
}

/** The frame that something new at this object's place belongs to. */
export function frameFor(
  scene: Scene,
  object: Pick<BoardObject, 'x' | 'y' | 'w' | 'h'>,
): string | null {
  const frame = scene.frameAt(middleOf(object))
  if (frame === undefined || isLocked(frame)) return null
  return holds(frame, middleOf(object)) ? frame.id : null
}

function keyAbove(scene: Scene, { id, z }: BoardObject): string {
  return newKeysBetween(z, scene.all[scene.rank(id) + 1]?.z ?? null, 1)[0]!
}

function changeable(scene: Scene, ids: Iterable<string>): BoardObject[] {
  return [...ids].flatMap((id) => scene.find(id) ?? []).filter((object) => !isLocked(object))
}
