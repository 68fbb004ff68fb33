import RBush from 'rbush'
import type { Box } from './geometry.js'

/** Upright, by its corners. */
export interface Placed {
  readonly minX: number
  readonly minY: number
  readonly maxX: number
  readonly maxY: number
}

/** A tree of them takes as long to make as about so many looks at all, one after the other. */
export const LOOKS_MAX = 64

/** Things by where they are: in a tree, once it pays. A board that opens is looked at a few times. */
export class Places<Thing extends Placed> {
  readonly #all: () => readonly Thing[]
  #tree: RBush<Thing> | null = null
  #looks = 0

  /** `all`: what there is, whenever it is asked for. */
  constructor(all: () => readonly Thing[]) {
    this.#all = all
  }

  /** There is one more. */
  insert(thing: Thing): void {
    this.#tree?.insert(thing)
  }

  remove(thing: Thing): void {
    this.#tree?.remove(thing)
  }

  /** Many are elsewhere: sooner looked for anew than moved one by one. */
  forget(): void {
    this.#tree = null
    this.#looks = 0
  }

  /** Those that have a point in common with a box, edges included; in any order. */
  in({ x, y, w, h }: Box): Thing[] {
    const [right, bottom] = [x + w, y + h]
    if (this.#tree === null && this.#looks++ < LOOKS_MAX) {
      return this.#all().filter(
        ({ minX, minY, maxX, maxY }) => minX <= right && minY <= bottom && maxX >= x && maxY >= y,
      )
    }
    this.#tree ??= new RBush<Thing>().load(this.#all())
    return this.#tree.search({ minX: x, minY: y, maxX: right, maxY: bottom })
  }
}
