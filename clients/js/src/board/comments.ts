/**
 * Comments: words pinned to a place of the board or to an object, which they follow, with replies.
 * Anyone settles them and brings them back; what is said is its author's.
 */
import { Emitter } from '../emitter.js'
import type { Collection, Fields, Room } from '../tutti.js'
import type { Edit } from './edit/edit.js'
import { middleOf, turned, type Point } from './geometry.js'
import { clamp, frameOf, isLine, PLACE_MAX, type BoardObject } from './model.js'
import type { Scene } from './scene.js'

export const COMMENT_BYTES_MAX = 4_000
export const COMMENTS = 'comments'
export const REPLIES = 'replies'
const OWN_KEPT_UNDER = 'tutti board comments'
const OWN_KEPT_MAX = 500

/** One thing that was said. */
export interface Remark {
  readonly id: string
  readonly text: string
  readonly name: string
  /** Milliseconds since 1970, by the server's clock. */
  readonly time: number
  /** This person said it, and may take it back. */
  readonly isMine: boolean
}

export interface Thread extends Remark {
  /** `#rrggbb`. */
  readonly colour: string
  readonly isResolved: boolean
  /** The oldest first. */
  readonly replies: readonly Remark[]
}

export interface CommentsEvents {
  /** There are other comments, or they say other things. Where they are follows the scene. */
  change: void
}

/** Who speaks. */
export interface Speaker {
  readonly name: string
  readonly colour: string
}

export class Comments extends Emitter<CommentsEvents> {
  readonly #room: Room
  readonly #scene: Scene
  readonly #comments: Collection
  readonly #replies: Collection
  readonly #speaker: () => Speaker
  readonly #own = new OwnRemarks()
  #threads: readonly Thread[] | null = null
  #willTell = false
  #isEnded = false
  readonly #ends: (() => void)[]

  constructor(room: Room, scene: Scene, speaker: () => Speaker) {
    super()
    this.#room = room
    this.#scene = scene
    this.#speaker = speaker
    this.#comments = room.collection(COMMENTS)
    this.#replies = room.collection(REPLIES)
    const changed = () => {
      this.#threads = null
      this.#tellSoon()
    }
    this.#ends = [this.#comments.on('change', changed), this.#replies.on('change', changed)]
  }

  destroy(): void {
    this.#isEnded = true
    for (const end of this.#ends) end()
  }

  /** Once for all that changes at the same time: who listens goes over all comments. */
  #tellSoon(): void {
    if (this.#willTell) return
    this.#willTell = true
    queueMicrotask(() => {
      this.#willTell = false
      if (!this.#isEnded) this.tell('change', undefined)
    })
  }

  /** The newest first. */
  get threads(): readonly Thread[] {
    return (this.#threads ??= this.#read())
  }

  get(id: string): Thread | undefined {
    return this.threads.find((thread) => thread.id === id)
  }

  /** Where it is pinned now, on the board. */
  placeOf(id: string): Point | null {
    const record = this.#comments.get(id)
    if (record === undefined) return null
    const at = { x: number(record['x']), y: number(record['y']) }
    const on = record['on']
    const object = typeof on === 'string' ? this.#scene.find(on) : undefined
    return object === undefined ? at : onBoard(object, at)
  }

  /** Pins what is said to a place, or to the object that is there; gives its id. */
  pin(at: Point, text: string, object?: BoardObject): string {
    const { name, colour } = this.#speaker()
    const id = this.#comments.newId()
    this.#own.add(id)
    const { x, y } = object === undefined ? at : onObject(object, at)
    this.#room.history.aside(() =>
      this.#comments.put(id, {
        x: clamp(x, -PLACE_MAX, PLACE_MAX),
        y: clamp(y, -PLACE_MAX, PLACE_MAX),
        on: object?.id ?? null,
        text,
        name,
        colour: OWN_COLOUR + parseInt(colour.slice(1), 16),
        at: this.#now(),
      }),
    )
    return id
  }

  reply(comment: string, text: string): void {
    const { name } = this.#speaker()
    const id = this.#replies.newId()
    this.#own.add(id)
    this.#room.history.aside(() => this.#replies.put(id, { comment, text, name, at: this.#now() }))
  }

  /** Another place for it. */
  move(id: string, at: Point, object?: BoardObject): void {
    const { x, y } = object === undefined ? at : onObject(object, at)
    this.#room.history.aside(() => this.#comments.set(id, { x, y, on: object?.id ?? null }))
  }

  resolve(id: string, isResolved: boolean): void {
    this.#room.history.aside(() => this.#comments.set(id, { resolved: isResolved || null }))
  }

