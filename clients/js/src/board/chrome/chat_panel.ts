/** The chat: what was said, who is writing, where to write, and pictures to let fly. */
import { LINE_BYTES_MAX, type Chat, type Said } from '../chat.js'
import { REACTIONS, type Reacting } from '../reactions.js'
import type { App } from './app.js'
import { button, el, setText } from './dom.js'
import { composer, timeOf, wordsWithLinks } from './remarks.js'

/** Lines of one person so close together need no name again. */
const TOGETHER_MS = 120_000
const AT_END_PIXELS = 24

export interface ChatPanel {
  readonly element: HTMLElement
  /** Shown from now on, or no longer. */
  show(isShown: boolean): void
}

export function chatPanel(app: App, chat: Chat, reacting: Reacting, leave: () => void): ChatPanel {
  const log = el('div', { class: 'log', tabindex: 0, role: 'log', 'aria-label': 'What was said' })
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
    log.replaceChildren(...linesOf(app, chat, readCount))
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

function linesOf(app: App, chat: Chat, readCount: number | null): HTMLElement[] {
  const { lines } = chat
  if (lines.length === 0) return [el('p', { class: 'nothing' }, 'Nobody has said anything yet.')]
  return lines.flatMap((line, i) => {
    const element = lineOf(app, chat, line, lines[i - 1])
    return i === readCount ? [el('div', { class: 'fresh' }, 'New'), element] : [element]
  })
}

function lineOf({ room }: App, chat: Chat, line: Said, before: Said | undefined): HTMLElement {
  const { name, colour, time, state, text } = line
  const isMore =
    before?.name === name &&
    before.colour === colour &&
    before.isMine === line.isMine &&
    time - before.time < TOGETHER_MS
  const by = el('div', { class: 'by' }, el('b', {}, name), timeOf(time, room.clock.now()))
  const element = el(
    'div',
    { class: `line ${state}${isMore ? ' more' : ''}` },
    !isMore && by,
    wordsWithLinks(text),
  )
  element.style.setProperty('--person', colour)
  if (state === 'failed') element.append(failure(chat, line))
  return element
}

function failure(chat: Chat, line: Said): HTMLElement {
  const again = el('button', { type: 'button', class: 'take-back' }, 'Not sent. Try again')
  again.addEventListener('click', () => {
    chat.drop(line)
    chat.say(line.text)
  })
  return again
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
    const attributes = { 'aria-label': `${emoji}: click on the board to let it fly` }
    row.append(
      button({ label: 'Click on the board to let it fly', text: emoji, attributes, onClick: pick }),
    )
  }
  onEnd(editor.on('tool', show))
  return row
}
