import { iconOf, type IconName } from './icons.js'

type Child = Node | string | null | undefined | false
type Attributes = { readonly [name: string]: string | number | boolean | null | undefined }

/**
 * An element with attributes and children. `true` is an empty attribute; `false`, null and
 * undefined are none. What people wrote goes in as text alone.
 */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value)
  append(element, children)
  return element
}

export function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) element.append(child)
  }
}

/** Sets an attribute only where it differs, so that nothing is announced or painted twice. */
export function setAttribute(
  element: Element,
  name: string,
  value: string | number | boolean | null | undefined,
): void {
  if (value === false || value === null || value === undefined) {
    if (element.hasAttribute(name)) element.removeAttribute(name)
    return
  }
  const text = value === true ? '' : String(value)
  if (element.getAttribute(name) !== text) element.setAttribute(name, text)
}

/** Said again, it would be read out again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

export interface ButtonOptions {
  readonly icon?: IconName
  /** What a screen reader says, and the tooltip; with `keys` behind it. */
  readonly label: string
  /** The shortcut, for people. */
  readonly keys?: string | undefined
  /** What stands in the button beside the icon. */
  readonly text?: string
  readonly class?: string
  readonly attributes?: Attributes
  readonly onClick: (event: MouseEvent) => void
}

export function button(options: ButtonOptions): HTMLButtonElement {
  const { icon, label, keys, text, onClick } = options
  const element = el(
    'button',
    {
      type: 'button',
      class: options.class ?? 'button',
      'aria-label': text === undefined ? label : null,
      title: keys === undefined ? label : `${label} (${keys})`,
      ...options.attributes,
    },
    icon !== undefined && iconOf(icon),
    text,
  )
  element.addEventListener('click', onClick)
  return element
}

/**
 * Arrow keys move among the controls of a group, which is one stop for the Tab key: the chosen
 * one, else the one that had the focus last.
 */
export function rove(group: HTMLElement, signal: AbortSignal): () => void {
  const controls = () =>
    [...group.querySelectorAll<HTMLElement>('button, [role=menuitem]')].filter(
      (control) => !control.hidden && !control.hasAttribute('disabled'),
    )
  const settle = (chosen?: HTMLElement) => {
    const all = controls()
    const stop =
      chosen ??
      all.find((control) => control.matches('[aria-pressed=true], [aria-checked=true]')) ??
      all[0]
    for (const control of all) control.tabIndex = control === stop ? 0 : -1
  }
  group.addEventListener(
    'keydown',
    (event) => {
      const steps: { [key: string]: number } = {
        ArrowRight: 1,
        ArrowDown: 1,
        ArrowLeft: -1,
        ArrowUp: -1,
      }
      const all = controls()
      const at = all.indexOf(event.composedPath()[0] as HTMLElement)
      const isInside = at >= 0 || event.target === group
      if (!isInside || event.ctrlKey || event.metaKey || event.altKey) return
      const step = steps[event.key]
      let to: HTMLElement | undefined
      if (step !== undefined) to = all.at(at < 0 && step > 0 ? 0 : (at + step) % all.length)
      else if (event.key === 'Home') to = all[0]
      else if (event.key === 'End') to = all.at(-1)
      if (to === undefined) return
      event.preventDefault()
      event.stopPropagation()
      settle(to)
      to.focus()
    },
    { signal },
  )
  settle()
  return () => settle()
}

/** Of what is scrolled and read: arrows, Space and what copies are for it, and not for the board. */
export const OWN_KEYS = { 'data-own-keys': true } as const

/** A child of a list, for as long as what it shows is in it. */
export interface Entry<Item> {
  readonly element: HTMLElement
  /** Called with the item that it was made for, and whenever that may be different. */
  update(item: Item): void
}

/**
 * Shows items as children of an element, each by its key. Who stays is left where it is, so that it
 * keeps the focus, and a screen reader reads out what is new alone.
 */
export function keyedList<Item>(
  parent: HTMLElement,
  keyOf: (item: Item) => string,
  make: (item: Item) => Entry<Item>,
): (items: readonly Item[]) => void {
  const entries = new Map<string, Entry<Item>>()
  return (items) => {
    const wanted = new Map<string, Item>()
    for (const item of items) {
      let key = keyOf(item)
      while (wanted.has(key)) key += ' again'
      wanted.set(key, item)
    }
    for (const [key, { element }] of entries) {
      if (wanted.has(key)) continue
      element.remove()
      entries.delete(key)
    }
    let next = parent.firstElementChild
    for (const [key, item] of wanted) {
      let entry = entries.get(key)
      if (entry === undefined) entries.set(key, (entry = make(item)))
      entry.update(item)
      if (entry.element === next) next = next.nextElementSibling
      else parent.insertBefore(entry.element, next)
    }
  }
}

/** Whether keys that are pressed there are letters of a text. */
export function isTextField(target: EventTarget | null | undefined): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true
  if (target instanceof HTMLSelectElement) return true
  return target instanceof HTMLInputElement && !/^(button|checkbox|radio|range)$/.test(target.type)
}
