import { arrange, make, write } from './dom.js'
import { LOBBY, RESULTS } from './game.js'
import { cut } from './lobby.js'
import { TrackChoice } from './tracks.js'
import { count } from './words.js'

const REFRESH_MS = 5_000
const PHASES = ['in the lobby', 'about to start', 'racing', 'at the results']

/** The first page: who you are, where to race, and which races there are. */
export class Home {
  #roads
  #choice
  #races = []
  #part

  /** `enter` is told the room to go to, the track that is wanted there, whether it is private. */
  constructor(root, roads, { name, keep, enter }) {
    this.#roads = roads
    this.#part = (selector) => root.querySelector(selector)
    this.#choice = new TrackChoice(this.#part('#tracks'), roads, {
      name: 'track',
      choose: (chosen) => this.#choice.show({ chosen }),
    })
    this.#choice.show({ chosen: 0 })
    const field = this.#part('#name')
    field.value = name
    const keepName = () => keep({ name: cut(field.value) || name })
    field.addEventListener('change', keepName)
    this.#part('#licence').addEventListener('submit', async (event) => {
      event.preventDefault()
      keepName()
      await this.#refresh()
      enter(this.#openRace(), this.#track)
    })
    this.#part('#private').addEventListener('click', () => {
      keepName()
      enter(freshName('race-'), this.#track, { isPrivate: true })
    })
    this.#refresh()
    setInterval(() => document.visibilityState === 'visible' && this.#refresh(), REFRESH_MS)
  }

  get #track() {
    return this.#roads[this.#choice.chosen]
  }

  /** A race on this track that waits for drivers, the fullest of them; else a new one. */
  #openRace() {
    const { name } = this.#track
    const waiting = this.#races.filter(({ card }) => {
      return card.track === name && card.seats > 0 && [LOBBY, RESULTS].includes(card.phase)
    })
    const [fullest] = waiting.sort((a, b) => b.card.drivers - a.card.drivers)
    if (fullest !== undefined) return fullest.room
    return this.#races.some(({ room }) => room === name) ? freshName(`${name}-`) : name
  }

  async #refresh() {
    this.#races = await openRaces()
    this.#part('#no-races').hidden = this.#races.length > 0
    const items = this.#races.map((race) => ({ ...race, id: race.room }))
    arrange(this.#part('#races'), items, {
      create: ({ room }) => {
        const link = make('a', '', make('b', ''), make('small', ''))
        link.href = `/race/?room=${encodeURIComponent(room)}`
        return make('li', '', link)
      },
      update: (item, { card, members }) => {
        const [title, facts] = item.firstElementChild.children
        const road = this.#roads.find(({ name }) => name === card.track)
        write(title, road?.title ?? String(card.track))
        const people = count(members, 'person', 'people')
        write(facts, `${people}, ${count(card.laps, 'lap')}, ${PHASES[card.phase] ?? ''}`)
      },
    })
  }
}

/** The races that are going on; none where the server does not say. */
async function openRaces() {
  try {
    const response = await fetch('/v1/kinds/race/rooms')
    return response.ok ? await response.json() : []
  } catch {
    return []
  }
}

/** That nobody guesses. */
function freshName(prefix) {
  const letters = crypto.getRandomValues(new Uint8Array(20))
  return prefix + Array.from(letters, (letter) => (letter % 32).toString(32)).join('')
}
