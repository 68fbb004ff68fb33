/**
 * Many things that are moved together, as one picture that is drawn once and shifted with them: to
 * draw thousands of strokes takes longer than a frame has.
 */
import type { Camera } from './camera.js'
import { contains, grown, meets, type Box, type Point } from './geometry.js'
import { isAttached, type BoardObject } from './model.js'
import { paint, type Look } from './paint.js'
import type { Scene } from './scene.js'

/** Fewer are drawn one by one; so are those among many that do not move as the others do. */
const MANY = 100
/** What the picture shows beyond the view, of its sides; less where that took too many pixels. */
const MARGIN = 0.5
const PIXELS_MAX = 16 << 20
/** Places are sums, which are rounded. */
const SAME_PIXELS = 1e-6

interface Picture {
  readonly canvas: HTMLCanvasElement
  /** What of the board it shows, with the objects where they were. */
  readonly part: Box
  readonly objects: ReadonlyMap<string, BoardObject>
  readonly scale: number
  readonly look: Look
}

export class Lifted {
  readonly #scene: Scene
  #picture: Picture | null = null
  readonly #strays = new Set<string>()
  /** They are resized, turned or restyled, or move in several ways: a picture helps with none of it. */
  #areApart = false

  constructor(scene: Scene) {
    this.#scene = scene
  }

  /**
   * Draws those of the objects that move together, the lowest first; gives those that are left to be
   * drawn one by one. They show over the others meanwhile.
   */
  draw(
    context: CanvasRenderingContext2D,
    objects: readonly BoardObject[],
    camera: Camera,
    scale: number,
    look: Look,
  ): readonly BoardObject[] {
    if (objects.length <= MANY) {
      this.#forget()
      return objects
    }
    if (this.#areApart) return objects
    for (const object of objects) if (isAttached(object)) this.#strays.add(object.id)
    let shift = this.#shiftOf(objects, camera.box, scale, look)
    if (this.#areApart) {
      this.#picture = null
      return objects
    }
    if (shift === null) {
      const together = objects.filter(({ id }) => !this.#strays.has(id))
      this.#picture = this.#paint(together, camera.box, scale, look)
      shift = { x: 0, y: 0 }
    }
    const { canvas, part } = this.#picture!
    const at = (place: number, moved: number, origin: number) =>
      Math.round(place * scale) + Math.round(moved * scale) - Math.round(origin * scale)
    context.save()
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.drawImage(canvas, at(part.x, shift.x, camera.x), at(part.y, shift.y, camera.y))
    context.restore()
    return objects.filter(({ id }) => this.#strays.has(id))
  }

  #forget(): void {
    this.#picture = null
    this.#strays.clear()
    this.#areApart = false
  }

  /** How far the picture is to be moved; null where there is none of all that there is to show. */
  #shiftOf(objects: readonly BoardObject[], view: Box, scale: number, look: Look): Point | null {
    const picture = this.#picture
    if (picture === null) return null
    const before = this.#strays.size
    let shift: Point | null = null
    let found = 0
    for (const object of objects) {
      if (this.#strays.has(object.id)) continue
      const drawn = picture.objects.get(object.id)
      shift ??= drawn === undefined ? null : { x: object.x - drawn.x, y: object.y - drawn.y }
      if (shift !== null && isShifted(drawn, object, shift)) found++
      else this.#strays.add(object.id)
    }
    this.#areApart = this.#strays.size - before > MANY
    const isWhole = found === picture.objects.size && this.#strays.size === before
    if (!isWhole || shift === null || picture.scale !== scale || picture.look !== look) return null
    const { x, y, w, h } = picture.part
    return contains({ x: x + shift.x, y: y + shift.y, w, h }, view) ? shift : null
  }

  #paint(objects: readonly BoardObject[], view: Box, scale: number, look: Look): Picture {
    const part = partAround(view, scale)
    const canvas = document.createElement('canvas')
    canvas.width = Math.ceil(part.w * scale)
    canvas.height = Math.ceil(part.h * scale)
    const context = canvas.getContext('2d')!
    const [left, top] = [Math.round(part.x * scale), Math.round(part.y * scale)]
    context.setTransform(scale, 0, 0, scale, -left, -top)
    for (const object of objects) {
      const box = this.#scene.paintBox(object.id)
      if (box !== undefined && meets(box, part)) paint(context, object, look, scale)
    }
    return { canvas, part, objects: new Map(objects.map((each) => [each.id, each])), scale, look }
  }
}

function partAround(view: Box, scale: number): Box {
  const pixels = view.w * view.h * scale * scale
  const room = Math.sqrt(Math.max(1, PIXELS_MAX / pixels)) - 1
  const margin = Math.min(MARGIN, room / 2)
  return grown(view, margin * Math.min(view.w, view.h))
}

/** The same object somewhere else. */
function isShifted(a: BoardObject | undefined, b: BoardObject, shift: Point): boolean {
  if (a === undefined) return false
  if (Math.abs(b.x - a.x - shift.x) > SAME_PIXELS) return false
  if (Math.abs(b.y - a.y - shift.y) > SAME_PIXELS) return false
  for (const key of Object.keys(b) as (keyof BoardObject)[]) {
    if (key !== 'x' && key !== 'y' && a[key] !== b[key]) return false
  }
  return true
}
