// The landing page: everyone on it is in the room `lobby`, and all of it is the stage.
import { join } from '/tutti/tutti.js'
import { Ensemble, listPlayers } from '/landing/ensemble.js'
import { showFigures } from '/landing/figures.js'
import { pointing } from '/landing/pointing.js'
import { burst, drawing, reactions } from '/landing/reactions.js'
import { Score } from '/landing/score.js'
import { Stage } from '/landing/stage.js'
import { Meter } from '/shared/numbers.js'
import { copy } from '/shared/place.js'
import { ownSeat, paint, seatForm, seatOf } from '/shared/seat.js'
import { statusPill } from '/shared/status.js'

const $ = (id) => document.getElementById(id)
const layer = $('stage')
const stage = new Stage($('numbers'), [...document.querySelectorAll('[data-movement]')])
let seat = ownSeat()
let room = null

$('copy').addEventListener('click', ({ target }) => copy(target, $('sample').textContent))
reactionButtons()
seatForm($('seat'), seat, (changed) => {
  seat = changed
  room?.presence.set({ state: seat })
  dressPage()
})
dressPage()

room = await join('/', 'lobby', {
  kind: 'cursors',
  user: seat,
  onStatus: statusPill($('status')),
})

// Who is here. `user` was given at the door; a name that is changed later goes into `state`.
const ensemble = new Ensemble(room, stage, layer)
room.others.on('change', ({ kind, member, before }) => {
  if (kind !== 'change' || member.state !== before.state || member.away !== before.away) dressPage()
})
dressPage()

// Our own cursor; and a note in the score for whoever moves. A bar of it is a second of the room.
const score = new Score($('score'), document.querySelector('.wordmark'), room.frameRate)
room.on('frame', ({ tick }) => score.beat(tick, performance.now()))
const meter = new Meter(room)
pointing((place) => {
  if (place === null) {
    room.presence.set({ x: null, y: null })
    return
  }
  const { x, y } = stage.unitsOf(place.left, place.top)
  room.presence.set({ x, y })
  meter.moved()
  score.play(room.me, seat.part, Stage.heightOf(y), performance.now())
}, react)

room.others.on('change', ({ kind, id, member, before }) => {
  if (kind === 'leave') score.forget(id)
  if (kind !== 'change' || typeof member.y !== 'number') return
  if (member.x === before.x && member.y === before.y) return
  const { part } = seatOf(member.state ?? member.user)
  score.play(id, part, Stage.heightOf(member.y), performance.now())
})

// Reactions: an event that happens once, for everyone. One that is late is none: it does not wait.
function react(number, { left, top }) {
  burst(layer, number, { left, top }, seat.part)
  if (room?.status !== 'live') return
  room.emit('reaction', { number, ...stage.unitsOf(left, top) })
}

room.on('event', ({ name, from, value, history }) => {
  const member = room.others.get(from)
  if (name !== 'reaction' || history || member === undefined) return
  const { number, x, y } = value ?? {}
  if (typeof x !== 'number' || typeof y !== 'number') return
  burst(layer, number, stage.pageOf(x, y), seatOf(member.state ?? member.user).part)
})

showFigures(document.querySelectorAll('[data-figure]'), meter)
requestAnimationFrame(function draw(now) {
  ensemble.draw(now)
  if (room.status === 'live') score.draw(now)
  requestAnimationFrame(draw)
})

/** What depends on who is here, we among them. */
function dressPage() {
  paint($('numbers'), seat.part)
  listPlayers($('players'), seat, room?.others ?? [])
}

function reactionButtons() {
  const buttons = reactions.map((reaction, number) => {
    const button = document.createElement('button')
    button.className = 'button'
    button.type = 'button'
    button.title = `${reaction.name} (${number + 1})`
    button.setAttribute('aria-label', reaction.name)
    button.innerHTML = drawing(reaction)
    button.addEventListener('click', () => {
      const { left, top, width } = button.getBoundingClientRect()
      react(number, { left: left + width / 2 + scrollX, top: top + scrollY })
    })
    return button
  })
  $('reactions').append(...buttons)
}
