import type { App } from './app.js'
import { choosePictures } from './choose_pictures.js'
import { button, el, rove, setAttribute } from './dom.js'
import { iconOf } from './icons.js'
import { openMenu, type MenuEntry } from './menu.js'
import { ariaKeys, sayKeys } from './keys.js'
import { faceOf, facesFor, TOOL_FACES, type ToolFace } from './tools.js'
import { StylePanel } from './style_panel.js'

/** Takes up the tool that a button stands for. */
export function pickTool(app: App, face: ToolFace): void {
  if (face.name === 'image') choosePictures(app)
  else app.editor.setTool(app.lastOf(face.name))
  app.stage.focus({ preventScroll: true })
}

/** The tools at the foot of the board. A narrow one has the rarer tools behind two buttons. */
export function toolbar(app: App): { bar: HTMLElement; style: StylePanel } {
  const { editor } = app
  const buttons = new Map(facesFor(app).map((face) => [face, toolButton(app, face)]))
  const narrow = editor.readOnly ? [] : narrowButtons(app)
  const bar = el('div', {
    class: editor.readOnly ? 'panel toolbar looks' : 'panel toolbar',
    role: 'toolbar',
    'aria-label': 'Tools',
  })
  for (const [face, element] of buttons) {
    if (face.begins) bar.append(divider())
    if (face.place !== 'bar' && !editor.readOnly) element.classList.add('only-wide')
    bar.append(element)
    for (const [after, button] of narrow) if (after === face.name) bar.append(button)
  }
  const { opener, style } = styleButton(app)
  bar.append(opener)
  const settle = rove(bar, app.signal)
  const tell = () => {
    const current = faceOf(editor.toolName)
    for (const [face, element] of buttons) {
      setAttribute(element, 'aria-pressed', String(face === current))
    }
    for (const [, button, place] of narrow) showCurrent(button, place, current)
    settle()
  }
  app.onEnd(editor.on('tool', tell))
  tell()
  return { bar, style }
}

/** In a narrow board the style panel opens by a button, which has the colour that is drawn with. */
function styleButton(app: App): { opener: HTMLButtonElement; style: StylePanel } {
  const swatch = el('i', { class: 'swatch-dot' })
  const style = new StylePanel(app, (colour) => swatch.style.setProperty('--shown', colour))
  const open = (isOpen?: boolean) => {
    style.toggle(isOpen)
    setAttribute(opener, 'aria-expanded', String(style.isOpen))
  }
  const opener = button({
    label: 'Style',
    class: 'button tool only-narrow',
    attributes: { 'aria-expanded': 'false' },
    onClick: () => open(),
  })
  opener.append(swatch)
  opener.hidden = app.editor.readOnly || app.hides('style')
  // Where it lies over the board, it makes way for what is drawn.
  app.stage.addEventListener('pointerdown', () => open(false), { signal: app.signal })
  return { opener, style }
}

function divider(): HTMLElement {
  return el('span', { class: 'divider only-wide', 'aria-hidden': 'true' })
}

function toolButton(app: App, face: ToolFace): HTMLButtonElement {
  const number = TOOL_FACES.indexOf(face) + 1
  const [first] = face.keys
  const keys = number < 10 ? `${sayKeys(first!)} or ${number}` : sayKeys(first!)
  return button({
    icon: face.icon,
    label: face.label,
    keys,
    class: 'button tool',
    attributes: {
      'aria-pressed': 'false',
      'aria-keyshortcuts': ariaKeys(first!),
      'data-tool': face.name,
    },
    onClick: () => pickTool(app, face),
  })
}

type NarrowButton = readonly [after: string, button: HTMLButtonElement, place: ToolFace['place']]

/** Shapes behind one button, what is used rarely behind another. */
function narrowButtons(app: App): NarrowButton[] {
  const opens = (
    place: ToolFace['place'],
    icon: 'shapes' | 'more',
    label: string,
  ): HTMLButtonElement => {
    const opener = button({
      icon,
      label,
      class: 'button tool only-narrow',
      attributes: { 'aria-haspopup': 'menu', 'aria-expanded': 'false', 'aria-pressed': 'false' },
      onClick: () => {
        const { left, top } = opener.getBoundingClientRect()
        openMenu(
          app.board,
          label,
          { x: left, y: top - 10, above: true },
          entries(app, place),
          opener,
        )
      },
    })
    return opener
  }
  return [
    ['line', opens('shapes', 'shapes', 'Shapes'), 'shapes'],
    ['laser', opens('more', 'more', 'More tools'), 'more'],
  ]
}

function entries(app: App, place: ToolFace['place']): MenuEntry[] {
  return TOOL_FACES.filter((face) => face.place === place).map((face) => ({
    label: face.label,
    icon: face.icon,
    checked: faceOf(app.editor.toolName) === face,
    run: () => pickTool(app, face),
  }))
}

/** The button has the face of the tool behind it that is taken up. */
function showCurrent(
  element: HTMLButtonElement,
  place: ToolFace['place'],
  current: ToolFace | undefined,
): void {
  const isOurs = current?.place === place
  const icon = isOurs ? current.icon : place === 'shapes' ? 'shapes' : 'more'
  element.querySelector('.icon')?.replaceWith(iconOf(icon))
  setAttribute(element, 'aria-pressed', String(isOurs))
}
