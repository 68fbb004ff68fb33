// What the timeline shows, painted: activity above, a line for each person, gaps over all of it.
import { emptied } from './canvas.js'

const ACTIVITY_HEIGHT = 30
const HATCH = 6
/** Nothing that happened is too little to be seen. */
const BAR_MIN = 1.5

export const ROW_HEIGHT = 15
const ROWS_MAX = 8
const NARROW_ROWS_MAX = 5
const REST = 'gray'

/** So high is it all, in the page's pixels. */
export function heightOf(people, isNarrow) {
  return ACTIVITY_HEIGHT + rowsOf(people, isNarrow).length * rowHeight(isNarrow)
}

/** The first to come; who comes after as many as there is room for is in one row with all like that. */
export function rowsOf(people, isNarrow) {
  const most = isNarrow ? NARROW_ROWS_MAX : ROWS_MAX
  if (people.length <= most) return people
  const rest = people.slice(most - 1)
  const spans = rest.flatMap((person) => person.spans)
  return [...people.slice(0, most - 1), { name: `${rest.length} more`, colour: REST, spans }]
}

const rowHeight = (isNarrow) => (isNarrow ? 6 : ROW_HEIGHT)

/** `place`: a tick → pixels from the left. `colours`: of the page, by their names. */
export function paintTracks(canvas, { recording, people, last, place, isNarrow, colours }) {
  const { context, width, height } = emptied(canvas)
  context.fillStyle = colours.rule
  context.fillRect(0, ACTIVITY_HEIGHT - 1, width, 1)
  paintActivity(context, recording, place, colours)
  const step = rowHeight(isNarrow)
  for (const [row, { colour, spans }] of rowsOf(people, isNarrow).entries()) {
    const y = ACTIVITY_HEIGHT + row * step + step / 2
    context.fillStyle = colours.rule
    context.fillRect(0, Math.round(y), width, 1)
    context.fillStyle = colour
    for (const [from, to] of spans) {
      const [left, right] = [place(from), place(to ?? last)]
      context.beginPath()
      const thick = isNarrow ? 3 : 5
      context.roundRect(left, y - thick / 2 + 0.5, Math.max(thick, right - left), thick, thick / 2)
      context.fill()
    }
  }
  for (const { from, to, kind } of recording.gaps) {
    hatch(
      context,
      place(from),
      place(to + 1),
      height,
      kind === 'presence' ? ACTIVITY_HEIGHT : 0,
      colours,
    )
  }
  for (const { first } of recording.sessions.slice(1)) {
    context.fillStyle = colours.strong
    context.fillRect(Math.round(place(first)), 0, 1, height)
  }
}

/** What was changed, above; how much people moved, as a shade behind it. */
function paintActivity(context, { first, activity }, place, colours) {
  const { ticks, operations, presence } = activity
  const left = (i) => place(first + i * ticks)
  const scale = (values) => {
    const most = Math.max(1, ...values)
    // The root: an hour's busiest second does not flatten all the others.
    return (value) =>
      value === 0 ? 0 : BAR_MIN + (ACTIVITY_HEIGHT - 4 - BAR_MIN) * Math.sqrt(value / most)
  }
  const shade = scale(presence)
  context.fillStyle = colours.wash
  context.beginPath()
  for (const [i, value] of presence.entries()) {
    const high = shade(value)
    context.rect(left(i), ACTIVITY_HEIGHT - 1 - high, left(i + 1) - left(i) + 0.5, high)
  }
  context.fill()
  const bar = scale(operations)
  context.fillStyle = colours.soft
  for (const [i, value] of operations.entries()) {
    if (value === 0) continue
    const wide = left(i + 1) - left(i)
    const high = bar(value)
    context.fillRect(
      left(i),
      ACTIVITY_HEIGHT - 1 - high,
      Math.max(1, wide - (wide > 3 ? 1 : 0)),
      high,
    )
  }
}

/** Of this there is nothing. */
function hatch(context, left, right, bottom, top, colours) {
  const wide = Math.max(2, right - left)
  context.save()
  context.beginPath()
  context.rect(left, top, wide, bottom - top)
  context.clip()
  context.fillStyle = colours.paper
  context.fillRect(left, top, wide, bottom - top)
  context.strokeStyle = colours.strong
  context.beginPath()
  for (let x = left - (bottom - top); x < left + wide; x += HATCH) {
    context.moveTo(x, bottom)
    context.lineTo(x + bottom - top, top)
  }
  context.stroke()
  context.restore()
}
