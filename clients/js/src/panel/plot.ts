import { element } from './element.js'

const POINTS = 120
const HEIGHT = 44

/** The last numbers as bars, from zero to the largest; for the eye alone: the figures say the same. */
export class Plot {
  readonly element: HTMLElement
  readonly #canvas = element('canvas')
  readonly #scale = element('span')
  readonly #unit: string
  readonly #values: number[] = []

  constructor(name: string, unit: string) {
    this.#unit = unit
    this.#canvas.setAttribute('aria-hidden', 'true')
    const caption = element('figcaption', {}, element('span', { textContent: name }), this.#scale)
    this.element = element('figure', {}, caption, this.#canvas)
  }

  push(value: number): void {
    this.#values.push(value)
    if (this.#values.length > POINTS) this.#values.shift()
    this.#draw()
  }

  #draw(): void {
    const ratio = globalThis.devicePixelRatio || 1
    const width = Math.round(this.#canvas.clientWidth * ratio)
    const height = Math.round(HEIGHT * ratio)
    if (width === 0) return
    if (this.#canvas.width !== width) this.#canvas.width = width
    if (this.#canvas.height !== height) this.#canvas.height = height
    const context = this.#canvas.getContext('2d')!
    context.clearRect(0, 0, width, height)
    context.fillStyle = getComputedStyle(this.#canvas).getPropertyValue('--line')
    const largest = Math.max(...this.#values)
    const bar = width / POINTS
    this.#values.forEach((value, i) => {
      const size = largest > 0 ? (value / largest) * height : 0
      const x = (POINTS - this.#values.length + i) * bar
      context.fillRect(x, height - size, Math.max(1, bar - ratio), size)
    })
    this.#scale.textContent = `up to ${largest.toFixed(largest < 10 ? 1 : 0)} ${this.#unit}`
  }
}
