/** A whiteboard for everyone who opens the same address. */
import board from '/tutti/board.js'
import { originLink } from '/shared/origin.js'
import { roomInAddress } from '/shared/place.js'
import { ownSeat, parts } from '/shared/seat.js'

const room = roomInAddress('board')
const looks = new URLSearchParams(location.search).has('look')
const { name, part } = ownSeat()
const element = document.getElementById('board')

function link(query) {
  return new URL(`?${new URLSearchParams({ room, ...query })}`, location.href).href
}

/** Without its lesson it is a board all the same. */
async function openLesson(name) {
  const { playLesson, tellMissing } = await import('./lesson.js')
  try {
    globalThis.lesson = await playLesson(globalThis.board, name)
  } catch (error) {
    tellMissing(name, error)
  }
}

document.title = `${room}: Tutti board`

try {
  // For who opens the browser's console: `board.room`, `board.editor`.
  globalThis.board = await board(element, '/', room, {
    name,
    color: parts[part].color,
    readOnly: looks,
    links: {
      draw: link(),
      look: link({ look: '' }),
      history: `/replay/?room=${room}&kind=board&back=0`,
      origin: originLink,
    },
    join: {
      onStatus: ({ status }) => (document.documentElement.dataset.status = status),
    },
  })
  const lesson = roomInAddress('', 'lesson')
  if (lesson !== '') await openLesson(lesson)
} catch (error) {
  element.remove()
  document.getElementById('why').textContent =
    error.status === 'kind' ? `The room “${room}” holds something else.` : `${error.message}.`
  document.getElementById('new').search = `?room=${crypto.getRandomValues(new Uint32Array(1))}`
  document.getElementById('closed').hidden = false
}
