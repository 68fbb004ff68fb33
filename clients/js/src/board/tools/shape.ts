import type { Editor } from '../editor.js'
import { enclosed, frameFor, orderOfFrame } from '../edit/group.js'
import { boxOf, distance, type Box, type Point } from '../geometry.js'
import type { ObjectType, Patch } from '../model.js'
import { Snap, toGrid } from '../snap.js'
import { Draft } from './draft.js'
import type { Pointer, Tool } from './tool.js'

const STILL_PIXELS = 4
/** What a mere click makes. */
const SIDE = 120

/** What is being made, and to what its corner snaps. */
interface Making {
  readonly draft: Draft
  readonly snap: Snap
}

/** Rectangle, ellipse, diamond, frame: from one corner to the other. */
export class Shape implements Tool {
  readonly cursor = 'crosshair'
  readonly number: number
  readonly #editor: Editor
  readonly #type: ObjectType
  #from: Pointer | null = null
  #last: Pointer | null = null
  #making: Making | null = null

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
    if (this.#making === null && distance(this.#from.screen, pointer.screen) <= STILL_PIXELS) return
    this.#making ??= this.#begin()
    this.#show(this.#making, this.#box(this.#making, pointer))
  }

  up(pointer: Pointer): void {
    const from = this.#from
    if (from === null) return
    if (this.#making !== null) this.move(pointer)
    const making = this.#making ?? this.#begin()
    const { x, y } = from.at
    const box =
      this.#making === null
        ? { x: x - SIDE / 2, y: y - SIDE / 2, w: SIDE, h: SIDE }
        : this.#box(making, pointer)
    this.#rest()
    if (this.#finish(making.draft, box)) this.#editor.done(making.draft.id)
  }

  cancel(): void {
    this.#making?.draft.cancel()
    this.#rest()
  }

  key(event: KeyboardEvent): boolean {
    if (this.#last === null || this.#making === null) return false
    this.move({ ...this.#last, shift: event.shiftKey, alt: event.altKey })
    return false
  }

  #rest(): void {
    this.#from = null
    this.#last = null
    this.#making = null
  }

  #begin(): Making {
    const { scene, camera } = this.#editor
    const draft = new Draft(this.#editor, { type: this.#type, ...this.#style() })
    return { draft, snap: new Snap(scene, camera.box, camera.zoom, new Set()) }
  }

  #show({ draft }: Making, box: Box): void {
    const { scene } = this.#editor
    // What lies where a frame is to be shall be seen in it, not under it.
    const order = this.#type === 'frame' ? { z: orderOfFrame(scene, box, draft.id) } : {}
    draft.show({ ...box, ...order })
  }

  #finish(draft: Draft, box: Box): boolean {
    const { scene } = this.#editor
    if (this.#type !== 'frame') return draft.finish({ ...box, frame: frameFor(scene, box) })
    const z = orderOfFrame(scene, box, draft.id)
    return draft.finish({ ...box, z }, enclosed(scene, box, draft.id))
  }

  #style(): Patch {
    const { colour, fill, size, dash, opacity } = this.#editor.style
    return this.#type === 'frame' ? {} : { colour, fill, size, dash, opacity }
  }

  #box({ snap }: Making, { at, shift, alt, ctrl }: Pointer): Box {
    let from: Point = this.#from!.at
    let to = at
    if (this.#editor.snapsToGrid && !ctrl) {
      from = { x: toGrid(from.x), y: toGrid(from.y) }
      to = { x: toGrid(to.x), y: toGrid(to.y) }
    } else if (!ctrl && !shift) {
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
