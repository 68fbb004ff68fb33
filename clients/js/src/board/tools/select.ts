import type { Editor } from '../editor.js'
import { boxOf, type Box, type Point } from '../geometry.js'
import type { Pointer, Tool } from './tool.js'

/** Takes hold of objects: one by one, or all within an area. */
export class Select implements Tool {
  readonly number = 0
  readonly cursor = 'default'
  readonly #editor: Editor
  #from: Point | null = null
  #kept: ReadonlySet<string> = new Set()

  constructor(editor: Editor) {
    this.#editor = editor
  }

  down({ at, shift }: Pointer): void {
    const { scene, selection, reach } = this.#editor
    const object = scene.at(at, reach)
    if (object !== undefined) {
      const unit = selection.unit(object)
      if (!shift) selection.set(unit)
      else if (selection.has(object.id)) selection.remove(unit)
      else selection.add(unit)
      return
    }
    if (!shift) selection.clear()
    this.#from = at
    this.#kept = selection.ids
  }

  move({ at }: Pointer): void {
    if (this.#from === null) return
    const area: Box = boxOf(this.#from, at)
    const touched = this.#editor.scene.touchedBy(area)
    const units = touched.flatMap((object) => this.#editor.selection.unit(object))
    this.#editor.selection.set([...this.#kept, ...units])
  }

  up(): void {
    this.#from = null
  }

  cancel(): void {
    this.#from = null
  }
}
