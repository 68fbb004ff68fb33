const NOT_IN_A_NAME = /[^A-Za-z0-9_-]+/g
const NAME_MAX = 64

/** The room that the address names with `?room=`, or another word, in the letters that such a name may have. */
export function roomInAddress(otherwise, word = 'room') {
  const asked = new URLSearchParams(location.search).get(word) ?? ''
  return asked.replace(NOT_IN_A_NAME, '-').slice(0, NAME_MAX) || otherwise
}

/** Copies `text` and says so on the button for a moment. Without a clipboard, shows it to copy. */
export async function copy(button, text) {
  const said = button.textContent
  try {
    await navigator.clipboard.writeText(text)
  } catch {
    prompt('Copy this:', text)
    return
  }
  button.textContent = 'Copied'
  setTimeout(() => (button.textContent = said), 1_500)
}
