import { readGamepads } from './gamepad.js'
import { isForPage } from './keys.js'
import { BRAKE, HANDBRAKE, STEER_CENTRE, THROTTLE } from './step.js'

/**
 * What the driver's hands do, as the one number a tick that the room takes: steering -15..15 in the
 * low five bits, counted from 15, then the pedals.
 */
const STEER_MAX = STEER_CENTRE
/** How far a key turns the wheel in a tick, and how far it comes back by itself. */
const TURN = 2
const RETURN = 3

const KEYS = {
  ArrowUp: 'throttle',
  KeyW: 'throttle',
  ArrowDown: 'brake',
  KeyS: 'brake',
  ArrowLeft: 'left',
  KeyA: 'left',
  ArrowRight: 'right',
  KeyD: 'right',
  Space: 'handbrake',
  ShiftLeft: 'handbrake',
  ShiftRight: 'handbrake',
}

/** Keyboard, gamepad and what touch pads say, together. */
export class Controls {
  /** Drives instead of hands, where there is one: the same number a tick. */
  autopilot = null
  /** Codes of the keys that are down. */
  #held = new Set()
  #wheel = 0
  #pads
  #isOn = false
  #latest = STEER_MAX

  /** `pads`: { steer -1..1, throttle, brake, handbrake } as touched now. */
  constructor(pads) {
    this.#pads = pads
    addEventListener('keydown', (event) => this.#press(event))
    addEventListener('keyup', (event) => this.#release(event))
    // What goes up while another window or tab has the keyboard is not told.
    addEventListener('blur', () => this.#held.clear())
    document.addEventListener('visibilitychange', () => this.#held.clear())
  }

  /** While off, keys are the page's. */
  set isOn(isOn) {
    if (!isOn) this.#held.clear()
    this.#isOn = isOn
  }

  /** How far the wheel is turned now, -1..1. */
  get steer() {
    return ((this.#latest & 31) - STEER_MAX) / STEER_MAX
  }

  get throttle() {
    return (this.#latest & THROTTLE) !== 0
  }

  /** The input of one tick: call it once for each. */
  read(tick) {
    this.#latest = this.autopilot?.(tick) ?? this.#byHand()
    return this.#latest
  }

  #byHand() {
    const gamepad = readGamepads()
    const does = (what) => this.#isHeld(what) || this.#pads[what] || gamepad[what]
    const analog = gamepad.steer !== 0 ? gamepad.steer : this.#pads.steer
    this.#wheel = analog !== 0 ? Math.round(analog * STEER_MAX) : this.#turned()
    let input = this.#wheel + STEER_MAX
    if (does('throttle')) input |= THROTTLE
    if (does('brake')) input |= BRAKE
    if (does('handbrake')) input |= HANDBRAKE
    return input
  }

  /** A key turns the wheel bit by bit, and past the middle at once. */
  #turned() {
    const wish = Number(this.#isHeld('right')) - Number(this.#isHeld('left'))
    const wheel = this.#wheel
    if (wish === 0) return wheel - Math.sign(wheel) * Math.min(RETURN, Math.abs(wheel))
    const from = Math.sign(wheel) === -wish ? 0 : wheel
    return Math.max(-STEER_MAX, Math.min(STEER_MAX, from + wish * TURN))
  }

  #isHeld(what) {
    for (const code of this.#held) if (KEYS[code] === what) return true
    return false
  }

  #press(event) {
    if (KEYS[event.code] === undefined || !this.#isOn || isForPage(event)) return
    event.preventDefault()
    this.#held.add(event.code)
  }

  /** Whatever is down with it: a key that was pressed alone may go up beside another. */
  #release({ code, key }) {
    this.#held.delete(code)
    // While it is down, macOS tells of no other key that goes up.
    if (key === 'Meta') this.#held.clear()
  }
}
