import type { App } from './app.js'
import { ariaKeysOf, COMMANDS, keysOf } from './commands.js'
import { button, el, setAttribute, setText } from './dom.js'
import { Minimap } from './minimap.js'

/** How large all is, the map of the board, and one's own way back and forth. */
export function zoomCorner(app: App): HTMLElement {
  const { editor, room } = app
  const corner = el('div', { class: 'corner left' })
  if (!app.hides('zoom')) {
    const percent = button({
      class: 'button percent',
      label: 'Zoom to 100%',
      keys: keysOf('zoom-100'),
      text: '100%',
      onClick: () => COMMANDS['zoom-100'].run(app),
    })
    const tell = () => {
      const now = `${Math.round(editor.camera.zoom * 100)}%`
      setText(percent, now)
      setAttribute(percent, 'aria-label', `Zoom is ${now}; to 100%`)
    }
    app.onEnd(editor.camera.on('change', tell))
    tell()
    const panel = el(
      'div',
      { class: 'panel zoom only-wide', role: 'group', 'aria-label': 'Zoom' },
      commandButton(app, 'zoom-out'),
      percent,
      commandButton(app, 'zoom-in'),
      commandButton(app, 'zoom-fit'),
    )
    if (!app.hides('minimap')) {
      const shows = button({
        icon: 'map',
        label: 'Map',
        attributes: { 'aria-pressed': 'false' },
        onClick: () => map.toggle(),
      })
      const map = new Minimap(app, (isOpen) => setAttribute(shows, 'aria-pressed', String(isOpen)))
      panel.append(shows)
      corner.append(map.element)
    }
    corner.append(panel)
  }
  if (!app.hides('tools') && !editor.readOnly) {
    const undo = commandButton(app, 'undo')
    const redo = commandButton(app, 'redo')
    const tell = () => {
      undo.disabled = !room.canUndo
      redo.disabled = !room.canRedo
    }
    app.onEnd(room.on('history', tell))
    tell()
    corner.append(
      el(
        'div',
        { class: 'panel zoom history', role: 'group', 'aria-label': 'History' },
        undo,
        redo,
      ),
    )
  }
  return corner
}

export function commandButton(app: App, id: keyof typeof COMMANDS): HTMLButtonElement {
  const { icon, label, run } = COMMANDS[id]
  return button({
    icon: icon!,
    label,
    keys: keysOf(id),
    attributes: { 'aria-keyshortcuts': ariaKeysOf(id) },
    onClick: () => run(app),
  })
}
