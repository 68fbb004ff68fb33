/** Comments on the board: pins at their places, and the one thread that is open beside its pin. */
import { COMMENT_BYTES_MAX, type Comments, type Remark, type Thread } from '../comments.js'
import type { Point } from '../geometry.js'
import type { BoardObject } from '../model.js'
import { lettersOn } from '../person_colour.js'
import type { Pointer, Tool } from '../tools/tool.js'
import type { App } from './app.js'
import { button, el, keyedList, OWN_KEYS, setAttribute, setText, type Entry } from './dom.js'
import { iconOf } from './icons.js'
import { byline, composer, setWords, type Composer } from './remarks.js'

const PIN_HEIGHT = 30
const CARD_GAP = 10
const EDGE = 8
const STILL_PIXELS = 4

/** What the field asks for. */
const REPLY = 'Reply'
const EDIT = 'Edit'
const EDIT_HINT = 'Edit what you said. Esc leaves it as it was.'

/** The open thread. */
interface Card {
  readonly element: HTMLElement
  readonly remarks: HTMLElement
  readonly list: (remarks: readonly Remark[]) => void
  readonly settle: HTMLButtonElement
  readonly composer: Composer
}

/** Where a comment is about to be pinned. */
interface Draft {
  readonly at: Point
  readonly object: BoardObject | undefined
}

export class CommentPins {
  readonly #app: App
  readonly #comments: Comments
  readonly #layer = el('div', { class: 'pins' })
  readonly #pins = new Map<string, HTMLButtonElement>()
  #card: Card | null = null
  #open: string | null = null
  #draft: Draft | null = null
  #draftPin: HTMLElement | null = null
  /** The pin that is being pulled, and how far by now, on the screen. */
  #moving: { readonly id: string; readonly x: number; readonly y: number } | null = null
  /** The remark that is being said differently. */
  #rephrased: string | null = null
  #showsResolved = false
  #request = 0

