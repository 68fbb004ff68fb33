import type { Editor } from '../editor.js'
import type { Point } from '../geometry.js'
import type { Pointer, Tool } from './tool.js'

/** Pushes the board about. */
export class Hand implements Tool {
  readonly number = 1
  readonly #editor: Editor
  #last: Point | null = null

  constructor(editor: Editor) {
    this.#editor = editor
  }

  get cursor(): string {
    return this.#last === null ? 'grab' : 'grabbing'
  }

  down({ screen }: Pointer): void {
    this.#last = screen
  }

  move({ screen }: Pointer): void {
    if (this.#last === null) return
    this.#editor.camera.pan(screen.x - this.#last.x, screen.y - this.#last.y)
    this.#last = screen
  }

  up(): void {
    this.#last = null
  }

  cancel(): void {
    this.#last = null
  }
}
