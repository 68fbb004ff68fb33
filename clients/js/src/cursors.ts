/**
 * Live cursors on any page:
 *
 * ```js
 * import cursors from 'tutti/cursors'
 * const stop = await cursors('ws://localhost:7777', 'my-page', { name: 'Ada' })
 * ```
 */
import { colorOf, Figure, paint } from './cursors/figure.js'
import { Frame, type Point } from './cursors/frame.js'
import { Pill } from './cursors/pill.js'
import { Speech } from './cursors/speech.js'
import { STYLE } from './cursors/style.js'
import { writeEmoji } from './emoji.js'
import { join, type JoinOptions, type Other, type Room, type RoomEvent } from './tutti.js'

export interface CursorsOptions {
  /** Shown beside the cursor. */
  readonly name?: string
  /** Any CSS colour; left out, one of its own for each member. */
  readonly color?: string
  /**
   * What the cursors are over. Left out, the whole document. Positions count from the middle of
   * its upper edge, in pixels.
   */
  readonly element?: HTMLElement
  /**
   * For what grows with the window, a picture or a board: how wide it counts as, say 1000. Then
   * positions grow with it.
   */
  readonly width?: number
  /** What a double click shows to everyone; `false` for nothing. Default: a heart. */
  readonly reaction?: string | false
  /** Whether `/` lets one say something at one's cursor. Default: yes. */
  readonly chat?: boolean
  /** Whether a word at the foot of the page tells when the connection is gone. Default: yes. */
  readonly pill?: boolean
  /** More of what `join` takes. */
  readonly join?: Omit<JoinOptions, 'kind' | 'user'>
}

/** Call it to take the cursors away and leave the room. */
export interface Cursors {
  (): void
  readonly room: Room
  /** Shows this emoji to everyone where our cursor is. */
  react(emoji: string): void
}

const KIND = 'cursors'
const REACTION_LENGTH_MAX = 16
const REACTIONS_MAX = 60
/** How long drawing goes on after the last motion. */
const RESTLESS_MS = 2_000
/** Figures fade when nobody moves them, which wants a look now and then. */
const GLANCE_MS = 1_000

export { writeEmoji }

/** Puts live cursors on this page. Resolves once the room is here, and rejects as `join` does. */
export default async function cursors(
  url: string,
  room: string,
  options: CursorsOptions = {},
): Promise<Cursors> {
  const { layer, root } = layerOfPage()
  const pill = new Pill()
  if (options.pill !== false) root.append(pill.element)
  try {
    const joined = await join(url, room, {
      ...options.join,
      kind: KIND,
      user: { name: options.name, color: options.color },
      onStatus: (status, joining) => {
        pill.tell(status)
        options.join?.onStatus?.(status, joining)
      },
    })
    return cursorsOn(new Stage(joined, layer, root, options), joined, () => {
      joined.leave()
      pill.stop()
      layer.remove()
    })
  } catch (error) {
    pill.stop()
    layer.remove()
    throw error
  }
}

/**
 * Shows the cursors of a room that is joined already, which stays the caller's: what comes back does
 * not leave it. For a replay, say, which takes no reactions: `{ reaction: false, chat: false }`.
 */
export function showCursors(
  room: Room,
  options: Omit<CursorsOptions, 'name' | 'color' | 'pill' | 'join'> = {},
): Cursors {
  const { layer, root } = layerOfPage()
  return cursorsOn(new Stage(room, layer, root, options), room, () => layer.remove())
}

function layerOfPage(): { layer: HTMLElement; root: ShadowRoot } {
  const layer = document.createElement('tutti-cursors')
  const root = layer.attachShadow({ mode: 'open' })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(STYLE)
  root.adoptedStyleSheets = [sheet]
  document.documentElement.append(layer)
  return { layer, root }
}

function cursorsOn(stage: Stage, room: Room, ended: () => void): Cursors {
  const stop = () => {
    stage.stop()
    ended()
  }
  return Object.assign(stop, { room, react: (emoji: string) => stage.react(emoji) })
}

/** Our pointer out to the room, and the others' cursors on to the page. */
class Stage {
  readonly #room: Room
  readonly #layer: HTMLElement
  readonly #root: ShadowRoot
  readonly #frame: Frame
  readonly #speech: Speech
  readonly #figures = new Map<number, Figure>()
  readonly #calm = matchMedia('(prefers-reduced-motion: reduce)')
  readonly #ends: (() => void)[] = []
  #pointer: Point | null = null
  #isOut = true
  #say = ''
  #reactions = 0
  #restlessUntil = 0
  #frameRequest = 0
  #glance: ReturnType<typeof setInterval>

