import type { Arrivals } from './arrivals.js'
import type { Document, RecordChange } from './document.js'
import { Emitter } from './emitter.js'
import { Motion, type InterpolationOptions, type MovingFields, type Things } from './motion.js'
import type { Fields, Value } from './value.js'

/** Another member, as it shows now: its presence fields beside these. */
export interface Other {
  /** Its number in the room. */
  readonly id: number
  /** What it gave as `user` when it joined. */
  readonly user: Value
  /** Its connection is gone, and its seat is kept for a while. */
  readonly away: boolean
  /** It was there when what a replay shows happened; else it is looking on, as we are. */
  readonly recorded: boolean
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

const COLLECTION = 'presence'
/** Who looks at a replay has a number from here on, and keeps clear of those who were there. */
const VIEWERS_FROM = 2 ** 31

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
  #motion: Motion<number, Other> | null = null
  readonly #arrivals: Arrivals
  readonly #now: () => number
  readonly #isReplay: boolean

  /** @internal */
  constructor(document: Document, arrivals: Arrivals, now: () => number, isReplay: boolean) {
    super()
    this.#document = document
    this.#arrivals = arrivals
    this.#now = now
    this.#isReplay = isReplay
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
   * between frames. What is late stands still, unless the options say otherwise.
   */
  interpolate(fields: MovingFields, options: InterpolationOptions = {}): void {
    const things: Things<number, Other> = {
      get: (id) => this.#members.get(id),
      ids: () => this.#members.keys(),
      watch: (changed) => {
        return this.on('change', ({ kind, id, member }) => {
          changed(id, kind === 'leave' ? undefined : member)
        })
      },
    }
    this.#motion?.stop()
    this.#motion = new Motion(things, this.#arrivals, this.#now, fields, options)
  }

  /**
   * Where this member is to be drawn. `now`: the time of the page's clock, `performance.now()`,
   * as `requestAnimationFrame` hands it; left out, this moment.
   */
  at(id: number, now?: number): Other | undefined {
    return this.#motion === null ? this.#members.get(id) : this.#motion.at(id, now)
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
    return this.#motion?.delay ?? 0
  }

  /** @internal A connection's whole state: who we are. */
  restart(me: number): void {
    const before = this.#me
    this.#me = me
    if (before === me) return
    this.#update(before)
    this.#update(me)
  }

  /** @internal */
  changed({ id }: RecordChange): void {
    this.#update(id as number)
  }

  #update(id: number): void {
    const record = id === this.#me ? undefined : this.#document.get(COLLECTION, id)
    const before = this.#members.get(id)
    if (record === undefined) {
      if (before === undefined) return
      this.#members.delete(id)
      this.#tell('leave', before, before)
    } else {
      const member = memberOf(id, record, this.#isReplay && id < VIEWERS_FROM)
      this.#members.set(id, member)
      this.#tell(before === undefined ? 'join' : 'change', member, before)
    }
  }

  #tell(kind: OtherChange['kind'], member: Other, before: Other | undefined): void {
    const change = { kind, id: member.id, member, before }
    if (kind !== 'change') this.tell(kind, change)
    this.tell('change', change)
  }
}

function memberOf(id: number, record: Fields, recorded: boolean): Other {
  return { ...record, id, user: record['user'] ?? null, away: record['away'] === true, recorded }
}
