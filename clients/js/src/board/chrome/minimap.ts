import type { Box, Point } from '../geometry.js'
import { contains, grown, union } from '../geometry.js'
import type { BoardObject } from '../model.js'
import { fromAfar, paint } from '../paint.js'
import { TOKENS } from '../style.js'
import type { App } from './app.js'
import { el } from './dom.js'

/** The picture is made anew at most so often, and a little in each frame: nobody looks closely. */
const REDRAW_MS = 1_200
const BUDGET_MS = 3
const MARGIN = 0.06
const KEPT_UNDER = 'tutti board map'

interface Making {
  readonly canvas: HTMLCanvasElement
  readonly context: CanvasRenderingContext2D
  readonly part: Box
  readonly scale: number
  readonly objects: readonly BoardObject[]
  next: number
}

/** The whole board, small, and on it what shows; a click or a drag moves the view there. */
export class Minimap {
  readonly element: HTMLElement
  readonly #app: App
  readonly #told: (isOpen: boolean) => void
  readonly #canvas = el('canvas', { 'aria-hidden': 'true' })
  /** The objects as they were drawn last, with the part of the board that this shows. */
  #picture = document.createElement('canvas')
  #part: Box = { x: 0, y: 0, w: 1, h: 1 }
  #isStale = true
  #drawnAt = -Infinity
  /** The next picture, as far as it has come. */
  #making: Making | null = null
  #request = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  /** As the person said; null where it shows whenever there is more than meets the eye. */
  #choice = kept()

