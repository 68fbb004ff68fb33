// Live cursors over one element of this page. The widget does it all; the rest of this file is the
// name, the buttons and the invitation.
import cursors, { writeEmoji } from '/tutti/cursors.js'
import { lineSwitch, startLine } from '/shared/line.js'
import { showOrigin } from '/shared/origin.js'
import { copy, roomInAddress } from '/shared/place.js'
import { ownSeat, parts, seatForm } from '/shared/seat.js'
import { statusPill } from '/shared/status.js'

const EMOJI = ['❤️', '👏', '🎉', '😂', '🎵']
/** A name is typed letter by letter: it is told when the typing rests. */
const SETTLE_MS = 600

const $ = (id) => document.getElementById(id)
const name = roomInAddress('cursors')
const line = startLine()
const pill = statusPill($('status'), { saves: true })
let seat = ownSeat()
let stop = null

async function start() {
  stop?.()
  stop = await cursors('/', name, {
    name: seat.name,
    color: parts[seat.part].color,
    element: $('board'),
    width: 1000, // however wide the board is in a window, it counts as 1000
    pill: false, // this page has its own
    join: { onStatus: pill, WebSocket: line.WebSocket },
  })
  showOrigin($('origin'), stop.room)
  stop.room.others.on('join', count)
  stop.room.others.on('leave', count)
  count()
}

function count() {
  const { size } = stop.room.others
  const others = size === 1 ? 'One other is here.' : `${size} others are here.`
  $('count').textContent = size === 0 ? 'Open this page in a second window.' : others
}

// A member's user is what it joined with: whoever takes another name joins again.
let starting = start()
let settle
seatForm($('seat'), seat, (changed) => {
  seat = changed
  clearTimeout(settle)
  settle = setTimeout(() => (starting = starting.finally(start)), SETTLE_MS)
})

lineSwitch($('cut'), line)
$('copy-code').addEventListener('click', ({ target }) => copy(target, $('sample').textContent))
$('copy-link').addEventListener('click', ({ target }) => {
  copy(target, `${location.origin}/cursors/?room=${name}`)
})

$('again').search = `?room=${name}&kind=cursors`

$('reactions').append(
  ...EMOJI.map((emoji, number) => {
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'button'
    writeEmoji(button, emoji)
    button.title = `Key ${number + 1}`
    button.addEventListener('click', () => stop?.react(emoji))
    return button
  }),
)
addEventListener('keydown', ({ key, repeat, target, ctrlKey, metaKey, altKey }) => {
  const emoji = EMOJI[Number(key) - 1]
  if (emoji === undefined || repeat || ctrlKey || metaKey || altKey) return
  if (!target.closest('input, textarea')) stop?.react(emoji)
})
