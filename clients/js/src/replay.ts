/**
 * A recording, played into a room that everything shows as it shows a live one: whoever looks joins
 * it, and what they ask of its player are ordinary changes of one record.
 */
import { replayAddress, roomAddress } from './address.js'
import type { JoinOptions } from './api.js'
import type { Collection } from './collection.js'
import { Emitter } from './emitter.js'
import { TuttiError } from './errors.js'
import { momentNumbers, type Moment } from './moment.js'
import type { Change } from './operation.js'
import { randomBytes } from './platform.js'
import { recording, tickAt } from './recording.js'
import { joined, Room } from './room.js'
import { equal, type Fields } from './value.js'

export interface ReplayOptions extends Omit<JoinOptions, 'kind'> {
  /** Where it begins: a tick, or a moment. Left out, at the first that is kept. */
  readonly at?: number | Pick<Moment, 'tick' | 'incarnation'>
  /**
   * Whoever opens the same room's replay under the same name is in it together, with the same
   * controls; `at` is that of who opened it. 1 to 32 characters of A-Z a-z 0-9 _ -. Left out, alone.
   */
  readonly name?: string
}

/** A stretch that is played over and over: ticks, both within it. */
export interface Loop {
  readonly from: number
  readonly until: number
}

export interface ReplayEvents {
  /** It shows another moment, or the recording has grown. */
  time: { readonly tick: number; readonly wall: Date | null; readonly last: number }
  /** All else of it is different: what it is doing, or what it was told to do. */
  state: Replay
}

export const SPEED_MIN = 0.25
export const SPEED_MAX = 16
const SPEED_STEPS = 4
const CATCH_UP_SPEED = 2

const COLLECTION = 'replay'
const PLAYER = 'player'
const STATES = ['ready', 'loading', 'failed'] as const
/** What `time` tells of. */
const TIMES: ReadonlySet<string> = new Set(['tick', 'wall', 'incarnation', 'last', 'seek'])
/** Letters of 6 bits of chance. */
const NAME_LETTERS = 16

/**
 * Opens a room's recording. Resolves when the room shows the moment, and rejects as `join` does: with
 * `closed` where nothing is kept of that moment.
 *
 * ```js
 * const then = await replay('ws://localhost:7777', 'plans', { at: 1234 })
 * then.on('time', ({ tick }) => (slider.value = tick))
 * then.play()
 * for (const [id, shape] of then.room.collection('shapes')) draw(id, shape)
 * ```
 */
export async function replay(
  server: string,
  room: string,
  options: ReplayOptions = {},
): Promise<Replay> {
  options.signal?.throwIfAborted()
  const { at = 0, name = newName(), ...rest } = options
  const url = roomAddress(server, room)
  const first = momentNumbers(typeof at === 'number' ? { tick: at } : at)
  let opened: Replay | undefined
  // One that everyone has left for a while is opened anew where this client has seen it last.
  const address = () =>
    replayAddress(url, name, opened === undefined ? first : momentNumbers(opened.moment))
  address() // Throws where there is none.
  const shown = await joined(new Room(url, rest, address), rest)
  return (opened = new Replay(shown, { server, room, name }))
}

/** Where a replay is to be found. */
export interface ReplayPlace {
  readonly server: string
  readonly room: string
  readonly name: string
}

/**
 * A recording that is being looked at; see {@link replay}. What it says is what its player said last,
 * under what this client has asked for since.
 */
export class Replay extends Emitter<ReplayEvents> {
  /** Shows the moment. Members that were there are `recorded` among `others`. */
  readonly room: Room
  /** Under which others open the same replay. */
  readonly name: string
  readonly #place: ReplayPlace
  readonly #controls: Collection
  readonly #unwatch: () => void
  readonly #seeking: Seeking

