/** The newest ones of a tile; older ones fade from the road by not being painted again. */
const TILE_MAX = 400
const WIDTH = 0.34

/**
 * Tyre marks by the tile that they lie on: { x1, y1, x2, y2, ink }, in metres; an ink has a colour and
 * a strength 0..1, and those of one ink are one stroke.
 */
export class Marks {
  #byTile = new Map()
  /** By tile, those that are not on it yet. */
  #fresh = new Map()

  /** `keys`: of all tiles that it lies on. */
  add(mark, keys) {
    for (const key of keys) {
      push(this.#byTile, key, mark)
      push(this.#fresh, key, mark)
      const marks = this.#byTile.get(key)
      if (marks.length >= 2 * TILE_MAX) marks.splice(0, marks.length - TILE_MAX)
    }
  }

  /** Paints all those of a tile that has just been made. */
  paintAll(context, key) {
    paint(context, this.#byTile.get(key)?.slice(-TILE_MAX) ?? [])
    this.#fresh.delete(key)
  }

  /** Paints what came since the last time; `contextOf` gives undefined for a tile that is not there. */
  paintFresh(contextOf) {
    for (const [key, marks] of this.#fresh) {
      const context = contextOf(key)
      if (context !== undefined) paint(context, marks)
    }
    this.#fresh.clear()
  }
}

function push(lists, key, item) {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [item])
  else list.push(item)
}

function paint(context, marks) {
  context.lineWidth = WIDTH
  context.lineCap = 'butt'
  for (const ink of new Set(marks.map((mark) => mark.ink))) {
    context.globalAlpha = ink.strength
    context.strokeStyle = ink.colour
    context.beginPath()
    for (const { x1, y1, x2, y2, ink: own } of marks) {
      if (own !== ink) continue
      context.moveTo(x1, y1)
      context.lineTo(x2, y2)
    }
    context.stroke()
  }
  context.globalAlpha = 1
}
