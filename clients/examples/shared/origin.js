import { momentLink } from '/tutti/tutti.js'

/** A room that was made of a moment of another one says so, with a link to that moment, in `link`. */
export function showOrigin(link, { forkedFrom }) {
  link.hidden = forkedFrom === null
  if (forkedFrom === null) return
  link.href = originLink(forkedFrom)
  link.textContent = `from ${forkedFrom.room}`
  link.title = `Goes on from a moment of “${forkedFrom.room}”: watch it`
}

/** Where that moment is shown. */
export function originLink(forkedFrom) {
  return momentLink(new URL('/replay/', location.href), forkedFrom)
}
