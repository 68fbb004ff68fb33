import type { Editor } from '../editor.js'
import { distance, type Point } from '../geometry.js'
import { created } from '../edit/content.js'
import { frameFor } from '../edit/group.js'
import { clamp, HIGHLIGHTER, STROKE_STEPS } from '../model.js'
import type { Pointer, Tool } from './tool.js'

/** A stroke goes on in another record after so many points, well before a record is full. */
const POINTS_MAX = 4_000
const PRESSURE_MAX = 127
/** Finer steps are not seen, and make a full board a sixth longer to load. */
const PRESSURE_STEP = 4
/** Of a pointer that cannot tell: it presses less the faster it goes, and eases from one to the other. */
const EASING = 0.18
const SLOW = 0.62
const FAST = 0.32
/** Pixels of the screen per millisecond. */
const FAST_SPEED = 2.4

/** Pen, marker and highlighter. */
export class FreeHand implements Tool {
  readonly cursor = 'crosshair'
  readonly number: number
  readonly #editor: Editor
  readonly #kind: number
  #stroke: Stroke | null = null
  #request = 0

  /** `kind`: `tool` of the strokes. */
  constructor(editor: Editor, kind: number) {
    this.#editor = editor
    this.#kind = kind
    this.number = 2 + kind
  }

  down(pointer: Pointer): void {
    if (this.#editor.readOnly) return
    this.#editor.begin()
    this.#stroke = new Stroke(this.#editor, this.#kind, pointer)
  }

  move(_: Pointer, trail: readonly Pointer[]): void {
    if (this.#stroke === null) return
    for (const pointer of trail) this.#stroke.add(pointer)
    this.#request ||= requestAnimationFrame(() => {
      this.#request = 0
      this.#stroke?.send()
    })
  }

  up(pointer: Pointer): void {
    if (this.#stroke === null) return
    this.#stroke.add(pointer)
    this.#stroke.send()
    this.#end()
  }

  cancel(): void {
    if (this.#stroke === null) return
    this.#stroke.discard()
    this.#end()
  }

  #end(): void {
    cancelAnimationFrame(this.#request)
    this.#request = 0
    this.#stroke = null
    this.#editor.end()
  }
}

/** One stroke under the hand: a record from the first point on, or several if it is very long. */
class Stroke {
  readonly #editor: Editor
  readonly #kind: number
  readonly #ids: string[] = []
  /** The last point, in steps: what was rounded away does not add up. */
  #last: Point
  #lastPointer: Pointer
  #pressure: number
  #count = 0
  #unsent: number[] = []

  constructor(editor: Editor, kind: number, pointer: Pointer) {
    this.#editor = editor
    this.#kind = kind
    this.#lastPointer = pointer
    this.#pressure = pointer.pressure ?? SLOW
    this.#last = steps(pointer.at)
    this.#open()
  }

  /** A record that begins where the last one ends. */
  #open(): void {
    const { scene, style } = this.#editor
    const { colour, size, opacity } = style
    const id = scene.collection.newId()
    const place = { x: this.#last.x / STROKE_STEPS, y: this.#last.y / STROKE_STEPS }
    const made = created(scene, id, {
      type: 'stroke',
      ...place,
      colour,
      size,
      opacity: this.#kind === HIGHLIGHTER ? 1 : opacity,
      tool: this.#kind,
      points: [0, 0, this.#wirePressure],
      frame: frameFor(scene, { ...place, w: 0, h: 0 }),
    })
    this.#count = 1
    if (this.#editor.apply([made])) this.#ids.push(id)
  }

  add(pointer: Pointer): void {
    this.#press(pointer)
    const at = steps(pointer.at)
    this.#lastPointer = pointer
    if (at.x === this.#last.x && at.y === this.#last.y) return
    this.#unsent.push(at.x - this.#last.x, at.y - this.#last.y, this.#wirePressure)
    this.#last = at
    if (++this.#count === POINTS_MAX) {
      this.send()
      this.#open()
    }
  }

  /** What has come since the last time. */
  send(): void {
    if (this.#unsent.length === 0) return
    const items = this.#unsent
    this.#unsent = []
    const id = this.#ids.at(-1)
    if (id === undefined || !this.#editor.scene.collection.has(id)) return
    this.#editor.attempt(() => this.#editor.scene.collection.append(id, 'points', items))
  }

  discard(): void {
    this.#editor.apply(this.#ids.map((id) => ({ id, delete: true })))
  }

  get #wirePressure(): number {
    const steps = Math.round((this.#pressure * PRESSURE_MAX) / PRESSURE_STEP)
    return clamp(PRESSURE_STEP * steps, 0, PRESSURE_MAX)
  }

  #press(pointer: Pointer): void {
    if (pointer.pressure !== null) {
      this.#pressure = pointer.pressure
      return
    }
    const ms = Math.max(1, pointer.time - this.#lastPointer.time)
    const speed = distance(pointer.screen, this.#lastPointer.screen) / ms
    const wanted = SLOW - (SLOW - FAST) * clamp(speed / FAST_SPEED, 0, 1)
    this.#pressure += (wanted - this.#pressure) * EASING
  }
}

function steps({ x, y }: Point): Point {
  return { x: Math.round(x * STROKE_STEPS), y: Math.round(y * STROKE_STEPS) }
}
