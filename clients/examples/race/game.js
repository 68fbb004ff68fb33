import { shortest } from './angles.js'
import { liveryOf } from './liveries.js'
import { COAST } from './rules.js'
import { BRAKES, BUMPED, METRE, SLIDES, TICK_HZ, WALL, towAt } from './step.js'

export const LOBBY = 0
export const COUNTDOWN = 1
export const RACING = 2
export const RESULTS = 3

/** What a driver is doing, as the room says it. */
export const DRIVES = 2
export const HOME = 3
export const RETIRED = 5

/** What a car's `signs` say to everyone. */
const SIGN_BRAKES = 1
const SIGN_SLIDES = 2
const SIGN_GHOST = 4

const HEADINGS = 1024
/** For how long cars whose frames are late drive on by themselves, in seconds. */
const EXTRAPOLATED_S = 0.12
/** Seconds in which two thirds of a step from one source of a position to another are glided over. */
const GLIDE_S = 0.25
const GLIDE_MAX = 40
/** The others are carried on to our own time for at most so many seconds, and softly so. */
const AHEAD_MAX_S = 0.5
const AHEAD_SOFTLY_S = 0.4

/** A race as this page sees it: what the room's records say, and where each car is to be drawn. */
export class Game {
  #room
  #rules
  #motion
  #inputs = null
  #prediction = null
  #frame
  /** By car: its heading when it was drawn last, and how its wheels stand. */
  #drawn = new Map()
  /** By how many seconds our own car is ahead of what has come of the others. */
  #ahead = 0
  /** By car: the point of the road that it was next to. */
  #points = new Map()
  #glide = { isPredicted: false, x: 0, y: 0 }
  #clock
  /** Everyone with a car, until one of the records changes. */
  #drivers = null

  /**
   * Without `controls` it is only looked at. `clock` gives the tick of the race that shows, where that
   * is not the room's: in a replay.
   */
  constructor(room, rules, { controls = null, clock = null } = {}) {
    this.#room = room
    this.#rules = rules
    this.#clock = clock
    this.#motion = room
      .collection('cars')
      .interpolate({ x: {}, y: {}, heading: { turn: HEADINGS } }, { extrapolate: EXTRAPOLATED_S })
    if (controls !== null) this.#takeControls(controls)
    room.collection('drivers').on('change', () => (this.#drivers = null))
    const heard = ({ tick }) => (this.#frame = { tick, now: performance.now() })
    heard(room)
    room.on('frame', heard)
  }

  #takeControls(controls) {
    const room = this.#room
    this.#inputs = room.inputs({ read: (tick) => (this.isDriving ? controls.read(tick) : null) })
    this.#prediction = room.predict({
      inputs: this.#inputs,
      read: () => this.#authority,
      step: (car, input, tick) => this.#step(car, input, tick),
      pose: (car) => this.#pose(car),
      turns: { heading: 2 * Math.PI },
      snap: 25,
    })
  }

  get room() {
    return this.#room
  }

  get inputs() {
    return this.#inputs
  }

  get prediction() {
    return this.#prediction
  }

  get motion() {
    return this.#motion
  }

  /** phase, track, laps, round, starts and ends in ticks, best, holder. */
  get race() {
    return this.#room.collection('race').get('now') ?? NOTHING
  }

  /** What the next race is to be: laps, bots, level. */
  get settings() {
    return this.#room.collection('settings').get('next') ?? { laps: 0, bots: 0, level: 0 }
  }

  get road() {
    return this.#rules.roads[this.race.track] ?? null
  }

  /** Everyone with a car, by position; in the lobby by number. Not to be changed. */
  get drivers() {
    this.#drivers ??= [...this.#room.collection('drivers')]
      .map(([id, driver]) => ({ ...driver, id }))
      .sort((a, b) => a.position - b.position || Number(a.id) - Number(b.id))
    return this.#drivers
  }

  /** Our own; null while we watch. */
  get own() {
    const { me } = this.#room
    return this.drivers.find(({ member }) => member === me) ?? null
  }

  /** Whether our hands are on a wheel now. */
  get isDriving() {
    const { phase } = this.race
    return (phase === COUNTDOWN || phase === RACING) && this.own?.state === DRIVES
  }

  /** Of a member, whether it drives or only watches. */
  nameOf(member) {
    const driver = this.drivers.find((driver) => driver.member === member)
    if (driver !== undefined) return driver.name
    const user = member === this.#room.me ? this.#room.user : this.#room.others.get(member)?.user
    return typeof user?.name === 'string' ? user.name : 'Somebody'
  }

  isFinished({ state }) {
    return state >= HOME
  }

