import { BestLap } from './best_lap.js'
import { Commentary } from './commentary.js'
import { write } from '../shared/dom.js'
import { everyFrame } from './frames.js'
import { COUNTDOWN, LOBBY, RACING, RESULTS } from './game.js'
import { Hud } from './hud.js'
import { isForPage } from './keys.js'
import { Lobby } from './lobby.js'
import { Results } from './results.js'
import { Sound } from './sound.js'
import { Talk } from './talk.js'
import { timeText } from './words.js'

/** A page that stood still does not make up for it. */
const ELAPSED_MAX = 0.1
const ROOM_RECORD = 2
const QUIET_MS = 250
const views = { [LOBBY]: 'lobby', [COUNTDOWN]: 'race', [RACING]: 'race', [RESULTS]: 'results' }

const $ = (id) => document.getElementById(id)

/** All of a race on one page: which view shows, which car the camera follows, keys and news. */
export class RacePage {
  #game
  #scene
  #controls
  #host
  #sound = new Sound()
  #commentary = new Commentary((words) => ($('said').textContent = words))
  #lobby
  #results
  #hud
  #bestLap
  #closePanel = null
  #road = null
  #watched = null
  #last = 0
  #updatedAt = 0
  #wishedFor = null

  /** `view` shows one of the page's views, `tell` says something over it, `keep` remembers wishes. */
  constructor({ game, scene, controls, ...host }) {
    this.#game = game
    this.#scene = scene
    this.#controls = controls
    this.#host = host
    this.#bestLap = new BestLap(game, host.past, { isWanted: host.kept.ghost })
    this.#lobby = new Lobby($('lobby'), game, host.rules.roads, host.keep)
    this.#results = new Results($('results'), game)
    this.#hud = new Hud($('hud'), game)
    this.#hud.onLight = (lit) => this.#sound.beep(lit > 0 ? 440 : 880, lit > 0 ? 0.14 : 0.5)
    for (const form of document.querySelectorAll('.talk')) new Talk(form, game, host.tell)
    this.#showCamera()
    this.#listen()
  }

  get bestLap() {
    return this.#bestLap
  }

