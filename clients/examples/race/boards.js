import { arrange, make, write } from './dom.js'
import { timeText } from './words.js'

const SHOWN = 8

/** Fills a list with the best laps that were ever driven on a track, on this server. */
export async function showBoard(list, road) {
  list.dataset.track = road.name
  const laps = await bestLaps(road)
  // Another track may have been chosen meanwhile.
  if (list.dataset.track !== road.name) return
  const items = laps.map(({ name, score }) => ({ id: name, score }))
  arrange(list, items, {
    create: ({ id }) => make('li', '', make('span', '', id), make('b', '')),
    update: (item, { score }) => write(item.lastElementChild, timeText(score)),
  })
  list.classList.toggle('empty', laps.length === 0)
}

/** Quickest first. What stands beside a race stops none: nothing, where it is not to be had. */
async function bestLaps({ name }) {
  try {
    const response = await fetch(`/v1/results/race/${name}/laps?limit=${SHOWN}`)
    return response.ok ? await response.json() : []
  } catch {
    return []
  }
}
