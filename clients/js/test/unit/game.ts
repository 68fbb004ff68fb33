/**
 * A game on a bad line, in a time of its own: a session with its inputs and prediction here, a
 * server's ticks there, and messages under way between them.
 */
import { Inputs, type InputsOptions } from '../../src/inputs.js'
import { Prediction } from '../../src/prediction.js'
import { Session } from '../../src/session.js'
import type { Spending } from '../../src/traffic.js'
import {
  bytesOf,
  frame,
  INPUT,
  inputsFrame,
  jsonOf,
  names,
  randomOf,
  RESTART,
  run,
  section,
  SHAPES,
  welcome,
  type Json,
} from './messages.js'

export interface GameOptions {
  /** Milliseconds there and back, and by how much more a message may take each way. */
  readonly rtt?: number
  readonly jitter?: number
  /** Nothing comes through for so long, every so often. */
  readonly stall?: number
  readonly stallEvery?: number
  readonly adaptive?: boolean
  readonly ticksPerMessage?: number
  readonly ticksPerFrame?: number
  readonly seed?: number
  readonly read?: InputsOptions['read']
}

export const TICK_RATE = 60
export const TICK_MS = 1000 / TICK_RATE
const TICKS_PER_FRAME = 3
const FIRST_TICK = 1000
const HOLD = 6
const COLOR = 1
/** Timers come late by up to so much. */
const TIMER_LATE_MS = 4

/** x, y, the speed in each, and a count of steps. */
const NUMBERS = 5

export function stepOf(state: Uint8Array, input: number | null): Uint8Array {
  const car = new Int32Array(state.buffer, state.byteOffset, NUMBERS)
  const [ax, ay] = input === null ? [0, 0] : [(input & 15) - 8, (input >> 4) - 8]
  for (const [i, push] of [ax, ay].entries()) {
    car[2 + i] = (((car[2 + i]! + push) * 250) / 256) | 0
    car[i]! += car[2 + i]!
  }
  car[4]!++
  return state
}

export class Game {
  now = 0
  readonly session: Session
  readonly inputs: Inputs
  readonly prediction: Prediction<Uint8Array>
  /** What the server saw. */
  readonly server = {
    tick: FIRST_TICK,
    car: new Uint8Array(4 * NUMBERS),
    late: 0,
    early: 0,
    duplicate: 0,
    missed: 0,
    taken: 0,
    messages: 0,
    bytes: 0,
    /** Frames that told of the car, and those of them behind a tick that had no input. */
    told: 0,
    toldOtherwise: 0,
  }
  /** When each tick was read here. */
  readonly readAt: { tick: number; now: number }[] = []
  line: { rtt: number; jitter: number; stall: number; stallEvery: number }
  readonly #events: { at: number; run: () => void }[] = []
  readonly #ticksPerFrame: number
  readonly #random: () => number
  readonly #slots = new Map<number, number>()
  #next = FIRST_TICK + 1
  #started = false
  #held = { value: null as number | null, for: 0 }
  #margin: number | null = null
  #missed = 0
  #isTold = false
  #frameTick = FIRST_TICK
  #toldTick = FIRST_TICK
  #push = 0
  #wakeAt = Infinity
  #lastUp = 0
  #lastDown = 0
  #heard: (() => void)[] = []
  #isUp = true
  #connection = 0
  #isGreeted = false

