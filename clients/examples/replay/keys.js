/** What keys do, by what they write; those that are the same with and without Shift by their code. */
const BY_KEY = {
  ' ': 'toggle',
  k: 'toggle',
  K: 'toggle',
  j: 'back',
  J: 'back',
  l: 'on',
  L: 'on',
  ',': 'step-back',
  '.': 'step',
  '<': 'slower',
  '>': 'faster',
  Home: 'first',
  End: 'last',
  '[': 'marker-before',
  ']': 'marker-after',
  '+': 'nearer',
  '=': 'nearer',
  '-': 'farther',
  _: 'farther',
  f: 'whole',
  F: 'whole',
  s: 'sessions',
  S: 'sessions',
  '?': 'keys',
}
const SHORT_S = 5
const LONG_S = 30

/**
 * Keys of the player, wherever the focus is, but where one writes or a sheet is open. They come
 * before those of what is shown. `act` is given the name of what is asked for, and a number.
 */
export function listenForKeys(act) {
  addEventListener(
    'keydown',
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isForPage(event)) return
      const wish = wishOf(event)
      if (wish === null) return
      event.preventDefault()
      event.stopImmediatePropagation()
      act(...wish)
    },
    { capture: true },
  )
}

function wishOf({ key, shiftKey }) {
  const seconds = shiftKey ? LONG_S : SHORT_S
  if (key === 'ArrowLeft' || key === 'ArrowDown') return ['skip', -seconds]
  if (key === 'ArrowRight' || key === 'ArrowUp') return ['skip', seconds]
  if (key === 'PageUp') return ['skip', LONG_S]
  if (key === 'PageDown') return ['skip', -LONG_S]
  if (/^[0-9]$/.test(key)) return ['tenth', Number(key)]
  return key in BY_KEY ? [BY_KEY[key]] : null
}

/** A button that has the focus takes the space bar, and a field takes what is written. */
function isForPage(event) {
  const [target] = event.composedPath()
  if (!(target instanceof Element)) return false
  if (document.querySelector('dialog[open]') !== null) return true
  if (target.closest('input:not([type=checkbox]), textarea, select, [contenteditable]')) return true
  return event.key === ' ' && target.closest('button, a[href], input') !== null
}
