import { make, write } from './dom.js'

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
    game.room.on('event', ({ name }) => name === 'chat' && this.#show())
    this.#show()
  }

  #show() {
    const said = this.#game.room.events('chat').slice(-SHOWN)
    const lines = said.filter(({ value }) => typeof value === 'string')
    while (this.#list.children.length < lines.length) {
      this.#list.append(make('li', '', make('b', ''), ' ', make('span', '')))
    }
    for (const [i, { from, value }] of lines.entries()) {
      const [who, text] = this.#list.children[i].children
      write(who, this.#game.nameOf(from))
      write(text, value)
    }
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
