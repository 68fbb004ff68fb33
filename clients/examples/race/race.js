// A race: the room's rules drive on the server, and here, ahead of it, with the same code.
import { join } from '/tutti/tutti.js'
import { showOrigin } from '/shared/origin.js'
import { roomInAddress } from '/shared/place.js'
import { ownSeat } from '/shared/seat.js'
import { statusPill } from '/shared/status.js'
import { Controls } from './controls.js'
import { write } from '../shared/dom.js'
import { everyFrame } from './frames.js'
import { Game } from './game.js'
import { Past } from './haunting.js'
import { Home } from './home.js'
import { nameOf } from './names.js'
import { Pads } from './pads.js'
import { RacePage } from './race_page.js'
import { loadRules } from './rules.js'
import { Scene } from './scene.js'

const KEPT_UNDER = 'tutti race'
const KEY_UNDER = 'tutti race key'
const KEY_BYTES = 16
const TOLD_MS = 4_000
/** How far back a glance at what has just happened goes. */
const REWIND_S = 30

const $ = (id) => document.getElementById(id)
const scene = new Scene($('world'))
const room = roomInAddress('')
const kept = { name: ownSeat().name, colour: null, ghost: true, ...recall() }
kept.name = nameOf(String(kept.name))

let telling
/** Says what went wrong, over whatever shows. */
function tell(text, { forGood = false } = {}) {
  clearTimeout(telling)
  write($('trouble'), text)
  $('trouble').hidden = false
  if (!forGood) telling = setTimeout(() => ($('trouble').hidden = true), TOLD_MS)
}

function recall() {
  try {
    return JSON.parse(localStorage.getItem(KEPT_UNDER)) ?? {}
  } catch {
    return {}
  }
}

function keep(chosen) {
  Object.assign(kept, chosen)
  try {
    localStorage.setItem(KEPT_UNDER, JSON.stringify(kept))
  } catch {
    // A browser that keeps nothing asks again at the next visit.
  }
}

/** Who this tab is to the room: loaded again, it has the same car. */
function tabKey() {
  const fresh = Array.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES)))
  try {
    const known = JSON.parse(sessionStorage.getItem(KEY_UNDER)) ?? fresh
    sessionStorage.setItem(KEY_UNDER, JSON.stringify(known))
    return Uint8Array.from(known)
  } catch {
    return Uint8Array.from(fresh)
  }
}

function view(name) {
  document.body.dataset.view = name
  for (const sheet of ['home', 'lobby', 'results']) $(sheet).hidden = sheet !== name
  $('hud').hidden = name !== 'race'
}

function showHome(rules) {
  view('home')
  scene.show(rules.roads[0])
  const { name } = kept
  const track = new URLSearchParams(location.search).get('track')
  const enter = (address) => location.assign(address)
  new Home($('home'), rules.roads, { name, track, keep, enter })
  everyFrame(() => {
    scene.camera.overlook(rules.roads[0].box)
    scene.draw([], 0)
  })
}

async function enter(rules) {
  const controls = new Controls(new Pads($('pads')).state)
  const joined = await join('/', room, {
    kind: 'race',
    user: { name: kept.name },
    key: tabKey(),
    keepSeat: true,
    onStatus: statusPill($('status')),
  })
  const game = new Game(joined, rules, { controls })
  const past = new Past(joined, room)
  const page = new RacePage({ game, rules, controls, scene, past, tell, view, kept, keep })
  // For who opens the browser's console: `race.game.room`, `race.controls.autopilot`.
  globalThis.race = { game, rules, controls, scene, page }
  $('rewind').search = `?room=${room}&kind=race&back=${REWIND_S}`
  showOrigin($('origin'), joined)
  page.start()
}

/** A mistake of the page's own: it goes on as far as it can, and does not hide it. */
function tellFault(message) {
  tell(`Something on this page failed: ${message}. Load it again if it does not go on.`)
}

// Of scripts that are not the page's, such as those of extensions, no error is given.
addEventListener('error', ({ error }) => error != null && tellFault(error.message ?? error))
addEventListener('unhandledrejection', ({ reason }) => tellFault(reason?.message ?? reason))

try {
  const rules = await loadRules()
  if (room === '') showHome(rules)
  else await enter(rules)
} catch (error) {
  tell(`This race does not open: ${error.message}.`, { forGood: true })
}
