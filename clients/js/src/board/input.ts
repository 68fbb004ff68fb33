/** Pointers, fingers, wheel and keys of the board's element: to the camera or to the tool. */
import type { Editor } from './editor.js'
import { imagesAmong } from './files.js'
import { distance, type Point } from './geometry.js'
import type { Pointer, Tool } from './tools/tool.js'

/** A second finger within this time was meant for zooming from the start. */
const SECOND_FINGER_MS = 120
const CLICK_MS = 400
const CLICK_PIXELS = 6
const WHEEL_LINE = 16
const WHEEL_ZOOM = 0.0022
const WHEEL_ZOOM_MAX = 60

interface Finger {
  readonly downAt: number
  at: Point
}

export class Input {
  readonly #editor: Editor
  readonly #ends: (() => void)[] = []
  readonly #fingers = new Map<number, Finger>()
  /** The pointer that the tool has, and when it came down. */
  #active: { readonly id: number; readonly tool: Tool; readonly downAt: number } | null = null
  /** The pointer that pushes the board about, and where it was. */
  #pushing: { readonly id: number; at: Point } | null = null
  #spaceIsDown = false
  #penWasSeen = false
  #last: Pointer | null = null
  #clicks = { count: 0, time: 0, at: { x: 0, y: 0 } }

