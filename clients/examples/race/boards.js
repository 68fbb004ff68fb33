import { arrange, make, write } from '../shared/dom.js'
import { timeText } from './words.js'

const SHOWN = 8

/** The quickest laps of a track; each board has the best first, each name once. */
export function lapsOf(road, limit) {
  return ask(`${road.name}/laps`, limit)
}

/** The quickest races of so many laps. */
export function racesOf(road, laps, limit) {
  return ask(`${road.name}/races/${laps}`, limit)
}

/** [{ name, score in milliseconds, at_ms }]; null where the server does not say. */
async function ask(board, limit) {
  try {
    const response = await fetch(`/v1/results/race/${board}?limit=${limit}`)
    return response.ok ? await response.json() : null
  } catch {
    return null
  }
}

/** Fills a list with the best laps that were ever driven on a track, on this server. */
export async function showBoard(list, road) {
  if (list.dataset.track !== road.name) {
    list.dataset.track = road.name
    list.classList.remove('empty')
    list.replaceChildren()
  }
  const laps = await lapsOf(road, SHOWN)
  // Another track may have been chosen meanwhile; and what is not to be had now stays as it was.
  if (list.dataset.track !== road.name || laps === null) return
  const items = laps.map(({ name, score }) => ({ id: name, score }))
  arrange(list, items, {
    create: ({ id }) => make('li', '', make('span', '', id), make('b', '')),
    update: (item, { score }) => write(item.lastElementChild, timeText(score)),
  })
  list.classList.toggle('empty', laps.length === 0)
}
