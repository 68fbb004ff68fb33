// Small pictures of a recording, made by playing it once more in a replay that nobody else sees.
import { replay } from '/tutti/tutti.js'

const WIDTH = 192
const HEIGHT = 120
/** A moment that does not come is left out. */
const WAIT_MS = 5_000

/**
 * Takes `count` pictures from `first` to `last`; `show` is given all that there are so far, after each
 * one. `paint` fills a canvas with what the room holds. `signal` ends it.
 */
export async function takePictures(room, { first, last, count, paint, show, signal }) {
  const scout = await replay('/', room, { at: first, signal })
  try {
    const pictures = []
    const ticks = ticksBetween(first, last, count)
    for (const [i, tick] of ticks.entries()) {
      if (signal.aborted) return
      if (!(await isThere(scout.seek(tick)))) continue
      const canvas = Object.assign(document.createElement('canvas'), {
        width: WIDTH,
        height: HEIGHT,
      })
      await paint(canvas, scout.room)
      pictures.push({ tick, until: ticks[i + 1] ?? last, canvas })
      show([...pictures])
    }
  } finally {
    scout.leave()
  }
}

/** The beginnings of as many equal parts. */
function ticksBetween(first, last, count) {
  return Array.from({ length: count }, (_, i) => Math.round(first + ((last - first) * i) / count))
}

function isThere(sought) {
  const late = new Promise((resolve) => setTimeout(resolve, WAIT_MS, false))
  return Promise.race([
    sought.then(
      () => true,
      () => false,
    ),
    late,
  ])
}
