import type { Document, RecordChange } from './document.js'
import { Emitter } from './emitter.js'
import { Playout, Track, type Position } from './interpolation.js'
import type { Fields, Value } from './value.js'

/** Another member, as it shows now: its presence fields beside these. */
export interface Other {
  /** Its number in the room. */
  readonly id: number
  /** What it gave as `user` when it joined. */
  readonly user: Value
  /** Its connection is gone, and its seat is kept for a while. */
  readonly away: boolean
  readonly [field: string]: Value
}

/** A member that is different from before. */
export interface OtherChange {
  readonly kind: 'join' | 'leave' | 'change'
  readonly id: number
  /** As it is now; of one that has left, as it was last. */
  readonly member: Other
  readonly before: Other | undefined
}

export interface OthersEvents {
  /** Someone has come. */
  join: OtherChange
  /** Someone is gone, after the grace period too. */
  leave: OtherChange
  /** Any of it: someone has come, gone or moved. */
  change: OtherChange
}

export interface InterpolationOptions {
  /**
   * Milliseconds to stay behind. Left out, it follows the line: two frame intervals and the
   * jitter, at most 500.
   */
  readonly delay?: number
}

const COLLECTION = 'presence'

/**
 * The other members of the room, by their numbers. Iterating gives the members.
 *
 * ```js
 * room.others.on('join', ({ member }) => greet(member.user.name))
 * for (const { id, x, y } of room.others) draw(id, x, y)
 * ```
 */
export class Others extends Emitter<OthersEvents> implements Iterable<Other> {
  readonly #document: Document
  readonly #members = new Map<number, Other>()
  #me = 0
  #smoothing: { fields: readonly string[]; options: InterpolationOptions } | null = null
  #tracks = new Map<number, Track>()
  #playout: Playout | null = null
  #interval = 50
  #newest = 0
  readonly #now: () => number

  /** @internal */
  constructor(document: Document, now: () => number) {
    super()
    this.#document = document
    this.#now = now
  }

  /** How many others there are. */
  get size(): number {
    return this.#members.size
  }

  /** The member with this number, as the room has it now. */
  get(id: number): Other | undefined {
    return this.#members.get(id)
  }

  /** Whether there is such a member, and it is not we. */
  has(id: number): boolean {
    return this.#members.has(id)
  }

  [Symbol.iterator](): IterableIterator<Other> {
    return this.#members.values()
  }

  /**
   * Smooths these number fields: {@link at} and {@link sample} then give where the others are
   * between frames. What is late stands still; nothing is guessed ahead.
   */
  interpolate(fields: readonly string[], options: InterpolationOptions = {}): void {
    this.#smoothing = { fields, options }
    this.#restart()
  }

  /**
   * Where this member is to be drawn. `now`: the time of the page's clock, `performance.now()`,
   * as `requestAnimationFrame` hands it; left out, this moment.
   */
  at(id: number, now?: number): Other | undefined {
    const member = this.#members.get(id)
    const time = this.#playout?.time(now === undefined ? this.#now() : now)
    if (member === undefined || time === undefined) return member
    const track = this.#tracks.get(id)
    track?.trim(time - this.#interval)
    const position = track?.at(time)
    return position === undefined ? member : { ...member, ...position }
  }

  /**
   * All of them, where they are to be drawn.
   *
   * ```js
   * room.others.interpolate(['x', 'y'])
   * requestAnimationFrame(function draw(now) {
   *   for (const { id, x, y } of room.others.sample(now)) move(id, x, y)
   *   requestAnimationFrame(draw)
   * })
   * ```
   */
  sample(now?: number): Other[] {
    return [...this.#members.keys()].map((id) => this.at(id, now)!)
  }

  /** Milliseconds that what {@link at} gives is behind; 0 without interpolation. */
  get delay(): number {
    return this.#playout?.delay ?? 0
  }

  /** @internal A connection's whole state: who we are, and a new line with a lag of its own. */
  restart(me: number, interval: number): void {
    const before = this.#me
    this.#me = me
    this.#interval = interval
    this.#restart()
    if (before === me) return
    this.#update(before)
    this.#update(me)
  }

  /** @internal A frame made at this moment of the server's has come. */
  frame(at: number, now: number): void {
    this.#newest = at
    this.#playout?.frame(at, now)
  }

  /** @internal */
  changed({ id }: RecordChange): void {
    this.#update(id as number)
  }

  #restart(): void {
    this.#tracks = new Map()
    this.#playout =
      this.#smoothing === null
        ? null
        : new Playout(this.#interval, this.#smoothing.options.delay ?? null)
    for (const member of this.#members.values()) this.#track(member)
  }

  #update(id: number): void {
    const record = id === this.#me ? undefined : this.#document.get(COLLECTION, id)
    const before = this.#members.get(id)
    if (record === undefined) {
      if (before === undefined) return
      this.#members.delete(id)
      this.#tracks.delete(id)
      this.#tell('leave', before, before)
    } else {
      const member = memberOf(id, record)
      this.#members.set(id, member)
      this.#track(member)
      this.#tell(before === undefined ? 'join' : 'change', member, before)
    }
  }

  #tell(kind: OtherChange['kind'], member: Other, before: Other | undefined): void {
    const change = { kind, id: member.id, member, before }
    if (kind !== 'change') this.tell(kind, change)
    this.tell('change', change)
  }

  #track(member: Other): void {
    if (this.#smoothing === null) return
    const position: Position = {}
    for (const field of this.#smoothing.fields) {
      const value = member[field]
      if (typeof value === 'number') position[field] = value
    }
    let track = this.#tracks.get(member.id)
    if (track === undefined) this.#tracks.set(member.id, (track = new Track()))
    track.add(this.#newest, position, this.#interval)
  }
}

function memberOf(id: number, record: Fields): Other {
  return { ...record, id, user: record['user'] ?? null, away: record['away'] === true }
}
