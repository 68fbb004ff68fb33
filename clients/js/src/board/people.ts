/**
 * The people on the board: who is here, what each sees and does, whom we follow, and who calls
 * everyone. What they look like on the canvas is drawn by `people_paint.ts`.
 */
import { Emitter } from '../emitter.js'
import type { Fields, Other, Room, Value } from '../tutti.js'
import { held, ZOOM_MAX, ZOOM_MIN, type Camera, type View } from './camera.js'
import type { Editor } from './editor.js'
import type { Box } from './geometry.js'
import { clamp } from './model.js'
import { colourOf } from './person_colour.js'
import { stateOf, tellState, type State } from './state.js'

const NAME_MAX = 40
const NAMELESS = 'Guest'
/** Following: how quickly what is left to go becomes a third of it. */
const FOLLOW_MS = 90
/** So little of a pixel is not worth moving for. */
const ARRIVED_PIXELS = 0.25

/** Someone on the board, ourselves too. */
export interface Person {
  readonly id: number
  readonly name: string
  /** `#rrggbb`. */
  readonly colour: string
  /** Their connection is gone; they may come back. */
  readonly isAway: boolean
  readonly isMe: boolean
  /** Writing a line of chat. */
  readonly isTyping: boolean
}

export interface Summons {
  readonly person: Person
  readonly view: Box
}

export interface PeopleEvents {
  /** Someone has come or gone, is named differently, types, is away. */
  change: readonly Person[]
  /** Whom we follow now. */
  follow: Person | null
  /** Someone asks everyone to see what they see: see {@link People.visit}. */
  summon: Summons
}

export class People extends Emitter<PeopleEvents> {
  readonly #editor: Editor
  #all: readonly Person[] = []
  #followed: number | null = null
  #request = 0
  #before = 0
  readonly #ends: (() => void)[]

  constructor(editor: Editor) {
    super()
    this.#editor = editor
    const { room, camera } = editor
    room.others.interpolate(['x', 'y'])
    this.#look()
    this.#ends = [
      room.others.on('change', () => {
        this.#look()
        this.#run()
      }),
      room.on('status', () => this.#look()),
      room.on('event', ({ name, from, value, history }) => {
        if (name === 'summon' && !history) this.#summoned(from, value)
      }),
      camera.on('change', ({ byHand }) => {
        if (byHand) this.follow(null)
      }),
    ]
  }