  constructor(app: App, comments: Comments) {
    this.#app = app
    this.#comments = comments
    const { editor, stage } = app
    stage.append(this.#layer)
    app.onEnd(comments.on('change', () => this.#show()))
    app.onEnd(editor.camera.on('change', () => this.#placeAll()))
    app.onEnd(editor.scene.on('change', () => this.#placeSoon()))
    app.onEnd(() => {
      cancelAnimationFrame(this.#request)
      this.#layer.remove()
      this.#card?.element.remove()
    })
    this.#show()
  }

  get showsResolved(): boolean {
    return this.#showsResolved
  }

  set showsResolved(shows: boolean) {
    this.#showsResolved = shows
    this.#show()
  }

  /** Begins a comment there. */
  begin(at: Point): void {
    const { editor } = this.#app
    this.close()
    this.#draft = { at, object: editor.scene.at(at, editor.reach) }
    this.#draftPin = el('div', { class: 'pin draft', style: `--person: ${this.#colour}` }, '+')
    this.#layer.append(this.#draftPin)
    this.#showCard()
  }

  /** Goes to a comment and opens it. */
  visit(id: string): void {
    const at = this.#comments.placeOf(id)
    const { camera } = this.#app.editor
    if (at === null) return
    const zoom = Math.max(0.5, Math.min(2, camera.zoom))
    camera.glide({ zoom, x: at.x - camera.width / 2 / zoom, y: at.y - camera.height / 2 / zoom })
    this.open(id)
  }

  open(id: string): void {
    this.close()
    this.#open = id
    this.#show()
    this.#showCard()
  }

  close(): void {
    const before = this.#open
    this.#open = null
    this.#rephrased = null
    this.#draft = null
    this.#draftPin?.remove()
    this.#draftPin = null
    this.#card?.element.remove()
    this.#card = null
    if (before !== null) this.#pins.get(before)?.focus({ preventScroll: true })
    this.#show()
  }

  get #colour(): string {
    return this.#app.editor.people.all[0]?.colour ?? 'var(--accent)'
  }

  #show(): void {
    const shown = this.#comments.threads.filter(
      ({ id, isResolved }) => !isResolved || this.#showsResolved || id === this.#open,
    )
    const ids = new Set(shown.map(({ id }) => id))
    for (const [id, pin] of this.#pins) {
      if (ids.has(id)) continue
      pin.remove()
      this.#pins.delete(id)
    }
    for (const thread of shown) this.#showPin(thread)
    if (this.#open !== null) {
      if (this.#comments.get(this.#open) === undefined) this.close()
      else this.#fillCard()
    }
    this.#placeAll()
  }

  #showPin(thread: Thread): void {
    let pin = this.#pins.get(thread.id)
    if (pin === undefined) {
      pin = el('button', { type: 'button', class: 'pin', 'aria-haspopup': 'dialog' })
      pin.addEventListener('click', () => {
        if (this.#open === thread.id) this.close()
        else this.open(thread.id)
      })
      if (!this.#app.editor.readOnly) this.#letMove(pin, thread.id)
      this.#pins.set(thread.id, pin)
      this.#layer.append(pin)
    }
    const count = thread.replies.length
    const said = thread.text.slice(0, 60)
    pin.classList.toggle('resolved', thread.isResolved)
    pin.style.setProperty('--person', thread.colour)
    pin.style.setProperty('--on-person', lettersOn(thread.colour))
    setText(pin, count > 0 ? String(count + 1) : initialOf(thread.name))
    setAttribute(
      pin,
      'aria-label',
      `Comment of ${thread.name}: ${said}${count > 0 ? `, ${count} replies` : ''}`,
    )
    setAttribute(pin, 'aria-expanded', String(this.#open === thread.id))
  }

  /** A pin that is pulled is pinned anew where it is let go. */
  #letMove(pin: HTMLButtonElement, id: string): void {
    const { editor } = this.#app
    let from: Point | null = null
    const off = (event: PointerEvent) => {
      const { x, y } = editor.toScreen(event)
      return from === null ? { x: 0, y: 0 } : { x: x - from.x, y: y - from.y }
    }
    pin.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return
      from = editor.toScreen(event)
      pin.setPointerCapture(event.pointerId)
    })
    pin.addEventListener('pointermove', (event) => {
      const { x, y } = off(event)
      if (!this.#isMoving && Math.hypot(x, y) <= STILL_PIXELS) return
      this.#moving = { id, x, y }
      this.#placeAll()
    })
    pin.addEventListener('pointerup', () => {
      from = null
      const place = this.#isMoving ? this.#placeOf(id) : null
      this.#moving = null
      if (place === null) return
      const object = editor.scene.at(place, editor.reach)
      editor.attempt(() => this.#comments.move(id, place, object))
      // What was a pull is no click, which comes at once if it comes.
      const notClick = (event: Event) => event.stopImmediatePropagation()
      pin.addEventListener('click', notClick, { capture: true })
      setTimeout(() => pin.removeEventListener('click', notClick, { capture: true }))
    })
    pin.addEventListener('pointercancel', () => {
      from = null
      this.#moving = null
      this.#placeAll()
    })
  }

  get #isMoving(): boolean {
    return this.#moving !== null
  }

  /** On the board, pulled or not. */
  #placeOf(id: string): Point | null {
    const place = this.#comments.placeOf(id)
    const { zoom } = this.#app.editor.camera
    if (place === null || this.#moving?.id !== id) return place
    return { x: place.x + this.#moving.x / zoom, y: place.y + this.#moving.y / zoom }
  }

  #placeSoon(): void {
    if (this.#request !== 0) return
    this.#request = requestAnimationFrame(() => {
      this.#request = 0
      this.#placeAll()
    })
  }

  #placeAll(): void {
    for (const [id, pin] of this.#pins) this.#place(pin, this.#placeOf(id))
    if (this.#draftPin !== null) this.#place(this.#draftPin, this.#draft!.at)
    this.#placeCard()
  }

  #place(pin: HTMLElement, place: Point | null): void {
    const { camera } = this.#app.editor
    if (place === null) return
    const { x, y } = camera.toScreen(place)
    const isSeen = x > -PIN_HEIGHT && y > 0 && x < camera.width && y < camera.height + PIN_HEIGHT
    pin.hidden = !isSeen
    if (isSeen) pin.style.transform = `translate(${x}px, ${y - PIN_HEIGHT}px)`
  }

  /** Beside the pin, on whichever side there is room. */
  #placeCard(): void {
    const { camera } = this.#app.editor
    const place = this.#open === null ? this.#draft?.at : this.#placeOf(this.#open)
    if (this.#card === null || !place) return
    const { x, y } = camera.toScreen(place)
    const { offsetWidth: width, offsetHeight: height } = this.#card.element
    const pinWidth = this.#pins.get(this.#open ?? '')?.offsetWidth ?? PIN_HEIGHT
    const isRight = x + pinWidth + CARD_GAP + width + EDGE <= camera.width
    const left = isRight ? x + pinWidth + CARD_GAP : x - CARD_GAP - width
    const top = y - PIN_HEIGHT
    const within = (at: number, most: number) => Math.max(EDGE, Math.min(at, most - EDGE))
    const at = `${within(left, camera.width - width)}px, ${within(top, camera.height - height)}px`
    this.#card.element.style.transform = `translate(${at})`
  }

  #showCard(): void {
    const isNew = this.#draft !== null
    const { board, editor, tell } = this.#app
    const composed = composer({
      label: isNew ? 'Say something about this' : REPLY,
      bytesMax: COMMENT_BYTES_MAX,
      onSay: (text) => this.#say(text),
      onLeave: () => this.#leave(),
      onTrouble: (text) => tell(text),
    })
    composed.element.hidden = editor.readOnly
    const title = isNew ? 'New comment' : 'Comment'
    const remarks = el('div', { class: 'remarks', hidden: isNew, tabindex: 0, ...OWN_KEYS })
    const settle = button({ icon: 'check', label: 'Settle', onClick: () => this.#settle() })
    const close = button({
      icon: 'close',
      label: 'Close',
      keys: 'Esc',
      onClick: () => this.close(),
    })
    const actions = el('span', { class: 'actions' }, settle, close)
    const element = el(
      'section',
      { class: 'panel thread', role: 'dialog', 'aria-label': title },
      el('header', {}, el('h2', {}, title), actions),
      remarks,
      composed.element,
    )
    element.addEventListener('keydown', (event) => {
      event.stopPropagation()
      if (event.key === 'Escape') this.#leave()
    })
    const list = keyedList<Remark>(
      remarks,
      ({ id }) => id,
      () => this.#remark(),
    )
    this.#card = { element, remarks, list, settle, composer: composed }
    board.append(element)
    this.#fillCard()
    this.#placeCard()
    composed.field.focus({ preventScroll: true })
  }

  #fillCard(): void {
    if (this.#card === null) return
    const thread = this.#open === null ? undefined : this.#comments.get(this.#open)
    const { remarks, list, settle } = this.#card
    settle.hidden = thread === undefined || this.#app.editor.readOnly
    if (thread === undefined) return
    const label = thread.isResolved ? 'Bring back' : 'Settle'
    setAttribute(settle, 'aria-label', label)
    setAttribute(settle, 'title', label)
    setAttribute(settle, 'aria-pressed', String(thread.isResolved))
    settle.replaceChildren(iconOf(thread.isResolved ? 'undo' : 'check'))
    const isAtEnd = remarks.scrollTop + remarks.clientHeight >= remarks.scrollHeight - 8
    list([thread, ...thread.replies])
    if (isAtEnd) remarks.scrollTop = remarks.scrollHeight
    if (this.#rephrased !== null && !this.#says(this.#rephrased)) this.#endRephrasing()
    this.#placeCard()
  }

  #settle(): void {
    const thread = this.#open === null ? undefined : this.#comments.get(this.#open)
    if (thread === undefined) return
    const { id, isResolved } = thread
    const isDone = this.#app.editor.attempt(() => this.#comments.resolve(id, !isResolved))
    if (isDone && !isResolved) this.close()
  }

  #remark(): Entry<Remark> {
    const { editor, room } = this.#app
    let remark: Remark | null = null
    const mend = el('button', { type: 'button', class: 'take-back' }, 'Edit')
    mend.addEventListener('click', () => this.#rephrase(remark!))
    const takeBack = el('button', { type: 'button', class: 'take-back' }, 'Delete')
    takeBack.addEventListener('click', () =>
      editor.attempt(() => this.#comments.remove(remark!.id)),
    )
    const own = el('span', { class: 'own' }, mend, takeBack)
    const by = byline(own)
    const words = el('p', { dir: 'auto' })
    return {
      element: el('article', { class: 'remark' }, by.element, words),
      update(next) {
        remark = next
        by.update(next.name, next.time, room.clock.now())
        own.hidden = !next.isMine
        setWords(words, next.text)
      },
    }
  }

  /** What was said goes into the field, and comes out as what is said instead. */
  #rephrase({ id, text }: Remark): void {
    if (this.#card === null) return
    const { composer } = this.#card
    this.#rephrased = id
    composer.ask(EDIT, text, EDIT_HINT)
    composer.field.focus({ preventScroll: true })
  }

  /** What stands in the field is what it was, or a reply again. */
  #endRephrasing(text = this.#card?.composer.field.value ?? ''): void {
    this.#rephrased = null
    this.#card?.composer.ask(REPLY, text)
  }

  /** The mode first, then the thread. */
  #leave(): void {
    if (this.#rephrased !== null) this.#endRephrasing('')
    else this.close()
  }

  /** Whether this is still said in the open thread. */
  #says(id: string): boolean {
    const thread = this.#open === null ? undefined : this.#comments.get(this.#open)
    return thread !== undefined && [thread, ...thread.replies].some((remark) => remark.id === id)
  }

  #say(text: string): boolean {
    const { editor } = this.#app
    return editor.attempt(() => {
      if (this.#rephrased !== null && this.#says(this.#rephrased)) {
        this.#comments.rephrase(this.#rephrased, text)
        this.#endRephrasing('')
        return
      }
      if (this.#draft === null) {
        this.#comments.reply(this.#open!, text)
        return
      }
      const { at, object } = this.#draft
      this.open(this.#comments.pin(at, text, object))
    })
  }
}

function initialOf(name: string): string {
  return ([...name][0] ?? '?').toUpperCase()
}

/** A click is where a comment goes. */
export class Commenting implements Tool {
  readonly number = 15
  readonly cursor = 'crosshair'
  readonly #app: App
  readonly #pins: CommentPins

  constructor(app: App, pins: CommentPins) {
    this.#app = app
    this.#pins = pins
  }

  down(): void {}
  move(): void {}

  up({ at }: Pointer): void {
    const { editor } = this.#app
    editor.setTool('select')
    this.#pins.begin(at)
  }

  cancel(): void {}
}
