import type { Editor } from '../editor.js'
import { sets, type Edit } from '../edit/edit.js'
import type { Patches } from '../edit/move.js'

/** What others see in between; beyond so many objects they see the end alone. */
const SEND_MS = 50
const SENT_MAX = 60

/** A drag: shows here at once, goes to the room now and then, is one step of undo. */
export class LiveEdit {
  readonly #editor: Editor
  #patches: Patches = new Map()
  #sentAt = 0
  readonly #made: string[] = []

  constructor(editor: Editor) {
    this.#editor = editor
    editor.begin()
  }

  show(patches: Patches): void {
    this.#patches = patches
    this.#editor.scene.preview(patches)
    const now = performance.now()
    if (patches.size > SENT_MAX || now - this.#sentAt < SEND_MS) return
    this.#sentAt = now
    this.#send()
  }

  /** New objects, which a cancel takes away again. */
  make(edits: readonly Edit[]): boolean {
    this.#made.push(...edits.map(({ id }) => id))
    return this.#editor.apply(edits)
  }

  /** What shows is what the room gets; `also` is added to it, of the same step. */
  finish(also: Patches = new Map()): void {
    for (const [id, patch] of also) this.#patches.set(id, { ...this.#patches.get(id), ...patch })
    this.#send()
    this.#editor.scene.preview(new Map())
    this.#editor.end()
  }

  cancel(): void {
    this.#editor.scene.preview(new Map())
    if (this.#made.length === 0) {
      this.#editor.cancel()
      return
    }
    this.#editor.apply(this.#made.map((id) => ({ id, delete: true })))
    this.#editor.end()
  }

  #send(): void {
    const { scene } = this.#editor
    const standing = sets(this.#patches).filter(({ id }) => scene.find(id) !== undefined)
    if (standing.length === 0) return
    this.#editor.apply(standing)
  }
}
