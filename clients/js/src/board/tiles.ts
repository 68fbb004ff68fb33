/**
 * Pictures of square parts of the board at one scale, and of those before it until they are
 * replaced. Making one may take several frames; so does mending a part of one.
 */
import type { Camera } from './camera.js'
import { contains, grown, meets, union, type Box } from './geometry.js'
import type { BoardObject } from './model.js'
import { paint, type Look } from './paint.js'
import type { Scene } from './scene.js'

/** Pixels of the canvas. */
export const SIDE = 512
/** As many are kept as cover what shows this many times, and this many at least. */
const COVERS = 3
const KEPT_MIN = 24
/** Zooming by wheel makes a scale of its own in every frame: sharp ones wait for its end. */
const STEADY_MS = 120

/** What shows of the board in a box, as far as it has been drawn. */
interface Picture {
  readonly box: Box
  readonly context: CanvasRenderingContext2D
}

/** What is left to draw, into `box`. */
interface Job {
  readonly box: Box
  readonly objects: readonly BoardObject[]
  next: number
  readonly onto: CanvasRenderingContext2D
}

interface Tile extends Picture {
  readonly key: string
  /** Nothing has been drawn on it yet. */
  isBlank: boolean
  /** What of the board is drawn differently on it than it should be. */
  spoilt: Box | null
  /** The mending under way. */
  job: Job | null
  usedAt: number
}

export class Tiles {
  readonly #scene: Scene
  readonly #isElsewhere: (id: string) => boolean
  #scale = 0
  #tiles = new Map<string, Tile>()
  /** Of the scale before. */
  #old: Tile[] = []
  /** Stands for all tiles until they are made. */
  #first: { readonly job: Job; readonly scale: number } | null = null
  #wanted = 0
  #wantedAt = 0
  /** As many cover what is to show. */
  #shown = Infinity
  #spare: CanvasRenderingContext2D[] = []

  /** `isElsewhere`: objects that are drawn by someone else. */
  constructor(scene: Scene, isElsewhere: (id: string) => boolean) {
    this.#scene = scene
    this.#isElsewhere = isElsewhere
  }

