import { arrange, make, write } from '../shared/dom.js'
import { LOBBY, RESULTS } from './game.js'
import { count } from './words.js'

const PHASES = ['in the lobby', 'about to start', 'racing', 'at the results']

/** The races that are going on; null where the server does not say. */
export async function openRaces() {
  try {
    const response = await fetch('/v1/kinds/race/rooms')
    return response.ok ? await response.json() : null
  } catch {
    return null
  }
}

/** Whether who comes now drives in the next race there. */
function isOpen({ card }) {
  return card.seats > 0 && [LOBBY, RESULTS].includes(card.phase)
}

/** The room to go to for a race on a track: the fullest that waits for drivers; else a new one. */
export function roomFor(road, races) {
  const waiting = races.filter((race) => race.card.track === road.name && isOpen(race))
  const [fullest] = waiting.sort((a, b) => b.card.drivers - a.card.drivers)
  if (fullest !== undefined) return fullest.room
  return races.some(({ room }) => room === road.name) ? freshName(`${road.name}-`) : road.name
}

/** Where a race on a track is now; what was `known` counts where the server does not say. */
export async function wayTo(road, known) {
  const races = (await openRaces()) ?? known
  return addressOf(roomFor(road, races), road.name)
}

/** With a track: it is asked for there. */
export function addressOf(room, track = null) {
  const query = new URLSearchParams({ room, ...(track !== null && { track }) })
  return `/race/?${query}`
}

/** That nobody guesses. */
export function freshName(prefix) {
  const letters = crypto.getRandomValues(new Uint8Array(20))
  return prefix + Array.from(letters, (letter) => (letter % 32).toString(32)).join('')
}

/** Fills a list with links to these races. */
export function showRaces(list, races, roads) {
  const items = races.map((race) => ({ ...race, id: race.room }))
  arrange(list, items, {
    create: ({ room }) => {
      const link = make('a', '', make('b', ''), make('small', ''))
      link.href = addressOf(room)
      return make('li', '', link)
    },
    update: (item, race) => {
      const { card, members } = race
      const [title, facts] = item.firstElementChild.children
      const road = roads.find(({ name }) => name === card.track)
      write(title, road?.title ?? String(card.track))
      const words = [count(members, 'person', 'people'), count(card.laps, 'lap')]
      words.push(PHASES[card.phase] ?? '')
      if (isOpen(race)) words.push(`${count(card.seats, 'seat')} free`)
      write(facts, words.join(', '))
    },
  })
}