  /** Says something else instead, in a comment or a reply. */
  rephrase(id: string, text: string): void {
    const collection = this.#comments.has(id) ? this.#comments : this.#replies
    this.#room.history.aside(() => collection.set(id, { text }))
  }

  /** Takes it back, and what was replied to it. */
  remove(id: string): void {
    const replies = this.get(id)?.replies ?? []
    this.#room.history.aside(() =>
      this.#room.group(() => {
        if (this.#comments.has(id)) this.#comments.delete(id)
        else this.#replies.delete(id)
        // What does not fit into one operation is shown to no one, and may be deleted by anyone.
        for (const reply of replies.slice(0, REPLIES_WITH_COMMENT)) this.#replies.delete(reply.id)
      }),
    )
  }

  #now(): number {
    return Math.max(0, Math.round(this.#room.clock.now()))
  }

  #read(): Thread[] {
    const replies = new Map<string, Remark[]>()
    for (const [id, record] of this.#replies) {
      const comment = record['comment']
      if (typeof comment !== 'string') continue
      const others = replies.get(comment)
      const reply = this.#remark(id, record)
      if (others === undefined) replies.set(comment, [reply])
      else others.push(reply)
    }
    const threads = [...this.#comments].map(([id, record]) => ({
      ...this.#remark(id, record),
      colour: hex(record['colour']),
      isResolved: record['resolved'] === true,
      replies: (replies.get(id) ?? []).sort(byTime),
    }))
    return threads.sort(byTime).reverse()
  }

  #remark(id: string, { text, name, at }: Fields): Remark {
    return {
      id,
      text: typeof text === 'string' ? text : '',
      name: typeof name === 'string' && name !== '' ? name : 'Guest',
      time: timeOf(at),
      isMine: this.#own.has(id),
    }
  }
}

const REPLIES_WITH_COMMENT = 60
const OWN_COLOUR = 16

/** A place as it counts from an object's corner, before that is turned. */
export function onObject(object: BoardObject, at: Point): Point {
  const { x, y } = turned(at, pivotOf(object), -turnOf(object))
  return { x: x - object.x, y: y - object.y }
}

/** A place that counts from an object's corner, on the board. */
export function onBoard(object: BoardObject, { x, y }: Point): Point {
  return turned({ x: object.x + x, y: object.y + y }, pivotOf(object), turnOf(object))
}

function pivotOf(object: BoardObject): Point {
  return object.type === 'stroke' || isLine(object) ? object : middleOf(frameOf(object))
}

/** Strokes turn about a middle that moves as they grow: what is on them counts from where they began. */
function turnOf(object: BoardObject): number {
  return object.type === 'stroke' || isLine(object) ? 0 : object.angle
}

/** Comments on objects that are about to go are pinned to where they are. */
export function unpinned(room: Room, scene: Scene, edits: readonly Edit[]): Edit[] {
  const going = new Set(edits.flatMap((edit) => ('delete' in edit ? edit.id : [])))
  if (going.size === 0) return []
  return [...room.collection(COMMENTS)].flatMap(([id, { on, x, y }]) => {
    const object = typeof on === 'string' && going.has(on) ? scene.find(on) : undefined
    if (object === undefined) return []
    return { id, unpin: onBoard(object, { x: number(x), y: number(y) }) }
  })
}

/**
 * What this browser tab has said: records do not tell who made them, only the room knows, and it
 * takes a change from nobody else.
 */
class OwnRemarks {
  readonly #ids = new Set(keptIds())

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  add(id: string): void {
    this.#ids.add(id)
    try {
      const ids = [...this.#ids].slice(-OWN_KEPT_MAX)
      sessionStorage.setItem(OWN_KEPT_UNDER, JSON.stringify(ids))
    } catch {
      // Where nothing may be kept, what was said can be taken back until the page is left.
    }
  }
}

function keptIds(): string[] {
  try {
    const ids: unknown = JSON.parse(sessionStorage.getItem(OWN_KEPT_UNDER) ?? '[]')
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : []
  } catch {
    return []
  }
}

function hex(colour: unknown): string {
  const own = typeof colour === 'number' && colour >= OWN_COLOUR ? colour - OWN_COLOUR : 0x655f56
  return `#${own.toString(16).padStart(6, '0').slice(-6)}`
}

function byTime(a: Remark, b: Remark): number {
  return a.time - b.time || (a.id < b.id ? -1 : 1)
}

/** The last moment that a Date can tell; a stranger may send a later one. */
const TIME_MAX = 8.64e15

/** Milliseconds since 1970; 0 where there is no such moment. */
export function timeOf(value: unknown): number {
  return typeof value === 'number' && value > 0 && value <= TIME_MAX ? value : 0
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
