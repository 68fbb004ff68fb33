import { el, rove } from './dom.js'
import { iconOf, type IconName } from './icons.js'

export interface MenuItem {
  readonly label: string
  readonly icon?: IconName | undefined
  /** The shortcut, for people. */
  readonly keys?: string | undefined
  /** One of several, or on and off: shown with a tick. */
  readonly checked?: boolean | undefined
  readonly disabled?: boolean | undefined
  /** It takes something away. */
  readonly bad?: boolean | undefined
  /** A person, shown by the notehead in their colour. */
  readonly person?: string | undefined
  readonly run: () => void
}

export type MenuEntry = MenuItem | '-' | { readonly title: string }

export interface MenuPlace {
  /** In pixels of the window. */
  readonly x: number
  readonly y: number
  /** Grows to the left of x, or above y. */
  readonly toLeft?: boolean
  readonly above?: boolean
}

/**
 * Opens a menu on the board. It closes by a choice, by Escape, by a touch elsewhere; the focus
 * goes back to where it was.
 */
export function openMenu(
  board: HTMLElement,
  label: string,
  place: MenuPlace,
  entries: readonly MenuEntry[],
  opener?: HTMLElement,
): void {
  const ending = new AbortController()
  const { signal } = ending
  const root = board.getRootNode() as ShadowRoot
  const before = root.activeElement
  const close = (givesFocusBack: boolean) => {
    if (signal.aborted) return
    ending.abort()
    menu.remove()
    opener?.setAttribute('aria-expanded', 'false')
    if (givesFocusBack && before instanceof HTMLElement) before.focus()
  }
  const menu = el('div', { class: 'panel menu', role: 'menu', 'aria-label': label, tabindex: -1 })
  const hasIcons = entries.some((entry) => entry !== '-' && 'icon' in entry && entry.icon)
  for (const entry of entries) {
    menu.append(
      entry === '-'
        ? el('hr', { role: 'separator' })
        : 'title' in entry
          ? el('div', { class: 'menu-title' }, entry.title)
          : itemOf(entry, hasIcons, () => close(true)),
    )
  }
  board.append(menu)
  opener?.setAttribute('aria-expanded', 'true')
  settle(menu, board, place)
  rove(menu, signal)
  menu.focus({ preventScroll: true })
  menu.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' || event.key === 'Tab') {
      event.preventDefault()
      close(true)
    }
    event.stopPropagation()
  })
  menu.addEventListener('contextmenu', (event) => event.preventDefault())
  const outside = (event: Event) => {
    if (!event.composedPath().includes(menu)) close(false)
  }
  addEventListener('pointerdown', outside, { capture: true, signal })
  addEventListener('wheel', outside, { capture: true, passive: true, signal })
  addEventListener('blur', () => close(false), { signal })
}

/** A button that opens a menu below or above itself. */
export function menuButton(
  opener: HTMLButtonElement,
  board: HTMLElement,
  label: string,
  entries: () => readonly MenuEntry[],
  { toLeft = false, above = false } = {},
): HTMLButtonElement {
  opener.setAttribute('aria-haspopup', 'menu')
  opener.setAttribute('aria-expanded', 'false')
  opener.addEventListener('click', () => {
    const { left, right, top, bottom } = opener.getBoundingClientRect()
    const place = { x: toLeft ? right : left, y: above ? top - 8 : bottom + 8, toLeft, above }
    openMenu(board, label, place, entries(), opener)
  })
  return opener
}

function itemOf(item: MenuItem, hasIcons: boolean, close: () => void): HTMLElement {
  const isChoice = item.checked !== undefined
  const element = el(
    'button',
    {
      type: 'button',
      class: item.bad ? 'item bad' : 'item',
      role: isChoice ? 'menuitemcheckbox' : 'menuitem',
      'aria-checked': isChoice ? String(item.checked) : null,
      disabled: item.disabled,
    },
    item.person !== undefined && el('i', { class: 'dot', style: `--person: ${item.person}` }),
    item.icon === undefined ? hasIcons && el('i', { class: 'icon' }) : iconOf(item.icon),
    el('span', {}, item.label),
    item.checked === true && tick(),
    item.keys !== undefined && el('kbd', {}, item.keys),
  )
  element.addEventListener('click', () => {
    close()
    item.run()
  })
  return element
}

function tick(): SVGSVGElement {
  const icon = iconOf('check')
  icon.classList.add('on')
  return icon
}

/** Within the board, whatever was asked for. */
function settle(menu: HTMLElement, board: HTMLElement, place: MenuPlace): void {
  const frame = board.getBoundingClientRect()
  const { offsetWidth: width, offsetHeight: height } = menu
  const wantedX = place.x - frame.left - (place.toLeft ? width : 0)
  const wantedY = place.y - frame.top - (place.above ? height : 0)
  const x = Math.max(8, Math.min(frame.width - width - 8, wantedX))
  const y = Math.max(8, Math.min(frame.height - height - 8, wantedY))
  menu.style.left = `${x}px`
  menu.style.top = `${y}px`
}
