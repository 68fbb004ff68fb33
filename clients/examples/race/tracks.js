import { make, write } from '../shared/dom.js'
import { trackPicture } from './ground.js'

const PICTURE_WIDTH = 560
const MARGIN = 24
const night = matchMedia('(prefers-color-scheme: dark)')

/** A drawing of a track, as wide as its box wants it. */
export function picture(road, width = PICTURE_WIDTH) {
  const { west, north, east, south } = road.box
  const wide = east - west + 2 * MARGIN
  const tall = south - north + 2 * MARGIN
  // All of them have one shape, whatever that of the track is.
  const scale = Math.min(width / wide, (width * 0.62) / tall)
  return trackPicture(road, { scale, width, height: width * 0.62, night: night.matches })
}

/** `1.2 km`. */
export function lengthText(road) {
  return `${(road.length / 1000).toFixed(2)} km`
}

/** A choice of tracks: a picture each. `choose` is told the number of the track. */
export class TrackChoice {
  #root
  #cards

  constructor(root, roads, { name, choose }) {
    this.#root = root
    this.#cards = roads.map((road, number) => {
      const input = Object.assign(make('input', 'hidden'), { type: 'radio', name, value: number })
      const votes = make('span', 'votes')
      const canvas = picture(road)
      canvas.setAttribute('aria-hidden', 'true')
      const facts = make('span', 'facts', make('b', '', road.title), ' ', lengthText(road))
      const card = make('label', 'card', input, canvas, facts, votes)
      input.addEventListener('change', () => choose(number))
      return { card, input, votes }
    })
    root.replaceChildren(...this.#cards.map(({ card }) => card))
  }

  get chosen() {
    return this.#cards.findIndex(({ input }) => input.checked)
  }

  /** `votes`: colours of those who want it, for each track. */
  show({ chosen, votes = [], isLocked = false }) {
    for (const [i, { card, input, votes: dots }] of this.#cards.entries()) {
      input.checked = i === chosen
      input.disabled = isLocked
      card.classList.toggle('chosen', i === chosen)
      const colours = votes[i] ?? []
      write(dots, '●'.repeat(colours.length))
      dots.title = `Votes: ${colours.length}`
    }
    this.#root.classList.toggle('locked', isLocked)
  }
}
