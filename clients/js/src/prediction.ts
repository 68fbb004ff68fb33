import { TuttiError } from './errors.js'
import type { Inputs } from './inputs.js'
import { between, distance, type Position, type Turns } from './position.js'
import { Residue } from './residue.js'
import type { Room } from './room.js'
import { TICKS_REMEMBERED } from './tick_clock.js'
import { equal as equalValues, type Value } from './value.js'

/** A state as the room has it at the end of a tick. */
export interface Authority<State> {
  readonly tick: number
  readonly state: State
}

export interface PredictionOptions<
  State,
  Input extends Value = number,
  Pose extends Position = Position,
> {
  readonly inputs: Inputs<Input>
  /**
   * What the room says of our own state, and at the end of which tick it was so: asked for after each
   * frame. undefined where there is nothing to predict: {@link Prediction.state} is undefined then. A
   * tick that it has said before is no news. What rules write only at ticks with frames is of the
   * newest of those, `tick - (tick % (tickRate / frameRate))`.
   */
  readonly read: (room: Room) => Authority<State> | undefined
  /**
   * One tick: the same, to the bit, as the room's rules take. A state of bytes (`Uint8Array`) is a
   * copy that may be changed in place and returned; any other is left as it is, and another one
   * returned. `input`: the one in force, null for none.
   */
  readonly step: (state: State, input: Input | null, tick: number) => State
  /** The numbers of a state that are drawn: a new object each time. */
  readonly pose: (state: State) => Pose
  /** Those of them that go round, and how much is once round: `{ heading: 360 }` for degrees. */
  readonly turns?: Turns
  /** Whether two states are the same, in every bit. Left out, all values in them are compared. */
  readonly equal?: (a: State, b: State) => boolean
  /** Milliseconds in which half of what a correction changed is put right. Default: 60. */
  readonly halfLife?: number
  /** Corrections larger than this, in the pose's numbers, show at once. Default: none does. */
  readonly snap?: number
}

/** What a prediction needs of its room. */
export interface Ground<State> {
  now(): number
  read(): Authority<State> | undefined
  /** Calls `heard` after each frame; what comes back ends that. */
  onFrame(heard: () => void): () => void
}

/** One time that the room had it otherwise. */
export interface Correction {
  /** Of the state that was wrong. */
  readonly tick: number
  /** How far what shows was wrong, in the pose's numbers; those that go round do not count. */
  readonly size: number
}

export interface Corrections {
  /** States of the room's that were compared with ours. */
  readonly compared: number
  /** Those that were not the same. */
  readonly count: number
  /** The largest size. */
  readonly largest: number
  /** The newest ones, oldest first; at most 256. */
  readonly recent: readonly Correction[]
}

const HALF_LIFE_MS = 60
const RECENT_MAX = 256

/**
 * Our own part of the room's state, ahead of the room by what our inputs will do (elsewhere
 * client-side prediction with reconciliation). The room's word
 * replaces it as it comes: where it is another one than we had for that tick, the inputs since are
 * played again on top of it, and what shows moves over softly.
 *
 * ```js
 * const own = room.predict({ inputs, read, step, pose: ({ x, y }) => ({ x, y }) })
 * requestAnimationFrame((now) => draw(own.state(now)))
 * ```
 */
export class Prediction<State, Input extends Value = number, Pose extends Position = Position> {
  readonly #options: PredictionOptions<State, Input, Pose>
  readonly #turns: Turns
  readonly #ground: Ground<State>
  readonly #states: States<State>
  readonly #residue: Residue
  readonly #ends: (() => void)[]
  #authority: Authority<State> | null = null
  #epoch = 0
  #compared = 0
  #count = 0
  #largest = 0
  #recent: Correction[] = []

  /** @internal */
  constructor(options: PredictionOptions<State, Input, Pose>, ground: Ground<State>) {
    const { halfLife = HALF_LIFE_MS, turns = {}, inputs } = options
    if (!(halfLife > 0)) throw new TuttiError('misuse', 'a half-life is above 0')
    this.#options = options
    this.#turns = turns
    this.#ground = ground
    this.#states = new States()
    this.#residue = new Residue(halfLife, turns)
    this.#ends = [inputs.follow((tick) => this.#play(tick)), ground.onFrame(() => this.#heard())]
    this.#heard()
  }

  /**
   * The pose that is to be drawn: between two ticks, and with what is left of a correction; undefined
   * where there is nothing to predict. `now`: the time of the page's clock, as `requestAnimationFrame`
   * hands it; left out, this moment. Inputs that are due are read.
   */
  state(now?: number): Pose | undefined {
    this.#options.inputs.catchUp()
    return this.#shown(now ?? this.#ground.now()) as Pose | undefined
  }

  /** The state after our newest tick; not to be changed. */
  get latest(): State | undefined {
    return this.#authority === null ? undefined : this.#states.get(this.#states.last)
  }

  /** What the room said last, and of which tick. */
  get authority(): Authority<State> | undefined {
    return this.#authority ?? undefined
  }

