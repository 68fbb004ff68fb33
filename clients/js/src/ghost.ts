/**
 * A recording that runs beside something live: records of a replay as they were so long after one
 * moment as it is now after another. The replay runs a little ahead, and what it shows is kept until it is due.
 */
import { TuttiError } from './errors.js'
import { Playout } from './interpolation.js'
import { isNames, turnsOf, type MovingFields } from './motion.js'
import { between, type Position, type Turns } from './position.js'
import type { Replay } from './replay.js'
import type { Room } from './room.js'
import type { Fields, Value } from './value.js'

export interface GhostOptions {
  /** What of the replay is shown. */
  readonly collection: string
  /** Which records of it. Left out, all. */
  readonly ids?: Iterable<string>
  /** The recorded tick that shows at the start. */
  readonly from: number
  /** The live tick of the start: `from` shows then, and before. */
  readonly start: number
  /** Number fields that move, as `interpolate` takes them: they are smooth between frames. */
  readonly fields?: MovingFields
  /** Milliseconds that what is live is shown behind the room, as `delay` of its motion says. */
  readonly delay?: number
  /**
   * The live tick that shows at a time of the page's clock, with its fraction, where that is not what
   * has come of the room: of what is predicted, say. `delay` has no say then.
   */
  readonly clock?: (now: number) => number
}

/** How far the replay runs ahead of what shows, and how much further before it waits. */
const LEAD_S = 0.5
const SLACK_S = 1
const SHOTS_MAX = 512

/** What the replay showed at a tick. */
interface Shot {
  readonly tick: number
  readonly records: ReadonlyMap<string, Fields>
}

/**
 * Runs a replay in step with a live room. The replay is the ghost's from here on, until it is stopped:
 * open one for it alone.
 *
 * ```js
 * const best = ghost(await replay(server, 'race-7', { at: lap.first }), room, {
 *   collection: 'cars', ids: ['3'], from: lap.first, start: room.tick,
 *   fields: { x: {}, y: {}, heading: { turn: 1024 } },
 * })
 * for (const [id, car] of best.sample(now)) drawGhost(id, car)
 * ```
 */
export function ghost(replay: Replay, live: Room, options: GhostOptions): Ghost {
  const { clock, start, delay = 0 } = options
  const playout = new Playout(live.arrivals, delay)
  const seconds = (now: number) =>
    clock === undefined
      ? (playout.time(now) - live.arrivals.stood) / 1000 - start / live.tickRate
      : (clock(now) - start) / live.tickRate
  return new Ghost(replay, seconds, options)
}

/** What of a replay a ghost needs. */
export type Haunted = Pick<
  Replay,
  'tick' | 'first' | 'last' | 'hz' | 'state' | 'playing' | 'speed' | 'seek' | 'play' | 'pause'
> & { readonly room: Pick<Room, 'on'> & { collection(name: string): Iterable<[string, Fields]> } }

/** See {@link ghost}. */
export class Ghost {
  readonly #replay: Haunted
  readonly #seconds: (now: number) => number
  readonly #options: GhostOptions
  readonly #ids: ReadonlySet<string> | null
  readonly #fields: readonly string[]
  readonly #turns: Turns
  readonly #unwatch: () => void
  #shots: Shot[] = []
  #isSeeking = false

  /** @internal `seconds`: since the start, at a time of the page's clock. */
  constructor(replay: Haunted, seconds: (now: number) => number, options: GhostOptions) {
    const { ids, fields = [], from } = options
    if (!Number.isSafeInteger(from) || from < 0) throw new TuttiError('range', `${from} is no tick`)
    this.#replay = replay
    this.#seconds = seconds
    this.#options = options
    this.#ids = ids === undefined ? null : new Set(ids)
    this.#fields = isNames(fields) ? fields : Object.keys(fields)
    this.#turns = isNames(fields) ? {} : turnsOf(fields)
    this.#unwatch = replay.room.on('frame', () => this.#shoot())
    replay.speed = 1
    this.#seek(from)
  }

  /**
   * The records as they are to be drawn beside what is live: [id, record]. None until the replay has
   * come so far. `now`: the time of the page's clock, as `requestAnimationFrame` hands it; left out,
   * this moment. To be asked in every frame of the page: that also keeps it in step.
   */
  sample(now = performance.now()): [string, Fields][] {
    const due = this.#due(now)
    this.#steer(due)
    const after = this.#shots.findIndex(({ tick }) => tick > due)
    this.#shots.splice(0, Math.max(0, (after < 0 ? this.#shots.length : after) - 1))
    const [shot, next] = this.#shots
    if (shot === undefined) return []
    if (next === undefined || shot.tick > due) return [...shot.records]
    const share = (due - shot.tick) / (next.tick - shot.tick)
    return [...shot.records].map(([id, record]) => [id, this.#between(record, next, id, share)])
  }

  /** The recorded tick that is due, with its fraction; the last one where there are no more. */
  tick(now = performance.now()): number {
    return this.#due(now)
  }

  /** All that is recorded has been shown. */
  isOver(now = performance.now()): boolean {
    return this.#due(now) >= this.#replay.last
  }

  /** The replay is left as it is then. */
  stop(): void {
    this.#unwatch()
    this.#replay.pause()
  }

  #due(now: number): number {
    const { from } = this.#options
    const ticks = Math.max(0, this.#seconds(now)) * this.#replay.hz
    return Math.min(from + ticks, Math.max(from, this.#replay.last))
  }

  #between(record: Fields, next: Shot, id: string, share: number): Fields {
    const then = next.records.get(id)
    return then === undefined
      ? record
      : { ...record, ...between(this.#position(record), this.#position(then), share, this.#turns) }
  }

  #position(record: Fields): Position {
    const position: Position = {}
    for (const field of this.#fields) {
      const value: Value | undefined = record[field]
      if (typeof value === 'number') position[field] = value
    }
    return position
  }

  /** A frame of the replay. What it has shown of a time that is not after this one is forgotten. */
  #shoot(): void {
    const { tick, state } = this.#replay
    if (state !== 'ready' || this.#isSeeking) return
    const all = this.#replay.room.collection(this.#options.collection)
    const records = new Map<string, Fields>()
    for (const [id, record] of all) if (this.#ids?.has(id) ?? true) records.set(id, record)
    while (this.#shots.length > 0 && this.#shots.at(-1)!.tick >= tick) this.#shots.pop()
    this.#shots.push({ tick, records })
    if (this.#shots.length > SHOTS_MAX) this.#shots.shift()
  }

  /** Keeps the replay a little ahead of what is due. */
  #steer(due: number): void {
    const { tick, last, hz, playing } = this.#replay
    if (this.#isSeeking) return
    const ahead = (tick - due) / hz
    const isBehind = ahead < 0 && tick < last
    if (isBehind || ahead > LEAD_S + 2 * SLACK_S) this.#seek(Math.ceil(due + LEAD_S * hz))
    else if (playing && ahead > LEAD_S + SLACK_S) this.#replay.pause()
    else if (!playing && ahead < LEAD_S && tick < last) this.#replay.play()
  }

  /** What was shown stays until something else comes. */
  #seek(tick: number): void {
    this.#isSeeking = true
    const settled = () => {
      this.#isSeeking = false
      this.#shoot()
    }
    this.#replay.seek(tick).then(settled, settled)
  }
}
