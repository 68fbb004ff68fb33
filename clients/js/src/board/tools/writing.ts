import type { Editor } from '../editor.js'
import type { Pointer, Tool } from './tool.js'

/** A click makes a text or a note, and its words can be written at once. */
export class Writing implements Tool {
  readonly number: number
  readonly cursor: string
  readonly #editor: Editor
  readonly #type: 'text' | 'note'
  #from: Pointer | null = null

  constructor(editor: Editor, type: 'text' | 'note') {
    this.#editor = editor
    this.#type = type
    this.number = type === 'text' ? 12 : 13
    this.cursor = type === 'text' ? 'text' : 'copy'
  }

  down(pointer: Pointer): void {
    if (!this.#editor.readOnly) this.#from = pointer
  }

  move(): void {}

  up(pointer: Pointer): void {
    if (this.#from === null) return
    this.#from = null
    const { scene, reach } = this.#editor
    const object = scene.at(pointer.at, reach)
    const isText = object?.type === this.#type && object.lock === 0
    this.#editor.setTool('select')
    if (isText) {
      this.#editor.selection.set([object.id])
      this.#editor.tell('edit', { id: object.id })
    } else if (this.#type === 'text') {
      this.#editor.startText(pointer.at)
    } else {
      this.#editor.startNote(pointer.at)
    }
  }

  cancel(): void {
    this.#from = null
  }
}
