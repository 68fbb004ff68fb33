// A chat: messages are events of the room, who types is presence, and the room keeps the rest.
import { join } from '/tutti/tutti.js'
import { lineSwitch, startLine } from '/shared/line.js'
import { copy, roomInAddress } from '/shared/place.js'
import { ownSeat, seatForm, seatOf } from '/shared/seat.js'
import { statusPill } from '/shared/status.js'
import { Log } from './log.js'
import { showPlayers, typingWords } from './players.js'

/** Who has not touched a key for so long is not typing. */
const TYPING_MS = 3_000

const $ = (id) => document.getElementById(id)
const name = roomInAddress('chat')
const line = startLine()
const log = new Log($('log'), $('later'))
const text = $('text')
let seat = ownSeat()
let room = null
/** Our own messages that are not saved yet, by their ids. */
const underway = new Map()
/** The room tells its messages from the beginning, with the next frame. */
let isRetold = false

seatForm($('seat'), seat, (changed) => {
  seat = changed
  room?.presence.set({ state: seat })
  showWho()
})
showWho()

// The page
$('title').textContent = name
lineSwitch($('cut'), line)
$('invite').addEventListener('click', ({ target }) => {
  copy(target, `${location.origin}/chat/?room=${name}`)
})

const isWide = matchMedia('(min-width: 861px)')
const unfold = () => ($('who').open = isWide.matches)
isWide.addEventListener('change', unfold)
unfold()

// Where the keyboard of a phone covers the page rather than shrinking it, we do the shrinking.
visualViewport?.addEventListener('resize', () => {
  document.body.style.setProperty('--height', `${visualViewport.height}px`)
})

// `join` resolves once all of the room is here, the messages that it remembers among it.
room = await join('/', name, {
  kind: 'cursors', // declares `chat`, of which it keeps 200, and the presence field `typing`
  user: seat,
  onStatus: statusPill($('status'), { saves: true }),
  WebSocket: line.WebSocket,
})
reload()
room.on('event', ({ name, value, history }) => {
  if (name !== 'chat') return
  if (history) isRetold = true
  else arrived(value)
})
room.others.on('change', showWho)
room.on('frame', () => {
  if (isRetold) reload()
  showWays()
})
room.on('status', ({ status }) => {
  if (status === 'live') reload()
  showWays()
  showWaiting()
})
showWho()
log.toEnd()
$('fields').disabled = false
$('empty').hidden = false

/** What comes from other members may be anything: null where it is no message. */
function messageOf(value) {
  const { id, text, at } = typeof value === 'object' && value !== null ? value : {}
  if (typeof id !== 'string' || typeof text !== 'string' || !Number.isSafeInteger(at)) return null
  return Math.abs(at) > 8.64e15 ? null : { id, text, at, ...seatOf(value) }
}

function arrived(value) {
  const message = messageOf(value)
  if (message !== null) log.settle(message, { now: room.clock.now(), isNews: true })
}

/** What the room has now is what was said: a server that crashed may have lost the newest. */
function reload() {
  isRetold = false
  const said = room.events('chat').map(({ value }) => messageOf(value))
  const isWaiting = (id) => underway.get(id)?.state === 'waiting'
  log.reload(
    said.filter((message) => message !== null),
    { now: room.clock.now(), isWaiting },
  )
}

/** Shows at once. Without a connection it waits its turn in the client, and is sent once. */
function send(text) {
  const id = crypto.getRandomValues(new Uint32Array(3)).join('-')
  const message = { id, text, at: Math.round(room.clock.now()), ...seat }
  const change = room.emit('chat', message)
  underway.set(id, change)
  log.wait(message, room.clock.now())
  showWays()
  showWaiting()
  change.saved.catch((error) => {
    underway.delete(id)
    if (change.state === 'failed') failed(id, text, error)
    showWaiting()
  })
}

function failed(id, text, error) {
  const isUncertain = error.status === 'uncertain'
  // What the room shows says more than what it remembers of us.
  const isHere = room.events('chat').some(({ value }) => value?.id === id)
  if (isUncertain && isHere) {
    log.mark(id, 'delivered')
    return
  }
  const why = isUncertain ? 'Nobody knows whether this arrived.' : `Not sent: ${error.message}.`
  log.fail(id, why, isUncertain ? 'Send again' : 'Try again', () => trySend(text))
}

/** Throws nothing: says why, and keeps what was written. */
function trySend(written) {
  try {
    send(written)
    return true
  } catch (error) {
    text.value ||= written
    $('told').textContent = `Not sent: ${error.message}.`
    return false
  }
}

/** How far each message of ours has come. After a crash of the server some may be sent again. */
function showWays() {
  for (const [id, { state }] of underway) {
    if (state !== 'failed') log.mark(id, wayOf(state))
    if (state === 'saved') underway.delete(id)
  }
}

function wayOf(state) {
  if (state === 'waiting') return 'sending'
  return state === 'saved' && room.durability !== 'memory' ? 'saved' : 'delivered'
}

function showWaiting() {
  const count = [...underway.values()].filter(({ state }) => state === 'waiting').length
  const waiting = count === 1 ? 'One message waits' : `${count} messages wait`
  const isWaiting = count > 0 && room.status !== 'live'
  $('told').textContent = isWaiting ? `${waiting} for the connection.` : ''
}

function showWho() {
  const others = room === null ? [] : [...room.others]
  showPlayers($('players'), seat, others)
  const present = others.filter(({ away }) => !away).length
  const alone = room === null ? 'You' : 'You are alone'
  $('count').textContent = present === 0 ? alone : `${present + 1} are here`
  $('typing').textContent = typingWords(others)
}

// The composer
let stillness
text.addEventListener('input', () => {
  setTyping(text.value.trim() !== '')
  clearTimeout(stillness)
  stillness = setTimeout(setTyping, TYPING_MS, false)
})

function setTyping(typing) {
  room.presence.set({ typing })
}

text.addEventListener('keydown', (event) => {
  // While an input method composes, Enter is its own.
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  $('composer').requestSubmit()
})

$('composer').addEventListener('submit', (event) => {
  event.preventDefault()
  const written = text.value.trim()
  if (written === '') return
  if (!trySend(written)) return
  text.value = ''
  setTyping(false)
  text.focus()
})