  /** @internal */
  constructor(room: Room, place: ReplayPlace) {
    super()
    this.room = room
    this.name = place.name
    this.#place = place
    this.#controls = room.collection(COLLECTION)
    this.#seeking = new Seeking(
      (seek) => this.#ask({ seek }),
      () => this.#look(),
    )
    const unwatchControls = this.#controls.on('change', ({ id, before, record }) => {
      if (id === PLAYER) this.#changed(before ?? {}, record ?? {})
    })
    const unwatchStatus = room.on('status', ({ status, error }) => {
      if (status === 'closed') this.#seeking.end(error!)
    })
    this.#unwatch = () => {
      unwatchControls()
      unwatchStatus()
    }
  }

  /** The tick of the recording that shows. */
  get tick(): number {
    return this.#number('tick')
  }

  /** When that was; null where nobody knows. */
  get wall(): Date | null {
    const ms = this.#number('wall')
    return ms > 0 ? new Date(ms) : null
  }

  /** Of the room at {@link tick}: with it, a moment. */
  get incarnation(): number {
    return this.#number('incarnation')
  }

  /** What shows, to be linked to, forked or marked. */
  get moment(): Moment {
    const { tick, incarnation } = this
    return { room: this.#place.room, tick, ...(incarnation > 0 && { incarnation }) }
  }

  /** First and last tick of what is kept; the last grows as long as the room is awake. */
  get first(): number {
    return this.#number('first')
  }

  get last(): number {
    return this.#number('last')
  }

  /** Ticks per second of the recording. */
  get hz(): number {
    return this.#number('hz') || this.room.tickRate
  }

  /**
   * `loading`: the moment is on its way, and what was shown before still does. `failed`: it stands
   * still for the {@link reason}, until it is sent elsewhere.
   */
  get state(): (typeof STATES)[number] {
    return STATES[this.#number('state')] ?? 'failed'
  }

  /** For a person, in English; empty but in the state `failed`. */
  get reason(): string {
    const reason = this.#told['reason']
    return typeof reason === 'string' ? reason : ''
  }

  /** It shows the end of a recording that grows: what a live room did a moment ago. */
  get live(): boolean {
    return this.#told['live'] === true
  }

  get playing(): boolean {
    return this.#told['playing'] === true
  }

  /** From here on time passes; at the end of a recording that does not grow it is over. */
  play(): void {
    this.#ask({ playing: true })
  }

  pause(): void {
    this.#ask({ playing: false })
  }

  /**
   * How many times as fast as it was. {@link SPEED_MIN} to {@link SPEED_MAX}, in quarters; throws
   * `range` for any other.
   */
  get speed(): number {
    return (this.#number('speed') || SPEED_STEPS) / SPEED_STEPS
  }

  set speed(speed: number) {
    this.#ask({ speed: quarters(speed) })
  }

  /** Whether stretches of two seconds and more in which nothing happened are passed over. */
  get skipIdle(): boolean {
    return this.#told['skip'] === true
  }

  set skipIdle(skip: boolean) {
    this.#ask({ skip })
  }

  /** What is played over and over; null for all of it, once. Throws `range` where it has no length. */
  get loop(): Loop | null {
    const { from, until } = this.#told
    return typeof from === 'number' && typeof until === 'number' ? { from, until } : null
  }

  set loop(loop: Loop | null) {
    if (loop !== null && !(isTick(loop.from) && isTick(loop.until) && loop.from < loop.until)) {
      throw new TuttiError('range', 'a loop goes from one tick until a later one')
    }
    this.#ask({ from: loop?.from ?? null, until: loop?.until ?? null })
  }

  /**
   * Shows the moment at the end of that tick, or of that time as well as is known; what is outside of
   * the recording counts as its nearest end. Any number of calls ask no more of the server than it
   * answers: the newest counts. Resolves when that shows. Rejects with `range` for what is no tick,
   * with `not found` and the {@link reason} where the moment cannot be had, and as a change does.
   */
  seek(to: number | Date): Promise<void> {
    return typeof to === 'number' ? this.#seek(to) : this.#seekTime(to)
  }

  /** Stands still, and goes so many ticks on, or back. Steps add up. */
  step(ticks = 1): Promise<void> {
    if (this.playing) this.pause()
    return this.#seek((this.#seeking.goal ?? this.tick) + ticks)
  }

  /** Goes back by so many seconds, and on from there at its speed. */
  back(seconds: number): Promise<void> {
    const from = this.#seeking.goal ?? this.tick
    const sought = this.#seek(Math.max(this.first, from - Math.round(seconds * this.hz)))
    if (!this.playing) this.play()
    return sought
  }

  /**
   * Plays up to where the live room is, twice as fast or as told, and from there on at its pace.
   * Resolves with true when it is there; with false where somebody asks for something else before, or
   * the recording has an end. Throws `range` for a speed that there is not.
   */
  toLive(speed = CATCH_UP_SPEED): Promise<boolean> {
    const wanted = quarters(speed) / SPEED_STEPS
    this.#ask({ playing: true, speed: quarters(speed) })
    return new Promise((resolve) => {
      const look = (): boolean => {
        const isOver = !this.playing || this.speed !== wanted || this.room.status === 'closed'
        if (!this.live && !isOver) return false
        if (this.live && !isOver) this.speed = 1
        resolve(this.live && !isOver)
        return true
      }
      if (look()) return
      const ends = [
        this.on('state', () => look() && end()),
        this.room.on('status', () => look() && end()),
      ]
      const end = () => ends.forEach((each) => each())
    })
  }

  /** Leaves it. One that everybody has left ends. */
  leave(): void {
    this.#unwatch()
    this.#seeking.end(new TuttiError('closed', 'the replay was left'))
    this.room.leave()
  }

  async #seek(to: number): Promise<void> {
    if (!Number.isSafeInteger(to)) throw new TuttiError('range', `${to} is no tick`)
    return this.#seeking.to(Math.min(Math.max(to, this.first), this.last))
  }

  async #seekTime(time: Date): Promise<void> {
    const { server, room } = this.#place
    return this.#seek(tickAt(await recording(server, room), time))
  }

  get #told(): Fields {
    return this.#controls.get(PLAYER) ?? {}
  }

  #number(field: string): number {
    const value = this.#told[field]
    return typeof value === 'number' ? value : 0
  }

  /** What a viewer asks for is nothing to be undone. */
  #ask(fields: Fields): Change {
    return this.room.history.aside(() => this.#controls.set(PLAYER, fields))
  }

  #changed(before: Fields, now: Fields): void {
    const different = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter(
      (field) => !equal(before[field], now[field]),
    )
    this.#look()
    const { tick, wall, last } = this
    if (different.some((field) => TIMES.has(field))) this.tell('time', { tick, wall, last })
    if (different.some((field) => !TIMES.has(field))) this.tell('state', this)
  }

  #look(): void {
    if ('seek' in this.#told || this.state === 'loading') return
    this.#seeking.arrived(this.state === 'failed' ? new TuttiError('not found', this.reason) : null)
  }
}

