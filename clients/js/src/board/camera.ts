/** Which part of the board shows, and how large. */
import { Emitter } from '../emitter.js'
import { middleOf, type Box, type Point } from './geometry.js'
import { clamp, PLACE_MAX } from './model.js'

export const ZOOM_MIN = 0.05
export const ZOOM_MAX = 16
const ANIMATION_MS = 260
/** The board ends well before this; what shows is a place that others can be told of. */
const VIEW_MAX = 2 * PLACE_MAX

export interface View {
  /** The point of the board in the upper left corner. */
  readonly x: number
  readonly y: number
  /** Pixels of the screen per pixel of the board. */
  readonly zoom: number
}

export interface Margins {
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly left: number
}

export interface CameraEvents {
  /** `byHand`: by the person at this screen, and not by an animation or someone followed. */
  change: { readonly byHand: boolean }
}

export interface MoveOptions {
  readonly byHand?: boolean
}

/** Screen points count from the upper left corner of the board's element, in CSS pixels. */
export class Camera extends Emitter<CameraEvents> implements View {
  #view: View = { x: 0, y: 0, zoom: 1 }
  #width = 1
  #height = 1
  #animation = 0
  /** What lies over the board at its edges, in pixels of the screen: {@link viewOf} keeps off it. */
  margins: Margins = { top: 48, right: 48, bottom: 48, left: 48 }

  get x(): number {
    return this.#view.x
  }

  get y(): number {
    return this.#view.y
  }

  get zoom(): number {
    return this.#view.zoom
  }

  get width(): number {
    return this.#width
  }

  get height(): number {
    return this.#height
  }

  /** The part of the board that shows. */
  get box(): Box {
    const { x, y, zoom } = this.#view
    return { x, y, w: this.#width / zoom, h: this.#height / zoom }
  }

  toBoard({ x, y }: Point): Point {
    return { x: this.x + x / this.zoom, y: this.y + y / this.zoom }
  }

  toScreen({ x, y }: Point): Point {
    return { x: (x - this.x) * this.zoom, y: (y - this.y) * this.zoom }
  }

  /** The element has this size now; what is in its middle stays there. */
  resize(width: number, height: number): void {
    if (width === this.#width && height === this.#height) return
    const isFirst = this.#width === 1 && this.#height === 1
    const dx = isFirst ? 0 : (this.#width - width) / 2 / this.zoom
    const dy = isFirst ? 0 : (this.#height - height) / 2 / this.zoom
    this.#width = Math.max(1, width)
    this.#height = Math.max(1, height)
    this.#view = { ...this.#view, x: this.x + dx, y: this.y + dy }
    this.tell('change', { byHand: false })
  }

  set(view: Partial<View>, { byHand = false }: MoveOptions = {}): void {
    this.#halt()
    this.#put(view, byHand)
  }

  /** Moves what shows by pixels of the screen, as if it was pushed. */
  pan(dx: number, dy: number): void {
    this.set({ x: this.x - dx / this.zoom, y: this.y - dy / this.zoom }, { byHand: true })
  }

  /** Makes all larger by `factor`; what is under `at` on the screen stays there. */
  zoomBy(factor: number, at: Point = this.#screenMiddle, options: MoveOptions = { byHand: true }) {
    this.set(this.#zoomed(this.zoom * factor, at), options)
  }

  zoomTo(zoom: number, at: Point = this.#screenMiddle): void {
    this.glide(this.#zoomed(zoom, at))
  }

  /** The view that shows all of `box` within the margins, no larger than `zoomMax`. */
  viewOf(box: Box, zoomMax = 1): View {
    const { top, right, bottom, left } = this.margins
    const width = Math.max(1, this.#width - left - right)
    const height = Math.max(1, this.#height - top - bottom)
    const fitting = Math.min(width / Math.max(1, box.w), height / Math.max(1, box.h))
    const zoom = clamp(Math.min(fitting, zoomMax), ZOOM_MIN, ZOOM_MAX)
    const { x, y } = middleOf(box)
    return { zoom, x: x - (left + width / 2) / zoom, y: y - (top + height / 2) / zoom }
  }

  /** Goes there in a moment; at once where the person wants little motion. Any other move ends it. */
  glide(view: View, options: MoveOptions = { byHand: true }): void {
    this.#halt()
    const to = held(view)
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) {
      this.#put(to, options.byHand ?? false)
      return
    }
    const from = this.#view
    const begun = performance.now()
    const step = (now: number) => {
      const t = clamp((now - begun) / ANIMATION_MS, 0, 1)
      this.#animation = t < 1 ? requestAnimationFrame(step) : 0
      this.#put(between(from, to, 1 - (1 - t) ** 3, this.#screenMiddle), options.byHand ?? false)
    }
    this.#animation = requestAnimationFrame(step)
  }

  get #screenMiddle(): Point {
    return { x: this.#width / 2, y: this.#height / 2 }
  }

  #zoomed(wanted: number, at: Point): View {
    const zoom = clamp(wanted, ZOOM_MIN, ZOOM_MAX)
    const { x, y } = this.toBoard(at)
    return { zoom, x: x - at.x / zoom, y: y - at.y / zoom }
  }

  #put(view: Partial<View>, byHand: boolean): void {
    const next = held({ ...this.#view, ...view })
    const { x, y, zoom } = this.#view
    if (next.x === x && next.y === y && next.zoom === zoom) return
    this.#view = next
    this.tell('change', { byHand })
  }

  #halt(): void {
    cancelAnimationFrame(this.#animation)
    this.#animation = 0
  }
}

/** No further off than the board is, nor closer or farther than one sees anything. */
export function held({ x, y, zoom }: View): View {
  return {
    x: clamp(x || 0, -VIEW_MAX, VIEW_MAX),
    y: clamp(y || 0, -VIEW_MAX, VIEW_MAX),
    zoom: clamp(zoom || ZOOM_MIN, ZOOM_MIN, ZOOM_MAX),
  }
}

/** Zooms evenly to the eye, and takes the middle of the screen on a straight line. */
function between(from: View, to: View, t: number, middle: Point): View {
  if (t === 1) return to
  const zoom = from.zoom * (to.zoom / from.zoom) ** t
  const along =
    from.zoom === to.zoom ? t : (1 / zoom - 1 / from.zoom) / (1 / to.zoom - 1 / from.zoom)
  const at = (view: View) => ({
    x: view.x + middle.x / view.zoom,
    y: view.y + middle.y / view.zoom,
  })
  const a = at(from)
  const b = at(to)
  return {
    zoom,
    x: a.x + (b.x - a.x) * along - middle.x / zoom,
    y: a.y + (b.y - a.y) * along - middle.y / zoom,
  }
}
