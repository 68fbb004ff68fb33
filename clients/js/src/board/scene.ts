/** The objects of a room: in their order, by where they are, with what hangs on what. */
import type { CollectionChange, Collection } from '../collection.js'
import { Emitter } from '../emitter.js'
import type { Room } from '../room.js'
import type { Fields } from '../value.js'
import {
  decode,
  encode,
  isAttached,
  isLine,
  OBJECTS,
  PLACE_MAX,
  type BoardObject,
  type Patch,
} from './model.js'
import { contains, union, type Box, type Point } from './geometry.js'
import { compareOrder } from './order.js'
import { Places, type Placed } from './places.js'
import { boundsOf, hit, paintBox, touchesBox } from './shape.js'
import { isOnTitle, sized } from './words.js'

export interface SceneChange {
  readonly id: string
  readonly object: BoardObject | undefined
  readonly before: BoardObject | undefined
  /** What it paints on, now and before. */
  readonly box: Box | undefined
  readonly boxBefore: Box | undefined
  /** By this person. */
  readonly mine: boolean
}

export interface SceneEvents {
  change: SceneChange
}

interface Entry extends Placed {
  /** How many are under it. */
  rank: number
  /** As its record says; null for a draft. */
  readonly base: BoardObject | null
  readonly box: Box
  readonly object: BoardObject
}

/** So many that change at once are looked for anew, which is quicker than moving one by one. */
const MANY = 300

const BOARD: Box = { x: -PLACE_MAX, y: -PLACE_MAX, w: 2 * PLACE_MAX, h: 2 * PLACE_MAX }

export class Scene extends Emitter<SceneEvents> {
  readonly collection: Collection
  readonly #entries = new Map<string, Entry>()
  /** The lowest first. */
  readonly #order: Entry[]
  readonly #places = new Places<Entry>(() => this.#order)
  /** The same, made when it is asked for. */
  #all: BoardObject[] | null = null
  /** Target → arrows at it. */
  readonly #arrows = new Map<string, Set<string>>()
  readonly #children = new Map<string, Set<string>>()
  readonly #groups = new Map<string, Set<string>>()
  /** Of everything; undefined until it is asked for. */
  #extent: Box | null | undefined
  /** What is being moved or made here, and not sent yet. */
  #preview: ReadonlyMap<string, Patch> = new Map()
  /** Many change: their places are forgotten when all have. */
  #isGathering = false
  readonly #end: () => void

  constructor(room: Room) {
    super()
    this.collection = room.collection(OBJECTS)
    for (const [id, fields] of this.collection) {
      const base = decode(id, fields)
      const object = base && sized(base)
      if (object === undefined) continue
      this.#link(object)
      this.#entries.set(id, entryOf(object, base!, paintBox(object, this.find)))
    }
    // What they are attached to may have come after them.
    for (const [id, { object, base }] of this.#entries) {
      if (!isAttached(object)) continue
      this.#entries.set(id, entryOf(object, base, paintBox(object, this.find)))
    }
    const byOrder = (a: Entry, b: Entry) => compareOrder(a.object, b.object)
    this.#order = [...this.#entries.values()].sort(byOrder)
    this.#rankFrom(0)
    this.#end = this.collection.on('change', (change) => this.#changed(change))
  }

  destroy(): void {
    this.#end()
  }

  readonly find = (id: string): BoardObject | undefined => this.#entries.get(id)?.object

  get size(): number {
    return this.#entries.size
  }

