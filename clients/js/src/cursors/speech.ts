import type { Point } from './frame.js'

const LENGTH_MAX = 120
const LINGER_MS = 4_000

/**
 * Saying something at one's own cursor: the key `/` opens a small field, what is typed shows to
 * the others letter by letter, Enter says it for good.
 */
export class Speech {
  readonly #layer: ShadowRoot
  readonly #saying: (text: string, typing: boolean) => void
  readonly #said: (text: string) => void
  readonly #whereabouts: () => Point | null
  readonly #paint: (field: HTMLElement) => void
  #field: HTMLInputElement | null = null
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    layer: ShadowRoot,
    whereabouts: () => Point | null,
    paint: (field: HTMLElement) => void,
    saying: (text: string, typing: boolean) => void,
    said: (text: string) => void,
  ) {
    this.#layer = layer
    this.#whereabouts = whereabouts
    this.#paint = paint
    this.#saying = saying
    this.#said = said
  }

  /** True where the key was meant for us. */
  key(event: KeyboardEvent): boolean {
    const isOurs =
      event.key === '/' && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event)
    if (isOurs) this.open()
    return isOurs
  }

  open(): void {
    if (this.#field !== null || this.#whereabouts() === null) return
    clearTimeout(this.#timer)
    const field = document.createElement('input')
    field.className = 'say'
    field.placeholder = 'Say something'
    field.maxLength = LENGTH_MAX
    field.setAttribute('aria-label', 'Say something to everyone')
    field.addEventListener('input', () => this.#saying(field.value, true))
    field.addEventListener('keydown', (event) => {
      event.stopPropagation()
      if (event.key === 'Enter') this.#close(field.value.trim())
      if (event.key === 'Escape') this.#close('')
    })
    field.addEventListener('blur', () => this.#close(''))
    this.#paint(field)
    this.#field = field
    this.#layer.append(field)
    this.follow()
    field.focus({ preventScroll: true })
  }

  /** The field goes where the pointer goes. */
  follow(): void {
    const at = this.#whereabouts()
    if (this.#field !== null && at !== null) {
      this.#field.style.transform = `translate(${at.x + 14}px, ${at.y + 18}px)`
    }
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#field?.remove()
    this.#field = null
  }

  #close(text: string): void {
    const field = this.#field
    if (field === null) return
    this.#field = null
    field.remove()
    this.#saying(text, false)
    if (text === '') return
    this.#said(text)
    this.#timer = setTimeout(() => this.#saying('', false), LINGER_MS)
  }
}

function isTyping(event: Event): boolean {
  const [target] = event.composedPath()
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  )
}
