import type { RoomStatus } from '../tutti.js'

/** Short breaks come and go unnoticed. */
const PATIENCE_MS = 700
const BACK_MS = 1_500

const AMBER = '#f5a524'
const GREEN = '#3dd68c'
const RED = '#ff6369'

/** A small word at the foot of the page while the connection is gone, and when it is back. */
export class Pill {
  readonly element = document.createElement('div')
  #timer: ReturnType<typeof setTimeout> | undefined
  #shown = false

  constructor() {
    this.element.className = 'pill hidden'
    this.element.setAttribute('role', 'status')
  }

  tell({ status, reason }: RoomStatus): void {
    if (status === 'live') {
      clearTimeout(this.#timer)
      this.#timer = undefined
      if (!this.#shown) return
      this.#show('Back online', GREEN)
      this.#timer = setTimeout(() => this.#hide(), BACK_MS)
    } else if (status === 'closed') {
      this.#show(reason === '' ? 'Disconnected' : `Disconnected: ${reason}`, RED)
    } else if (this.#shown) {
      this.#show('Reconnecting …', AMBER)
    } else {
      this.#timer ??= setTimeout(() => this.#show('Reconnecting …', AMBER), PATIENCE_MS)
    }
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #show(text: string, dot: string): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#shown = true
    if (this.element.textContent !== text) this.element.textContent = text
    this.element.style.setProperty('--dot', dot)
    this.element.classList.remove('hidden')
  }

  #hide(): void {
    this.#timer = undefined
    this.#shown = false
    this.element.classList.add('hidden')
  }
}
