/** Where objects stand to each other: aligned, spread evenly, in front or behind. */
import { union, type Box } from '../geometry.js'
import type { BoardObject } from '../model.js'
import { keysBetween, KEY_LENGTH_MAX } from '../order.js'
import type { Scene } from '../scene.js'
import { sets, unitsOf, withHeld, type Edit } from './edit.js'
import { moved, type Patches } from './move.js'

export type Alignment = 'left' | 'centre' | 'right' | 'top' | 'middle' | 'bottom'
export type Reordering = 'front' | 'forward' | 'backward' | 'back'

/** What moves as one, with its box. */
interface Unit {
  readonly ids: readonly string[]
  readonly box: Box
}

function unitBoxes(scene: Scene, ids: Iterable<string>, entered: string | null): Unit[] {
  return unitsOf(scene, ids, entered).flatMap((ids) => {
    const box = scene.boundsOfAll(ids)
    return box === null ? [] : { ids, box }
  })
}

function shifted(scene: Scene, unit: Unit, dx: number, dy: number, patches: Patches): void {
  if (dx === 0 && dy === 0) return
  // As if there were several, so that arrows stay attached.
  const objects = withHeld(scene, unit.ids)
  for (const object of objects) {
    patches.set(object.id, { x: object.x + dx, y: object.y + dy })
  }
}

export function align(
  scene: Scene,
  ids: Iterable<string>,
  to: Alignment,
  entered: string | null = null,
): Edit[] {
  const units = unitBoxes(scene, ids, entered)
  const all = union(units.map(({ box }) => box))
  const patches: Patches = new Map()
  if (all === null || units.length < 2) return []
  for (const unit of units) {
    const { x, y, w, h } = unit.box
    const dx = {
      left: all.x - x,
      centre: all.x + all.w / 2 - x - w / 2,
      right: all.x + all.w - x - w,
    }
    const dy = {
      top: all.y - y,
      middle: all.y + all.h / 2 - y - h / 2,
      bottom: all.y + all.h - y - h,
    }
    shifted(scene, unit, dx[to as 'left'] ?? 0, dy[to as 'top'] ?? 0, patches)
  }
  return sets(patches)
}

/** Makes the gaps between them equal; the outermost stay. */
export function distribute(
  scene: Scene,
  ids: Iterable<string>,
  axis: 'x' | 'y',
  entered: string | null = null,
): Edit[] {
  const side = axis === 'x' ? 'w' : 'h'
  const units = unitBoxes(scene, ids, entered).sort(
    (a, b) => a.box[axis] + a.box[side] / 2 - b.box[axis] - b.box[side] / 2,
  )
  if (units.length < 3) return []
  const first = units[0]!.box
  const last = units.at(-1)!.box
  const taken = units.reduce((sum, { box }) => sum + box[side], 0)
  const gap = (last[axis] + last[side] - first[axis] - taken) / (units.length - 1)
  const patches: Patches = new Map()
  let at = first[axis]
  for (const unit of units) {
    const by = at - unit.box[axis]
    if (Math.abs(by) > 1 / 16)
      shifted(scene, unit, axis === 'x' ? by : 0, axis === 'y' ? by : 0, patches)
    at += unit.box[side] + gap
  }
  return sets(patches)
}

export function nudge(scene: Scene, ids: Iterable<string>, dx: number, dy: number): Edit[] {
  return sets(moved(withHeld(scene, ids), dx, dy))
}

/**
 * In front of or behind others. One step goes past the next object that overlaps, since nobody
 * sees a step past one that does not.
 */
export function reorder(scene: Scene, ids: Iterable<string>, how: Reordering): Edit[] {
  const chosen = withHeld(scene, ids)
  const set = new Set(chosen.map(({ id }) => id))
  if (chosen.length === 0) return []
  const rest = scene.all.filter(({ id }) => !set.has(id))
  const at = place(scene, chosen, set, rest, how)
  if (at === null) return []
  return placedAt(chosen, rest, at)
}

/** How many of the rest are to be under the chosen ones; null where nothing would change. */
function place(
  scene: Scene,
  chosen: readonly BoardObject[],
  set: ReadonlySet<string>,
  rest: readonly BoardObject[],
  how: Reordering,
): number | null {
  const ranks = chosen.map(({ id }) => scene.rank(id))
  const [lowest, highest] = [Math.min(...ranks), Math.max(...ranks)]
  const under = (rank: number) => rest.filter(({ id }) => scene.rank(id) < rank).length
  const isTogether = highest - lowest === chosen.length - 1
  if (how === 'front') return isTogether && highest === scene.size - 1 ? null : rest.length
  if (how === 'back') return isTogether && lowest === 0 ? null : 0
  const near = new Set<string>()
  for (const { id } of chosen) {
    for (const other of scene.in(scene.paintBox(id)!)) if (!set.has(other.id)) near.add(other.id)
  }
  if (how === 'forward') {
    const next = rest.find(({ id }) => near.has(id) && scene.rank(id) > highest)
    return next === undefined ? null : under(scene.rank(next.id)) + 1
  }
  const next = [...rest].reverse().find(({ id }) => near.has(id) && scene.rank(id) < lowest)
  return next === undefined ? null : under(scene.rank(next.id))
}

/** With `at` of the rest under them. Where keys have become long, neighbours get new ones too. */
function placedAt(
  chosen: readonly BoardObject[],
  rest: readonly BoardObject[],
  at: number,
): Edit[] {
  for (let spread = 0; ; spread = spread * 2 + 1) {
    const low = Math.max(0, at - spread)
    const high = Math.min(rest.length, at + spread)
    const all = [...rest.slice(low, at), ...chosen, ...rest.slice(at, high)]
    const below = rest[low - 1]?.z ?? null
    const above = rest[high]?.z ?? null
    const isWhole = low === 0 && high === rest.length
    if (below !== null && above !== null && below >= above && !isWhole) continue
    const keys = keysBetween(below, above, all.length)
    if (!isWhole && keys.some((key) => key.length > KEY_LENGTH_MAX)) continue
    return all.flatMap(({ id, z }, i) => (z === keys[i] ? [] : { id, set: { z: keys[i]! } }))
  }
}
