import type { Moment, Room } from '../../tutti.js'
import type { Clipboard } from '../clipboard.js'
import type { Editor } from '../editor.js'
import type { ThemeSwitch } from './theme.js'

/** Parts of the board that a page can leave out. */
export type Part =
  | 'name'
  | 'saved'
  | 'people'
  /** Comments, chat and reactions. */
  | 'talk'
  | 'share'
  | 'menu'
  | 'tools'
  | 'style'
  | 'zoom'
  | 'minimap'
  | 'help'
  | 'welcome'
  /** That the connection is gone: for a page that says so itself. */
  | 'connection'

export interface Links {
  /** Lets others draw. */
  readonly draw: string
  /** Lets others look; left out, there is none. */
  readonly look?: string
  /** Where the board's past can be seen; left out, its menu has no such line. */
  readonly history?: string
  /** Where a moment of another board can be seen, of which this one was made; left out, that is no link. */
  readonly origin?: (from: Moment) => string
}

/** What the parts around the canvas have in common. */
export interface App {
  readonly room: Room
  readonly editor: Editor
  readonly clipboard: Clipboard
  /** All of the board, in which menus and dialogs open. */
  readonly board: HTMLElement
  /** The canvas, which keys are for. */
  readonly stage: HTMLElement
  /** What people call the board. */
  readonly title: string
  readonly links: Links
  readonly theme: ThemeSwitch
  /** Fires when the board is taken away. */
  readonly signal: AbortSignal
  hides(part: Part): boolean
  /** To be undone when the board is taken away. */
  onEnd(end: () => void): void
  /** Of a tool with kinds, the one that was used last. */
  lastOf(tool: string): string
  /** Opens a panel to talk in, or closes it. */
  talk(part: 'chat' | 'comments'): void
  open(dialog: 'help' | 'export'): void
  /** Read out, and not shown. */
  say(text: string): void
  /** Shown for a moment, and read out. */
  tell(text: string, action?: { readonly label: string; readonly run: () => void }): void
}
