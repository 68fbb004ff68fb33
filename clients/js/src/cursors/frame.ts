import type { FieldDefinition } from '../tutti.js'

export interface Point {
  readonly x: number
  readonly y: number
}

interface Range {
  readonly minimum: number
  readonly maximum: number
}

/**
 * The part of the page that cursors are positions in. Across, positions count from its middle, as
 * most pages are centred: windows of different width agree on what is pointed at. Down, they count
 * from its top.
 */
export class Frame {
  readonly #element: HTMLElement | null
  readonly #width: number | null
  readonly #x: Range
  readonly #y: Range
  /** Of the frame, in the viewport. */
  #box = new DOMRect()

  /** `element`: null for the whole document. `width`: what it counts as, however wide it is. */
  constructor(
    element: HTMLElement | null,
    width: number | null,
    x: FieldDefinition | undefined,
    y: FieldDefinition | undefined,
  ) {
    this.#element = element
    this.#width = width
    this.#x = rangeOf(x)
    this.#y = rangeOf(y)
  }

  /** Looks where it is now, and lays a layer over it. */
  measure(layer: HTMLElement): void {
    this.#box = this.#element?.getBoundingClientRect() ?? documentBox()
    const { style } = layer
    style.left = `${this.#box.left + scrollX}px`
    style.top = `${this.#box.top + scrollY}px`
    style.width = `${this.#box.width}px`
    style.height = `${this.#box.height}px`
  }

  contains({ x, y }: Point): boolean {
    const { left, right, top, bottom } = this.#box
    return x >= left && x <= right && y >= top && y <= bottom
  }

  /** A point of the viewport → what travels. */
  toRoom({ x, y }: Point): Point {
    const { left, top, width } = this.#box
    return {
      x: within(this.#x, middleOf(this.#x) + (x - left - width / 2) * this.#scale),
      y: within(this.#y, this.#y.minimum + (y - top) * this.#scale),
    }
  }

  /** What travels → a point of the layer. What lies beyond an edge is shown at that edge. */
  toLayer({ x, y }: Point): Point {
    const { width, height } = this.#box
    return {
      x: clamp((x - middleOf(this.#x)) / this.#scale + width / 2, 0, width),
      y: clamp((y - this.#y.minimum) / this.#scale, 0, height),
    }
  }

  get #scale(): number {
    return this.#width === null ? 1 : this.#width / Math.max(1, this.#box.width)
  }
}

function documentBox(): DOMRect {
  const { clientWidth, clientHeight, offsetHeight } = document.documentElement
  return new DOMRect(-scrollX, -scrollY, clientWidth, Math.max(clientHeight, offsetHeight))
}

/** Without a declaration any number will do: then as far as a page may well reach. */
function rangeOf(field: FieldDefinition | undefined): Range {
  if (field === undefined || field.maximum <= field.minimum) return { minimum: 0, maximum: 65_535 }
  return { minimum: field.minimum / field.steps, maximum: field.maximum / field.steps }
}

function middleOf({ minimum, maximum }: Range): number {
  return Math.round((minimum + maximum) / 2)
}

function within({ minimum, maximum }: Range, n: number): number {
  return clamp(n, minimum, maximum)
}

function clamp(n: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, n))
}
