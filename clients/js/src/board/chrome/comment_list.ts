/** All comments of the board, the newest first; a click goes to one. */
import type { Comments, Thread } from '../comments.js'
import type { App } from './app.js'
import type { CommentPins } from './comment_pins.js'
import { el, keyedList, OWN_KEYS, setAttribute, setText, type Entry } from './dom.js'
import { byline } from './remarks.js'

export interface CommentList {
  readonly element: HTMLElement
  /** It is kept up only while it shows. */
  show(isShown: boolean): void
}

export function commentList(app: App, comments: Comments, pins: CommentPins): CommentList {
  const entries = el('div', {})
  const nothing = el(
    'p',
    { class: 'nothing' },
    'No open comments. Press C and click where you have something to say.',
  )
  const log = el('div', { class: 'log', tabindex: 0, ...OWN_KEYS }, entries, nothing)
  const list = keyedList<Thread>(
    entries,
    ({ id }) => id,
    ({ id }) => entryOf(app, () => pins.visit(id)),
  )
  const shows = el('input', { type: 'checkbox', checked: pins.showsResolved })
  shows.addEventListener('change', () => {
    pins.showsResolved = shows.checked
    show()
  })
  let isShown = false
  const show = () => {
    if (!isShown) return
    const threads = comments.threads.filter(({ isResolved }) => !isResolved || shows.checked)
    list(threads)
    setAttribute(entries, 'role', threads.length > 0 && 'list')
    nothing.hidden = threads.length > 0
  }
  app.onEnd(comments.on('change', show))
  const choice = el('label', { class: 'choice' }, shows, 'Show what is settled')
  return {
    element: el('div', { class: 'body' }, log, choice),
    show: (shown) => {
      isShown = shown
      show()
    },
  }
}

function entryOf({ room }: App, visit: () => void): Entry<Thread> {
  const by = byline()
  const words = el('p', { dir: 'auto' })
  const count = el('small', {})
  const face = el('button', { type: 'button' }, by.element, words, count)
  face.addEventListener('click', visit)
  return {
    element: el('div', { role: 'listitem' }, face),
    update({ name, time, text, replies: { length }, isResolved }) {
      by.update(name, time, room.clock.now())
      setText(words, text)
      count.hidden = length === 0
      setText(count, length === 1 ? '1 reply' : `${length} replies`)
      setAttribute(face, 'class', isResolved ? 'entry resolved' : 'entry')
    },
  }
}
