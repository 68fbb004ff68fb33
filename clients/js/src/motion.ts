import type { Arrivals } from './arrivals.js'
import { TuttiError } from './errors.js'
import { Playout, Track } from './interpolation.js'
import type { Position, Turns } from './position.js'
import type { Fields } from './value.js'

export interface InterpolationOptions {
  /**
   * Milliseconds to stay behind. Left out, it follows the line: two frame intervals and the
   * jitter, at most 500.
   */
  readonly delay?: number
  /**
   * For how many seconds motion goes on where a frame is late, 0.1 say. What was guessed wrong is
   * put right softly, and a guess that nothing confirms is taken back. Left out, what is late
   * stands still.
   */
  readonly extrapolate?: number
}

/** How a number moves. */
export interface FieldMotion {
  /** How much is once round, of an angle: 360 for degrees. It then takes the shorter way. */
  readonly turn?: number
}

/** Names of number fields; with what there is to know of them, where there is: `{ x: {}, … }`. */
export type MovingFields = readonly string[] | { readonly [field: string]: FieldMotion }

/** What moves, as the room has it now. */
export interface Things<Id, Thing> {
  get(id: Id): Thing | undefined
  ids(): Iterable<Id>
  /** Calls `changed` with each that is different, new or gone; what comes back ends that. */
  watch(changed: (id: Id, thing: Thing | undefined) => void): () => void
}

const EXTRAPOLATE_MAX_S = 0.5

/**
 * Where the records of a collection, or the other members, are between frames.
 *
 * ```js
 * const cars = room.collection('cars').interpolate({ x: {}, y: {}, heading: { turn: 1024 } })
 * requestAnimationFrame(function draw(now) {
 *   for (const [id, { x, y, heading }] of cars.sample(now)) move(id, x, y, heading)
 *   requestAnimationFrame(draw)
 * })
 * ```
 */
export class Motion<Id extends string | number, Thing extends Fields> {
  readonly #things: Things<Id, Thing>
  readonly #arrivals: Arrivals
  readonly #now: () => number
  readonly #fields: readonly string[]
  readonly #turns: Turns
  readonly #reach: number
  readonly #delay: number | null
  readonly #tracks = new Map<Id, Track>()
  readonly #unwatch: () => void
  #playout: Playout
  #epoch: number

  /** @internal Throws `misuse` where a number makes no sense. */
  constructor(
    things: Things<Id, Thing>,
    arrivals: Arrivals,
    now: () => number,
    fields: MovingFields,
    { delay, extrapolate = 0 }: InterpolationOptions,
  ) {
    if (!(extrapolate >= 0 && extrapolate <= EXTRAPOLATE_MAX_S)) {
      throw new TuttiError('misuse', `extrapolate takes 0 to ${EXTRAPOLATE_MAX_S} seconds`)
    }
    this.#things = things
    this.#arrivals = arrivals
    this.#now = now
    this.#fields = isNames(fields) ? fields : Object.keys(fields)
    this.#turns = isNames(fields) ? {} : turnsOf(fields)
    this.#reach = extrapolate * 1000
    this.#delay = delay ?? null
    this.#playout = new Playout(arrivals, this.#delay)
    this.#epoch = arrivals.epoch
    this.#trackAll()
    this.#unwatch = things.watch((id, thing) => this.#changed(id, thing))
  }

  /**
   * The record with its numbers as they are to be drawn; undefined where there is none. `now`: the
   * time of the page's clock, `performance.now()`, as `requestAnimationFrame` hands it; left out,
   * this moment.
   */
  at(id: Id, now?: number): Thing | undefined {
    const thing = this.#things.get(id)
    if (thing === undefined) return undefined
    this.#follow()
    const time = this.#playout.time(now ?? this.#now())
    const track = this.#tracks.get(id)
    track?.trim(time - this.#arrivals.interval)
    const position = track?.at(time, this.#arrivals.newest)
    return position === undefined ? thing : { ...thing, ...position }
  }

  /** All of them, as they are to be drawn, in the order in which iterating gives them. */
  sample(now?: number): [Id, Thing][] {
    const time = now ?? this.#now()
    return [...this.#things.ids()].map((id) => [id, this.at(id, time)!])
  }

  /** Milliseconds that what is drawn is behind the newest frame of a perfect line. */
  get delay(): number {
    return this.#playout.delay
  }

  /** Ends it: nothing is followed any more. */
  stop(): void {
    this.#unwatch()
  }

  #changed(id: Id, thing: Thing | undefined): void {
    this.#follow()
    if (thing === undefined) this.#tracks.delete(id)
    else this.#track(id, thing)
  }

  /** A new connection has a lag of its own, and its ticks may be others. */
  #follow(): void {
    if (this.#epoch === this.#arrivals.epoch) return
    this.#epoch = this.#arrivals.epoch
    this.#playout = new Playout(this.#arrivals, this.#delay)
    this.#trackAll()
  }

  #trackAll(): void {
    this.#tracks.clear()
    for (const id of this.#things.ids()) this.#track(id, this.#things.get(id)!)
  }

  #track(id: Id, thing: Thing): void {
    const position: Position = {}
    for (const field of this.#fields) {
      const value = thing[field]
      if (typeof value === 'number') position[field] = value
    }
    let track = this.#tracks.get(id)
    if (track === undefined) {
      this.#tracks.set(id, (track = new Track(this.#turns, this.#reach)))
    }
    track.add(this.#arrivals.newest, position, this.#arrivals.interval)
  }
}

export function isNames(fields: MovingFields): fields is readonly string[] {
  return Array.isArray(fields)
}

export function turnsOf(fields: { readonly [field: string]: FieldMotion }): Turns {
  const turns: { [field: string]: number } = {}
  for (const [field, { turn }] of Object.entries(fields)) {
    if (turn === undefined) continue
    if (!(turn > 0 && Number.isFinite(turn))) throw new TuttiError('misuse', 'a turn is above 0')
    turns[field] = turn
  }
  return turns
}
