import type { Editor } from '../editor.js'
import type { Pointer, Tool } from './tool.js'

/** Points something out: the pointer leaves a trail that everyone sees, and nothing stays. */
export class Laser implements Tool {
  readonly number = 14
  readonly cursor = 'crosshair'
  readonly #editor: Editor
  #isOn = false

  constructor(editor: Editor) {
    this.#editor = editor
  }

  down(pointer: Pointer): void {
    this.#isOn = true
    this.#editor.presence.laser(true)
    this.#editor.tell('laser', [pointer.at])
  }

  move(_: Pointer, trail: readonly Pointer[]): void {
    if (this.#isOn)
      this.#editor.tell(
        'laser',
        trail.map(({ at }) => at),
      )
  }

  up(): void {
    this.cancel()
  }

  cancel(): void {
    if (!this.#isOn) return
    this.#isOn = false
    this.#editor.presence.laser(false)
  }

  leave(): void {
    this.cancel()
  }
}
