/** All comments of the board, the newest first; a click goes to one. */
import type { Comments, Thread } from '../comments.js'
import type { App } from './app.js'
import type { CommentPins } from './comment_pins.js'
import { el, setAttribute } from './dom.js'
import { timeOf } from './remarks.js'

export interface CommentList {
  readonly element: HTMLElement
  /** It is kept up only while it shows. */
  show(isShown: boolean): void
}

export function commentList(app: App, comments: Comments, pins: CommentPins): CommentList {
  const list = el('div', { class: 'log', tabindex: 0 })
  const shows = el('input', { type: 'checkbox', checked: pins.showsResolved })
  shows.addEventListener('change', () => {
    pins.showsResolved = shows.checked
    show()
  })
  let isShown = false
  const show = () => {
    if (!isShown) return
    const threads = comments.threads.filter(({ isResolved }) => !isResolved || shows.checked)
    list.replaceChildren(...threads.map((thread) => entry(app, thread, pins)))
    setAttribute(list, 'role', threads.length > 0 && 'list')
    if (threads.length === 0) {
      list.append(
        el(
          'p',
          { class: 'nothing' },
          'No open comments. Press C and click where you have something to say.',
        ),
      )
    }
  }
  app.onEnd(comments.on('change', show))
  const choice = el('label', { class: 'choice' }, shows, 'Show what is settled')
  return {
    element: el('div', { class: 'body' }, list, choice),
    show: (shown) => {
      isShown = shown
      show()
    },
  }
}

function entry({ room }: App, thread: Thread, pins: CommentPins): HTMLElement {
  const count = thread.replies.length
  const element = el(
    'button',
    { type: 'button', class: thread.isResolved ? 'entry resolved' : 'entry' },
    el('div', { class: 'by' }, el('b', {}, thread.name), timeOf(thread.time, room.clock.now())),
    el('p', { dir: 'auto' }, thread.text),
    count > 0 && el('small', {}, count === 1 ? '1 reply' : `${count} replies`),
  )
  element.addEventListener('click', () => pins.visit(thread.id))
  return el('div', { role: 'listitem' }, element)
}
