import { cut } from './lobby.js'
import { TrackChoice } from './tracks.js'

/** The first page: who you are, and where to race. */
export class Home {
  #roads
  #choice

  /** `enter` is told the room to go to, and the track that is wanted there. */
  constructor(root, roads, { name, keep, enter }) {
    this.#roads = roads
    const part = (selector) => root.querySelector(selector)
    this.#choice = new TrackChoice(part('#tracks'), roads, {
      name: 'track',
      choose: (chosen) => this.#choice.show({ chosen }),
    })
    this.#choice.show({ chosen: 0 })
    const field = part('#name')
    field.value = name
    const go = (room) => {
      keep({ name: cut(field.value) || name })
      enter(room, this.#track)
    }
    // Each track has a race that is open to all.
    part('#licence').addEventListener('submit', (event) => {
      event.preventDefault()
      go(this.#track.name)
    })
    part('#private').addEventListener('click', () => go(freshName()))
  }

  get #track() {
    return this.#roads[this.#choice.chosen]
  }
}

/** That nobody guesses. */
function freshName() {
  const letters = crypto.getRandomValues(new Uint8Array(20))
  return Array.from(letters, (letter) => (letter % 32).toString(32)).join('')
}
