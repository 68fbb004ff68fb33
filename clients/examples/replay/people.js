// Who was there, from what members told of themselves: strangers' words, shown as text.
import { NAME_MAX, parts } from '/shared/seat.js'

const NAMELESS = 'Guest'

/** Name and colour of a recorded member; `number` gives a colour to who told none. */
export function faceOf(user, number) {
  const { name, color, part } = typeof user === 'object' && user !== null ? user : {}
  const called = typeof name === 'string' ? [...name.trim()].slice(0, NAME_MAX).join('') : ''
  const own = parts[Number.isInteger(part) && part in parts ? part : number % parts.length]
  const isColour = typeof color === 'string' && CSS.supports('color', color)
  return { name: called || NAMELESS, colour: isColour ? color : own.color }
}

/**
 * One track for each person: who came back under another number, with the same name and colour,
 * goes on in it. In the order in which they came.
 */
export function tracksOf(people) {
  const tracks = new Map()
  for (const { user, member, spans } of people) {
    const face = faceOf(user, member)
    const key = `${face.name}\n${face.colour}`
    const track = tracks.get(key) ?? { ...face, spans: [] }
    track.spans.push(...spans)
    tracks.set(key, track)
  }
  const first = ({ spans }) => Math.min(...spans.map(([from]) => from))
  return [...tracks.values()].sort((a, b) => first(a) - first(b))
}
