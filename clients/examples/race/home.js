import { every, latest } from './asking.js'
import { nameOf } from './names.js'
import { addressOf, freshName, openRaces, showRaces, wayTo } from './open_races.js'
import { TrackChoice } from './tracks.js'

const REFRESH_MS = 10_000

/** The first page: who you are, where to race, and which races there are. */
export class Home {
  #roads
  #choice
  #races = []
  #part

  /** `track`: the name of the one that is chosen at first. `enter` is told the address to go to. */
  constructor(root, roads, { name, track, keep, enter }) {
    this.#roads = roads
    this.#part = (selector) => root.querySelector(selector)
    this.#choice = new TrackChoice(this.#part('#tracks'), roads, {
      name: 'track',
      choose: (chosen) => this.#choice.show({ chosen }),
    })
    this.#choice.show({
      chosen: Math.max(
        0,
        roads.findIndex((road) => road.name === track),
      ),
    })
    const field = this.#part('#name')
    field.value = name
    const keepName = () => keep({ name: nameOf(field.value) || name })
    field.addEventListener('change', keepName)
    this.#part('#licence').addEventListener('submit', async (event) => {
      event.preventDefault()
      keepName()
      enter(await wayTo(this.#track, this.#races))
    })
    this.#part('#private').addEventListener('click', () => {
      keepName()
      enter(`${addressOf(freshName('race-'), this.#track.name)}&private`)
    })
    every(
      REFRESH_MS,
      latest(openRaces, (races) => this.#show(races)),
    )
  }

  get #track() {
    return this.#roads[this.#choice.chosen]
  }

  /** What is not to be had now stays as it was. */
  #show(races) {
    this.#races = races ?? this.#races
    this.#part('#no-races').hidden = this.#races.length > 0
    showRaces(this.#part('#races'), this.#races, this.#roads)
  }
}
