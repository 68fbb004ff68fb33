import { coloursOf, paintGround } from './ground_paint.js'
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
/** Tyre marks that are painted again with a tile that was given up. */
const MARKS_MAX = 3_000

/** The land under the cars: painted once, in tiles, and only shown from then on. */
export class Ground {
  #road
  #scale
  #colours
  #textures
  #tiles = new Map()
  #overview
  #frame = 0
  #marks = []
  #nextMark = 0

  /** `scale`: pixels of a tile for a metre. */
  constructor(road, { scale, night }) {
    this.#road = road
    this.#scale = scale
    this.#colours = coloursOf(road, night)
    this.#overview = this.#paintOverview()
  }

  /** Draws what `camera` sees into a context in metres, and paints a few tiles that are missing. */
  draw(context, camera) {
    this.#frame++
    const { west, north, east, south } = this.#overview.box
    const view = camera.box()
    context.fillStyle = this.#colours.country
    context.fillRect(view.west, view.north, view.east - view.west, view.south - view.north)
    if (this.#showsAll(camera)) {
      context.drawImage(this.#overview.canvas, west, north, east - west, south - north)
      return
    }
    const missing = []
    const inSight = tilesIn(view).filter(([column, row]) => {
      return camera.sees((column + 0.5) * TILE, (row + 0.5) * TILE, TILE * Math.SQRT1_2)
    })
    const isBare = inSight.some(([column, row]) => !this.#tiles.has(keyOf(column, row)))
    if (isBare) context.drawImage(this.#overview.canvas, west, north, east - west, south - north)
    for (const [column, row] of inSight) {
      const tile = this.#tiles.get(keyOf(column, row))
      if (tile === undefined) missing.push([column, row])
      else this.#show(context, tile)
    }
    this.#paintSome(missing, tilesIn(camera.box(TILE / 2)))
  }

  /** A tyre's mark: from (x1, y1) to (x2, y2), `strength` 0..1. */
  mark(x1, y1, x2, y2, strength, colour) {
    const mark = { x1, y1, x2, y2, strength, colour }
    this.#marks[this.#nextMark] = mark
    this.#nextMark = (this.#nextMark + 1) % MARKS_MAX
    for (const [column, row] of tilesIn(boxOf(mark))) {
      const tile = this.#tiles.get(keyOf(column, row))
      if (tile !== undefined) paintMark(tile.context, mark)
    }
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
  #paintSome(missing, around) {
    const wanted =
      missing.length > 0 ? missing : around.filter((at) => !this.#tiles.has(keyOf(...at)))
    const began = performance.now()
    for (const [column, row] of wanted) {
      this.#tiles.set(keyOf(column, row), this.#paint(column, row))
      if (missing.length === 0 || performance.now() - began > PAINTING_MS) break
    }
    if (wanted.length > 0) this.#giveUpOldest()
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
    for (const mark of this.#marks) paintMark(context, mark)
    return { canvas, context, column, row, shown: this.#frame }
  }

  #giveUpOldest() {
    const bytes = 4 * (TILE * this.#scale + 2 * OVERLAP) ** 2
    while (this.#tiles.size * bytes > BYTES_MAX) {
      let oldest = null
      for (const [key, { shown }] of this.#tiles) {
        if (oldest === null || shown < this.#tiles.get(oldest).shown) oldest = key
      }
      if (this.#tiles.get(oldest).shown >= this.#frame - 1) return
      this.#tiles.delete(oldest)
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

function paintMark(context, { x1, y1, x2, y2, strength, colour }) {
  context.globalAlpha = strength
  context.strokeStyle = colour
  context.lineWidth = 0.34
  context.lineCap = 'butt'
  context.beginPath()
  context.moveTo(x1, y1)
  context.lineTo(x2, y2)
  context.stroke()
  context.globalAlpha = 1
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

function keyOf(column, row) {
  return `${column} ${row}`
}
