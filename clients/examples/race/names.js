import { cutTo } from './talk.js'

const NAME_BYTES = 24

/** What the room refuses in names: controls, and what turns the writing or is not seen. */
const HIDDEN =
  /[\0-\x1f\x7f-\x9f\xad\u{61c}\u{180e}\u{200b}\u{200e}\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{feff}\u{fff9}-\u{fffb}\u{e0000}-\u{e0fff}]/gu

/** What alone is no name to the room: spaces, fillers, joiners, selectors. */
const BLANK =
  /^[ \xa0\u{115f}\u{1160}\u{1680}\u{2000}-\u{200d}\u{202f}\u{205f}\u{2800}\u{3000}\u{3164}\u{fe00}-\u{fe0f}\u{ffa0}]*$/u

/** As much of a name as the room takes; empty where that is none. */
export function nameOf(text) {
  const name = cutTo(text.replace(HIDDEN, '').trim(), NAME_BYTES)
  return BLANK.test(name) ? '' : name
}
