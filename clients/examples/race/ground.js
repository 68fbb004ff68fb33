import { coloursOf, paintGround } from './ground_paint.js'
import { Marks } from './marks.js'
import { texturesFor } from './textures.js'

/** Metres along the side of a tile. */
const TILE = 40
/** Pixels by which tiles overlap, lest a seam shows where they are turned. */
const OVERLAP = 1
const BYTES_MAX = 144 * 2 ** 20
/** The small picture of all of it, under tiles that are not painted yet: pixels along its side. */
const OVERVIEW = 1_400
const BEYOND = 60
/** Of the time until the next frame, how much new tiles may take, in milliseconds. */
const PAINTING_MS = 5
/** Whoever drives sees so far around the road, in metres. */
const SIGHT = 80

/** The land under the cars: painted once, in tiles, and only shown from then on. */
export class Ground {
  #road
  #scale
  #colours
  #textures
  #tiles = new Map()
  #overview
  #frame = 0
  #marks = new Marks()
  /** Tiles along the road that nobody has needed yet, from the start on. */
  #ahead

  /** `scale`: pixels of a tile for a metre. */
  constructor(road, { scale, night }) {
    this.#road = road
    this.#scale = scale
    this.#colours = coloursOf(road, night)
    this.#overview = this.#paintOverview()
    this.#ahead = tilesAlong(road).slice(0, Math.floor(BYTES_MAX / this.#tileBytes))
  }

  /**
   * Draws what `camera` sees into a context in metres, and paints a few tiles that are missing. Gives
   * whether none is missing.
   */
  draw(context, camera) {
    this.#frame++
    this.#marks.paintFresh((key) => this.#tiles.get(key)?.context)
    const { west, north, east, south } = this.#overview.box
    const view = camera.box()
    const showsAll = this.#showsAll(camera)
    const inSight = showsAll ? [] : tilesIn(view).filter((at) => isSeen(at, camera))
    const missing = inSight.filter((at) => !this.#tiles.has(keyOf(...at)))
    if (showsAll || missing.length > 0) {
      context.fillStyle = this.#colours.country
      context.fillRect(view.west, view.north, view.east - view.west, view.south - view.north)
      context.drawImage(this.#overview.canvas, west, north, east - west, south - north)
    }
    for (const at of inSight) {
      const tile = this.#tiles.get(keyOf(...at))
      if (tile !== undefined) this.#show(context, tile)
    }
    if (showsAll) return true
    this.#paintSome(missing, camera)
    return missing.length === 0
  }

  /** Paints tiles along the road before anyone drives there, for as long as a frame has time. */
  prepare() {
    const began = performance.now()
    while (this.#ahead.length > 0 && performance.now() - began < PAINTING_MS) {
      const [column, row] = this.#ahead.shift()
      if (!this.#tiles.has(keyOf(column, row))) this.#add(column, row)
    }
  }

  /** A tyre's mark: from (x1, y1) to (x2, y2), with an ink of marks.js. */
  mark(x1, y1, x2, y2, ink) {
    const mark = { x1, y1, x2, y2, ink }
    const keys = tilesIn(boxOf(mark)).map((at) => keyOf(...at))
    this.#marks.add(mark, keys)
  }

  get #tileBytes() {
    return 4 * (TILE * this.#scale + 2 * OVERLAP) ** 2
  }

  /** So far from where tiles show that the small picture is as sharp. */
  #showsAll(camera) {
    return camera.scale <= 1.2 * this.#overview.scale
  }

  #show(context, tile) {
    tile.shown = this.#frame
    const more = OVERLAP / this.#scale
    const side = TILE + 2 * more
    context.drawImage(tile.canvas, tile.column * TILE - more, tile.row * TILE - more, side, side)
  }

  /** Those in sight first, then those around them, as long as there is time; one in any case. */
  #paintSome(missing, camera) {
    const isMissing = (at) => !this.#tiles.has(keyOf(...at))
    const wanted = missing.length > 0 ? missing : tilesIn(camera.box(TILE / 2)).filter(isMissing)
    const began = performance.now()
    for (const [column, row] of wanted) {
      this.#add(column, row)
      if (missing.length === 0 || performance.now() - began > PAINTING_MS) break
    }
    if (wanted.length > 0) this.#giveUpSome(camera)
  }

