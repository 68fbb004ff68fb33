/**
 * Where a thing is on this page, in units that all windows agree on. A wide window and a phone lay
 * the page out differently; so a place is told as the movement it is in (a `data-movement`
 * section), how far down that, and how far across the column. Who points at a word on a desktop
 * points at about the same word on every phone.
 */

/** About a pixel each in a wide window: small steps make small messages. */
const ACROSS = 1_120
const DOWN = 800
/** What lies left of the column has room down to here. */
const LEFT = 4_000
const RIGHTMOST = 2 * LEFT + ACROSS

const clamp = (value, low, high) => Math.min(high, Math.max(low, value))

export class Stage {
  #left = 0
  #width = 1
  /** Upper edges of the movements, and the lower edge of the last. */
  #edges = [0, 1]
  /** Another one each time that the page was laid out anew. */
  layout = 0

  constructor(column, movements) {
    const measure = () => {
      const box = column.getBoundingClientRect()
      const { paddingLeft, paddingRight } = getComputedStyle(column)
      this.#left = box.left + scrollX + Number.parseFloat(paddingLeft)
      this.#width = box.width - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight)
      this.#edges = movements.map((each) => each.getBoundingClientRect().top + scrollY)
      this.#edges.push(movements.at(-1).getBoundingClientRect().bottom + scrollY)
      this.#edges[0] = 0
      this.layout++
    }
    new ResizeObserver(measure).observe(document.body)
    measure()
  }

  /** From pixels of this document to the room's units. */
  unitsOf(pageX, pageY) {
    const edges = this.#edges
    const last = edges.length - 2
    const below = edges.findIndex((edge) => edge > pageY)
    const movement = below < 0 ? last : clamp(below - 1, 0, last)
    const down = (pageY - edges[movement]) / (edges[movement + 1] - edges[movement])
    return {
      x: clamp(LEFT + ((pageX - this.#left) / this.#width) * ACROSS, 0, RIGHTMOST),
      y: clamp((movement + down) * DOWN, 0, (last + 1) * DOWN),
    }
  }

  /** From the room's units to pixels of this document. */
  pageOf(x, y) {
    const edges = this.#edges
    const movement = clamp(Math.floor(y / DOWN), 0, edges.length - 2)
    const down = y / DOWN - movement
    return {
      left: this.#left + ((x - LEFT) / ACROSS) * this.#width,
      top: edges[movement] + down * (edges[movement + 1] - edges[movement]),
    }
  }

  /** How high a place is within its movement: 0 at the lower edge, 1 at the upper. */
  static heightOf(y) {
    return 1 - (y % DOWN) / DOWN
  }
}
