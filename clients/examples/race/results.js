import { showBoard } from './boards.js'
import { carPicture } from './car_paint.js'
import { arrange, make, write } from '../shared/dom.js'
import { HOME, RETIRED } from './game.js'
import { liveryOf } from './liveries.js'
import { count, ordinal, timeText } from './words.js'
import { TICK_HZ } from './step.js'
import { roomInAddress } from '/shared/place.js'

const FASTEST = 1
const ROOM_RECORD = 2
/** When the best laps are asked for again, and from then on each time twice as long after. */
const REFRESH_MS = 1_500
const MEDALS = ['', 'gold', 'silver', 'bronze']
const PODIUM_CAR = 110
/** From the first light to the start, and a little. */
const LIGHTS_S = 5
/** Of left and right of the winner. */
const PODIUM_ORDER = [2, 1, 3]

/** After a race: the podium, everyone's times and points, and whether to race again. */
export class Results {
  #root
  #game
  #round = -1
  #nextBoard = 0
  #pause = REFRESH_MS
  #part = (name) => this.#root.querySelector(name)

  constructor(root, game) {
    this.#root = root
    this.#game = game
    this.#part('#again').addEventListener('click', () => {
      const { own, room } = game
      if (own !== null) room.collection('drivers').set(own.id, { ready: own.ready !== true })
    })
  }

  update() {
    const { drivers, own, road, ends, tick } = this.#game
    this.#showBoard(road)
    this.#linkReplay()
    write(this.#part('#results-title'), titleFor(own, road))
    this.#showPodium(drivers)
    this.#showTable(drivers, own)
    const again = this.#part('#again')
    again.disabled = own === null
    again.setAttribute('aria-pressed', String(own?.ready === true))
    write(again, own?.ready ? 'Again: waiting' : 'Race again')
    const seconds = Math.max(0, Math.ceil((ends - tick) / TICK_HZ))
    const people = drivers.filter(({ skill }) => skill === 0)
    const ready = people.filter(({ ready }) => ready).length
    const waiting = `${ready} of ${count(people.length, 'driver')} want to race again`
    write(this.#part('#next'), `${waiting}; back to the lobby in ${seconds} s`)
  }

  /** From the first light of this race on. */
  #linkReplay() {
    const { race } = this.#game
    const at = Math.max(0, race.starts - LIGHTS_S * TICK_HZ)
    this.#part('#watch-again').search = `?room=${roomInAddress('')}&kind=race&at=${at}&play`
  }

  /** What this race brought is there a moment after it. */
  #showBoard(road) {
    const now = performance.now()
    const { round } = this.#game.race
    if (round !== this.#round) {
      this.#round = round
      this.#pause = REFRESH_MS
    } else if (now < this.#nextBoard) return
    this.#nextBoard = now + this.#pause
    this.#pause *= 2
    showBoard(this.#part('[data-board]'), road)
    this.#part('[data-records]').hash = road.name
  }

  #showPodium(drivers) {
    const best = drivers.filter(({ medal }) => medal > 0)
    const order = PODIUM_ORDER.map((medal) => best.find((driver) => driver.medal === medal))
    arrange(this.#part('#podium'), order.filter(Boolean), {
      create: () => make('li', '', make('span', 'car'), make('b', ''), make('i', '')),
      update: (step, { name, medal, colour }) => {
        const [car, who, place] = step.children
        if (car.dataset.colour !== String(colour)) {
          car.dataset.colour = colour
          car.replaceChildren(carPicture(liveryOf(colour), PODIUM_CAR))
        }
        step.className = MEDALS[medal]
        write(who, name)
        write(place, String(medal))
      },
    })
  }

  #showTable(drivers, own) {
    arrange(this.#part('#classified'), drivers, {
      create: createRow,
      update: (row, driver) => {
        const [place, name, time, best, gained, points] = row.children
        write(place, driver.state === HOME ? String(driver.position) : '–')
        const [dot, who] = name.children
        dot.style.setProperty('--body', liveryOf(driver.colour).body)
        write(who, driver.name)
        write(time, timeOf(driver))
        write(best, timeText(driver.best))
        best.className = bestOf(driver)
        best.title = titleOfBest(driver)
        write(gained, driver.gained > 0 ? `+${driver.gained}` : '')
        write(points, String(driver.points))
        row.classList.toggle('own', driver.id === own?.id)
      },
    })
  }
}

function createRow() {
  const cells = Array.from({ length: 6 }, () => make('td', ''))
  cells[1].append(make('i', ''), make('span', ''))
  return make('tr', '', ...cells)
}

function titleFor(own, road) {
  if (own === null) return `${road.title}: results`
  if (own.state !== HOME) return `${road.title}: next time`
  if (own.position === 1) return 'You win!'
  return `${ordinal(own.position)} at ${road.title}`
}

function timeOf({ state, total, penalty }) {
  if (state === RETIRED) return 'left'
  if (state !== HOME) return 'not home'
  return penalty > 0 ? `${timeText(total)} (+${penalty / 1000} s)` : timeText(total)
}

function bestOf({ records }) {
  if ((records & ROOM_RECORD) !== 0) return 'record'
  return (records & FASTEST) !== 0 ? 'fastest' : ''
}

function titleOfBest({ records }) {
  if ((records & ROOM_RECORD) !== 0) return 'The best lap ever driven in this room'
  return (records & FASTEST) !== 0 ? 'The fastest lap of this race' : ''
}
