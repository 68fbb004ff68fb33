import { paint, seatOf } from '/shared/seat.js'
import { initialsOf } from './text.js'

/** Writes who is here into `list`: ourselves first. Touches it only where it is different. */
export function showPlayers(list, seat, others) {
  const players = [{ ...seat, word: 'you', away: false }]
  for (const { state, user, away } of others) {
    players.push({ ...seatOf(state ?? user), word: away ? 'away' : '', away })
  }
  const shown = JSON.stringify(players)
  if (list.dataset.shown === shown) return
  list.dataset.shown = shown
  list.replaceChildren(...players.map(item))
}

function item({ name, part, word, away }) {
  const item = document.createElement('li')
  item.innerHTML = '<i class="head" aria-hidden="true"></i><span></span><small></small>'
  item.classList.toggle('away', away)
  paint(item, part)
  item.querySelector('i').textContent = initialsOf(name)
  item.querySelector('span').textContent = name
  item.querySelector('small').textContent = word
  return item
}

export function typingWords(others) {
  const typing = others.filter(({ typing, away }) => typing === true && !away)
  const names = typing.map(({ state, user }) => seatOf(state ?? user).name)
  if (names.length === 0) return ''
  if (names.length === 1) return `${names[0]} is typing…`
  if (names.length === 2) return `${names[0]} and ${names[1]} are typing…`
  return 'Several people are typing…'
}
