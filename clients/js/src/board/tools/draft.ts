import { encode, type Patch } from '../model.js'
import { newKeysBetween } from '../order.js'
import type { Edit } from '../edit/edit.js'
import type { Editor } from '../editor.js'

/**
 * A new thing under the hand: it shows here as it will be, to the others as this person's draft, and
 * is a record at the end. One step of undo.
 */
export class Draft {
  readonly id: string
  readonly #editor: Editor
  readonly #base: Patch
  #patch: Patch = {}

  /** `base`: what stays the same of it while it takes shape. */
  constructor(editor: Editor, base: Patch) {
    const { scene } = editor
    this.#editor = editor
    this.id = scene.collection.newId()
    this.#base = { z: newKeysBetween(scene.topOrder, null, 1)[0]!, ...base }
  }

  show(patch: Patch): void {
    this.#patch = patch
    const fields = { ...this.#base, ...patch }
    this.#editor.scene.preview(new Map([[this.id, fields]]))
    this.#editor.presence.draft(encode(fields))
  }

  /** It is what it is to be, with `last`, and `also` is done in the same step; false where it could not. */
  finish(last: Patch = {}, also: readonly Edit[] = []): boolean {
    const put = { ...this.#base, ...this.#patch, ...last }
    const isMade = this.#editor.apply([{ id: this.id, put }, ...also])
    this.#rest()
    return isMade
  }

  cancel(): void {
    this.#rest()
  }

  #rest(): void {
    this.#editor.scene.preview(new Map())
    this.#editor.presence.draft(null)
  }
}