  /** How often the room had it otherwise, and by how much. */
  get corrections(): Corrections {
    return {
      compared: this.#compared,
      count: this.#count,
      largest: this.#largest,
      recent: this.#recent,
    }
  }

  /** Ends it. */
  stop(): void {
    for (const end of this.#ends) end()
    this.#authority = null
  }

  #shown(now: number): Position | undefined {
    if (this.#authority === null) return undefined
    return this.#residue.over(this.#truth(now), now)
  }

  /** Between the two newest states, or earlier ones, as far as the time from tick to tick has run. */
  #truth(now: number): Position {
    const { inputs, pose } = this.#options
    const { last } = this.#states
    const phase = inputs.phase(now)
    const back = Math.max(0, Math.ceil(-phase))
    const isKnown = inputs.tick === last && this.#states.has(last - back - 1)
    if (!isKnown) return pose(this.#states.get(last))
    const [a, b] = [this.#states.get(last - back - 1), this.#states.get(last - back)]
    return between(pose(a), pose(b), phase + back, this.#turns)
  }

  /** The ticks up to this one, of which the inputs are known. */
  #play(tick: number): void {
    if (this.#authority === null || this.#epoch !== this.#options.inputs.epoch) return
    if (tick - this.#authority.tick >= TICKS_REMEMBERED) {
      // The room has said nothing for so long that a guess is worth nothing.
      this.#forget()
      return
    }
    if (tick > this.#authority.tick && tick <= this.#states.last) {
      this.#playAgain(tick)
      return
    }
    this.#stepTo(tick)
  }

  /** The room has stood still: this tick, and those after it, are yet to come. */
  #playAgain(tick: number): void {
    const now = this.#ground.now()
    const before = this.#shown(now)!
    this.#states.last = tick - 1
    this.#stepTo(tick)
    this.#moveOver(before, now)
  }

  #stepTo(tick: number): void {
    const { step, inputs } = this.#options
    for (let next = this.#states.last + 1; next <= tick; next++) {
      this.#states.put(next, step(this.#states.draft(next), inputs.at(next), next))
    }
  }

  #heard(): void {
    const { inputs, equal = equalValues as (a: State, b: State) => boolean } = this.#options
    const told = this.#ground.read()
    if (told === undefined) {
      this.#forget()
      return
    }
    if (this.#authority === null || this.#epoch !== inputs.epoch) {
      this.#epoch = inputs.epoch
      this.#adopt(told)
      this.#residue.clear()
      return
    }
    if (told.tick <= this.#authority.tick) return
    this.#compared++
    if (this.#states.has(told.tick) && equal(this.#states.get(told.tick), told.state)) {
      this.#authority = told
      return
    }
    this.#correct(told)
  }

  #correct(told: Authority<State>): void {
    const now = this.#ground.now()
    const before = this.#shown(now)!
    this.#adopt(told)
    const size = this.#moveOver(before, now)
    this.#count++
    this.#largest = Math.max(this.#largest, size)
    this.#recent = [...this.#recent, { tick: told.tick, size }].slice(-RECENT_MAX)
  }

  /** From what showed to what is true now, softly; how far that is. */
  #moveOver(before: Position, now: number): number {
    const truth = this.#truth(now)
    const size = distance(before, truth, this.#turns)
    if (size > (this.#options.snap ?? Infinity)) this.#residue.clear()
    else this.#residue.absorb(before, truth, now)
    return size
  }

  /** Goes back to what the room says, and from there on again to where we are. */
  #adopt(told: Authority<State>): void {
    this.#authority = told
    this.#states.restart(told.tick, told.state)
    if (this.#options.inputs.tick > told.tick) this.#play(this.#options.inputs.tick)
  }

  #forget(): void {
    this.#authority = null
    this.#residue.clear()
  }
}

/** The states of the newest ticks, in a row. Of bytes, each place has its own. */
class States<State> {
  last = 0
  #first = 0
  readonly #places: State[] = new Array(TICKS_REMEMBERED)

  /** Nothing is known but this. */
  restart(tick: number, state: State): void {
    this.#first = tick
    this.last = tick
    const place = tick % TICKS_REMEMBERED
    this.#places[place] = this.#copy(state, place)
  }

  has(tick: number): boolean {
    return tick >= this.#first && tick <= this.last
  }

  get(tick: number): State {
    return this.#places[tick % TICKS_REMEMBERED]!
  }

  /** What a step may work on: the state before this tick's, of bytes a copy in this tick's place. */
  draft(tick: number): State {
    return this.#copy(this.get(tick - 1), tick % TICKS_REMEMBERED)
  }

  put(tick: number, state: State): void {
    const place = tick % TICKS_REMEMBERED
    if (this.#places[place] !== state) this.#places[place] = this.#copy(state, place)
    this.last = tick
    this.#first = Math.max(this.#first, tick - TICKS_REMEMBERED + 1)
  }

  #copy(state: State, place: number): State {
    if (!(state instanceof Uint8Array)) return state
    const held = this.#places[place]
    if (!(held instanceof Uint8Array) || held.length !== state.length) {
      return (this.#places[place] = state.slice() as State & Uint8Array)
    }
    held.set(state)
    return held
  }
}
