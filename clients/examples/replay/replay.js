// Watches a room's recording: the same rooms and the same renderers as live, and a player below.
import { parseMoment, recording, replay } from '/tutti/tutti.js'
import { roomInAddress } from '/shared/place.js'
import { ownSeat, parts } from '/shared/seat.js'
import { statusPill } from '/shared/status.js'
import { Film } from './film.js'
import { tracksOf } from './people.js'
import { Player } from './player.js'
import { restoreSheet } from './restore_sheet.js'
import { Sessions } from './sessions.js'
import { forkSheet, livePage, shareSheet } from './sheets.js'
import { Timeline } from './timeline.js'

/** Kinds that can be shown: the folders of their pages have a `view.js`. */
const KINDS = ['board', 'race', 'cursors']
/** The close code of replays that there cannot be. */
const ENDED = 4014
/** Beyond the last tick that any recording has: the last. */
const NOW = Number.MAX_SAFE_INTEGER
/** A recording that grows is asked again what there is of it. */
const REFRESH_MS = 15_000

const $ = (id) => document.getElementById(id)
const query = new URLSearchParams(location.search)
const room = roomInAddress('')
const moment = parseMoment(location.href)
const back = query.has('back') ? Math.max(0, Number(query.get('back')) || 0) : null

/** Where to begin: at the moment of the link, so many seconds ago, or at the beginning. */
function beginning() {
  if (moment !== null) return { tick: moment.tick, incarnation: moment.incarnation }
  return back === null ? 0 : NOW
}

async function open() {
  const { name, part } = ownSeat()
  const shown = await replay('/', room, {
    at: beginning(),
    name: query.get('together') ?? undefined,
    user: { name, color: parts[part].color },
    onStatus: statusPill($('status')),
  })
  const { kind } = shown.room
  document.body.dataset.kind = kind
  document.body.dataset.view = 'playing'
  const timeline = new Timeline((tick) => player.seek(tick))
  const player = new Player(shown, timeline)
  const drawn = KINDS.includes(kind) ? await import(`/${kind}/view.js`) : null
  const view = await showStage(shown, drawn, () => showColours())
  const film = drawn && new Film(room, drawn.paint, () => timeline.filmGrew())
  const sessions = new Sessions(shown, room, {
    seek: (tick) => player.seek(tick),
    changed: () => refresh(),
    pictureAt: (tick) => film?.at(tick) ?? null,
  })
  let known = null
  const showColours = () => {
    const people = tracksOf(known?.people ?? [], view.colourOf)
    timeline.showRecording(known, people)
    sessions.showRecording(known, people)
  }
  // What cannot be had is not shown: the player does without.
  const refresh = async () => {
    known = await recording('/', room).catch(() => known)
    showColours()
  }
  shown.on('time', ({ tick }) => sessions.showTitle(tick))
  shareSheet(shown, room, refresh)
  forkSheet(shown, room, kind)
  if (kind === 'board') {
    const chosen = () => view.chosen()
    const { colourOf } = view
    restoreSheet(shown, room, { kind, chosen, whole: drawn.collections, colourOf })
  }
  // For who opens the browser's console: `watched.replay.room`.
  globalThis.watched = { replay: shown, view, film, timeline }
  begin(shown)
  refresh()
  keepFresh(shown, refresh)
  if (film !== null) timeline.showFilm(film)
}

/** Who comes to what others watch already finds it as it is. */
function begin(shown) {
  if ([...shown.room.others].some(({ recorded }) => !recorded)) return
  if (back !== null) {
    if (back > 0) shown.back(back)
    else shown.play()
  } else if (moment === null || query.has('play')) {
    shown.skipIdle = moment === null
    shown.play()
  }
}

/** `recoloured` is called when people have other colours than before. */
async function showStage(shown, drawn, recoloured) {
  if (drawn === null) {
    $('stage').innerHTML =
      `<p class="plain">Rooms of this kind have no picture here. All else works.</p>`
    return { end() {} }
  }
  return drawn.show($('stage'), shown.room, { tick: () => shown.tick, recoloured })
}

function keepFresh(shown, refresh) {
  let { last } = shown
  setInterval(() => {
    if (shown.last === last || document.visibilityState !== 'visible') return
    last = shown.last
    refresh()
  }, REFRESH_MS)
}

/** Behind what a closed connection means stands what it is about; that is all there is to know. */
function reasonOf({ code, message }) {
  return code === ENDED ? message.replace(/^[^:]*: /, '') : message
}

function showClosed(error) {
  document.body.dataset.view = 'closed'
  $('closed').hidden = false
  $('why').textContent =
    room === ''
      ? 'The address names no room: ?room=NAME.'
      : `“${room}” cannot be watched: ${reasonOf(error)}.`
  const kind = query.get('kind')
  const isKnown = room !== '' && KINDS.includes(kind)
  $('to-live').href = isKnown ? livePage(kind, room) : '/'
  $('to-live').textContent = isKnown ? 'To the live room' : 'All examples'
}

document.title = `${room}: Tutti replay`
$('name').textContent = room
if (query.has('embed')) document.body.classList.add('embedded')
if (moment?.title !== undefined) {
  $('title').textContent = moment.title
  $('title').hidden = false
  document.title = `${moment.title}: Tutti replay`
}

try {
  if (room === '') throw new Error('no room')
  await open()
} catch (error) {
  showClosed(error)
}