  start() {
    const { room } = this.#game
    room.on('frame', () => this.#update())
    room.on('status', () => this.#update())
    room.on('refused', ({ error }) => this.#host.tell(`The race says no: ${error.message}.`))
    room.collection('drivers').on('change', (change) => this.#tellNews(change))
    this.#update()
    everyFrame((now) => this.#draw(now))
  }

  /** What the room's word changes: at most as often as it comes. */
  #update() {
    this.#updatedAt = performance.now()
    const { race, road } = this.#game
    if (road === null) return
    if (road !== this.#road) {
      this.#road = road
      this.#scene.show(road)
      this.#hud.show(road)
    }
    if (race.phase === LOBBY) this.#wishOnce()
    const shown = views[race.phase]
    if (document.body.dataset.view !== shown) this.#enterView(shown)
    this.#controls.isOn = this.#game.isDriving
    $('hud').classList.toggle('drives', this.#game.isDriving)
    this.#bestLap.update()
    this.#showGhost()
    if (race.phase === LOBBY) this.#lobby.update()
    if (race.phase === RESULTS) this.#results.update()
    this.#commentary.follow(this.#game, this.#updatedAt)
  }

  #enterView(name) {
    this.#host.view(name)
    if (name === 'race') {
      this.#watched = null
      this.#scene.camera.cut()
      this.#hud.show(this.#road)
    }
  }

  /** What this browser remembers, and what the link asked for, once we have a car. */
  #wishOnce() {
    const { own, room, drivers } = this.#game
    if (own?.id === this.#wishedFor) return
    this.#wishedFor = own?.id ?? null
    if (own === null) return
    const { name, colour } = this.#host.kept
    const wishes = {}
    if (name !== '' && name !== own.name) wishes.name = name
    if (colour !== null && !drivers.some((driver) => driver.colour === colour)) {
      wishes.colour = colour
    }
    const link = new URLSearchParams(location.search)
    const asked = link.get('track')
    const vote = this.#host.rules.roads.findIndex((road) => road.name === asked)
    if (vote >= 0) wishes.vote = vote
    if (Object.keys(wishes).length > 0) room.collection('drivers').set(own.id, wishes)
    if (link.has('private') && this.#game.settings.listed) {
      room.collection('settings').set('next', { listed: false })
    }
  }

  #draw(now) {
    const elapsed = Math.min(ELAPSED_MAX, Math.max(0, (now - this.#last) / 1000))
    this.#last = now
    // Where nothing changes nothing comes, but time passes.
    if (now - this.#updatedAt > QUIET_MS) this.#update()
    const isRacing = document.body.dataset.view !== 'lobby'
    // Until the start nothing moves much: the time to paint what the race will need.
    if (this.#game.race.phase < RACING) this.#scene.prepare()
    const cars = isRacing ? this.#game.cars(now, elapsed) : []
    const car = this.#followed(cars)
    if (car !== null) this.#scene.camera.follow(car, elapsed)
    else if (this.#road !== null) this.#scene.camera.overlook(this.#road.box)
    const ghosts = isRacing ? this.#bestLap.cars(now) : []
    if (this.#road !== null) this.#scene.draw(cars, elapsed, ghosts)
    if (document.body.dataset.view === 'race') this.#hud.draw(cars, car, now, ghosts)
    this.#sound.follow(isRacing ? car : null, car?.isOwn ? this.#controls.throttle : true)
  }

  /** Our own car; who has none watches the one that was chosen, or the leader. */
  #followed(cars) {
    const byId = (id) => cars.find((car) => car.id === id)
    const own = cars.find((car) => car.isOwn)
    const leader = byId(this.#game.drivers[0]?.id)
    return own ?? byId(this.#watched) ?? leader ?? null
  }

  #tellNews({ id, record, before }) {
    if (record === undefined || before === undefined) return
    const now = performance.now()
    const isOwn = id === this.#game.own?.id
    if (isOwn && record.lap > before.lap) {
      this.#hud.tell(`Lap ${record.lap}: ${timeText(record.last)}`, now)
      this.#sound.beep(660)
    }
    const isRecord = (record.records & ROOM_RECORD) !== 0 && (before.records & ROOM_RECORD) === 0
    if (isRecord)
      this.#hud.tell(`Best lap of this room: ${record.name}, ${timeText(record.best)}`, now)
  }

  #listen() {
    // A page that is loaded again keeps its car; whoever goes, goes. Another tab is no farewell.
    addEventListener('click', (event) => {
      const isPlain = !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey
      const isFarewell = event.target.closest?.('a[href="/race/"]') != null
      if (isFarewell && isPlain && event.button === 0) this.#game.room.leave()
    })
    // A button that was clicked is done with: the space bar is the handbrake still.
    $('hud').addEventListener('mousedown', (event) => event.preventDefault())
    $('standings').addEventListener('click', ({ target }) => {
      this.#watched = target.closest('[data-driver]')?.dataset.driver ?? null
    })
    const tools = {
      sound: () => this.#toggleSound(),
      camera: () => this.#turnCamera(),
      network: () => this.#togglePanel(),
      ghost: () => this.#toggleGhost(),
    }
    $('ghost-choice').addEventListener('change', () => this.#toggleGhost())
    for (const [id, use] of Object.entries(tools)) $(id).addEventListener('click', use)
    const keys = { KeyM: tools.sound, KeyC: tools.camera, KeyN: tools.network, KeyG: tools.ghost }
    addEventListener('keydown', (event) => {
      if (!event.repeat && !isForPage(event)) keys[event.code]?.()
    })
  }

  #toggleSound() {
    $('sound').setAttribute('aria-pressed', String(this.#sound.toggle()))
  }

  #toggleGhost() {
    this.#bestLap.isWanted = !this.#bestLap.isWanted
    this.#host.keep({ ghost: this.#bestLap.isWanted })
    this.#showGhost()
  }

  /** Whom we can race against, before a race and in it. */
  #showGhost() {
    const { title, isWanted } = this.#bestLap
    $('ghost').hidden = title === ''
    $('ghost').setAttribute('aria-pressed', String(isWanted))
    $('ghost-choice').hidden = title === ''
    $('ghost-choice').querySelector('input').checked = isWanted
    write($('ghost-choice').querySelector('span'), `Race against it: ${title}`)
  }

  #turnCamera() {
    this.#scene.camera.turns = !this.#scene.camera.turns
    this.#scene.camera.cut()
    this.#showCamera()
  }

  #showCamera() {
    $('camera').setAttribute('aria-pressed', String(this.#scene.camera.turns))
  }

  /** Loaded when it is asked for: who races has no need of it. */
  async #togglePanel() {
    if (this.#closePanel !== null) {
      this.#closePanel()
      this.#closePanel = null
      return
    }
    const { default: panel } = await import('/tutti/panel.js')
    const { room, inputs, prediction, motion } = this.#game
    const onClose = () => (this.#closePanel = null)
    this.#closePanel = panel(room, { inputs, prediction, motion, unit: 'm', onClose })
  }
}
