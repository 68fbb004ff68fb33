import { make } from '../shared/dom.js'

const SHOWN = 6
const BYTES_MAX = 200

/** What people say to each other before and after a race: the room's event `chat`. */
export class Talk {
  #list
  #game

  /** `form`: a list and a field. `tell` says what went wrong. */
  constructor(form, game, tell) {
    this.#list = form.querySelector('ol')
    this.#game = game
    const field = form.querySelector('input')
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      const text = cutTo(field.value.trim(), BYTES_MAX)
      if (text === '') return
      try {
        game.room.emit('chat', text)
        field.value = ''
      } catch (error) {
        tell(`Not said: ${error.message}.`)
      }
    })
    game.room.on('event', ({ name, from, value, history }) => {
      if (name !== 'chat') return
      if (history) this.#showAll()
      else this.#add({ from, value })
    })
    this.#showAll()
  }

  /** Only what is new comes into the log, so that nothing is read out twice. */
  #add({ from, value }) {
    if (typeof value !== 'string') return
    const who = make('b', '', this.#game.nameOf(from))
    this.#list.append(make('li', '', who, ' ', make('span', '', value)))
    if (this.#list.children.length > SHOWN) this.#list.firstElementChild.remove()
  }

  /** As the room remembers it: at first, and after its history came anew. */
  #showAll() {
    const said = this.#game.room.events('chat').filter(({ value }) => typeof value === 'string')
    const shown = [...this.#list.querySelectorAll('span')].map(({ textContent }) => textContent)
    const newest = said.slice(-SHOWN)
    if (newest.length === shown.length && newest.every(({ value }, i) => value === shown[i])) return
    this.#list.replaceChildren()
    for (const line of newest) this.#add(line)
  }
}

/** As much of a text as takes so many bytes, whole characters alone. */
export function cutTo(text, bytesMax) {
  const encoder = new TextEncoder()
  let bytes = 0
  let kept = ''
  for (const character of text) {
    bytes += encoder.encode(character).length
    if (bytes > bytesMax) break
    kept += character
  }
  return kept
}