  /** All, the lowest first. */
  get all(): readonly BoardObject[] {
    return (this.#all ??= this.#order.map(({ object }) => object))
  }

  /** How many are under it; ranks of two say which one is on top. */
  rank(id: string): number {
    return this.#entries.get(id)?.rank ?? -1
  }

  get topOrder(): string | null {
    return this.#order.at(-1)?.object.z ?? null
  }

  /** Those that may paint within a box, the lowest first. */
  in(box: Box): BoardObject[] {
    const found = this.#places.in(box)
    return found.sort((a, b) => a.rank - b.rank).map(({ object }) => object)
  }

  /** What an object paints on. */
  paintBox(id: string): Box | undefined {
    return this.#entries.get(id)?.box
  }

  bounds(id: string): Box | undefined {
    const object = this.find(id)
    return object && boundsOf(object, this.find)
  }

  boundsOfAll(ids: Iterable<string>): Box | null {
    return union([...ids].flatMap((id) => this.bounds(id) ?? []))
  }

  /** Of everything, but for what reaches out of the board; null where there is nothing. */
  get extent(): Box | null {
    if (this.#extent === undefined) this.#extent = this.#measure()
    return this.#extent
  }

  #measure(): Box | null {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity]
    for (const { box, minX, minY, maxX, maxY } of this.#order) {
      if (!contains(BOARD, box)) continue
      if (minX < left) left = minX
      if (minY < top) top = minY
      if (maxX > right) right = maxX
      if (maxY > bottom) bottom = maxY
    }
    return left > right ? null : { x: left, y: top, w: right - left, h: bottom - top }
  }

  /**
   * What a person means who points at `at`: the uppermost thing painted there, else the smallest
   * that encloses it. A frame is meant by its border and its title alone.
   */
  at(at: Point, reach: number): BoardObject | undefined {
    const around = { x: at.x - reach, y: at.y - reach, w: 2 * reach, h: 2 * reach }
    let hollow: { object: BoardObject; area: number } | undefined
    for (const object of this.in(around).reverse()) {
      const how = isOnTitle(object, at) ? 'solid' : hit(object, at, reach, this.find)
      if (how === 'solid') {
        if (hollow === undefined || object.type !== 'frame') return object
      } else if (how === 'hollow' && object.type !== 'frame') {
        const area = object.w * object.h
        if (hollow === undefined || area < hollow.area) hollow = { object, area }
      }
    }
    return hollow?.object
  }

  /** Whether the object is at a place, or encloses it. */
  isUnder(object: BoardObject, at: Point, reach: number): boolean {
    return isOnTitle(object, at) || hit(object, at, reach, this.find) !== null
  }

  /** Whether it paints there. */
  isPainted(object: BoardObject, at: Point, reach: number): boolean {
    return hit(object, at, reach, this.find) === 'solid'
  }

  /** Those that an area takes hold of: touched by it, but frames only when they are within it. */
  touchedBy(box: Box): BoardObject[] {
    return this.in(box).filter((object) =>
      object.type === 'frame'
        ? contains(box, boundsOf(object, this.find))
        : touchesBox(object, box, this.find),
    )
  }

  /** The uppermost frame there. */
  frameAt(at: Point): BoardObject | undefined {
    return this.in({ x: at.x, y: at.y, w: 0, h: 0 })
      .reverse()
      .find((object) => object.type === 'frame' && hit(object, at, 0, this.find) !== null)
  }

  arrowsAt(id: string): Iterable<string> {
    return this.#arrows.get(id) ?? []
  }

  /** What a frame holds. */
  heldBy(frame: string): Iterable<string> {
    return this.#children.get(frame) ?? []
  }

  /** Those that share a group, which goes by its id alone; the lowest first. */
  inGroup(group: string): BoardObject[] {
    const objects = [...(this.#groups.get(group) ?? [])].map((id) => this.find(id)!)
    return objects.sort((a, b) => this.rank(a.id) - this.rank(b.id))
  }

  /**
   * Shows these objects differently here, until the next call, and nobody else sees it. Where there
   * is no such record, a patch with a type is a draft: it shows as the record will that it becomes.
   */
  preview(patches: ReadonlyMap<string, Patch>): void {
    const before = this.#preview
    this.#preview = patches
    const ids = [...new Set([...before.keys(), ...patches.keys()])]
    const others = ids.filter((id) => !isSame(before.get(id), patches.get(id)))
    this.#isGathering = others.length > MANY
    const changes = others.map((id) => this.#replace(id, this.#entries.get(id)?.base ?? null, true))
    if (this.#isGathering) this.#places.forget()
    this.#isGathering = false
    for (const change of changes) this.#tellOf(change)
  }

  #shown(id: string, base: BoardObject | null): BoardObject | undefined {
    const patch = this.#preview.get(id)
    if (base !== null)
      return sized(patch === undefined ? base : ({ ...base, ...patch } as BoardObject))
    return patch?.type === undefined ? undefined : draftOf(id, patch)
  }

  #changed({ id, record, mine }: CollectionChange): void {
    this.#tellOf(this.#replace(id, (record && decode(id, record)) ?? null, mine))
  }

  /** Null where there was none, and is none. */
  #replace(id: string, base: BoardObject | null, mine: boolean): SceneChange | null {
    const object = this.#shown(id, base)
    const entry = this.#entries.get(id)
    if (entry === undefined && object === undefined) return null
    this.#all = null
    this.#extent = undefined
    if (entry !== undefined) {
      if (!this.#isGathering) this.#places.remove(entry)
      this.#unlink(entry.object)
      this.#entries.delete(id)
    }
    let box: Box | undefined
    if (object !== undefined) {
      this.#link(object)
      box = paintBox(object, this.find)
      const next = entryOf(object, base, box)
      this.#entries.set(id, next)
      if (!this.#isGathering) this.#places.insert(next)
      this.#place(next, entry)
    } else if (entry !== undefined) {
      this.#displace(entry)
    }
    return { id, object, before: entry?.object, box, boxBefore: entry?.box, mine }
  }

  #tellOf(change: SceneChange | null): void {
    if (change === null) return
    this.tell('change', change)
    this.#moveArrows(change.id, change.mine)
  }

  /** Arrows follow what they are attached to. */
  #moveArrows(target: string, mine: boolean): void {
    for (const id of this.#arrows.get(target) ?? []) {
      const entry = this.#entries.get(id)
      if (entry === undefined) continue
      const { object, base } = entry
      const next = entryOf(object, base, paintBox(object, this.find))
      this.#extent = undefined
      this.#places.remove(entry)
      this.#places.insert(next)
      this.#entries.set(id, next)
      this.#place(next, entry)
      this.tell('change', { id, object, before: object, box: next.box, boxBefore: entry.box, mine })
    }
  }

  /** Where it belongs in the order: where it was, if that is still right. */
  #place(entry: Entry, before: Entry | undefined): void {
    if (before !== undefined && before.object.z === entry.object.z) {
      entry.rank = before.rank
      this.#order[entry.rank] = entry
      return
    }
    if (before !== undefined) this.#displace(before)
    let [low, high] = [0, this.#order.length]
    // Most are new, and on top.
    if (high > 0 && compareOrder(this.#order[high - 1]!.object, entry.object) < 0) low = high
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareOrder(this.#order[middle]!.object, entry.object) < 0) low = middle + 1
      else high = middle
    }
    this.#order.splice(low, 0, entry)
    this.#rankFrom(low)
  }

  #displace({ rank }: Entry): void {
    this.#order.splice(rank, 1)
    this.#rankFrom(rank)
  }

  #rankFrom(rank: number): void {
    for (let i = rank; i < this.#order.length; i++) this.#order[i]!.rank = i
  }

  #link(object: BoardObject): void {
    const { id, frame, groups } = object
    if (isLine(object)) {
      for (const target of [object.start, object.end]) add(this.#arrows, target, id)
    }
    for (const group of groups) add(this.#groups, group, id)
    add(this.#children, frame, id)
  }

  #unlink(object: BoardObject): void {
    const { id, frame, start, end, groups } = object
    for (const target of [start, end]) remove(this.#arrows, target, id)
    for (const group of groups) remove(this.#groups, group, id)
    remove(this.#children, frame, id)
  }
}

/** By the record that it will have: as the others see it, and as it stays. */
function draftOf(id: string, patch: Patch): BoardObject | undefined {
  const object = decode(id, encode(patch) as Fields)
  return object && sized(object)
}

function isSame(a: Patch | undefined, b: Patch | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined) return false
  const keys = Object.keys(b) as (keyof Patch)[]
  return keys.length === Object.keys(a).length && keys.every((key) => a[key] === b[key])
}

function entryOf(object: BoardObject, base: BoardObject | null, box: Box): Entry {
  return {
    rank: -1,
    base,
    minX: box.x,
    minY: box.y,
    maxX: box.x + box.w,
    maxY: box.y + box.h,
    box,
    object,
  }
}

function add(sets: Map<string, Set<string>>, key: string | null, id: string): void {
  if (key === null) return
  const set = sets.get(key)
  if (set === undefined) sets.set(key, new Set([id]))
  else set.add(id)
}

function remove(sets: Map<string, Set<string>>, key: string | null, id: string): void {
  if (key === null) return
  const set = sets.get(key)
  set?.delete(id)
  if (set?.size === 0) sets.delete(key)
}
