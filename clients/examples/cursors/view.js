// A page of cursors to look at, in any element: of any room of the kind, a replay's too.
import { colorOf, showCursors } from '/tutti/cursors.js'

/** However wide it is shown, it counts as this. */
const WIDTH = 1000
const DOT = 3
const STAVES = [0.3, 0.7]
const LINE = 5

export function show(element, room) {
  element.innerHTML = `<div class="cursors-view"></div>`
  const stop = showCursors(room, {
    element: element.firstElementChild,
    width: WIDTH,
    reaction: false,
    chat: false,
  })
  return { end: stop, colourOf: (user, member) => colorOf(member, user) }
}

/** A small picture of where everyone is now. */
export function paint(canvas, room) {
  const context = canvas.getContext('2d')
  const { width, height } = canvas
  const style = getComputedStyle(document.documentElement)
  context.fillStyle = style.getPropertyValue('--raised')
  context.fillRect(0, 0, width, height)
  context.fillStyle = style.getPropertyValue('--rule')
  for (const stave of STAVES) {
    for (let line = -2; line <= 2; line++) {
      context.fillRect(0, Math.round(stave * height + line * LINE), width, 1)
    }
  }
  const scale = width / WIDTH
  const middle = across(room.presence.field('x'))
  const top = down(room.presence.field('y'))
  for (const { id, user, x, y } of room.others) {
    if (typeof x !== 'number' || typeof y !== 'number') continue
    context.fillStyle = colorOf(id, user)
    context.beginPath()
    context.arc(width / 2 + (x - middle) * scale, (y - top) * scale, DOT, 0, 2 * Math.PI)
    context.fill()
  }
}

/** Positions count from the middle of the range of x, and from the least y. */
const across = ({ minimum, maximum, steps }) => (minimum + maximum) / steps / 2
const down = ({ minimum, steps }) => minimum / steps
