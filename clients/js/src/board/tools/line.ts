import { linePatch } from '../edit/move.js'
import type { Editor } from '../editor.js'
import { distance, type Point } from '../geometry.js'
import { HEAD_AT_END, type BoardObject, type Patch } from '../model.js'
import { Draft } from './draft.js'
import { endPatch, straightened } from './pull.js'
import type { Pointer, Tool } from './tool.js'

const STILL_PIXELS = 4

/** Line and arrow: from one end to the other. Ends of arrows attach to what they are on. */
export class Line implements Tool {
  readonly cursor = 'crosshair'
  readonly number: number
  readonly #editor: Editor
  readonly #type: 'line' | 'arrow'
  #from: Pointer | null = null
  #last: Pointer | null = null
  #draft: Draft | null = null
  #target: BoardObject | null = null

  constructor(editor: Editor, type: 'line' | 'arrow', number: number) {
    this.#editor = editor
    this.#type = type
    this.number = number
  }

  /** What the arrow's end would be attached to, for the overlay. */
  get target(): BoardObject | null {
    return this.#target
  }

  down(pointer: Pointer): void {
    if (this.#editor.readOnly) return
    this.#from = pointer
  }

  move(pointer: Pointer): void {
    const from = this.#from
    if (from === null) return
    this.#last = pointer
    if (this.#draft === null && distance(from.screen, pointer.screen) <= STILL_PIXELS) return
    const to = pointer.shift ? straightened(from.at, pointer.at) : pointer.at
    this.#draft ??= this.#begin(from, to)
    const { id } = this.#draft
    const end = endPatch(this.#editor, { id, type: this.#type }, 'end', pointer, from.at)
    this.#target = end.target
    this.#draft.show({ ...linePatch([from.at, to]), ...end.patch })
  }

  up(pointer: Pointer): void {
    if (this.#from === null) return
    this.move(pointer)
    const draft = this.#draft
    this.#rest()
    if (draft?.finish()) this.#editor.done(draft.id)
  }

  cancel(): void {
    this.#draft?.cancel()
    this.#rest()
  }

  hover(pointer: Pointer): void {
    if (this.#type !== 'arrow') return
    const nowhere = { x: Infinity, y: 0 }
    const { target } = endPatch(this.#editor, { id: '', type: 'arrow' }, 'start', pointer, nowhere)
    if (target === this.#target) return
    this.#target = target
    this.#editor.renderer.refresh()
  }

  key(event: KeyboardEvent): boolean {
    if (this.#last === null || this.#draft === null) return false
    this.move({ ...this.#last, shift: event.shiftKey, ctrl: event.ctrlKey || event.metaKey })
    return false
  }

  #rest(): void {
    this.#from = null
    this.#last = null
    this.#draft = null
    this.#target = null
    this.#editor.renderer.refresh()
  }

  #begin(from: Pointer, to: Point): Draft {
    const { colour, size, dash, opacity } = this.#editor.style
    const isArrow = this.#type === 'arrow'
    const start = endPatch(this.#editor, { id: '', type: this.#type }, 'start', from, to)
    const heads: Patch = isArrow ? { heads: HEAD_AT_END, ...start.patch } : {}
    return new Draft(this.#editor, { type: this.#type, colour, size, dash, opacity, ...heads })
  }
}