  /** `told`: whether it shows, whenever that changes. */
  constructor(app: App, told: (isOpen: boolean) => void) {
    this.#app = app
    this.#told = told
    this.element = el(
      'div',
      {
        class: 'panel minimap',
        role: 'img',
        'aria-label': 'Map of the board',
        hidden: true,
      },
      this.#canvas,
    )
    const { editor, theme } = app
    app.onEnd(editor.camera.on('change', () => this.#later()))
    app.onEnd(editor.scene.on('change', () => this.#spoil()))
    app.onEnd(editor.pictures.on('load', () => this.#spoil()))
    app.onEnd(theme.on('change', () => this.#spoil()))
    const watch = new ResizeObserver(() => this.#spoil())
    watch.observe(this.element)
    app.onEnd(() => {
      watch.disconnect()
      clearTimeout(this.#timer)
      cancelAnimationFrame(this.#request)
    })
    this.#listen()
    this.#later()
  }

  get isOpen(): boolean {
    return !this.element.hidden
  }

  toggle(): void {
    this.#choice = this.isOpen ? 'closed' : 'open'
    keep(this.#choice)
    this.#later()
  }

  /** Whether it tells anything: all that there is may be in sight. */
  get #isWanted(): boolean {
    if (this.#choice !== null) return this.#choice === 'open'
    const { scene, camera } = this.#app.editor
    return scene.extent !== null && !contains(camera.box, scene.extent)
  }

  #listen(): void {
    const { signal } = this.#app
    const go = (event: PointerEvent) => {
      if (this.#drawnAt < 0) return
      const { left, top } = this.#canvas.getBoundingClientRect()
      this.#show(this.#toBoard({ x: event.clientX - left, y: event.clientY - top }))
    }
    this.element.addEventListener(
      'pointerdown',
      (event) => {
        this.element.setPointerCapture(event.pointerId)
        go(event)
      },
      { signal },
    )
    this.element.addEventListener(
      'pointermove',
      (event) => {
        if (this.element.hasPointerCapture(event.pointerId)) go(event)
      },
      { signal },
    )
  }

  /** Puts a point of the board into the middle of what shows. */
  #show({ x, y }: Point): void {
    const { camera } = this.#app.editor
    const { w, h } = camera.box
    camera.set({ x: x - w / 2, y: y - h / 2 }, { byHand: true })
  }

  #spoil(): void {
    this.#isStale = true
    this.#later()
  }

  #later(): void {
    if (this.#request === 0) {
      this.#request = requestAnimationFrame((now) => this.#draw(now))
    }
  }

  #draw(now: number): void {
    this.#request = 0
    if (this.#isWanted !== this.isOpen) {
      this.element.hidden = !this.#isWanted
      this.#told(this.isOpen)
    }
    const { width, height } = this.#size
    if (width === 0) return
    // The board itself comes first.
    if (this.#drawnAt < 0 && !this.#app.editor.renderer.isReady) this.#later()
    else if (this.#making !== null) this.#goOn(this.#making, now)
    else if (this.#isStale || this.#isElsewhere) this.#begin(now, width, height)
    if (this.#canvas.width !== width || this.#canvas.height !== height) {
      Object.assign(this.#canvas, { width, height })
    }
    const context = this.#canvas.getContext('2d')!
    context.clearRect(0, 0, width, height)
    context.drawImage(this.#picture, 0, 0, width, height)
    this.#drawView(context, this.#app.editor.camera.box)
  }

  get #isElsewhere(): boolean {
    const { x, y, w } = this.#needed
    return x !== this.#part.x || y !== this.#part.y || w !== this.#part.w
  }

  #begin(now: number, width: number, height: number): void {
    const wait = this.#drawnAt + REDRAW_MS - now
    if (wait > 0) {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#later(), wait)
      return
    }
    this.#isStale = false
    const canvas = document.createElement('canvas')
    Object.assign(canvas, { width, height })
    const part = this.#needed
    const scale = width / part.w
    const context = canvas.getContext('2d')!
    context.setTransform(scale, 0, 0, scale, -part.x * scale, -part.y * scale)
    const objects = [...this.#app.editor.scene.all]
    this.#goOn({ canvas, context, part, scale, objects, next: 0 }, now)
  }

  #goOn(making: Making, now: number): void {
    const { canvas, context, part, scale, objects } = making
    const look = fromAfar(this.#app.editor.look)
    const until = performance.now() + BUDGET_MS
    while (making.next < objects.length && performance.now() < until) {
      paint(context, objects[making.next++]!, look, scale)
    }
    if (making.next < objects.length) {
      this.#making = making
      this.#later()
      return
    }
    this.#making = null
    this.#picture = canvas
    this.#part = part
    this.#drawnAt = now
    if (this.#isStale || this.#isElsewhere) this.#later()
  }

  /** Everything there is and all that shows, in the map's own shape. */
  get #needed(): Box {
    const { scene, camera } = this.#app.editor
    const { width, height } = this.#size
    const all = union([scene.extent ?? camera.box, camera.box])!
    const box = grown(all, Math.max(all.w, all.h) * MARGIN)
    const scale = Math.max(box.w / width, box.h / height)
    const [w, h] = [width * scale, height * scale]
    return { x: box.x + box.w / 2 - w / 2, y: box.y + box.h / 2 - h / 2, w, h }
  }

  get #size(): { width: number; height: number } {
    const { clientWidth, clientHeight } = this.element
    return { width: clientWidth * devicePixelRatio, height: clientHeight * devicePixelRatio }
  }

  #drawView(context: CanvasRenderingContext2D, view: Box): void {
    const tokens = TOKENS[this.#app.theme.theme]
    const scale = this.#canvas.width / this.#part.w
    const x = (view.x - this.#part.x) * scale
    const y = (view.y - this.#part.y) * scale
    const { width, height } = this.#canvas
    const shown = new Path2D()
    shown.roundRect(x, y, view.w * scale, view.h * scale, 3 * devicePixelRatio)
    const hidden = new Path2D(shown)
    hidden.rect(0, 0, width, height)
    context.globalAlpha = 0.6
    context.fillStyle = tokens.well
    context.fill(hidden, 'evenodd')
    context.globalAlpha = 1
    context.lineWidth = 1.5 * devicePixelRatio
    context.strokeStyle = tokens.accent
    context.stroke(shown)
  }

  #toBoard({ x, y }: Point): Point {
    const scale = (this.#part.w / this.#canvas.width) * devicePixelRatio
    return { x: this.#part.x + x * scale, y: this.#part.y + y * scale }
  }
}

function kept(): 'open' | 'closed' | null {
  try {
    const choice = localStorage.getItem(KEPT_UNDER)
    return choice === 'open' || choice === 'closed' ? choice : null
  } catch {
    return null
  }
}

function keep(choice: 'open' | 'closed'): void {
  try {
    localStorage.setItem(KEPT_UNDER, choice)
  } catch {
    // Then it is as usual at the next visit.
  }
}