  constructor(options: GameOptions = {}) {
    const { rtt = 100, jitter = 0, stall = 0, stallEvery = 5_000, seed = 1, read } = options
    this.line = { rtt, jitter, stall, stallEvery }
    this.#ticksPerFrame = options.ticksPerFrame ?? TICKS_PER_FRAME
    this.#random = randomOf(seed)
    this.session = new Session(
      {
        key: new Uint8Array(16),
        roomKind: 'game',
        user: null,
        queue: { operations: 9, bytes: 999 },
      },
      {
        changed: () => this.#heard.forEach((heard) => heard()),
        live: () => {},
        noticed: () => {},
        savingTold: () => {},
        forgotten: () => {},
      },
    )
    this.inputs = new Inputs(
      {
        read: (tick) => {
          this.readAt.push({ tick, now: this.now })
          return (read ?? ((tick: number) => (tick >> 3) & 255))(tick)
        },
        adaptive: options.adaptive,
        ticksPerMessage: options.ticksPerMessage,
      } as InputsOptions,
      () => this.pump(),
      () => this.session.play(null),
    )
    this.session.play(this.inputs)
    this.prediction = new Prediction<Uint8Array>(
      {
        inputs: this.inputs,
        read: () => {
          throw new Error('the ground reads')
        },
        step: stepOf,
        pose: (state) => {
          const car = new Int32Array(state.buffer, state.byteOffset, NUMBERS)
          return { x: car[0]!, y: car[1]! }
        },
        equal: (a, b) => a.every((byte, i) => byte === b[i]),
      },
      {
        now: () => this.now,
        read: () => this.#authority(),
        onFrame: (heard) => {
          this.#heard.push(heard)
          return () => {}
        },
      },
    )
    this.#stalls()
    this.#open()
  }

