import { emptied } from './canvas.js'
import { clockText } from './words.js'

/** Between two times that are written. */
const APART = 76
const STEPS_S = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200,
  86400,
]
/** Of the smaller lines between them. */
const PARTS = 5
const LONG = 5
const SHORT = 3

/** Seconds from one time that is written to the next, where a second is so many pixels wide. */
export function stepFor(pixels) {
  return STEPS_S.find((step) => step * pixels >= APART) ?? STEPS_S.at(-1)
}

/**
 * Times below what shows of a recording: `from` and `until` in seconds since its beginning, `place` a
 * second → pixels from the left.
 */
export function paintRuler(canvas, { from, until, place, colours, font }) {
  const { context, width, height } = emptied(canvas)
  context.font = font
  context.textBaseline = 'bottom'
  const step = stepFor(width / (until - from))
  const begin = Math.floor(from / step)
  for (let i = begin; i * step <= until; i++) {
    context.fillStyle = colours.rule
    for (let part = 1; part < PARTS; part++) {
      context.fillRect(Math.round(place((i + part / PARTS) * step)), 0, 1, SHORT)
    }
    const x = Math.round(place(i * step))
    context.fillStyle = colours.strong
    context.fillRect(x, 0, 1, LONG)
    const text = clockText(i * step, { tenths: step < 1 })
    const wide = context.measureText(text).width
    const left = Math.max(0, x - wide / 2)
    if (x < 0 || left + wide > width) continue
    context.fillStyle = colours.soft
    context.fillText(text, left, height)
  }
}
