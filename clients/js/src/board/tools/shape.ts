import type { Editor } from '../editor.js'
import { frameFor } from '../edit/group.js'
import { boxOf, distance, type Box, type Point } from '../geometry.js'
import type { ObjectType, Patch } from '../model.js'
import { Snap, toGrid } from '../snap.js'
import type { Pointer, Tool } from './tool.js'
import { created } from '../edit/content.js'
import { LiveEdit } from './live_edit.js'

const STILL_PIXELS = 4
/** What a mere click makes. */
const SIDE = 120

/** Rectangle, ellipse, diamond, frame: from one corner to the other. */
export class Shape implements Tool {
  readonly cursor = 'crosshair'
  readonly number: number
  readonly #editor: Editor
  readonly #type: ObjectType
  #from: Pointer | null = null
  #last: Pointer | null = null
  #made: { readonly id: string; readonly edit: LiveEdit } | null = null

  constructor(editor: Editor, type: ObjectType, number: number) {
    this.#editor = editor
    this.#type = type
    this.number = number
  }

  down(pointer: Pointer): void {
    if (this.#editor.readOnly) return
    this.#from = pointer
  }

  move(pointer: Pointer): void {
    if (this.#from === null) return
    this.#last = pointer
    if (this.#made === null && distance(this.#from.screen, pointer.screen) <= STILL_PIXELS) return
    const box = this.#box(pointer)
    if (this.#made === null) this.#make(box)
    this.#made?.edit.show(new Map([[this.#made.id, box]]))
  }

  up(pointer: Pointer): void {
    const from = this.#from
    if (from === null) return
    if (this.#made === null) {
      const { x, y } = from.at
      this.#make({ x: x - SIDE / 2, y: y - SIDE / 2, w: SIDE, h: SIDE })
    } else {
      this.move(pointer)
    }
    const made = this.#made as { readonly id: string; readonly edit: LiveEdit } | null
    made?.edit.finish()
    this.#rest()
    if (made !== null) this.#editor.done(made.id)
  }

  cancel(): void {
    this.#made?.edit.cancel()
    this.#rest()
  }

  key(event: KeyboardEvent): boolean {
    if (this.#last === null || this.#made === null) return false
    this.move({ ...this.#last, shift: event.shiftKey, alt: event.altKey })
    return false
  }

  #rest(): void {
    this.#from = null
    this.#last = null
    this.#made = null
  }

  #make(box: Box): void {
    const { scene } = this.#editor
    const edit = new LiveEdit(this.#editor)
    const id = scene.collection.newId()
    const frame = this.#type === 'frame' ? null : frameFor(scene, box)
    const fields = { type: this.#type, ...box, frame, ...this.#style() }
    if (edit.make([created(scene, id, fields)])) this.#made = { id, edit }
    else edit.cancel()
  }

  #style(): Patch {
    const { colour, fill, size, dash, opacity } = this.#editor.style
    return this.#type === 'frame' ? {} : { colour, fill, size, dash, opacity }
  }

  #box({ at, shift, alt, ctrl }: Pointer): Box {
    const { scene, camera, snapsToGrid } = this.#editor
    let from: Point = this.#from!.at
    let to = at
    if (snapsToGrid && !ctrl) {
      from = { x: toGrid(from.x), y: toGrid(from.y) }
      to = { x: toGrid(to.x), y: toGrid(to.y) }
    } else if (!ctrl && !shift) {
      const except = new Set(this.#made === null ? [] : [this.#made.id])
      const snap = new Snap(scene, camera.box, camera.zoom, except)
      const { dx, dy } = snap.edges(boxOf(to, to), [to.x], [to.y])
      to = { x: to.x + dx, y: to.y + dy }
    }
    let [w, h] = [to.x - from.x, to.y - from.y]
    if (shift) {
      const side = Math.max(Math.abs(w), Math.abs(h))
      ;[w, h] = [side * (Math.sign(w) || 1), side * (Math.sign(h) || 1)]
    }
    if (alt) return boxOf({ x: from.x - w, y: from.y - h }, { x: from.x + w, y: from.y + h })
    return boxOf(from, { x: from.x + w, y: from.y + h })
  }
}