  /** Lets so much time pass; `look` is called at each animation frame. */
  run(ms: number, look: (now: number) => void = () => {}): void {
    const end = this.now + ms
    const animate = (at: number) => {
      this.#at(at, () => {
        look(at)
        if (at + TICK_MS <= end) animate(at + TICK_MS)
      })
    }
    animate(this.now)
    while (this.#events.length > 0 && this.#events[0]!.at <= end) {
      const { at, run } = this.#events.shift()!
      this.now = at
      run()
    }
    this.now = end
  }

  /** The room moves the car by itself. */
  push(by: number): void {
    this.#push += by
  }

  /** The server's process stands still, and drops the time. */
  serverStops(ms: number): void {
    this.#serverLate = ms
  }

  cut(): void {
    this.#isUp = false
    this.#isGreeted = false
    this.#connection++
    this.session.closed()
  }

  reconnect(): void {
    this.#isUp = true
    this.#open()
  }

  pump(): void {
    if (!this.#isUp) return
    const at = this.session.pump(this.now)
    if (at === this.#wakeAt) return
    this.#wakeAt = at
    if (at === Infinity) return
    this.#at(Math.max(this.now, at) + this.#random() * TIMER_LATE_MS, () => {
      if (this.#wakeAt !== at) return
      this.#wakeAt = Infinity
      this.pump()
    })
  }

  #serverLate = 0

  #open(): void {
    this.#next = this.server.tick + 1
    this.#frameTick = this.server.tick
    this.#margin = null
    this.#isTold = false
    const link = {
      send: (message: Uint8Array) => this.#up(message),
      drop: (reason: string) => {
        throw new Error(reason)
      },
      bufferedAmount: 0,
      isClosing: false,
    }
    this.session.opened(link, this.now)
  }

  #up(message: Uint8Array): void {
    this.#lastUp = Math.max(this.#lastUp, this.#arrival())
    const connection = this.#connection
    this.#at(this.#lastUp, () => {
      if (connection === this.#connection) this.#arrived(jsonOf(message) as Json[], message.length)
    })
  }

  #down(message: Json): void {
    this.#lastDown = Math.max(this.#lastDown, this.#arrival())
    const connection = this.#connection
    this.#at(this.#lastDown, () => {
      if (connection !== this.#connection) return
      this.session.received(bytesOf(message), this.now)
      this.pump()
    })
  }

  #stalled = { from: Infinity, to: Infinity }

  #stalls(): void {
    const { stall, stallEvery } = this.line
    if (stall === 0) return
    const from = this.now + stallEvery * (0.5 + this.#random())
    this.#stalled = { from, to: from + stall }
    this.#at(from + stall, () => this.#stalls())
  }

  #arrival(): number {
    const at = this.now + this.line.rtt / 2 + this.line.jitter * this.#random()
    return at >= this.#stalled.from && at < this.#stalled.to ? this.#stalled.to : at
  }

  #arrived(message: Json[], bytes: number): void {
    if (message[0] === 0) {
      this.#down(
        welcome({
          tick: this.server.tick,
          tickRate: TICK_RATE,
          frameRate: TICK_RATE / this.#ticksPerFrame,
          roomKind: 'game',
          input: INPUT,
        }),
      )
      const car = section(1, RESTART, 1, run(SHAPES, 1), 2 ** COLOR, 1, 0, 'car', this.#carNow())
      this.#down(frame(0, names(), car))
      if (!this.#started) this.#at(this.now + this.#random() * TICK_MS, () => this.#tick())
      this.#started = true
      this.#isGreeted = true
    } else if (message[0] === 3) {
      this.#down([3, message[1]!, Math.round(this.now), this.server.tick])
    } else if (message[0] === 5) {
      this.server.messages++
      this.server.bytes += bytes
      this.#take(message[1] as number, message.slice(2) as number[])
    }
  }

  #take(gap: number, values: readonly number[]): void {
    const { server } = this
    this.#isTold = true
    this.#next += gap
    for (const value of values) {
      const tick = this.#next++
      const margin = tick - (server.tick + 1)
      this.#margin = Math.min(this.#margin ?? Infinity, margin)
      if (margin < 0) server.late++
      else if (tick > server.tick + 64) server.early++
      else if (this.#slots.has(tick)) server.duplicate++
      else this.#slots.set(tick, value)
    }
  }

  #tick(): void {
    const { server } = this
    server.tick++
    const value = this.#slots.get(server.tick)
    this.#slots.delete(server.tick)
    if (value !== undefined) {
      server.taken++
      this.#held = { value, for: 0 }
    } else if (this.#isTold) {
      server.missed++
      this.#missed++
      if (++this.#held.for > HOLD) this.#held = { value: null, for: 0 }
    }
    stepOf(server.car, this.#held.value)
    new Int32Array(server.car.buffer)[0]! += this.#push
    if (server.tick % this.#ticksPerFrame === 0 && this.#isGreeted) this.#frame()
    this.#push = 0
    const late = this.#serverLate
    this.#serverLate = 0
    this.#at(this.now + TICK_MS + late, () => this.#tick())
  }

  #wasOtherwise = false

  #frame(): void {
    const { server } = this
    this.#wasOtherwise ||= this.#missed > 0 || this.#push !== 0
    const isDue = server.tick - this.#toldTick >= TICK_RATE
    const sections: Json[] = []
    if (this.#wasOtherwise || isDue) {
      server.told++
      if (this.#wasOtherwise) server.toldOtherwise++
      sections.push(section(1, 0, 1, run(SHAPES, 2), 2 ** COLOR, 1, 0, this.#carNow()))
      this.#toldTick = server.tick
      this.#wasOtherwise = false
    }
    const ticks = server.tick - this.#frameTick
    this.#frameTick = server.tick
    this.#down(
      this.#isTold
        ? inputsFrame(ticks, this.#margin, this.#missed, ...sections)
        : frame(ticks, ...sections),
    )
    this.#margin = null
    this.#missed = 0
  }

  /** The tick, and the car after it. */
  #carNow(): Uint8Array {
    const bytes = new Uint8Array(4 + this.server.car.length)
    new DataView(bytes.buffer).setUint32(0, this.server.tick)
    bytes.set(this.server.car, 4)
    return bytes
  }

  #authority() {
    const car = this.session.replica.record('shapes', 'car')?.['color'] as Uint8Array | undefined
    if (car === undefined) return undefined
    const tick = new DataView(car.buffer, car.byteOffset).getUint32(0)
    return { tick, state: car.slice(4) }
  }

  #at(at: number, run: () => void): void {
    let place = this.#events.length
    while (place > 0 && this.#events[place - 1]!.at > at) place--
    this.#events.splice(place, 0, { at, run })
  }
}

export function sumOf(spending: Spending): number {
  return Object.values(spending).reduce((sum, bytes) => sum + bytes, 0)
}
