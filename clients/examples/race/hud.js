import { write } from '../shared/dom.js'
import { Minimap } from './minimap.js'
import { Standings } from './standings.js'
import { clockText, ordinal, timeText, warnings } from './words.js'
import { TICK_HZ } from './step.js'

/** Metres a second at the end of the dial. */
const DIAL_TOP = 80
const LIGHTS = 5
/** From the first light to the start, and from each light to the next, in seconds. */
const COUNTDOWN_S = 4
const LIGHT_S = 0.7
/** How long after the start the lights are gone. */
const GREEN_S = 0.9
/** Often enough for what moves, and for what people read. */
const QUICK_MS = 30
const SLOW_MS = 100
const NEWS_MS = 2_600

/** What lies over the track while cars drive: numbers, standings, lights, the map. */
export class Hud {
  #game
  #root
  #fields = {}
  #lights
  #banner
  #standings
  #minimap
  #news = { text: '', until: 0 }
  #quickAt = 0
  #slowAt = 0
  #share = -1
  #lit = -1
  /** Called with how many are lit, when that changes; 0 when they go out. */
  onLight = () => {}

  constructor(root, game) {
    this.#root = root
    this.#game = game
    for (const field of root.querySelectorAll('[data-hud]')) this.#fields[field.dataset.hud] = field
    this.#lights = root.querySelector('#lights')
    this.#banner = root.querySelector('#banner')
    this.#standings = new Standings(root.querySelector('#standings'), game)
    this.#minimap = new Minimap(root.querySelector('#minimap'))
  }

  show(road) {
    this.#minimap.show(road)
    this.#lit = -1
  }

  /** Says something for a while, below the lights. */
  tell(text, now) {
    this.#news = { text, until: now + NEWS_MS }
  }

  /** `watched`: the car that the camera follows, as it is drawn; `ghosts` are on the map alone. */
  draw(cars, watched, now, ghosts = []) {
    this.#drawLights()
    if (now - this.#quickAt >= QUICK_MS) {
      this.#quickAt = now
      this.#drawNeedle(watched)
      this.#minimap.draw([...ghosts, ...cars])
    }
    if (now - this.#slowAt < SLOW_MS) return
    this.#slowAt = now
    write(this.#fields.speed, String(Math.round((watched?.speed ?? 0) * 3.6)))
    const driver = this.#game.drivers.find(({ id }) => id === watched?.id) ?? null
    this.#drawTimes(driver)
    this.#drawBanner(driver, now)
    this.#standings.draw(watched?.id)
  }

  #drawNeedle(car) {
    const share = Math.round(100 * Math.min(1, (car?.speed ?? 0) / DIAL_TOP))
    if (share === this.#share) return
    this.#share = share
    this.#fields.needle.style.strokeDasharray = `${share} 200`
    this.#fields.needle.style.opacity = share === 0 ? 0 : 1
  }

  #drawLights() {
    const { race, tick } = this.#game
    const left = (race.starts - tick) / TICK_HZ
    const isShown = race.starts > 0 && left > -GREEN_S && left < COUNTDOWN_S + 1
    this.#lights.hidden = !isShown
    if (!isShown) return
    const lit = left <= 0 ? 0 : Math.min(LIGHTS, 1 + Math.floor((COUNTDOWN_S - left) / LIGHT_S))
    if (lit === this.#lit) return
    if (this.#lit > 0 || lit > 0) this.onLight(lit)
    this.#lit = lit
    this.#lights.classList.toggle('out', left <= 0)
    for (const [i, light] of [...this.#lights.children].entries()) {
      light.classList.toggle('on', i < lit)
    }
  }

  #drawTimes(driver) {
    const { race, drivers } = this.#game
    const { position, of, lap, clock, last, best } = this.#fields
    write(position, driver === null ? '–' : String(driver.position))
    write(of, `/${drivers.length}`)
    const laps = Math.min(race.laps, (driver?.lap ?? 0) + 1)
    write(lap, `Lap ${laps}/${race.laps}`)
    write(clock, clockText(this.#game.lapTime(driver)))
    write(last, timeText(driver?.last))
    write(best, timeText(driver?.best))
  }

  #drawBanner(driver, now) {
    const isOwn = driver !== null && driver.id === this.#game.own?.id
    const warning = isOwn ? (warnings[driver.warning] ?? '') : ''
    const news = now < this.#news.until ? this.#news.text : ''
    const state = isOwn ? this.#standing(driver) : this.#watching(driver)
    write(this.#banner, warning || news || state)
    this.#banner.classList.toggle('warns', warning !== '')
  }

  #standing(driver) {
    const { ends, tick, isFinished } = this.#game
    if (!isFinished(driver)) return driver.pilot ? 'Somebody drives for you: take over' : ''
    const seconds = Math.max(0, Math.ceil((ends - tick) / TICK_HZ))
    return `Home: ${ordinal(driver.position)}. The others have ${seconds} s at most.`
  }

  #watching(driver) {
    if (driver === null) return ''
    const { own } = this.#game
    return own === null ? `You watch ${driver.name}. The next race is yours.` : ''
  }
}
