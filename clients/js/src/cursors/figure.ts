import type { Other, Value } from '../tutti.js'
import type { Point } from './frame.js'

const IDLE_MS = 12_000
const NAME_LENGTH_MAX = 40
const SAY_LENGTH_MAX = 200
const GOLDEN_ANGLE = 137.508

const ARROW = `
<svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
  <path d="M5.2 3.3v14.9c0 1 1.2 1.5 1.9.8l3.5-3.6c.3-.3.6-.4 1-.4h5c1 0 1.5-1.2.8-1.9L7.1 2.5c-.7-.7-1.9-.2-1.9.8Z"/>
</svg>`
/** Where the arrow points, in its own picture. */
const TIP: Point = { x: 5, y: 2 }

/** One other's cursor: an arrow, and a label with the name and what is being said. */
export class Figure {
  readonly element = document.createElement('div')
  readonly #name = document.createElement('b')
  readonly #say = document.createElement('span')
  #at: Point = { x: NaN, y: NaN }
  #movedAt = 0

  constructor(member: Other) {
    this.element.className = 'cursor'
    this.element.innerHTML = ARROW
    const label = document.createElement('div')
    label.className = 'label'
    label.append(this.#name, this.#say)
    this.element.append(label)
    this.update(member)
  }

  /** Who it is and what is said; all of it comes from strangers. */
  update({ id, user, away, state }: Other): void {
    paint(this.element, id, user)
    this.#name.textContent = textOf(user, 'name', NAME_LENGTH_MAX) || 'Guest'
    this.#say.textContent = textOf(state ?? null, 'say', SAY_LENGTH_MAX)
    this.element.classList.toggle('says', this.#say.textContent !== '')
    this.element.classList.toggle('away', away)
    this.element.classList.toggle('out', isOut(state ?? null))
  }

  /** Puts it there. True while it is worth looking at again soon. */
  place(at: Point, now: number): boolean {
    const moved = at.x !== this.#at.x || at.y !== this.#at.y
    if (moved) {
      this.#at = at
      this.#movedAt = now
      this.element.style.transform = `translate3d(${at.x - TIP.x}px, ${at.y - TIP.y}px, 0)`
    }
    this.element.classList.toggle('idle', now - this.#movedAt > IDLE_MS)
    return moved
  }
}

function isOut(state: Value): boolean {
  return typeof state === 'object' && state !== null && 'out' in state
}

function textOf(value: Value, key: string, lengthMax: number): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return ''
  const text = (value as { [key: string]: Value })[key]
  return typeof text === 'string' ? text.slice(0, lengthMax) : ''
}

/** What an element of this member's is painted in. */
export function paint(element: HTMLElement, id: number, user: Value): void {
  const color = colorOf(id, user)
  element.style.setProperty('--color', color)
  element.style.setProperty('--ink', inkOn(color))
}

/** The one that the member chose, else one by its number: neighbours in time look different. */
export function colorOf(id: number, user: Value): string {
  const chosen = textOf(user, 'color', 64)
  if (chosen !== '' && CSS.supports('color', chosen)) return chosen
  return `oklch(0.53 0.17 ${Math.round((id * GOLDEN_ANGLE) % 360)})`
}

const inks = new Map<string, string>()
let pixel: CanvasRenderingContext2D | null = null

/** Black or white, whichever is easier to read on this colour. */
function inkOn(color: string): string {
  let ink = inks.get(color)
  if (ink !== undefined) return ink
  pixel ??= document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  if (pixel === null) return '#fff'
  pixel.fillStyle = '#000'
  pixel.fillStyle = color
  pixel.fillRect(0, 0, 1, 1)
  const [r, g, b] = [...pixel.getImageData(0, 0, 1, 1).data].map((byte) => linear(byte / 255))
  const luminance = 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
  ink = 1.05 / (luminance + 0.05) >= 4 ? '#fff' : '#000'
  if (inks.size > 1_000) inks.clear()
  inks.set(color, ink)
  return ink
}

function linear(channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
}
