/** What comments and chat have in common: who said it and when, words with links, where to write. */
import { button, el, setAttribute, setText } from './dom.js'
import { utf8Bytes } from '../text.js'

const LINK = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]}]/g
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Kept, since to make one takes longer than to use it a hundred times. */
const CLOCK = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })
const WEEKDAY = new Intl.DateTimeFormat(undefined, { weekday: 'short' })
const DATE = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const WHOLE_DATE = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
})
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'medium' })

/** A moment, as one says it; `now` by the same clock. */
export function timeWords(time: number, now: number): string {
  const ago = now - time
  if (time === 0) return ''
  if (ago < MINUTE) return 'just now'
  if (ago < HOUR) return `${Math.floor(ago / MINUTE)} min ago`
  const date = new Date(time)
  const clock = CLOCK.format(date)
  if (new Date(now).toDateString() === date.toDateString()) return clock
  if (ago < 6 * DAY) return `${WEEKDAY.format(date)} ${clock}`
  const isThisYear = new Date(now).getFullYear() === date.getFullYear()
  return (isThisYear ? DATE : WHOLE_DATE).format(date)
}

/** Who said something, when, and what can be done with it. */
export interface Byline {
  readonly element: HTMLElement
  update(name: string, time: number, now: number): void
}

export function byline(...actions: readonly HTMLElement[]): Byline {
  const who = el('b', {})
  const when = el('time', {})
  return {
    element: el('div', { class: 'by' }, who, when, ...actions),
    update(name, time, now) {
      setText(who, name)
      when.hidden = time === 0
      if (time === 0) return
      const moment = new Date(time)
      setAttribute(when, 'datetime', moment.toISOString())
      setAttribute(when, 'title', MOMENT.format(moment))
      setText(when, timeWords(time, now))
    },
  }
}

/** Text as text; addresses in it can be gone to. Said again, it is left as it is. */
export function setWords(words: HTMLElement, text: string): void {
  if (words.textContent === text) return
  words.replaceChildren()
  let at = 0
  for (const match of text.matchAll(LINK)) {
    words.append(text.slice(at, match.index))
    const [href] = match
    words.append(el('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow' }, href))
    at = match.index + href.length
  }
  words.append(text.slice(at))
}

export interface ComposerOptions {
  readonly label: string
  readonly bytesMax: number
  /** Says it; false keeps what was written. */
  readonly onSay: (text: string) => boolean
  readonly onType?: (isTyping: boolean) => void
  /** Escape was pressed. */
  readonly onLeave: () => void
  /** What was written is too long, or there is too much of it. */
  readonly onTrouble: (text: string) => void
}

export interface Composer {
  readonly element: HTMLElement
  readonly field: HTMLTextAreaElement
  /** What is to be written here, what stands in it, and what to say about that, above it. */
  ask(label: string, text: string, hint?: string): void
}

/** Enter says it, shift and Enter begins a line. */
export function composer(options: ComposerOptions): Composer {
  const field = el('textarea', {
    rows: 1,
    'aria-label': options.label,
    placeholder: options.label,
    enterkeyhint: 'send',
  })
  const grow = () => {
    field.style.height = 'auto'
    field.style.height = `${field.scrollHeight + 2}px`
  }
  const say = () => {
    const text = field.value.trim()
    if (text === '') return
    if (utf8Bytes(text) > options.bytesMax) {
      options.onTrouble(`That is too long by ${utf8Bytes(text) - options.bytesMax} letters or so.`)
      return
    }
    if (!options.onSay(text)) return
    field.value = ''
    grow()
  }
  field.addEventListener('input', () => {
    grow()
    options.onType?.(field.value.trim() !== '')
  })
  field.addEventListener('keydown', (event) => {
    event.stopPropagation()
    if (event.isComposing) return
    if (event.key === 'Escape') options.onLeave()
    else if (event.key === 'Enter' && !event.shiftKey) say()
    else return
    event.preventDefault()
  })
  const send = button({ icon: 'forward', label: 'Send', class: 'button send', onClick: say })
  const about = el('small', { class: 'hint', hidden: true })
  const ask = (label: string, text: string, hint = '') => {
    setText(about, hint)
    about.hidden = hint === ''
    setAttribute(field, 'aria-label', label)
    field.placeholder = label
    field.value = text
    grow()
  }
  return { element: el('div', { class: 'composer' }, about, field, send), field, ask }
}
