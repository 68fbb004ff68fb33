/**
 * Shortcuts as text: `mod+shift+z`, `shift+1`, `[`, `delete`. `mod` is Command on a Mac and Control
 * elsewhere.
 */
import { keyOf } from '../keys.js'

const isMac = /Mac|iP(hone|ad|od)/.test(globalThis.navigator?.platform ?? '')

/**
 * What a key that was pressed may be called. Digits go by their place, for Shift makes another
 * character of them; what is a character of its own, as `?`, needs no Shift to be named.
 */
export function namesOf(event: KeyboardEvent): string[] {
  const digit = /^Digit(\d)$/.exec(event.code)?.[1]
  const pressed = keyOf(event)
  const key = pressed === ' ' ? 'space' : pressed
  const modifiers = [
    (isMac ? event.metaKey : event.ctrlKey) && 'mod',
    event.altKey && 'alt',
    event.shiftKey && 'shift',
  ].filter((modifier) => modifier !== false)
  const names = [[...modifiers, digit ?? key].join('+')]
  const isCharacter = event.key.length === 1 && !/[a-z0-9 ]/i.test(event.key)
  if (isCharacter) names.push([...modifiers.filter((name) => name !== 'shift'), key].join('+'))
  return names
}

const WORDS: { readonly [key: string]: string } = {
  mod: isMac ? '⌘' : 'Ctrl',
  alt: isMac ? '⌥' : 'Alt',
  shift: isMac ? '⇧' : 'Shift',
  delete: 'Del',
  backspace: '⌫',
  escape: 'Esc',
  enter: 'Enter',
  tab: 'Tab',
  space: 'Space',
  arrowup: '↑',
  arrowdown: '↓',
  arrowleft: '←',
  arrowright: '→',
}

/** The keycaps of a shortcut, as people know them. */
export function capsOf(keys: string): string[] {
  const parts = keys.endsWith('++') ? [...keys.slice(0, -2).split('+'), '+'] : keys.split('+')
  return (keys === '+' ? ['+'] : parts).map((part) => WORDS[part] ?? part.toUpperCase())
}

export function sayKeys(keys: string): string {
  return capsOf(keys).join(isMac ? '' : '+')
}

/** For `aria-keyshortcuts`. */
export function ariaKeys(keys: string): string {
  const words: { readonly [key: string]: string } = {
    mod: isMac ? 'Meta' : 'Control',
    alt: 'Alt',
    shift: 'Shift',
  }
  return keys
    .split('+')
    .map((part) => words[part] ?? part)
    .join('+')
}
