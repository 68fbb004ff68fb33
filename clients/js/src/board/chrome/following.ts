import { lettersOn } from '../person_colour.js'
import type { App } from './app.js'
import { el, setText } from './dom.js'

/** Says whom one follows, and ends it. */
export function followingPill({ editor, onEnd, say }: App): HTMLElement {
  const { people } = editor
  const words = el('span', {})
  const stop = el('button', { type: 'button' }, 'Stop')
  stop.addEventListener('click', () => people.follow(null))
  const pill = el('div', { class: 'following', hidden: true }, words, stop)
  onEnd(
    people.on('follow', (person) => {
      pill.hidden = person === null
      say(person === null ? 'Following no one' : `Following ${person.name}`)
      if (person === null) return
      setText(words, `Following ${person.name}`)
      pill.style.setProperty('--person', person.colour)
      pill.style.setProperty('--on-person', lettersOn(person.colour))
    }),
  )
  return pill
}
