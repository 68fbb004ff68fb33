// Who was there, from what members told of themselves: strangers' words, shown as text.
import { NAME_MAX, parts } from '/shared/seat.js'

const NAMELESS = 'Guest'

export function nameOf(user) {
  const { name } = typeof user === 'object' && user !== null ? user : {}
  const called = typeof name === 'string' ? [...name.trim()].slice(0, NAME_MAX).join('') : ''
  return called || NAMELESS
}

/** What tells people apart who came back under another number; null for who has no name. */
export function identityOf(user) {
  const name = nameOf(user)
  return name === NAMELESS ? null : [name, user.color ?? null]
}

/** Of who told none, by its number; what shows the room may have another. */
export function colourOf(user, number) {
  const { color, part } = typeof user === 'object' && user !== null ? user : {}
  if (typeof color === 'string' && CSS.supports('color', color)) return color
  return parts[Number.isInteger(part) && part in parts ? part : number % parts.length].color
}

/**
 * One track for each person: who came back under another number, with the same name and colour,
 * goes on in it. In the order in which they came. `colour` gives what they have where they show.
 */
export function tracksOf(people, colour = colourOf) {
  const tracks = new Map()
  for (const { user, member, spans } of people) {
    const face = { name: nameOf(user), colour: colour(user, member) }
    const key = `${face.name}\n${face.colour}`
    const track = tracks.get(key) ?? { ...face, spans: [] }
    track.spans.push(...spans)
    tracks.set(key, track)
  }
  const first = ({ spans }) => Math.min(...spans.map(([from]) => from))
  return [...tracks.values()].sort((a, b) => first(a) - first(b))
}
