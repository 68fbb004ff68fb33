import { BRAKE, HANDBRAKE, STEER_CENTRE, THROTTLE } from './step.js'

/**
 * What the driver's hands do, as the one number a tick that the room takes: steering -15..15 in the
 * low five bits, counted from 15, then the pedals.
 */
const STEER_MAX = STEER_CENTRE
/** How far a key turns the wheel in a tick, and how far it comes back by itself. */
const TURN = 2
const RETURN = 3
const DEAD_ZONE = 0.12
const PRESSED = 0.12

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
  #held = new Set()
  #wheel = 0
  #pads
  #isOn = false
  #latest = STEER_MAX

  /** `pads`: { steer -1..1, throttle, brake, handbrake } as touched now. */
  constructor(pads) {
    this.#pads = pads
    addEventListener('keydown', (event) => this.#key(event, true))
    addEventListener('keyup', (event) => this.#key(event, false))
    // A key that goes up elsewhere is not told.
    addEventListener('blur', () => this.#held.clear())
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

  get brakes() {
    return (this.#latest & (BRAKE | HANDBRAKE)) !== 0
  }

  /** The input of one tick: call it once for each. */
  read(tick) {
    this.#latest = this.autopilot?.(tick) ?? this.#byHand()
    return this.#latest
  }

  #byHand() {
    const pad = readGamepad()
    const held = (what) => this.#held.has(what) || this.#pads[what] || pad[what]
    const analog = pad.steer !== 0 ? pad.steer : this.#pads.steer
    this.#wheel = analog !== 0 ? Math.round(analog * STEER_MAX) : this.#turned()
    let input = this.#wheel + STEER_MAX
    if (held('throttle')) input |= THROTTLE
    if (held('brake')) input |= BRAKE
    if (held('handbrake')) input |= HANDBRAKE
    return input
  }

  /** A key turns the wheel bit by bit, and past the middle at once. */
  #turned() {
    const wish = Number(this.#held.has('right')) - Number(this.#held.has('left'))
    const wheel = this.#wheel
    if (wish === 0) return wheel - Math.sign(wheel) * Math.min(RETURN, Math.abs(wheel))
    const from = Math.sign(wheel) === -wish ? 0 : wheel
    return Math.max(-STEER_MAX, Math.min(STEER_MAX, from + wish * TURN))
  }

  #key(event, isDown) {
    const what = KEYS[event.code]
    if (what === undefined || !this.#isOn || isForPage(event)) return
    event.preventDefault()
    if (isDown) this.#held.add(what)
    else this.#held.delete(what)
  }
}

/** Typed into a field, or with a key of the browser's. */
function isForPage({ target, ctrlKey, metaKey, altKey }) {
  const isField =
    target instanceof HTMLElement && target.closest('input, textarea, select') !== null
  return isField || ctrlKey || metaKey || altKey
}

/** The first gamepad with the usual layout: left stick, triggers or A and X, B or the bumpers. */
function readGamepad() {
  const pad = (navigator.getGamepads?.() ?? []).find((each) => each?.mapping === 'standard')
  const none = { steer: 0, throttle: false, brake: false, handbrake: false }
  if (pad === undefined || pad === null) return none
  const isPressed = (...buttons) => buttons.some((i) => (pad.buttons[i]?.value ?? 0) > PRESSED)
  const stick = pad.axes[0] ?? 0
  const cross = Number(isPressed(15)) - Number(isPressed(14))
  const travel = Math.max(0, Math.abs(stick) - DEAD_ZONE) / (1 - DEAD_ZONE)
  return {
    // Finer around the middle, as hands expect of a stick.
    steer: cross !== 0 ? cross : Math.sign(stick) * travel ** 1.4,
    throttle: isPressed(7, 0),
    brake: isPressed(6, 2),
    handbrake: isPressed(1, 4, 5),
  }
}
