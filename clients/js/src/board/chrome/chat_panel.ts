/** The chat: what was said, who is writing, where to write, and pictures to let fly. */
import { LINE_BYTES_MAX, type Chat, type Said } from '../chat.js'
import { writeEmoji } from '../../emoji.js'
import { REACTIONS, type Reacting } from '../reactions.js'
import type { App } from './app.js'
import { button, el, keyedList, OWN_KEYS, setAttribute, setText, type Entry } from './dom.js'
import { byline, composer, setWords } from './remarks.js'

/** Lines of one person so close together need no name again. */
const TOGETHER_MS = 120_000
const AT_END_PIXELS = 24

export interface ChatPanel {
  readonly element: HTMLElement
  /** Shown from now on, or no longer. */
  show(isShown: boolean): void
}

export function chatPanel(app: App, chat: Chat, reacting: Reacting, leave: () => void): ChatPanel {
  const log = el('div', {
    class: 'log',
    tabindex: 0,
    role: 'log',
    'aria-label': 'What was said',
    'aria-relevant': 'additions',
    ...OWN_KEYS,
  })
  const list = keyedList<Row>(log, keyOf, (row) => entryOf(app, chat, row))
  const typing = el('div', { class: 'typing', 'aria-live': 'off' })
  const { element: foot, field } = composer({
    label: 'Say something',
    bytesMax: LINE_BYTES_MAX,
    onSay: (text) => app.editor.attempt(() => chat.say(text)),
    onType: (isTyping) => chat.type(isTyping),
    onLeave: leave,
    onTrouble: (text) => app.tell(text),
  })
  foot.hidden = app.editor.readOnly
  /** How many of the lines were there when the panel was opened: a mark stands behind them. */
  let readCount: number | null = null
  let isShown = false
  const draw = () => {
    if (!isShown) return
    const isAtEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - AT_END_PIXELS
    list(rowsOf(chat, readCount))
    if (isAtEnd) log.scrollTop = log.scrollHeight
  }
  const drawTyping = () => {
    const names = app.editor.people.all.flatMap(({ name, isTyping }) => (isTyping ? name : []))
    setText(typing, typingWords(names))
  }
  app.onEnd(chat.on('change', draw))
  app.onEnd(app.editor.people.on('change', drawTyping))
  return {
    element: el('div', { class: 'body' }, log, typing, emojis(app, reacting), foot),
    show(shown) {
      isShown = shown
      readCount = shown && chat.unread > 0 ? chat.lines.length - chat.unread : null
      chat.read(shown)
      if (!shown) return
      draw()
      drawTyping()
      log.scrollTop = log.scrollHeight
      field.focus({ preventScroll: true })
    },
  }
}

/** What stands in the log: lines, the mark before those that are new, or words instead of any. */
type Row =
  | { readonly is: 'line'; readonly line: Said; readonly isMore: boolean }
  | { readonly is: 'mark' | 'nothing' }

function rowsOf({ lines }: Chat, readCount: number | null): Row[] {
  if (lines.length === 0) return [{ is: 'nothing' }]
  return lines.flatMap((line, i) => {
    const row: Row = { is: 'line', line, isMore: goesOn(line, lines[i - 1]) }
    return i === readCount ? [{ is: 'mark' }, row] : [row]
  })
}

function goesOn(line: Said, before: Said | undefined): boolean {
  return (
    before?.name === line.name &&
    before.colour === line.colour &&
    before.isMine === line.isMine &&
    line.time - before.time < TOGETHER_MS
  )
}

function keyOf(row: Row): string {
  return row.is === 'line' ? `line ${row.line.key}` : row.is
}

function entryOf(app: App, chat: Chat, { is }: Row): Entry<Row> {
  if (is === 'line') return lineEntry(app, chat)
  const element =
    is === 'mark'
      ? el('div', { class: 'fresh' }, 'New')
      : el('p', { class: 'nothing' }, 'Nobody has said anything yet.')
  return { element, update() {} }
}

function lineEntry({ room, editor }: App, chat: Chat): Entry<Row> {
  let said: Said | null = null
  const by = byline()
  const words = el('p', { dir: 'auto' })
  const again = el('button', { type: 'button', class: 'take-back' }, 'Not sent. Try again')
  again.addEventListener('click', () => {
    const line = said!
    if (editor.attempt(() => chat.say(line.text))) chat.drop(line)
  })
  const element = el('div', {}, by.element, words, again)
  return {
    element,
    update(row) {
      if (row.is !== 'line') return
      const { line, isMore } = row
      said = line
      by.update(line.name, line.time, room.clock.now())
      by.element.hidden = isMore
      setWords(words, line.text)
      again.hidden = line.state !== 'failed'
      setAttribute(element, 'class', `line ${line.state}${isMore ? ' more' : ''}`)
      element.style.setProperty('--person', line.colour)
    },
  }
}

function typingWords(names: readonly string[]): string {
  const [first, second] = names
  if (first === undefined) return ''
  if (second === undefined) return `${first} is writing…`
  return names.length === 2 ? `${first} and ${second} are writing…` : 'Several people are writing…'
}

/** One is taken up here, and flies wherever on the board one clicks. */
function emojis({ editor, onEnd }: App, reacting: Reacting): HTMLElement {
  const row = el('div', { class: 'emojis', role: 'group', 'aria-label': 'React on the board' })
  const show = () => {
    for (const each of row.children) {
      const isChosen = editor.toolName === 'react' && each.textContent === reacting.emoji
      each.setAttribute('aria-pressed', String(isChosen))
    }
  }
  for (const emoji of REACTIONS) {
    const pick = () => {
      const isChosen = editor.toolName === 'react' && reacting.emoji === emoji
      reacting.emoji = emoji
      editor.setTool(isChosen ? 'select' : 'react')
      show()
    }
    const label = 'Click on the board to let it fly'
    const attributes = { 'aria-label': `${emoji}: click on the board to let it fly` }
    const one = button({ label, text: emoji, attributes, onClick: pick })
    writeEmoji(one, emoji)
    row.append(one)
  }
  onEnd(editor.on('tool', show))
  return row
}
