/** The others on the canvas: pointers with names, what they hold and draw, their carets, lasers. */
import type { Fields, Other } from '../tutti.js'
import type { Editor } from './editor.js'
import { middleOf, type Box, type Point } from './geometry.js'
import { decode, isLine, type BoardObject } from './model.js'
import { paint } from './paint.js'
import type { People, Person } from './people.js'
import { lettersOn } from './person_colour.js'
import { unturnedBox } from './shape.js'
import { stateOf } from './state.js'
import { SANS } from './style.js'
import { placeOf } from './text_layout.js'
import { wordsOf, writtenLines } from './words.js'

const SELECTION_MAX = 32
/** A pointer that rests so long shows no name. */
const REST_MS = 8_000
const LASER_MS = 700
const LASER_WIDTH = 5
/** After a change, interpolation still moves what it smooths for so long. */
const SMOOTHING_MS = 700
const LABEL_FONT = `600 12px ${SANS}`
const LABEL_WIDTH_MAX = 180
const LABEL_HEIGHT = 20

interface Spot extends Point {
  readonly at: number
}

/** What is remembered of someone between frames. */
interface Trace {
  at: Point
  movedAt: number
  laser: Spot[]
}

export class PeoplePainter {
  readonly #editor: Editor
  readonly #people: People
  readonly #traces = new Map<number, Trace>()
  #awakeUntil = 0
  readonly #ends: (() => void)[]

  constructor(editor: Editor, people: People) {
    this.#editor = editor
    this.#people = people
    const { room, renderer } = editor
    this.#ends = [
      renderer.overlay((ask, now) => this.#draw(ask, now)),
      room.others.on('change', ({ kind, id }) => {
        if (kind === 'leave') this.#traces.delete(id)
        this.#awakeUntil = performance.now() + SMOOTHING_MS
        renderer.refresh()
      }),
      people.on('follow', () => renderer.refresh()),
    ]
  }

  destroy(): void {
    for (const end of this.#ends) end()
  }

  #draw(ask: () => CanvasRenderingContext2D, now: number): void {
    const { room, renderer } = this.#editor
    const { followed } = this.#people
    const others = room.others.sample(now).filter(({ id }) => this.#isHere(id))
    if (others.length === 0 && followed === null) return
    const context = ask()
    let isMoving = now < this.#awakeUntil
    for (const other of others) this.#drawHeld(context, other)
    for (const other of others) {
      if (this.#drawPointer(context, other, this.#people.get(other.id)!, now)) isMoving = true
    }
    if (followed !== null) this.#drawFollowed(context, followed)
    if (isMoving) renderer.refresh()
  }

  #isHere(id: number): boolean {
    return this.#people.get(id)?.isAway === false
  }

  /** What someone has chosen, draws or writes in. */
  #drawHeld(context: CanvasRenderingContext2D, other: Other): void {
    const person = this.#people.get(other.id)!
    const { scene } = this.#editor
    const ids = Array.isArray(other['selection']) ? other['selection'] : []
    for (const id of ids.slice(0, SELECTION_MAX)) {
      const object = typeof id === 'string' ? scene.find(id) : undefined
      if (object !== undefined) this.#outline(context, object, person.colour)
    }
    this.#drawDraft(context, other)
    this.#drawCaret(context, other, person)
  }

