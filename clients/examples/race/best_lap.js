// The best lap that was ever driven in this room, driven once more beside each of ours.
import { COUNTDOWN, RACING, RESULTS } from './game.js'
import { liveryOf } from './liveries.js'
import { TICK_HZ } from './step.js'
import { timeText } from './words.js'

const ROOM_RECORD = 2
const HEADINGS = 1024

/** How a marker of such a lap is called: by the same words it is found again. */
export function titleOf({ title }, { holder, best }) {
  return `Best lap of ${title}: ${holder}, ${timeText(best)}`
}

const ticksIn = (ms) => (ms * TICK_HZ) / 1000

/** The tick, with its fraction, at which the lap began that a driver has just completed. */
export function beginningOf({ starts }, { began, last }) {
  return Math.max(0, starts + ticksIn(began - last))
}

/**
 * Knows where the best lap of the track is in the room's recording, and where its car is while we
 * drive ours. `past` has `markers()`, `mark(marker)` and `haunt(options)` of this room, as
 * `haunting.js` gives them.
 */
export class BestLap {
  #game
  #past
  #isWanted
  /** The best by the room's word, and the tick at which it began; null while nobody has said. */
  #title = ''
  #from = null
  #ghost = null
  /** Beside which of our laps it runs. */
  #beside = ''
  #marked = ''

  constructor(game, past, { isWanted }) {
    this.#game = game
    this.#past = past
    this.#isWanted = isWanted
    game.room.collection('drivers').on('change', ({ record, before }) => {
      if (record !== undefined) this.#heard(record, before)
    })
  }

  /** Its words, where there is one to race against; else empty. */
  get title() {
    return this.#from === null ? '' : this.#title
  }

  get isWanted() {
    return this.#isWanted
  }

  set isWanted(isWanted) {
    this.#isWanted = isWanted
    this.update()
  }

  /** The room has said something. */
  update() {
    const { race, road, own } = this.#game
    if (road === null) return
    const title = race.best > 0 ? titleOf(road, race) : ''
    if (title !== this.#title) this.#find(title)
    if (race.phase === RESULTS && (own?.records & ROOM_RECORD) !== 0) this.#mark(title)
    this.#follow()
  }

  /** Its car as it is to be drawn: one, or none. */
  cars(now) {
    const { best, holder } = this.#game.race
    const beside = this.#ghost
    if (beside === null || beside.tick(now) > this.#from + ticksIn(best)) return []
    const driverOf = (id) => beside.drivers.get(id)
    return beside
      .sample(now)
      .filter(([id]) => driverOf(id)?.name === holder)
      .map(([id, { x, y, heading }]) => ({
        id: 'best lap',
        x,
        y,
        heading: (heading / HEADINGS) * 2 * Math.PI,
        steer: 0,
        brakes: false,
        isGhost: true,
        isOwn: false,
        livery: liveryOf(driverOf(id).colour),
        name: timeText(best),
      }))
  }

  /** A lap that is the best from now on. */
  #heard(driver, before) {
    const { race, road } = this.#game
    const isBest = (driver.records & ROOM_RECORD) !== 0 && driver.best === driver.last
    if (road === null || !isBest || driver.best === before?.best) return
    const { name: holder, best } = driver
    this.#know(titleOf(road, { holder, best }), beginningOf(race, driver))
  }

  /** One of before we came: whoever drove it has marked it. */
  async #find(title) {
    this.#know(title, null)
    if (title === '') return
    const markers = await this.#past.markers()
    const marker = markers.find((marker) => marker.title === title)
    if (marker === undefined || this.#title !== title || this.#from !== null) return
    this.#marked = title
    this.#know(title, marker.tick)
    this.update()
  }

  #know(title, from) {
    this.#title = title
    this.#from = from
    this.#beside = ''
  }

  /** Our own, for who comes later. */
  #mark(title) {
    if (this.#from === null || this.#marked === title) return
    this.#marked = title
    const { colour, name } = this.#game.own
    this.#past.mark({
      tick: Math.floor(this.#from),
      title,
      colour: liveryOf(colour).body,
      by: name,
    })
  }

  /** It begins anew with each of our laps. */
  #follow() {
    const { race, own, isDriving } = this.#game
    const isOn = isDriving && this.#isWanted && this.#from !== null
    if (!isOn || (race.phase !== COUNTDOWN && race.phase !== RACING)) return this.#stop()
    const beside = `${race.round} ${own.lap}`
    if (beside === this.#beside) return
    this.#beside = beside
    const from = Math.floor(this.#from)
    this.#run({ from, start: race.starts + ticksIn(own.began) - (this.#from - from) })
  }

  async #run(options) {
    const beside = this.#beside
    const ghost = await this.#past.haunt({
      ...options,
      fields: { x: {}, y: {}, heading: { turn: HEADINGS } },
      clock: () => this.#game.tick,
    })
    if (this.#beside === beside) this.#ghost = ghost
  }

  #stop() {
    if (this.#beside === '' && this.#ghost === null) return
    this.#beside = ''
    this.#ghost = null
    this.#past.leave()
  }
}
