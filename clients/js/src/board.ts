/**
 * A whiteboard on any page:
 *
 * ```js
 * import board from 'tutti/board'
 * const { editor, destroy } = await board(element, 'ws://localhost:7777', 'plans', { name: 'Ada' })
 * ```
 */
import { Editor, type EditorOptions } from './board/editor.js'
import { join, type JoinOptions, type Room } from './tutti.js'

export interface BoardOptions extends EditorOptions {
  /** Shown to the others. */
  readonly name?: string
  /** Any CSS colour. */
  readonly color?: string
  /** More of what `join` takes. */
  readonly join?: Omit<JoinOptions, 'kind' | 'user'>
}

export interface Board {
  readonly room: Room
  readonly editor: Editor
  /** Takes the board away and leaves the room. */
  destroy(): void
}

export { Editor }

const KIND = 'board'

/** Puts a board into this element. Resolves once the room is here, and rejects as `join` does. */
export default async function board(
  element: HTMLElement,
  url: string,
  name: string,
  options: BoardOptions = {},
): Promise<Board> {
  const room = await join(url, name, {
    ...options.join,
    kind: KIND,
    user: { name: options.name, color: options.color },
  })
  const editor = new Editor(room, element, options)
  return {
    room,
    editor,
    destroy() {
      editor.destroy()
      room.leave()
    },
  }
}
