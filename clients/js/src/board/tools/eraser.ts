import { remove } from '../edit/content.js'
import { isLocked, withHeld } from '../edit/edit.js'
import { cutsOf } from '../edit/erase.js'
import type { Editor } from '../editor.js'
import { boxOf, distance, grown, type Point } from '../geometry.js'
import type { BoardObject, Patch } from '../model.js'
import { stretchesOf } from '../stroke.js'
import type { Pointer, Tool } from './tool.js'

const RUBBER_PIXELS = 10
/** What is about to go shows through. */
const FADED = 0.25
/** A stroke takes so many numbers of cuts; then the whole of it goes. */
const CUTS_MAX = 2_000

/**
 * Takes whole objects away, at the end of its way; or rubs out the part of a stroke that it
 * passes, at once.
 */
export class Eraser implements Tool {
  readonly number: number
  readonly cursor = 'crosshair'
  readonly #editor: Editor
  readonly #isPartly: boolean
  #last: Point | null = null
  /** What is to go, and how it looks until then. */
  readonly #doomed = new Map<string, Patch>()

  constructor(editor: Editor, isPartly: boolean) {
    this.#editor = editor
    this.#isPartly = isPartly
    this.number = isPartly ? 6 : 5
  }

  down({ at }: Pointer): void {
    if (this.#editor.readOnly) return
    this.#editor.begin()
    this.#last = at
    this.#pass(at, at)
    this.#fade()
  }

  move(_: Pointer, trail: readonly Pointer[]): void {
    for (const { at } of trail) {
      if (this.#last === null) return
      if (distance(this.#last, at) * this.#editor.camera.zoom < 1) continue
      this.#pass(this.#last, at)
      this.#last = at
    }
    this.#fade()
  }

  up(): void {
    if (this.#last === null) return
    this.#last = null
    this.#editor.scene.preview(new Map())
    const edits = remove(this.#editor.scene, this.#doomed.keys())
    this.#doomed.clear()
    this.#editor.apply(edits)
    this.#editor.end()
  }

  cancel(): void {
    if (this.#last === null) return
    this.#last = null
    this.#doomed.clear()
    this.#editor.scene.preview(new Map())
    this.#editor.end()
  }

  #pass(a: Point, b: Point): void {
    const { scene, camera } = this.#editor
    const radius = RUBBER_PIXELS / camera.zoom
    const way = grown(boxOf(a, b), radius)
    const steps = Math.max(1, Math.ceil(distance(a, b) / radius))
    for (const object of scene.in(way)) {
      if (isLocked(object) || this.#doomed.has(object.id)) continue
      if (this.#isPartly && object.type === 'stroke') this.#rub(object, a, b, radius)
      else if (this.#isOn(object, a, b, steps)) this.#doom(object)
    }
  }

  #isOn(object: BoardObject, a: Point, b: Point, steps: number): boolean {
    for (let i = 0; i <= steps; i++) {
      const at = { x: a.x + ((b.x - a.x) * i) / steps, y: a.y + ((b.y - a.y) * i) / steps }
      if (this.#editor.scene.isPainted(object, at, this.#editor.reach / 2)) return true
    }
    return false
  }

  #doom(object: BoardObject): void {
    const { groups, id } = object
    const [group] = groups
    const ids =
      group === undefined ? [id] : this.#editor.scene.inGroup(group).map((each) => each.id)
    for (const each of withHeld(this.#editor.scene, ids)) {
      this.#doomed.set(each.id, { opacity: Math.min(each.opacity, FADED) })
    }
  }

  /** Once for all that a motion has passed. */
  #fade(): void {
    this.#editor.scene.preview(new Map(this.#doomed))
  }

  #rub(object: BoardObject, a: Point, b: Point, radius: number): void {
    const cuts = cutsOf(object, a, b, radius)
    if (cuts.length === 0) return
    if (object.cuts.length + cuts.length > CUTS_MAX) {
      this.#doom(object)
      return
    }
    this.#editor.attempt(() => this.#editor.scene.collection.append(object.id, 'cuts', cuts))
    const left = this.#editor.scene.find(object.id)
    if (left !== undefined && stretchesOf(left).length === 0) {
      this.#editor.apply([{ id: object.id, delete: true }])
    }
  }
}