  /** Everything has to be drawn again. */
  forget(): void {
    for (const tile of this.#tiles.values()) this.#spoil(tile, tile.box)
    this.#drop(this.#old)
    this.#old = []
    this.#first = null
  }

  /**
   * What is drawn here is different. The first picture stays: it would leave a gap, and is not for
   * long.
   */
  spoil(box: Box): void {
    for (const tile of this.#tiles.values()) if (meets(tile.box, box)) this.#spoil(tile, box)
    const gone = this.#old.filter((tile) => meets(tile.box, box))
    this.#old = this.#old.filter((tile) => !gone.includes(tile))
    this.#drop(gone)
  }

  /** What is being mended goes on: it looks at each object when its turn comes. */
  #spoil(tile: Tile, box: Box): void {
    tile.spoilt = tile.spoilt === null ? box : union([tile.spoilt, box])
  }

  /**
   * Works until `deadline` on one picture of all of `area`, which is sooner made than many tiles;
   * whether there is more to do. Tiles take its place when they are made.
   */
  makeFirst(area: Box, scale: number, look: Look, deadline: number): boolean {
    this.#first ??= { job: this.#beginFirst(area, scale), scale }
    return !this.#goOn(this.#first.job, this.#first.scale, look, deadline)
  }

  #beginFirst({ x, y, w, h }: Box, scale: number): Job {
    const [left, top] = [Math.round(x * scale), Math.round(y * scale)]
    const [width, height] = [Math.ceil(w * scale), Math.ceil(h * scale)]
    const onto = fresh(width, height)
    onto.setTransform(scale, 0, 0, scale, -left, -top)
    const box = { x: left / scale, y: top / scale, w: width / scale, h: height / scale }
    return { box, objects: this.#scene.in(box), next: 0, onto }
  }

  /** Whether the first picture still shows all of `area` as it should be. */
  isFirst(area: Box, scale: number): boolean {
    if (this.#first === null || this.#first.scale !== scale) return false
    return contains(grown(this.#first.job.box, 1 / scale), area)
  }

  /** Works until `deadline` on `area`, which is to show at `scale`; whether there is more to do. */
  make(area: Box, scale: number, look: Look, deadline: number): boolean {
    const now = performance.now()
    if (scale !== this.#wanted) {
      this.#wanted = scale
      this.#wantedAt = now
    }
    if (scale !== this.#scale) {
      if (this.#tiles.size > 0 && now - this.#wantedAt < STEADY_MS) return true
      this.#rescale(scale)
    }
    const tiles = this.#covering(area, now)
    let isDone = true
    for (const tile of tiles) {
      if (tile.spoilt === null && tile.job === null) continue
      if (performance.now() >= deadline || !this.#mend(tile, look, deadline)) isDone = false
    }
    if (isDone) {
      this.#drop(this.#old)
      this.#old = []
      this.#first = null
    }
    this.#trim(tiles.length)
    return !isDone
  }

  /**
   * Draws what there is at `scale`: sharp pictures where they are made, those of the scale before
   * where they are not, and `under` where there are none at all.
   */
  draw(context: CanvasRenderingContext2D, camera: Camera, scale: number, under?: Tiles): void {
    const ready = this.#ready(camera.box)
    const old = this.#old.filter((tile) => meets(tile.box, camera.box))
    if (ready.length < this.#shown || scale !== this.#scale) {
      context.save()
      clipOut(context, ready, camera, scale)
      if (under !== undefined) {
        context.save()
        clipOut(context, old, camera, scale)
        under.draw(context, camera, scale)
        context.restore()
      }
      if (this.#first !== null) {
        const { box, onto } = this.#first.job
        place(context, { box, context: onto }, camera, scale)
      }
      for (const tile of old) place(context, tile, camera, scale)
      context.restore()
    }
    for (const tile of ready) place(context, tile, camera, scale)
  }

  #ready(area: Box): Tile[] {
    return [...this.#tiles.values()].filter((tile) => !tile.isBlank && meets(tile.box, area))
  }

  #rescale(scale: number): void {
    const kept = [...this.#tiles.values()].filter((tile) => !tile.isBlank && tile.spoilt === null)
    this.#drop([...this.#tiles.values()].filter((tile) => !kept.includes(tile)))
    if (kept.length > 0) {
      this.#drop(this.#old)
      this.#old = kept
    }
    this.#tiles = new Map()
    this.#scale = scale
  }

  #covering({ x, y, w, h }: Box, now: number): Tile[] {
    const side = SIDE / this.#scale
    const tiles: Tile[] = []
    for (let j = Math.floor(y / side); j * side < y + h; j++) {
      for (let i = Math.floor(x / side); i * side < x + w; i++) {
        const tile = this.#tile(i, j, side)
        tile.usedAt = now
        tiles.push(tile)
      }
    }
    return tiles
  }

  #tile(i: number, j: number, side: number): Tile {
    const key = `${i} ${j}`
    let tile = this.#tiles.get(key)
    if (tile === undefined) {
      const box = { x: i * side, y: j * side, w: side, h: side }
      const context = this.#canvas()
      tile = { key, box, context, isBlank: true, spoilt: box, job: null, usedAt: 0 }
      this.#tiles.set(key, tile)
    }
    return tile
  }

  /** Goes on drawing until `deadline`; whether the tile is as it should be. */
  #mend(tile: Tile, look: Look, deadline: number): boolean {
    if (tile.job === null) this.#begin(tile)
    if (!this.#goOn(tile.job!, this.#scale, look, deadline)) return false
    this.#finish(tile)
    // It may have been spoilt anew while it was being mended.
    return tile.spoilt === null
  }

  /** Whether all of it is drawn. */
  #goOn(job: Job, scale: number, look: Look, deadline: number): boolean {
    const { objects, onto } = job
    while (job.next < objects.length) {
      const object = this.#scene.find(objects[job.next++]!.id)
      if (object !== undefined && !this.#isElsewhere(object.id)) paint(onto, object, look, scale)
      if (job.next % 8 === 0 && performance.now() >= deadline) break
    }
    return job.next === objects.length
  }

  #begin(tile: Tile): void {
    const side = SIDE / this.#scale
    const pixel = side / SIDE
    const part = aligned(grown(tile.spoilt!, pixel), tile.box, pixel)
    // What nobody has seen yet need not be drawn aside.
    const onto = tile.isBlank ? tile.context : this.#canvas()
    const { x, y } = tile.box
    onto.setTransform(this.#scale, 0, 0, this.#scale, -x * this.#scale, -y * this.#scale)
    onto.save()
    onto.beginPath()
    onto.rect(part.x, part.y, part.w, part.h)
    onto.clip()
    tile.spoilt = null
    tile.job = { box: part, objects: this.#scene.in(part), next: 0, onto }
  }

  /** The new part takes the old one's place at once, so that nobody sees it half drawn. */
  #finish(tile: Tile): void {
    const { box, onto } = tile.job!
    onto.restore()
    tile.job = null
    tile.isBlank = false
    if (onto === tile.context) return
    const at = (length: number) => Math.round(length * this.#scale)
    const [x, y, w, h] = [at(box.x - tile.box.x), at(box.y - tile.box.y), at(box.w), at(box.h)]
    if (w > 0 && h > 0) {
      tile.context.setTransform(1, 0, 0, 1, 0, 0)
      tile.context.clearRect(x, y, w, h)
      tile.context.drawImage(onto.canvas, x, y, w, h, x, y, w, h)
    }
    this.#spare.push(onto)
  }

  #trim(shown: number): void {
    this.#shown = shown
    const most = Math.max(KEPT_MIN, COVERS * shown)
    if (this.#tiles.size <= most) return
    const oldest = [...this.#tiles.values()].sort((a, b) => a.usedAt - b.usedAt)
    const gone = oldest.slice(0, this.#tiles.size - most)
    for (const tile of gone) this.#tiles.delete(tile.key)
    this.#drop(gone)
  }

  #canvas(): CanvasRenderingContext2D {
    const context = this.#spare.pop() ?? fresh(SIDE, SIDE)
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.clearRect(0, 0, SIDE, SIDE)
    return context
  }

  #drop(tiles: readonly Tile[]): void {
    for (const { context, job } of tiles) {
      if (job !== null) job.onto.restore()
      for (const canvas of new Set([context, job?.onto ?? context])) {
        if (this.#spare.length < KEPT_MIN) this.#spare.push(canvas)
      }
    }
  }
}

function fresh(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  return canvas.getContext('2d')!
}

/** The part of `box` within `tile`, out to whole pixels of it. */
function aligned(box: Box, tile: Box, pixel: number): Box {
  const down = (at: number) => Math.floor(at / pixel) * pixel
  const up = (at: number) => Math.ceil(at / pixel) * pixel
  const x = Math.max(0, down(box.x - tile.x))
  const y = Math.max(0, down(box.y - tile.y))
  const right = Math.min(tile.w, up(box.x + box.w - tile.x))
  const bottom = Math.min(tile.h, up(box.y + box.h - tile.y))
  return { x: tile.x + x, y: tile.y + y, w: Math.max(0, right - x), h: Math.max(0, bottom - y) }
}

/** At whole pixels where the picture is of this scale. */
function place(context: CanvasRenderingContext2D, picture: Picture, camera: Camera, scale: number) {
  const { x, y, w, h } = picture.box
  const [left, top] = [Math.round(camera.x * scale), Math.round(camera.y * scale)]
  const { canvas } = picture.context
  context.drawImage(canvas, x * scale - left, y * scale - top, w * scale, h * scale)
}

/** What is drawn from now on shows only where these tiles are not. */
function clipOut(
  context: CanvasRenderingContext2D,
  tiles: readonly Tile[],
  { x, y }: Camera,
  scale: number,
): void {
  const { width, height } = context.canvas
  const [left, top] = [Math.round(x * scale), Math.round(y * scale)]
  context.beginPath()
  context.rect(0, 0, width, height)
  for (const { box } of tiles) {
    context.rect(box.x * scale - left, box.y * scale - top, box.w * scale, box.h * scale)
  }
  context.clip('evenodd')
}