  constructor(room: Room, layer: HTMLElement, root: ShadowRoot, options: CursorsOptions) {
    this.#room = room
    this.#layer = layer
    this.#root = root
    const { presence, others } = room
    const { element = null, width = null } = options
    this.#frame = new Frame(element, width, presence.field('x'), presence.field('y'))
    this.#frame.measure(layer)
    this.#speech = new Speech(
      root,
      () => this.#whereabouts(),
      (field) => paint(field, room.me, room.user),
      (text, typing) => this.#saying(text, typing),
      (text) => void room.emit('chat', text),
    )
    others.interpolate(['x', 'y'])
    for (const member of others) this.#update(member)
    this.#ends.push(
      others.on('change', ({ kind, member }) => {
        if (kind === 'leave') this.#remove(member.id)
        else this.#update(member)
      }),
      room.on('event', (event) => this.#happened(event)),
    )
    this.#listen(options)
    this.#glance = setInterval(() => this.#stir(0), GLANCE_MS)
    this.#stir()
  }

  stop(): void {
    for (const end of this.#ends) end()
    this.#speech.stop()
    clearInterval(this.#glance)
    cancelAnimationFrame(this.#frameRequest)
  }

  react(emoji: string): void {
    if (this.#pointer === null) return
    const at = this.#frame.toRoom(this.#pointer)
    this.#burst(emoji, at)
    this.#room.emit('reaction', { emoji, ...at })
  }

  #listen({ reaction = '❤️', chat = true }: CursorsOptions): void {
    const passive = { passive: true }
    this.#on(window, 'pointermove', (event) => this.#moved(event as PointerEvent), passive)
    this.#on(window, 'pointerdown', (event) => this.#moved(event as PointerEvent), passive)
    this.#on(window, 'pointerup', (event) => this.#lifted(event as PointerEvent), passive)
    this.#on(window, 'pointercancel', (event) => this.#lifted(event as PointerEvent), passive)
    this.#on(document.documentElement, 'pointerleave', () => this.#out(true))
    this.#on(document, 'visibilitychange', () => {
      if (document.hidden) this.#out(true)
      else this.#stir()
    })
    this.#on(window, 'scroll', () => this.#stir(), { passive: true, capture: true })
    this.#on(window, 'resize', () => this.#stir(), passive)
    if (reaction !== false) {
      this.#on(window, 'dblclick', (event) => {
        if (!this.#isOut && !isControl(event)) this.react(reaction)
      })
    }
    if (chat) {
      this.#on(window, 'keydown', (event) => {
        if (this.#speech.key(event as KeyboardEvent)) event.preventDefault()
      })
    }
  }

  #on(
    target: EventTarget,
    name: string,
    handler: (event: Event) => void,
    options?: AddEventListenerOptions,
  ): void {
    target.addEventListener(name, handler, options)
    this.#ends.push(() => target.removeEventListener(name, handler, options))
  }

  #moved({ clientX, clientY }: PointerEvent): void {
    this.#frame.measure(this.#layer)
    this.#pointer = { x: clientX, y: clientY }
    this.#out(!this.#frame.contains(this.#pointer))
    if (!this.#isOut) this.#room.presence.set({ ...this.#frame.toRoom(this.#pointer) })
    this.#speech.follow()
  }

  /** A finger that was lifted points at nothing; a mouse goes on pointing. */
  #lifted({ pointerType }: PointerEvent): void {
    if (pointerType === 'touch') this.#out(true)
  }

  #out(isOut: boolean): void {
    if (isOut === this.#isOut) return
    this.#isOut = isOut
    this.#tellState()
  }

  #saying(text: string, typing: boolean): void {
    this.#say = text
    this.#room.presence.set({ typing })
    this.#tellState()
  }

  #tellState(): void {
    const state = {
      ...(this.#isOut && { out: true }),
      ...(this.#say !== '' && { say: this.#say }),
    }
    this.#room.presence.set({ state: Object.keys(state).length > 0 ? state : null })
  }

  #whereabouts(): Point | null {
    return this.#pointer === null ? null : this.#frame.toLayer(this.#frame.toRoom(this.#pointer))
  }

  #update(member: Other): void {
    this.#figures.get(member.id)?.update(member)
    this.#stir()
  }

  #remove(id: number): void {
    this.#figures.get(id)?.element.remove()
    this.#figures.delete(id)
  }

  #happened({ name, from, value, history }: RoomEvent & { history: boolean }): void {
    if (name !== 'reaction' || history || from === this.#room.me) return
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return
    const { emoji, x, y } = value as { [key: string]: unknown }
    if (typeof emoji === 'string' && typeof x === 'number' && typeof y === 'number') {
      this.#burst(emoji, { x, y })
    }
  }

  #burst(emoji: string, at: Point): void {
    if (this.#reactions === REACTIONS_MAX || emoji.length > REACTION_LENGTH_MAX) return
    const { x, y } = this.#frame.toLayer(at)
    const burst = document.createElement('div')
    burst.className = 'reaction'
    burst.style.transform = `translate(${x}px, ${y}px)`
    burst.append(document.createElement('i'))
    writeEmoji(burst.firstElementChild!, emoji)
    burst.addEventListener('animationend', () => {
      burst.remove()
      this.#reactions--
    })
    this.#reactions++
    this.#root.append(burst)
  }

  /** Something may look different: draws until nothing has moved for a while. */
  #stir(ms = RESTLESS_MS): void {
    this.#restlessUntil = Math.max(this.#restlessUntil, performance.now() + ms)
    if (this.#frameRequest === 0) {
      this.#frameRequest = requestAnimationFrame((now) => this.#draw(now))
    }
  }

  #draw(now: number): void {
    this.#frameRequest = 0
    this.#frame.measure(this.#layer)
    const members = this.#calm.matches ? [...this.#room.others] : this.#room.others.sample(now)
    let moved = false
    for (const member of members) moved = this.#place(member, now) || moved
    if (moved || now < this.#restlessUntil) this.#stir(0)
  }

  #place(member: Other, now: number): boolean {
    const { id } = member
    const { x, y } = member as unknown as Partial<Point>
    if (typeof x !== 'number' || typeof y !== 'number') return false
    let figure = this.#figures.get(id)
    if (figure === undefined) {
      figure = new Figure(member)
      this.#figures.set(id, figure)
      this.#root.append(figure.element)
    }
    return figure.place(this.#frame.toLayer({ x, y }), now)
  }
}

function isControl(event: Event): boolean {
  const [target] = event.composedPath()
  const controls = 'a, button, input, textarea, select, [contenteditable]'
  return target instanceof Element && target.closest(controls) !== null
}

/** The colour that a member's cursor has. */
export { colorOf }
