/** What is chosen at this screen. */
import { Emitter } from '../emitter.js'
import type { Box } from './geometry.js'
import type { BoardObject } from './model.js'
import type { Scene } from './scene.js'

export interface SelectionEvents {
  change: Selection
}

export class Selection extends Emitter<SelectionEvents> implements Iterable<string> {
  #ids: ReadonlySet<string> = new Set()
  /** The group that was entered: a click within it takes hold of its parts. */
  #entered: string | null = null
  readonly #scene: Scene
  readonly #end: () => void

  constructor(scene: Scene) {
    super()
    this.#scene = scene
    this.#end = scene.on('change', ({ id, object }) => {
      if (object === undefined && this.has(id)) this.remove([id])
    })
  }

  destroy(): void {
    this.#end()
  }

  get size(): number {
    return this.#ids.size
  }

  get ids(): ReadonlySet<string> {
    return this.#ids
  }

  /** The lowest first. */
  get objects(): BoardObject[] {
    const objects = [...this.#ids].flatMap((id) => this.#scene.find(id) ?? [])
    return objects.sort((a, b) => this.#scene.rank(a.id) - this.#scene.rank(b.id))
  }

  /** Around all of it; null where nothing is chosen. */
  get box(): Box | null {
    return this.#scene.boundsOfAll(this.#ids)
  }

  get entered(): string | null {
    return this.#entered
  }

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#ids.values()
  }

  set(ids: Iterable<string>): void {
    const next = new Set(ids)
    if (this.#entered !== null && !this.#isWithin(this.#entered, next)) this.#entered = null
    if (next.size === this.#ids.size && [...next].every((id) => this.#ids.has(id))) return
    this.#ids = next
    this.tell('change', this)
  }

  add(ids: Iterable<string>): void {
    this.set([...this.#ids, ...ids])
  }

  remove(ids: Iterable<string>): void {
    const gone = new Set(ids)
    this.set([...this.#ids].filter((id) => !gone.has(id)))
  }

  clear(): void {
    this.#entered = null
    this.set([])
  }

  /** From here on, clicks take hold of what is in this group; now of this part of it. */
  enter(group: string, part: BoardObject): void {
    this.#entered = group
    this.set(this.unit(part))
  }

  /** What a click on an object takes hold of: all of its outermost group that is not entered. */
  unit(object: BoardObject): string[] {
    const depth = this.#entered === null ? -1 : object.groups.indexOf(this.#entered)
    const group = object.groups[depth + 1]
    return group === undefined ? [object.id] : this.#scene.inGroup(group).map(({ id }) => id)
  }

  #isWithin(group: string, ids: ReadonlySet<string>): boolean {
    return ids.size > 0 && [...ids].every((id) => this.#scene.find(id)?.groups.includes(group))
  }
}
