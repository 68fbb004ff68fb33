import type { App } from './app.js'
import { COMMANDS, isAvailable, keysOf, type Command, type CommandId } from './commands.js'
import { openMenu, type MenuEntry } from './menu.js'

/** What is asked of a selection, and of the bare board. */
const OF_SELECTION: readonly (CommandId | '-')[] = [
  'cut',
  'copy',
  'copy-picture',
  'paste',
  '-',
  'duplicate',
  'delete',
  '-',
  'group',
  'ungroup',
  'lock',
  'unlock',
  '-',
  'front',
  'forward',
  'backward',
  'back',
]
const OF_BOARD: readonly (CommandId | '-')[] = [
  'undo',
  'redo',
  '-',
  'paste',
  'select-all',
  '-',
  'zoom-fit',
  'zoom-100',
  '-',
  'copy-picture',
  'export',
]

/** What is pointed at stays in sight. */
const BESIDE = 4

/** A right click, a long touch, or the menu key. What is under it is taken hold of first. */
export function listenForMenu(app: App): void {
  const { stage, editor, signal } = app
  stage.addEventListener(
    'contextmenu',
    (event) => {
      if (event.defaultPrevented) return
      event.preventDefault()
      const isByKey = event.button !== 2 && event.pointerType === ''
      if (!isByKey) takeHold(app, event)
      const { left, top } = stage.getBoundingClientRect()
      const x = isByKey ? left + editor.camera.width / 2 : event.clientX + BESIDE
      const y = isByKey ? top + editor.camera.height / 2 : event.clientY + BESIDE
      const ids = editor.selection.size > 0 ? OF_SELECTION : OF_BOARD
      openMenu(app.board, 'Commands', { x, y }, entriesOf(app, ids))
    },
    { signal },
  )
}

function takeHold({ editor }: App, event: MouseEvent): void {
  const at = editor.camera.toBoard(editor.toScreen(event))
  const object = editor.scene.at(at, editor.reach)
  if (object === undefined) editor.selection.clear()
  else if (!editor.selection.has(object.id)) editor.selection.set(editor.selection.unit(object))
}

/** Those that can do something now; lines where there is something on both sides. */
export function entriesOf(app: App, ids: readonly (CommandId | '-')[]): MenuEntry[] {
  const entries: MenuEntry[] = []
  for (const id of ids) {
    if (id === '-') {
      if (entries.length > 0 && entries.at(-1) !== '-') entries.push('-')
    } else if (isAvailable(app, id)) {
      const { label, icon, run }: Command = COMMANDS[id]
      entries.push({ label, icon, keys: keysOf(id), bad: id === 'delete', run: () => run(app) })
    }
  }
  if (entries.at(-1) === '-') entries.pop()
  return entries
}
