/**
 * The emoji that are offered as reactions, drawn: they look the same everywhere, also where no font
 * has them. Any other is text.
 */

const SKIN = 'fill="#ffcf3f" stroke="#b97f00" stroke-width=".8" stroke-linejoin="round"'
const FACE = '<circle cx="12" cy="12" r="9.6" fill="#ffcf3f" stroke="#b97f00" stroke-width=".8"/>'
const INK = '#553a00'

/** A hand that claps, seen from its back, upright. */
const HAND =
  '<path d="M7.2 12.4V6.1a1.2 1.2 0 0 1 2.4 0v-1.6a1.2 1.2 0 0 1 2.4 0v.3a1.2 1.2 0 0 1 2.4 0v1.5a1.2 1.2 0 0 1 2.4 0v7.2c0 4.2-1.9 6.5-5.2 6.5-2.6 0-4-1.3-5-3.4l-2.1-4.2a1.3 1.3 0 0 1 2.3-1.2z"/>'

const DRAWINGS = new Map(
  Object.entries({
    '❤️': '<path fill="#e0314b" d="M12 20.5S3 15 3 8.8A4.8 4.8 0 0 1 12 6.5a4.8 4.8 0 0 1 9 2.3C21 15 12 20.5 12 20.5z"/>',
    '👍':
      '<rect x="2.6" y="10.4" width="4" height="10.2" rx="1" fill="#3b74c9"/>' +
      `<path ${SKIN} d="M7.6 11.2l3.7-7.3c.2-.5.7-.7 1.2-.6 1.4.3 2.1 1.5 1.7 3l-.9 3.4h5.2a2 2 0 0 1 2 2.4l-1.2 6a2.7 2.7 0 0 1-2.6 2.1H9.2l-1.6-.6z"/>`,
    '🎉':
      '<path fill="#f2a93b" d="M2.8 21.2L8 8.6l7.4 7.4z"/><path fill="#d9772b" d="M6.3 12.7l5 5 -2.3 1L5 15.9zM4 18.3l1.7 1.7-2.9 1.2z"/>' +
      '<g fill="none" stroke-width="1.5" stroke-linecap="round"><path stroke="#e0314b" d="M10.6 6.6c1.7-.9.9-2.7 2.9-3.6"/><path stroke="#3b74c9" d="M17.4 13.4c.9-1.7 2.7-.9 3.6-2.9"/><path stroke="#2f9e5b" d="M13.3 10.7l4-4"/></g>' +
      '<circle cx="7.2" cy="4.2" r="1.2" fill="#8b5cf6"/><circle cx="20" cy="4.3" r="1.3" fill="#e0a100"/><circle cx="20" cy="17" r="1.2" fill="#e0314b"/><circle cx="16.8" cy="3" r=".8" fill="#3b74c9"/>',
    '😂':
      FACE +
      `<path fill="none" stroke="${INK}" stroke-width="1.4" stroke-linecap="round" d="M6.7 9.9q1.7-2.3 3.4 0M13.9 9.9q1.7-2.3 3.4 0"/>` +
      `<path fill="${INK}" d="M6.7 12.9h10.6a5.3 5.3 0 0 1-10.6 0z"/><path fill="#fff" d="M7.1 12.9h9.8v1.2a1 1 0 0 1-.4.1H7.5z"/>` +
      '<path fill="#4aa3f0" d="M5.2 10.8c-2.5 1.5-4.1 3.3-3.2 4.7s3.2.5 3.7-2.5zM18.8 10.8c2.5 1.5 4.1 3.3 3.2 4.7s-3.2.5-3.7-2.5z"/>',
    '👏':
      `<g ${SKIN}><g transform="rotate(-30 12 14) translate(2.6 -1.2) scale(.92)">${HAND}</g><g transform="rotate(-30 12 14) translate(-1.6 2) scale(.92)">${HAND}</g></g>` +
      '<path fill="none" stroke="#e0a100" stroke-width="1.3" stroke-linecap="round" d="M17.6 2.2l-.7 2M21.3 4.3l-1.6 1.4M22.5 8.3l-2.1.2"/>',
    '🤔':
      FACE +
      `<circle cx="8.7" cy="9.8" r="1.1" fill="${INK}"/><circle cx="15" cy="9.8" r="1.1" fill="${INK}"/>` +
      `<path fill="none" stroke="${INK}" stroke-width="1.3" stroke-linecap="round" d="M6.5 7.1q1.8-1.4 3.6-.8M13.4 5.7q1.9-.9 3.7.4M9.2 14.6q2.3-1 4.8-.2"/>` +
      '<path fill="#f2b52b" stroke="#b97f00" stroke-width=".8" stroke-linejoin="round" d="M4.4 17.2l1.3-1.7c.5-.7 1.5-.5 1.7.3l.4 1.3 4.7-.8c1-.2 1.5 1.1.6 1.6l-2.8 1.6c-.2 1.9-1.5 3.3-3.4 3.3-1.7 0-2.9-1.2-3.2-2.9z"/>',
    '🎵': '<g fill="#6b3fc4"><path d="M8.2 5.6L20 2.8v3.3L9.9 8.5v9H8.2z"/><path d="M18.3 4.5H20v11h-1.7z"/><ellipse cx="6.9" cy="17.7" rx="3.1" ry="2.4" transform="rotate(-20 6.9 17.7)"/><ellipse cx="17" cy="15.6" rx="3.1" ry="2.4" transform="rotate(-20 17 15.6)"/></g>',
  }),
)

/** Markup of a picture as large as the letters around it; undefined for what is not drawn. */
export function emojiMarkup(emoji: string): string | undefined {
  const drawing = DRAWINGS.get(emoji) ?? DRAWINGS.get(`${emoji}\ufe0f`)
  if (drawing === undefined) return undefined
  const size = 'viewBox="0 0 24 24" width="1.2em" height="1.2em"'
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" ${size}><title>${emoji}</title>${drawing}</svg>`
}

/** Puts an emoji into an element: its drawing, or what the font has. */
export function writeEmoji(element: Element, emoji: string): void {
  const markup = emojiMarkup(emoji)
  if (markup === undefined) element.textContent = emoji
  else element.innerHTML = markup
}

const pictures = new Map<string, HTMLImageElement>()

/** For a canvas; null where it is not drawn, or is not there yet. */
export function emojiPicture(emoji: string): HTMLImageElement | null {
  const markup = emojiMarkup(emoji)
  if (markup === undefined) return null
  let picture = pictures.get(emoji)
  if (picture === undefined) {
    picture = new Image()
    // As large as it is drawn at most, on a fine screen too.
    picture.src = `data:image/svg+xml,${encodeURIComponent(markup.replaceAll('1.2em', '128'))}`
    pictures.set(emoji, picture)
  }
  return picture.complete && picture.naturalWidth > 0 ? picture : null
}