  destroy(): void {
    this.follow(null)
    for (const end of this.#ends) end()
  }

  /** Ourselves first, then the others as they came. */
  get all(): readonly Person[] {
    return this.#all
  }

  get(id: number): Person | undefined {
    return this.#all.find((person) => person.id === id)
  }

  /** The part of the board that someone sees. */
  viewOf(id: number): Box | null {
    const view = this.#editor.room.others.get(id)?.['view']
    return boxOf(view)
  }

  get followed(): Person | null {
    return this.#followed === null ? null : (this.get(this.#followed) ?? null)
  }

  /** From now on this screen shows what that person sees, until its own person moves the board. */
  follow(id: number | null): void {
    if (id === this.#followed || id === this.#me) return
    this.#followed = id
    cancelAnimationFrame(this.#request)
    this.#request = 0
    tellState(this.#editor.room, { follows: id })
    this.#run()
    this.tell('follow', this.followed)
  }

  /** Asks everyone to see what we see. */
  summon(): void {
    const { room, camera } = this.#editor
    const { x, y, w, h } = camera.box
    room.emit('summon', { x: Math.round(x), y: Math.round(y), w: Math.round(w), h: Math.round(h) })
  }

  /** Goes where someone called to. */
  visit({ view }: Summons): void {
    this.#editor.camera.glide(fitting(view, this.#editor.camera))
  }

  get #me(): number {
    return this.#editor.room.me
  }

  #look(): void {
    const { room } = this.#editor
    if (room.status === 'closed') return
    const others = [...room.others].map(personOf).sort((a, b) => a.id - b.id)
    const next = [selfOf(room), ...others]
    if (this.#followed !== null && !room.others.has(this.#followed)) this.follow(null)
    if (sameAll(next, this.#all)) return
    this.#all = next
    this.tell('change', next)
  }

  #summoned(from: number, value: Value): void {
    const person = this.get(from)
    const { x, y, w, h } = mapOf(value)
    const view = boxOf([x, y, w, h] as Value[])
    if (person !== undefined && !person.isMe && view !== null) this.tell('summon', { person, view })
  }

  /** Whom we follow follows us, or someone who does: nobody would know where to go. */
  get #isRound(): boolean {
    const { others } = this.#editor.room
    const seen = new Set<number>()
    let next = this.#followed
    while (next !== null && next !== this.#me && !seen.has(next)) {
      seen.add(next)
      next = stateOf(others.get(next)?.['state']).follows
    }
    return next === this.#me
  }

  #run(): void {
    if (this.#followed === null || this.#request !== 0 || this.#isRound) return
    this.#before = performance.now()
    this.#request = requestAnimationFrame((now) => this.#step(now))
  }

  /** Glides to where the other is, wherever that moves to meanwhile. */
  #step(now: number): void {
    this.#request = 0
    const { camera } = this.#editor
    const view = this.#followed === null ? null : this.viewOf(this.#followed)
    if (view === null || this.#isRound) return
    const to = fitting(view, camera)
    const wantsRest = matchMedia('(prefers-reduced-motion: reduce)').matches
    const share = wantsRest ? 1 : 1 - Math.exp(-Math.max(1, now - this.#before) / FOLLOW_MS)
    this.#before = now
    const next = {
      x: camera.x + (to.x - camera.x) * share,
      y: camera.y + (to.y - camera.y) * share,
      zoom: camera.zoom * (to.zoom / camera.zoom) ** share,
    }
    const left = Math.hypot(to.x - next.x, to.y - next.y) * to.zoom
    const hasArrived = left < ARRIVED_PIXELS && Math.abs(to.zoom / next.zoom - 1) < 0.001
    camera.set(hasArrived ? to : next)
    if (!hasArrived) this.#request = requestAnimationFrame((now) => this.#step(now))
  }
}

/** The view in which all of theirs shows on our screen, which may be of another shape. */
function fitting({ x, y, w, h }: Box, camera: Camera): View {
  const wanted = Math.min(camera.width / w, camera.height / h)
  const zoom = clamp(wanted, ZOOM_MIN, ZOOM_MAX)
  return held({
    zoom,
    x: x + w / 2 - camera.width / 2 / zoom,
    y: y + h / 2 - camera.height / 2 / zoom,
  })
}

/** What a stranger tells of the part that shows, where it is one. */
function boxOf(value: Value | undefined): Box | null {
  if (!Array.isArray(value) || value.length !== 4) return null
  const [x, y, w, h] = value as number[]
  const isBox = value.every((side) => Number.isFinite(side)) && w! >= 1 && h! >= 1
  return isBox ? { x: x!, y: y!, w: w!, h: h! } : null
}

function personOf({ id, user, away, state }: Other): Person {
  const { isTyping }: State = stateOf(state)
  return { ...faceOf(id, user), id, isAway: away, isMe: false, isTyping }
}

function selfOf(room: Room): Person {
  return { ...faceOf(room.me, room.user), id: room.me, isAway: false, isMe: true, isTyping: false }
}

/** The name and colour that someone gave as `user`. */
function faceOf(id: number, user: Value): { name: string; colour: string } {
  const { name, color } = mapOf(user)
  const given = typeof name === 'string' ? name.trim().slice(0, NAME_MAX) : ''
  return { name: given || NAMELESS, colour: colourOf(color, id) }
}

function mapOf(value: Value): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : {}
}

function sameAll(a: readonly Person[], b: readonly Person[]): boolean {
  return a.length === b.length && a.every((person, i) => same(person, b[i]!))
}

function same(a: Person, b: Person): boolean {
  return (Object.keys(a) as (keyof Person)[]).every((key) => a[key] === b[key])
}
