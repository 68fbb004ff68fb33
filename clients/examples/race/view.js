// A race to look at, in any element: track, cars, order and map of any room of the kind, a replay's too.
import { write } from '../shared/dom.js'
import { everyFrame } from './frames.js'
import { COUNTDOWN, Game, LOBBY, RESULTS } from './game.js'
import { liveryOf } from './liveries.js'
import { Minimap, paintBase } from './minimap.js'
import { loadRules } from './rules.js'
import { Scene } from './scene.js'
import { Standings } from './standings.js'
import { TICK_HZ } from './step.js'
import { clockText } from './words.js'

/** A page that stood still does not make up for it. */
const ELAPSED_MAX = 0.1
const SLOW_MS = 100
/** Of a small picture. */
const GROUND = '#3d5a35'
const GROUND_AT_NIGHT = '#1c2a1c'
const DOT = 3

const night = matchMedia('(prefers-color-scheme: dark)')
let loading = null
const rulesOnce = () => (loading ??= loadRules())

/**
 * `tick`: a function that gives the tick of the race that shows; `recoloured` is called when somebody
 * drives in another colour than what `colourOf` has said so far.
 */
export async function show(element, room, { tick, recoloured = () => {} }) {
  const rules = await rulesOnce()
  element.innerHTML = `
    <div class="race-view">
      <canvas class="world" role="img" aria-label="The track"></canvas>
      <p class="race-facts"><b></b> <span></span></p>
      <ol class="standings" aria-label="Standings"></ol>
      <canvas class="race-map" aria-hidden="true"></canvas>
    </div>`
  const view = new View(element.firstElementChild, new Game(room, rules, { clock: tick }))
  return { end: () => view.end(), colourOf: coloursOfDrivers(room, recoloured) }
}

/** By their names: what members tell of themselves has no colour, and numbers are given again. */
function coloursOfDrivers(room, recoloured) {
  const known = new Map()
  const look = ({ name, colour } = {}) => {
    if (name === undefined || known.get(name) === colour) return false
    known.set(name, colour)
    return true
  }
  const drivers = room.collection('drivers')
  for (const [, driver] of drivers) look(driver)
  drivers.on('change', ({ record }) => look(record) && recoloured())
  return (user, member) => liveryOf(known.get(user?.name) ?? member).body
}

/** A small picture of where everyone is now. */
export async function paint(canvas, room) {
  const { roads } = await rulesOnce()
  const context = canvas.getContext('2d')
  const { width, height } = canvas
  context.fillStyle = night.matches ? GROUND_AT_NIGHT : GROUND
  context.fillRect(0, 0, width, height)
  const road = roads[room.collection('race').get('now')?.track]
  if (road === undefined) return
  const base = paintBase(road, width, height, 1)
  context.drawImage(base.canvas, 0, 0)
  for (const [id, { x, y }] of room.collection('cars')) {
    const driver = room.collection('drivers').get(id)
    context.fillStyle = liveryOf(driver?.colour ?? 0).body
    context.beginPath()
    context.arc(base.left + x * base.scale, base.top + y * base.scale, DOT, 0, 2 * Math.PI)
    context.fill()
  }
}

class View {
  #game
  #scene
  #standings
  #minimap
  #facts
  #road = null
  #watched = null
  #last = 0
  #slowAt = 0
  #stop

  constructor(root, game) {
    this.#game = game
    this.#scene = new Scene(root.querySelector('.world'))
    this.#standings = new Standings(root.querySelector('.standings'), game)
    this.#minimap = new Minimap(root.querySelector('.race-map'))
    this.#facts = root.querySelector('.race-facts').children
    root.querySelector('.standings').addEventListener('click', ({ target }) => {
      this.#watched = target.closest('[data-driver]')?.dataset.driver ?? null
    })
    this.#stop = everyFrame((now) => this.#draw(now))
  }

  end() {
    this.#stop()
    this.#game.motion.stop()
  }

  #draw(now) {
    const elapsed = Math.min(ELAPSED_MAX, Math.max(0, (now - this.#last) / 1000))
    this.#last = now
    const { road, race } = this.#game
    if (road === null) return
    if (road !== this.#road) {
      this.#road = road
      this.#scene.show(road)
      this.#minimap.show(road)
    }
    const cars = race.phase === LOBBY ? [] : this.#game.cars(now, elapsed)
    const car = this.#followed(cars)
    if (car === null) this.#scene.camera.overlook(road.box)
    else this.#scene.camera.follow(car, elapsed)
    this.#scene.draw(cars, elapsed)
    this.#minimap.draw(cars)
    if (now - this.#slowAt < SLOW_MS) return
    this.#slowAt = now
    this.#standings.draw(car?.id)
    this.#tellFacts(race, road)
  }

  /** The one that was chosen, or the leader. */
  #followed(cars) {
    const byId = (id) => cars.find((car) => car.id === id)
    return byId(this.#watched) ?? byId(this.#game.drivers[0]?.id) ?? null
  }

  #tellFacts({ phase, laps, starts }, road) {
    const [title, fact] = this.#facts
    write(title, road.title)
    const lap = Math.min(laps, (this.#game.drivers[0]?.lap ?? 0) + 1)
    const seconds = (this.#game.tick - starts) / TICK_HZ
    if (phase === LOBBY) write(fact, 'In the lobby')
    else if (phase === COUNTDOWN) write(fact, `Starts in ${Math.max(0, Math.ceil(-seconds))} s`)
    else if (phase === RESULTS) write(fact, 'Finished')
    else write(fact, `Lap ${lap}/${laps} · ${clockText(seconds * 1000)}`)
  }
}