  #outline(context: CanvasRenderingContext2D, object: BoardObject, colour: string): void {
    const { scene } = this.#editor
    context.save()
    this.#enter(context, unturnedBox(object, scene.find), isLine(object) ? 0 : object.angle)
    const { x, y, w, h } = unturnedBox(object, scene.find)
    context.strokeStyle = colour
    context.lineWidth = 1.5 / this.#editor.camera.zoom
    context.strokeRect(x, y, w, h)
    context.restore()
  }

  /** From here on, what is drawn is on the board, turned about the middle of a box. */
  #enter(context: CanvasRenderingContext2D, box: Box, angle: number): void {
    const { camera } = this.#editor
    const middle = middleOf(box)
    context.scale(camera.zoom, camera.zoom)
    context.translate(middle.x - camera.x, middle.y - camera.y)
    context.rotate(angle)
    context.translate(-middle.x, -middle.y)
  }

  /** Something takes shape that is no record yet: it has the fields that it will have. */
  #drawDraft(context: CanvasRenderingContext2D, other: Other): void {
    const { draft } = other
    const person = this.#people.get(other.id)
    const { camera, look } = this.#editor
    if (typeof draft !== 'object' || draft === null || Array.isArray(draft)) return
    const object = decode(`draft ${other.id}`, draft as Fields)
    if (object === undefined || person === undefined || !isDrawable(object)) return
    if (object.type === 'frame') {
      // Its paper goes under what it is drawn around; here it would lie over it.
      this.#outline(context, object, person.colour)
      return
    }
    context.save()
    context.scale(camera.zoom, camera.zoom)
    context.translate(-camera.x, -camera.y)
    context.globalAlpha = 0.7
    // It may say anything at any moment: nothing is fetched for it.
    paint(context, object, { ...look, image: () => null }, camera.zoom)
    context.restore()
  }

  #drawCaret(context: CanvasRenderingContext2D, other: Other, person: Person): void {
    const { caret } = stateOf(other['state'])
    const { scene, camera } = this.#editor
    const object = caret === null ? undefined : scene.find(caret[0])
    const words = object && wordsOf(object, scene.find)
    if (caret === null || object === undefined || !words) return
    context.save()
    this.#enter(context, unturnedBox(object, scene.find), isLine(object) ? 0 : object.angle)
    context.translate(object.x, object.y)
    const { layout } = words
    const lines = writtenLines(words)
    const [from, to] = [caret[1], caret[2]].map((index) => placeOf(layout, index))
    const edge = (line: number) => lines[line]!.y - layout.baseline
    context.fillStyle = person.colour
    context.globalAlpha = 0.22
    for (let line = from!.line; line <= to!.line && caret[1] !== caret[2]; line++) {
      const left = line === from!.line ? from!.x : 0
      const right = line === to!.line ? to!.x : layout.lines[line]!.width
      context.fillRect(lines[line]!.x + left, edge(line), right - left, layout.lineHeight)
    }
    context.globalAlpha = 1
    const width = 2 / camera.zoom
    const { line, x } = to!
    context.fillRect(lines[line]!.x + x - width / 2, edge(line), width, layout.lineHeight)
    context.restore()
  }

  /** Whether it will look different in the next frame. */
  #drawPointer(
    context: CanvasRenderingContext2D,
    other: Other,
    person: Person,
    now: number,
  ): boolean {
    const { x, y } = other
    if (typeof x !== 'number' || typeof y !== 'number') {
      const trace = this.#traces.get(other.id)
      if (trace === undefined) return false
      trace.laser = this.#drawLaser(context, trace.laser, person.colour, now)
      return trace.laser.length > 0
    }
    const trace = this.#traces.get(other.id) ?? { at: { x, y }, movedAt: now, laser: [] }
    this.#traces.set(other.id, trace)
    if (trace.at.x !== x || trace.at.y !== y) {
      trace.at = { x, y }
      trace.movedAt = now
    }
    if (other['laser'] === true) trace.laser.push({ x, y, at: now })
    trace.laser = this.#drawLaser(context, trace.laser, person.colour, now)
    const at = this.#editor.camera.toScreen(trace.at)
    const rests = now - trace.movedAt > REST_MS
    drawArrow(context, at, person, rests)
    return trace.laser.length > 0
  }

  /** What is left of a laser's trail, which fades from its end. */
  #drawLaser(
    context: CanvasRenderingContext2D,
    spots: readonly Spot[],
    colour: string,
    now: number,
  ): Spot[] {
    const left = spots.filter(({ at }) => now - at < LASER_MS)
    context.strokeStyle = colour
    context.lineCap = 'round'
    for (let i = 1; i < left.length; i++) {
      const freshness = 1 - (now - left[i]!.at) / LASER_MS
      const [a, b] = [left[i - 1]!, left[i]!].map((spot) => this.#editor.camera.toScreen(spot))
      context.globalAlpha = freshness
      context.lineWidth = LASER_WIDTH * freshness
      context.beginPath()
      context.moveTo(a!.x, a!.y)
      context.lineTo(b!.x, b!.y)
      context.stroke()
    }
    context.globalAlpha = 1
    return left
  }

  #drawFollowed(context: CanvasRenderingContext2D, { colour }: Person): void {
    const { width, height } = this.#editor.camera
    context.strokeStyle = colour
    context.lineWidth = 6
    context.strokeRect(0, 0, width, height)
  }
}

/** What a stranger sends can be drawn in a moment. */
function isDrawable({ points, text }: BoardObject): boolean {
  return points.length < 3_000 && text.length === 0
}

const ARROW =
  'M0 0 L0 15.2 C0 16.2 1.1 16.7 1.8 16 L5.4 12.4 C5.7 12.1 6.1 12 6.5 12 L11.4 12 C12.4 12 12.9 10.8 12.2 10.1 L1.7 -0.7 C1 -1.4 0 -1 0 0 Z'
let arrow: Path2D | undefined

function drawArrow(
  context: CanvasRenderingContext2D,
  { x, y }: Point,
  { name, colour }: Person,
  rests: boolean,
): void {
  arrow ??= new Path2D(ARROW)
  context.save()
  context.translate(x, y)
  context.globalAlpha = rests ? 0.6 : 1
  context.fillStyle = colour
  context.strokeStyle = '#ffffff'
  context.lineWidth = 1.5
  context.lineJoin = 'round'
  context.stroke(arrow)
  context.fill(arrow)
  if (!rests) drawName(context, name, colour)
  context.restore()
}

/** Measured once: measuring takes longer than drawing. */
const labels = new Map<string, { text: string; width: number }>()
const LABELS_MAX = 1_000

function drawName(context: CanvasRenderingContext2D, name: string, colour: string): void {
  context.font = LABEL_FONT
  let label = labels.get(name)
  if (label === undefined) {
    if (labels.size >= LABELS_MAX) labels.clear()
    labels.set(name, (label = labelOf(context, name)))
  }
  context.beginPath()
  context.roundRect(11, 14, label.width + 14, LABEL_HEIGHT, 10)
  context.fill()
  context.fillStyle = lettersOn(colour)
  context.textAlign = 'left'
  context.textBaseline = 'middle'
  context.fillText(label.text, 18, 14.5 + LABEL_HEIGHT / 2)
}

function labelOf(context: CanvasRenderingContext2D, name: string) {
  let text = name
  while (context.measureText(text).width > LABEL_WIDTH_MAX) text = `${text.slice(0, -2).trimEnd()}…`
  return { text, width: context.measureText(text).width }
}