  #add(column, row) {
    this.#tiles.set(keyOf(column, row), this.#paint(column, row))
  }

  #paint(column, row) {
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = TILE * this.#scale + 2 * OVERLAP
    const context = canvas.getContext('2d', { alpha: false })
    const more = OVERLAP / this.#scale
    const [west, north] = [column * TILE - more, row * TILE - more]
    context.scale(this.#scale, this.#scale)
    context.translate(-west, -north)
    this.#textures ??= texturesFor(context)
    const box = { west, north, east: west + TILE + 2 * more, south: north + TILE + 2 * more }
    paintGround(context, this.#road, box, { colours: this.#colours, textures: this.#textures })
    this.#marks.paintAll(context, keyOf(column, row))
    return { canvas, context, column, row, shown: this.#frame }
  }

  /** Those farthest away go first, but none that shows. */
  #giveUpSome({ x, y }) {
    const distance = ({ column, row }) =>
      Math.hypot((column + 0.5) * TILE - x, (row + 0.5) * TILE - y)
    while (this.#tiles.size * this.#tileBytes > BYTES_MAX) {
      const hidden = [...this.#tiles].filter(([, { shown }]) => shown < this.#frame)
      if (hidden.length === 0) return
      const [farthest] = hidden.sort(([, a], [, b]) => distance(b) - distance(a))
      this.#tiles.delete(farthest[0])
    }
  }

  #paintOverview() {
    const { west, north, east, south } = this.#road.box
    const box = {
      west: west - BEYOND,
      north: north - BEYOND,
      east: east + BEYOND,
      south: south + BEYOND,
    }
    const scale = OVERVIEW / Math.max(box.east - box.west, box.south - box.north)
    return { canvas: pictureOf(this.#road, box, scale, this.#colours), box, scale }
  }
}

/** All of a track in the middle of a canvas of its own; `scale`: pixels for a metre. */
export function trackPicture(road, { scale, width, height, night }) {
  const { west, north, east, south } = road.box
  const [x, y] = [(west + east) / 2, (north + south) / 2]
  const [wide, tall] = [width / scale / 2, height / scale / 2]
  const box = { west: x - wide, north: y - tall, east: x + wide, south: y + tall }
  return pictureOf(road, box, scale, coloursOf(road, night))
}

function pictureOf(road, box, scale, colours) {
  const canvas = document.createElement('canvas')
  canvas.width = Math.ceil((box.east - box.west) * scale)
  canvas.height = Math.ceil((box.south - box.north) * scale)
  const context = canvas.getContext('2d', { alpha: false })
  // A part of a pixel at the edge is land too.
  context.fillStyle = colours.country
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.scale(scale, scale)
  context.translate(-box.west, -box.north)
  paintGround(context, road, box, { colours })
  return canvas
}

function boxOf({ x1, y1, x2, y2 }) {
  const [west, east] = x1 < x2 ? [x1, x2] : [x2, x1]
  const [north, south] = y1 < y2 ? [y1, y2] : [y2, y1]
  return { west: west - 1, north: north - 1, east: east + 1, south: south + 1 }
}

function tilesIn({ west, north, east, south }) {
  const tiles = []
  for (let row = Math.floor(north / TILE); row * TILE < south; row++) {
    for (let column = Math.floor(west / TILE); column * TILE < east; column++) {
      tiles.push([column, row])
    }
  }
  return tiles
}

function isSeen([column, row], camera) {
  return camera.sees((column + 0.5) * TILE, (row + 0.5) * TILE, TILE * Math.SQRT1_2)
}

/** All tiles that are within sight of the road, in the order in which they come into it. */
function tilesAlong(road) {
  const tiles = new Map()
  for (let along = 0; along < road.length; along += TILE / 2) {
    const { x, y } = road.at(along)
    const box = { west: x - SIGHT, north: y - SIGHT, east: x + SIGHT, south: y + SIGHT }
    for (const at of tilesIn(box)) tiles.set(keyOf(...at), at)
  }
  return [...tiles.values()]
}

function keyOf(column, row) {
  return `${column} ${row}`
}
