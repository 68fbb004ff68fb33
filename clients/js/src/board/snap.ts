/** Edges and middles that fall in line with those of others, and the grid. */
import type { Box, Point } from './geometry.js'
import { isBox } from './model.js'
import type { Scene } from './scene.js'

export const GRID = 24
const SNAP_PIXELS = 6
/** The nearest so many are looked at; more only confuse. */
const NEIGHBOURS_MAX = 120

/** A line on the board that shows what is in line. */
export interface Guide {
  readonly from: Point
  readonly to: Point
}

export interface Snapped {
  readonly dx: number
  readonly dy: number
  readonly guides: readonly Guide[]
}

type Axis = 'x' | 'y'

export class Snap {
  readonly #boxes: readonly Box[]
  readonly #reach: number

  /** To what shows in `view`, but for `moving`. */
  constructor(scene: Scene, view: Box, zoom: number, moving: ReadonlySet<string>) {
    this.#reach = SNAP_PIXELS / zoom
    this.#boxes = scene
      .in(view)
      .filter((object) => isBox(object) && !moving.has(object.id))
      .slice(-NEIGHBOURS_MAX)
      .map(({ id }) => scene.bounds(id)!)
  }

  /** How far a box that moves is to be shifted. */
  box(box: Box): Snapped {
    const dx = this.#nearest('x', spots(box, 'x'))
    const dy = this.#nearest('y', spots(box, 'y'))
    const at = { ...box, x: box.x + (dx ?? 0), y: box.y + (dy ?? 0) }
    return { dx: dx ?? 0, dy: dy ?? 0, guides: this.#guides(at, dx !== null, dy !== null) }
  }

  /** Likewise of one corner or side; only the axes that move are given. */
  edges(box: Box, xs: readonly number[], ys: readonly number[]): Snapped {
    const dx = this.#nearest('x', xs)
    const dy = this.#nearest('y', ys)
    return { dx: dx ?? 0, dy: dy ?? 0, guides: this.#guides(box, dx !== null, dy !== null) }
  }

  #nearest(axis: Axis, mine: readonly number[]): number | null {
    let best: number | null = null
    for (const box of this.#boxes) {
      for (const theirs of spots(box, axis)) {
        for (const at of mine) {
          const by = theirs - at
          if (Math.abs(by) <= this.#reach && (best === null || Math.abs(by) < Math.abs(best)))
            best = by
        }
      }
    }
    return best
  }

  #guides(box: Box, alongX: boolean, alongY: boolean): Guide[] {
    const guides: Guide[] = []
    const same = (a: number, b: number) => Math.abs(a - b) < this.#reach / 50 + 0.07
    for (const other of this.#boxes) {
      const left = Math.min(box.x, other.x)
      const right = Math.max(box.x + box.w, other.x + other.w)
      const top = Math.min(box.y, other.y)
      const bottom = Math.max(box.y + box.h, other.y + other.h)
      for (const x of alongX ? spots(other, 'x') : []) {
        if (spots(box, 'x').some((mine) => same(mine, x))) {
          guides.push({ from: { x, y: top }, to: { x, y: bottom } })
        }
      }
      for (const y of alongY ? spots(other, 'y') : []) {
        if (spots(box, 'y').some((mine) => same(mine, y))) {
          guides.push({ from: { x: left, y }, to: { x: right, y } })
        }
      }
    }
    return guides
  }
}

function spots(box: Box, axis: Axis): [number, number, number] {
  const [at, length] = axis === 'x' ? [box.x, box.w] : [box.y, box.h]
  return [at, at + length / 2, at + length]
}

export function toGrid(at: number): number {
  return Math.round(at / GRID) * GRID
}
