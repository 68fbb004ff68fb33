/**
 * A whiteboard on any page:
 *
 * ```js
 * import board from 'tutti/board'
 * const { destroy } = await board(element, 'ws://localhost:7777', 'plans', { name: 'Ada' })
 * ```
 *
 * It lives in a shadow root and is as large as its element.
 */
import type { Links, Part } from './board/chrome/app.js'
import { Shell } from './board/chrome/shell.js'
import type { ThemeChoice } from './board/chrome/theme.js'
import { Editor } from './board/editor.js'
import { join, type JoinOptions, type Room } from './tutti.js'

export interface BoardOptions {
  /** Shown to the others. */
  readonly name?: string
  /** Any CSS colour; left out, one of its own for each member. */
  readonly color?: string
  /** What people call this board, and its pictures. Default: the room's name. */
  readonly title?: string
  /** Whether this person only looks. */
  readonly readOnly?: boolean
  /** Left out, the person chooses, and this browser remembers it. */
  readonly theme?: ThemeChoice
  /** Parts that this page has no use for. */
  readonly hide?: readonly Part[]
  /** What the button Share hands out. Default: the address of this page. */
  readonly links?: Links
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
export { colourOf as personColour } from './board/person_colour.js'
export { paintBoard } from './board/thumbnail.js'
export type { Links, Part, ThemeChoice }

const KIND = 'board'
/** Drawn without a connection, a minute of strokes is hundreds of changes. */
const QUEUE = 1_000

/** Puts a board into this element. Resolves once the room is here, and rejects as `join` does. */
export default async function board(
  element: HTMLElement,
  url: string,
  name: string,
  options: BoardOptions = {},
): Promise<Board> {
  const shell = shellIn(element, name, options)
  try {
    const room = await join(url, name, {
      ...options.join,
      kind: KIND,
      user: { name: options.name, color: options.color },
      onStatus: (status, joining) => {
        shell.told(joining)
        options.join?.onStatus?.(status, joining)
      },
    })
    return opened(shell, room, () => room.leave())
  } catch (error) {
    shell.destroy()
    throw error
  }
}

/**
 * Shows the board of a room that is joined already, which stays the caller's: `destroy()` does not
 * leave it. For a replay, say, which nobody draws on: `{ readOnly: true }`.
 */
export function showBoard(
  element: HTMLElement,
  room: Room,
  options: Omit<BoardOptions, 'name' | 'color' | 'join'> = {},
): Board {
  const shell = shellIn(element, options.title ?? room.url, options)
  return opened(shell, room, () => {})
}

function shellIn(element: HTMLElement, name: string, options: BoardOptions): Shell {
  return new Shell(element, {
    name,
    title: options.title ?? name,
    readOnly: options.readOnly ?? false,
    theme: options.theme ?? null,
    hide: new Set(options.hide),
    links: options.links ?? { draw: location.href },
    queue: options.join?.queue?.operations ?? QUEUE,
  })
}

function opened(shell: Shell, room: Room, leave: () => void): Board {
  const editor = shell.open(room)
  return {
    room,
    editor,
    destroy() {
      shell.destroy()
      leave()
    },
  }
}
