const FIELDS = 'input, textarea, select, [contenteditable]'
const PRESSED_BY_SPACE = 'button, summary'

/**
 * Whether a key that goes down is not a driver's: typed into a field, pressing what has the focus, or
 * one of the browser's own. The path of the event also leads into what hides its inside, as the
 * network panel does.
 */
export function isForPage(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return true
  const [target] = event.composedPath()
  if (!(target instanceof Element)) return false
  return target.matches(FIELDS) || (event.code === 'Space' && target.matches(PRESSED_BY_SPACE))
}