/** Where it is to go: one wish at a time is on its way to the player, and behind it the newest. */
class Seeking {
  /** What was asked for last and does not show yet. */
  goal: number | null = null
  readonly #send: (tick: number) => Change
  readonly #onTaken: () => void
  #isUnsent = false
  #isOnItsWay = false
  #waiting: { resolve: () => void; reject: (error: unknown) => void }[] = []

  /** `onTaken`: the room has taken the newest. */
  constructor(send: (tick: number) => Change, onTaken: () => void) {
    this.#send = send
    this.#onTaken = onTaken
  }

  /** Resolves when this, or what is asked for after it, shows. */
  to(tick: number): Promise<void> {
    this.goal = tick
    this.#isUnsent = true
    const shown = new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }))
    // Whoever does not look at it is told by the replay's state.
    shown.catch(() => {})
    void this.#work()
    return shown
  }

  /** Nothing that the player has been told is left to be done; or it failed. */
  arrived(failure: TuttiError | null): void {
    if (this.#isUnsent || this.#isOnItsWay) return
    if (failure === null) this.#settle((each) => each.resolve())
    else this.end(failure)
  }

  end(error: unknown): void {
    this.#isUnsent = false
    this.#settle((each) => each.reject(error))
  }

  async #work(): Promise<void> {
    if (this.#isOnItsWay) return
    this.#isOnItsWay = true
    try {
      while (this.#isUnsent) {
        this.#isUnsent = false
        await this.#send(this.goal!).done
      }
    } catch (error) {
      this.end(error)
    } finally {
      this.#isOnItsWay = false
    }
    this.#onTaken()
  }

  #settle(how: (each: { resolve: () => void; reject: (error: unknown) => void }) => void): void {
    this.goal = null
    for (const each of this.#waiting.splice(0)) how(each)
  }
}

function quarters(speed: number): number {
  if (!(speed >= SPEED_MIN && speed <= SPEED_MAX && Number.isInteger(speed * SPEED_STEPS))) {
    throw new TuttiError('range', `${speed} is no speed: ${SPEED_MIN} to ${SPEED_MAX}, in quarters`)
  }
  return speed * SPEED_STEPS
}

function isTick(tick: number): boolean {
  return Number.isSafeInteger(tick) && tick >= 0
}

function newName(): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return Array.from(randomBytes(NAME_LETTERS), (byte) => letters[byte & 63]).join('')
}