  constructor(editor: Editor) {
    this.#editor = editor
    const { element } = editor
    element.style.touchAction = 'none'
    this.#on(element, 'pointerdown', (event) => this.#down(event))
    this.#on(element, 'pointermove', (event) => this.#move(event))
    this.#on(element, 'pointerup', (event) => this.#up(event))
    this.#on(element, 'pointercancel', (event) => this.#lost(event))
    this.#on(element, 'pointerleave', (event) => {
      if (event.pointerType !== 'touch' && this.#active === null) this.#editor.presence.point(null)
    })
    this.#on(element, 'wheel', (event) => this.#wheel(event), { passive: false })
    this.#on(element, 'dragover', (event) => {
      if (event.dataTransfer?.types.includes('Files')) event.preventDefault()
    })
    this.#on(element, 'drop', (event) => {
      const files = imagesAmong(event.dataTransfer)
      if (files.length === 0) return
      event.preventDefault()
      const { camera } = this.#editor
      void this.#editor.addPictures(files, camera.toBoard(this.#editor.toScreen(event)))
    })
    this.#on(element, 'contextmenu', (event) => {
      if (this.#active !== null || this.#pushing !== null) event.preventDefault()
    })
    this.#on(window, 'keydown', (event) => this.#key(event))
    this.#on(window, 'keyup', (event) => this.#key(event))
    this.#on(window, 'blur', () => this.#setSpace(false))
    this.showCursor()
  }

  destroy(): void {
    for (const end of this.#ends) end()
  }

  showCursor(): void {
    const { element, tool } = this.#editor
    if (this.#pushing !== null) element.style.cursor = 'grabbing'
    else element.style.cursor = this.#spaceIsDown ? 'grab' : tool.cursor
  }

  #on<Name extends keyof WindowEventMap>(
    target: EventTarget,
    name: Name,
    handler: (event: WindowEventMap[Name]) => void,
    options?: AddEventListenerOptions,
  ): void {
    target.addEventListener(name, handler as EventListener, options)
    this.#ends.push(() => target.removeEventListener(name, handler as EventListener, options))
  }

  #down(event: PointerEvent): void {
    if (!isForBoard(event, this.#editor.element)) return
    capture(this.#editor.element, event.pointerId)
    const screen = this.#editor.toScreen(event)
    if (event.pointerType === 'pen') this.#penCame()
    if (event.pointerType === 'touch') {
      // A palm that rests while a pen or a mouse is at work.
      if (this.#active !== null && !this.#fingers.has(this.#active.id)) return
      this.#fingers.set(event.pointerId, { downAt: event.timeStamp, at: screen })
      if (this.#fingers.size > 1) {
        this.#secondFinger(event.timeStamp)
        return
      }
    }
    if (this.#active !== null || this.#pushing !== null) return
    const pushes =
      event.button === 1 ||
      (event.button === 0 && this.#spaceIsDown) ||
      (event.pointerType === 'touch' && this.#penWasSeen)
    if (pushes) {
      event.preventDefault()
      this.#pushing = { id: event.pointerId, at: screen }
      this.showCursor()
    } else if (event.button === 0) {
      this.#count(event, screen)
      const { tool } = this.#editor
      this.#active = { id: event.pointerId, tool, downAt: event.timeStamp }
      tool.down(this.#pointer(event))
      this.showCursor()
    }
  }

  /** The hand that holds it lies on the screen, perhaps since before: what that did counts not. */
  #penCame(): void {
    this.#penWasSeen = true
    if (this.#active !== null && this.#fingers.has(this.#active.id)) {
      this.#active.tool.cancel()
      this.#active = null
    }
    if (this.#pushing !== null && this.#fingers.has(this.#pushing.id)) this.#pushing = null
    this.#fingers.clear()
  }

  /** What one finger began in the moment before was no stroke. */
  #secondFinger(now: number): void {
    const active = this.#active
    this.#pushing = null
    if (active === null || !this.#fingers.has(active.id)) return
    this.#active = null
    if (now - active.downAt <= SECOND_FINGER_MS || this.#last === null) active.tool.cancel()
    else active.tool.up(this.#last)
  }

  #move(event: PointerEvent): void {
    const screen = this.#editor.toScreen(event)
    const finger = this.#fingers.get(event.pointerId)
    if (event.pointerType === 'touch' && finger === undefined) return
    if (finger !== undefined && this.#fingers.size > 1) {
      this.#pinch(finger, screen)
      return
    }
    if (finger !== undefined) finger.at = screen
    if (this.#pushing?.id === event.pointerId) {
      const { at } = this.#pushing
      this.#pushing.at = screen
      this.#editor.camera.pan(screen.x - at.x, screen.y - at.y)
      return
    }
    // What was dragged was not clicked: the next press there is the first of its own.
    if (distance(screen, this.#clicks.at) > CLICK_PIXELS) this.#clicks.count = 0
    const pointer = this.#pointer(event)
    this.#editor.presence.point(pointer.at)
    if (this.#active?.id === event.pointerId) {
      const events = event.getCoalescedEvents?.() ?? []
      const trail = (events.length > 0 ? events : [event]).map((each) => this.#pointer(each))
      this.#active.tool.move(trail[trail.length - 1]!, trail)
    } else if (this.#active === null && event.pointerType !== 'touch') {
      this.#editor.tool.hover?.(pointer)
    }
    this.showCursor()
  }

  /** Two fingers: the point between them is held, their distance zooms. */
  #pinch(finger: Finger, screen: Point): void {
    const others = [...this.#fingers.values()].filter((each) => each !== finger)
    const [other] = others
    if (other === undefined) return
    const before = { x: (finger.at.x + other.at.x) / 2, y: (finger.at.y + other.at.y) / 2 }
    const spread = distance(finger.at, other.at)
    finger.at = screen
    if (others.length > 1) return
    const after = { x: (screen.x + other.at.x) / 2, y: (screen.y + other.at.y) / 2 }
    this.#editor.camera.pan(after.x - before.x, after.y - before.y)
    if (spread > 0) this.#editor.camera.zoomBy(distance(screen, other.at) / spread, after)
  }

  #up(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId)
    if (this.#pushing?.id === event.pointerId) this.#pushing = null
    if (this.#active?.id === event.pointerId) {
      const { tool } = this.#active
      this.#active = null
      tool.up(this.#pointer(event))
    }
    if (event.pointerType === 'touch' && this.#fingers.size === 0) this.#editor.presence.point(null)
    this.showCursor()
  }

  #lost(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId)
    if (this.#pushing?.id === event.pointerId) this.#pushing = null
    if (this.#active?.id === event.pointerId) {
      const { tool } = this.#active
      this.#active = null
      tool.cancel()
    }
    this.showCursor()
  }

  #wheel(event: WheelEvent): void {
    if (!isForBoard(event, this.#editor.element)) return
    event.preventDefault()
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? WHEEL_LINE : 1
    const { camera } = this.#editor
    if (event.ctrlKey || event.metaKey) {
      const turn = Math.max(-WHEEL_ZOOM_MAX, Math.min(WHEEL_ZOOM_MAX, event.deltaY * unit))
      // A pinch on a trackpad comes as a wheel of small steps.
      const gain = Math.abs(turn) < WHEEL_ZOOM_MAX / 4 ? 4 : 1
      camera.zoomBy(Math.exp(-turn * WHEEL_ZOOM * gain), this.#editor.toScreen(event))
    } else if (event.shiftKey && event.deltaX === 0) {
      camera.pan(-event.deltaY * unit, 0)
    } else {
      camera.pan(-event.deltaX * unit, -event.deltaY * unit)
    }
  }

  #key(event: KeyboardEvent): void {
    // What was pressed here is let go here, wherever the focus is by then.
    const isOurs = event.type === 'keyup' || this.#editor.isOurs(event)
    if (!isOurs || isTyping(event)) return
    if (event.code === 'Space') {
      const isDown = event.type === 'keydown'
      // On a button, space presses it.
      if (isDown && event.composedPath()[0] instanceof HTMLButtonElement) return
      if (isDown) event.preventDefault()
      this.#setSpace(isDown)
      return
    }
    if (event.key === 'Escape' && event.type === 'keydown' && this.#active !== null) {
      const { tool } = this.#active
      this.#active = null
      tool.cancel()
      event.preventDefault()
      return
    }
    if (this.#editor.tool.key?.(event)) event.preventDefault()
    this.showCursor()
  }

  #setSpace(isDown: boolean): void {
    this.#spaceIsDown = isDown
    this.showCursor()
  }

  #count(event: PointerEvent, at: Point): void {
    const before = this.#clicks
    const isAgain =
      event.timeStamp - before.time < CLICK_MS && distance(at, before.at) < CLICK_PIXELS
    this.#clicks = { count: isAgain ? before.count + 1 : 1, time: event.timeStamp, at }
  }

  #pointer(event: PointerEvent): Pointer {
    const screen = this.#editor.toScreen(event)
    const type =
      event.pointerType === 'pen' || event.pointerType === 'touch' ? event.pointerType : 'mouse'
    this.#last = {
      screen,
      at: this.#editor.camera.toBoard(screen),
      pressure: type === 'pen' ? event.pressure : null,
      type,
      shift: event.shiftKey,
      alt: event.altKey,
      ctrl: event.ctrlKey || event.metaKey,
      clicks: this.#clicks.count,
      time: event.timeStamp,
    }
    return this.#last
  }
}

/** So that a drag goes on beside the element. */
function capture(element: HTMLElement, pointer: number): void {
  try {
    element.setPointerCapture(pointer)
  } catch {
    // The pointer is gone again already: what it began still ends with its own events.
  }
}

/** Panels lie within the element too; what happens on them is theirs. */
function isForBoard(event: Event, element: HTMLElement): boolean {
  const [target] = event.composedPath()
  return target === element || target instanceof HTMLCanvasElement
}

export function isTyping(event: Event): boolean {
  const [target] = event.composedPath()
  return (
    target instanceof Element &&
    target.closest('input, textarea, select, [contenteditable]:not([contenteditable="false"])') !==
      null
  )
}