  /** Which tick is shown: of our own car ahead of the room, else as the room is. */
  get tick() {
    if (this.#clock !== null) return this.#clock()
    const now = performance.now()
    if (this.isDriving && this.#inputs.tick >= 0) {
      return this.#inputs.tick + this.#inputs.phase(now)
    }
    return this.#frame.tick + ((now - this.#frame.now) * TICK_HZ) / 1000
  }

  /** When this phase is over, at the latest. */
  get ends() {
    return this.race.ends
  }

  /** Milliseconds that a driver is in this lap; of our own. */
  lapTime(driver) {
    const { starts, phase } = this.race
    if (driver === null || phase !== RACING || this.isFinished(driver)) return 0
    return Math.max(0, ((this.tick - starts) * 1000) / TICK_HZ - driver.began)
  }

  /** All cars as they are to be drawn, `elapsed` seconds after the last time. */
  cars(now, elapsed) {
    const { own } = this
    this.#measureAhead(elapsed)
    const cars = []
    for (const [id, told] of this.#motion.sample(now)) {
      const driver = this.#room.collection('drivers').get(id)
      if (driver === undefined) continue
      const heading = (told.heading / HEADINGS) * 2 * Math.PI
      const car = {
        id,
        x: told.x,
        y: told.y,
        heading,
        vx: Math.cos(heading) * told.speed,
        vy: Math.sin(heading) * told.speed,
        speed: told.speed,
        brakes: (told.signs & SIGN_BRAKES) !== 0,
        slides: (told.signs & SIGN_SLIDES) !== 0,
        isGhost: (told.signs & SIGN_GHOST) !== 0,
        touches: false,
        isOwn: id === own?.id,
        name: isNamed(driver, own) ? driver.name : '',
        livery: liveryOf(driver.colour),
      }
      if (car.isOwn) this.#ownCar(car, now, elapsed)
      else this.#carryOn(car)
      car.steer = this.#steer(car, elapsed)
      cars.push(car)
    }
    return cars
  }

  /** Our ticks are before those of the room, and what has come of the others is from behind them. */
  #measureAhead(elapsed) {
    const apart = this.isDriving ? (this.#inputs.lead + this.#motion.delay) / 1000 : 0
    const wanted = Math.max(0, Math.min(AHEAD_MAX_S, apart))
    this.#ahead += (wanted - this.#ahead) * (1 - Math.exp(-elapsed / AHEAD_SOFTLY_S))
  }

  /**
   * Moves a car to where it is likely to be at our own time, as fast as it was and along the road:
   * else we would seem to be past whom we are beside.
   */
  #carryOn(car) {
    const { road } = this
    const { point, along, offset } = road.place(car.x, car.y, this.#points.get(car.id))
    this.#points.set(car.id, point)
    const turned = car.heading - road.at(along).heading
    const driven = car.speed * this.#ahead * Math.cos(turned)
    // On the inside of a bend there is less to drive.
    const share = Math.max(0.5, 1 - offset * road.bend(point))
    const { x, y, heading } = road.at(along + driven / share, offset)
    const before = road.at(along, offset)
    car.x += x - before.x
    car.y += y - before.y
    car.heading += heading - before.heading
  }

  /** How far the front wheels look turned: what the car does, a little late. */
  #steer({ id, heading, speed }, elapsed) {
    const before = this.#drawn.get(id) ?? { heading, steer: 0 }
    const turn = shortest(heading - before.heading)
    const wanted = elapsed > 0 && speed > 1 ? Math.max(-1, Math.min(1, (0.8 * turn) / elapsed)) : 0
    const steer = before.steer + (wanted - before.steer) * (1 - Math.exp(-elapsed / 0.1))
    this.#drawn.set(id, { heading, steer })
    return steer
  }

  /** Puts our own car where our hands have taken it, ahead of the room's word. */
  #ownCar(car, now, elapsed) {
    const pose = this.isDriving ? this.#prediction.state(now) : undefined
    const isPredicted = pose !== undefined
    const glide = this.#glide
    const from = { x: car.x, y: car.y, heading: car.heading }
    if (isPredicted) {
      Object.assign(car, pose)
      const exact = this.#rules.read(this.#prediction.latest)
      car.vx = (exact.raw.vx * TICK_HZ) / METRE
      car.vy = (exact.raw.vy * TICK_HZ) / METRE
      car.speed = exact.speed
      car.brakes = exact.is(BRAKES)
      car.slides = exact.is(SLIDES)
      car.touches = exact.is(WALL | BUMPED)
    }
    if (isPredicted !== glide.isPredicted) {
      glide.isPredicted = isPredicted
      glide.x = (glide.shownX ?? from.x) - car.x
      glide.y = (glide.shownY ?? from.y) - car.y
      if (Math.hypot(glide.x, glide.y) > GLIDE_MAX) glide.x = glide.y = 0
    }
    const left = Math.exp(-elapsed / GLIDE_S)
    glide.x *= left
    glide.y *= left
    car.x += glide.x
    car.y += glide.y
    glide.shownX = car.x
    glide.shownY = car.y
  }

  /** Our own car to the bit, as the room had it at the end of a tick. */
  get #authority() {
    const told = this.#room.collection('own').get('car')
    const { own } = this
    // While somebody else drives it for us, nothing is told but to everyone.
    if (!this.isDriving || told === undefined || own.pilot) return undefined
    if (String(told.car) !== own.id) return undefined
    return { tick: told.tick, state: told.state }
  }

  #step(car, input, tick) {
    const { starts, track } = this.race
    if (tick < starts) return car
    const tow = towAt(this.#room.collection('own').get('car'), tick)
    return this.#rules.step(car, input ?? COAST, track, tow)
  }

  #pose(car) {
    const { x, y, angle } = this.#rules.read(car)
    return { x, y, heading: angle }
  }
}

/** People, and who is next to us in the order: more names would hide the road. */
function isNamed(driver, own) {
  if (own === null || driver.member === own.member) return own === null
  return driver.skill === 0 || Math.abs(driver.position - own.position) === 1
}

const NOTHING = {
  phase: LOBBY,
  track: 0,
  laps: 0,
  round: 0,
  starts: 0,
  ends: 0,
  best: 0,
  holder: '',
}
