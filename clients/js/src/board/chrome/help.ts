import type { App } from './app.js'
import { COMMANDS, SECTIONS, type Command } from './commands.js'
import { openDialog } from './dialog.js'
import { el } from './dom.js'
import { capsOf } from './keys.js'
import { facesFor, TOOL_FACES } from './tools.js'

/** What hands do that no table of keys knows. */
const BY_HAND = [
  ['Move the view', 'Wheel, two fingers, or Space and drag'],
  ['Zoom', 'Ctrl and wheel, or pinch'],
  ['From the middle, in proportion', 'Alt, Shift while pulling'],
  ['Copy while moving', 'Alt and drag'],
  ['First object, next, let go', 'Enter, Tab, Esc'],
  ['Edit words', 'Double click, or Enter'],
] as const

/** All keys, from the tables that drive them. */
export function openHelp(app: App): void {
  const keys = el('div', { class: 'keys' })
  const tools = facesFor(app)
  keys.append(
    section(
      'Tools',
      tools.map(({ label, keys }) =>
        row(
          label,
          [...keys, number(label)].filter((key) => key !== ''),
        ),
      ),
    ),
  )
  const commands = (Object.values(COMMANDS) as Command[]).filter(
    ({ keys, changes }) => keys !== undefined && !(changes && app.editor.readOnly),
  )
  for (const name of SECTIONS) {
    const rows = sharedRows(commands.filter((command) => command.section === name))
    if (rows.length > 0) keys.append(section(name, rows))
  }
  keys.append(
    section(
      'By hand',
      BY_HAND.map(([label, how]) => line(label, el('dd', {}, how))),
    ),
  )
  const body = el('div', { class: 'body', 'data-closes': '?', tabindex: 0 }, keys)
  openDialog(app.board, 'Keys', body)
}

/** Commands of the same keys, of which one at a time can do something, are one row. */
function sharedRows(commands: readonly Command[]): HTMLElement[] {
  const rows = new Map<string, { readonly labels: string[]; readonly keys: readonly string[] }>()
  for (const { label, keys = [] } of commands) {
    const name = keys.join(' ')
    const labels = rows.get(name)?.labels ?? []
    labels.push(labels.length === 0 ? label.replace(/ …$/, '') : label.toLowerCase())
    rows.set(name, { labels, keys: keys.slice(0, 2) })
  }
  return [...rows.values()].map(({ labels, keys }) => row(labels.join(' or '), keys))
}

/** The tool's place in the toolbar is a key, too. */
function number(label: string): string {
  const number = TOOL_FACES.findIndex((face) => face.label === label) + 1
  return number < 10 ? String(number) : ''
}

function section(title: string, rows: readonly HTMLElement[]): HTMLElement {
  return el('section', {}, el('h3', {}, title), el('dl', {}, ...rows))
}

function row(label: string, keys: readonly string[]): HTMLElement {
  const caps = el('dd', {})
  keys.forEach((key, i) => {
    if (i > 0) caps.append(' or ')
    for (const cap of capsOf(key)) caps.append(el('kbd', { class: 'key' }, cap))
  })
  return line(label, caps)
}

function line(label: string, value: HTMLElement): HTMLElement {
  return el('div', {}, el('dt', {}, label), value)
}
