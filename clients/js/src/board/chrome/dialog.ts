import { button, el, OWN_KEYS } from './dom.js'

const FOCUSABLE = 'button:not([disabled]), input:not([disabled]), select, textarea, [tabindex="0"]'

/** A dialog over the board; gives what closes it. The focus stays inside, and goes back after. */
export function openDialog(
  board: HTMLElement,
  title: string,
  content: HTMLElement,
  { isSmall = false, onClose }: { isSmall?: boolean; onClose?: () => void } = {},
): () => void {
  const root = board.getRootNode() as ShadowRoot
  const before = root.activeElement
  const heading = el('h2', { id: 'dialog-title' }, title)
  const dialog = el(
    'div',
    {
      class: isSmall ? 'panel dialog small' : 'panel dialog',
      role: 'dialog',
      'aria-modal': 'true',
      'aria-labelledby': 'dialog-title',
      tabindex: -1,
      ...OWN_KEYS,
    },
    el(
      'header',
      {},
      heading,
      button({ icon: 'close', label: 'Close', keys: 'Esc', onClick: () => close() }),
    ),
    content,
  )
  const veil = el('div', { class: 'veil' }, dialog)
  const close = () => {
    if (!veil.isConnected) return
    veil.remove()
    onClose?.()
    if (before instanceof HTMLElement) before.focus()
  }
  veil.addEventListener('pointerdown', (event) => {
    if (event.target === veil) close()
  })
  veil.addEventListener('keydown', (event) => {
    event.stopPropagation()
    if (event.key === 'Escape' || (event.key === '?' && content.dataset['closes'] === '?')) {
      event.preventDefault()
      close()
    }
    if (event.key === 'Tab') stayWithin(dialog, root, event)
  })
  board.append(veil)
  dialog.focus({ preventScroll: true })
  return close
}

function stayWithin(dialog: HTMLElement, root: ShadowRoot, event: KeyboardEvent): void {
  const stops = [...dialog.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(
    (stop) => stop.offsetParent !== null,
  )
  const [first, last] = [stops[0], stops.at(-1)]
  const at = root.activeElement
  if (event.shiftKey ? at === first || at === dialog : at === last) {
    event.preventDefault()
    ;(event.shiftKey ? last : first)?.focus()
  }
}
