/** What the others see of this person: pointer, view, selection, tool, and what is being drawn. */
import type { Editor } from './editor.js'
import type { Point } from './geometry.js'
import { clamp, PLACE_MAX } from './model.js'
import type { FieldsInput } from '../collection.js'
import type { Value } from '../value.js'

const SELECTION_MAX = 32

export class Presence {
  readonly #editor: Editor
  readonly #ends: (() => void)[]

  constructor(editor: Editor) {
    this.#editor = editor
    const { camera, selection } = editor
    this.#ends = [
      camera.on('change', () => this.#tellView()),
      selection.on('change', () => {
        const ids = [...selection].slice(0, SELECTION_MAX)
        this.#set({ selection: ids.length > 0 ? ids : null })
      }),
      editor.on('tool', () => this.#set({ tool: editor.tool.number })),
    ]
    this.#tellView()
  }

  destroy(): void {
    for (const end of this.#ends) end()
  }

  /** The pointer is here; null where it has left the board. */
  point(at: Point | null): void {
    const within = (place: number) => clamp(place, -PLACE_MAX, PLACE_MAX)
    this.#set(at === null ? { x: null, y: null } : { x: within(at.x), y: within(at.y) })
  }

  /** Something takes shape that is no record yet. */
  draft(draft: FieldsInput | null): void {
    this.#set({ draft: draft as Value })
  }

  laser(isOn: boolean): void {
    this.#set({ laser: isOn || null })
  }

  #tellView(): void {
    const { x, y, w, h } = this.#editor.camera.box
    this.#set({ view: [x, y, w, h].map(Math.round) })
  }

  #set(fields: { readonly [field: string]: Value }): void {
    if (this.#editor.room.status !== 'closed') this.#editor.room.presence.set(fields)
  }
}
