import type { Room } from '../../tutti.js'
import { button, el, setAttribute, setText } from './dom.js'
import { markOf, noticeOf, type Condition } from './condition.js'

/** Short breaks come and go unnoticed. */
const PATIENCE_MS = 900
const TOAST_MS = 5_000
const TOASTS_MAX = 3

/** What a room's own fields say, as far as it was ever joined. */
export function conditionOf(
  room: Room,
  rest: Pick<Condition, 'queue' | 'readOnly' | 'images'>,
): Condition {
  const { condition, unsaved, saving } = room
  const durability = isJoined(room) ? room.durability : null
  return { condition, unsaved, saving, durability, ...rest }
}

function isJoined(room: Room): boolean {
  try {
    return room.me !== 0
  } catch {
    return false
  }
}

/** The word beside the name: whether what one drew is safe. */
export function savedMark(): { element: HTMLElement; update(condition: Condition): void } {
  const text = el('span', { role: 'status' })
  const element = el('span', { class: 'mark' }, text)
  return {
    element,
    update(condition) {
      const mark = markOf(condition)
      setAttribute(element, 'data-state', mark.state)
      setAttribute(element, 'title', mark.title)
      setText(text, mark.text)
    },
  }
}

/** Says that the connection is gone, and when the next try comes. */
export class ConnectionNotice {
  readonly element: HTMLElement
  readonly #text = el('b', {})
  readonly #detail = el('small', {})
  readonly #countdown = el('small', { 'aria-hidden': 'true' })
  readonly #action: HTMLButtonElement
  #room: Room | null = null
  #retryAt: number | null = null
  #patience: ReturnType<typeof setTimeout> | undefined
  #isPatient = true
  readonly #ticking: ReturnType<typeof setInterval>

  constructor() {
    this.#action = button({
      class: 'button plain',
      label: 'Try now',
      text: 'Try now',
      onClick: () => {
        if (this.#room?.status === 'closed') location.reload()
        else this.#room?.reconnect()
      },
    })
    this.element = el(
      'div',
      { class: 'notice', hidden: true },
      el('span', { role: 'status' }, this.#text, ' ', this.#detail, ' ', this.#countdown),
      this.#action,
    )
    this.#ticking = setInterval(() => this.#count(), 250)
  }

  update(room: Room, condition: Condition): void {
    this.#room = room
    const notice = noticeOf(condition)
    if (notice === null) {
      clearTimeout(this.#patience)
      this.#patience = undefined
      this.#isPatient = true
      this.element.hidden = true
      return
    }
    if (this.#isPatient && notice.action === 'retry') {
      this.#patience ??= setTimeout(() => {
        this.#isPatient = false
        this.element.hidden = false
      }, PATIENCE_MS)
    } else {
      this.element.hidden = false
    }
    setAttribute(this.element, 'data-tone', notice.tone)
    setText(this.#text, notice.text)
    setText(this.#detail, notice.detail)
    this.#retryAt = notice.retryAt
    this.#action.hidden = notice.action === null
    setText(this.#action, notice.action === 'reload' ? 'Load again' : 'Try now')
    this.#count()
  }

  stop(): void {
    clearTimeout(this.#patience)
    clearInterval(this.#ticking)
  }

  #count(): void {
    const seconds = this.#retryAt === null ? 0 : Math.ceil((this.#retryAt - Date.now()) / 1_000)
    setText(this.#countdown, seconds > 0 ? `Next try in ${seconds} s.` : '')
  }
}

export interface ToastAction {
  readonly label: string
  readonly run: () => void
}

/** Words that pass. */
export class Toasts {
  readonly element = el('div', { class: 'toasts', role: 'log', 'aria-live': 'polite' })
  readonly #timers = new Set<ReturnType<typeof setTimeout>>()

  tell(text: string, action?: ToastAction): void {
    const same = [...this.element.children].find(
      ({ firstChild }) => firstChild?.textContent === text,
    )
    same?.remove()
    const toast = el('div', { class: 'toast' }, el('span', {}, text))
    if (action !== undefined) {
      const { label, run } = action
      toast.append(button({ class: 'button plain', label, text: label, onClick: run }))
    }
    this.element.append(toast)
    while (this.element.children.length > TOASTS_MAX) this.element.firstElementChild!.remove()
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      toast.remove()
    }, TOAST_MS)
    this.#timers.add(timer)
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
  }
}
