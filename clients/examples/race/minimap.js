/** How much of what nobody can touch is seen. */
const GHOST = 0.5

/** The whole track in a corner, with a dot for each car. */
export class Minimap {
  #canvas
  #context
  #base = null
  #road = null
  #size = [0, 0]

  constructor(canvas) {
    this.#canvas = canvas
    this.#context = canvas.getContext('2d')
    // To ask the canvas itself, frame by frame, would lay out the page each time.
    new ResizeObserver(([{ contentRect }]) => {
      this.#size = [contentRect.width, contentRect.height]
    }).observe(canvas)
  }

  show(road) {
    this.#road = road
    this.#base = null
  }

  draw(cars) {
    if (this.#road === null || this.#size[0] === 0) return
    this.#fit()
    const context = this.#context
    const { width, height } = this.#canvas
    const { scale, left, top } = this.#base
    context.clearRect(0, 0, width, height)
    context.drawImage(this.#base.canvas, 0, 0)
    const dot = 4 * this.#ratio
    // Our own is on top, and larger.
    for (const car of [...cars].sort((a, b) => a.isOwn - b.isOwn)) {
      const [x, y] = [left + car.x * scale, top + car.y * scale]
      context.globalAlpha = car.isGhost ? GHOST : 1
      context.fillStyle = car.livery.body
      context.strokeStyle = car.isOwn ? '#fff' : 'rgb(0 0 0 / 55%)'
      context.lineWidth = (car.isOwn ? 2 : 1) * this.#ratio
      context.beginPath()
      context.arc(x, y, car.isOwn ? 1.35 * dot : dot, 0, 2 * Math.PI)
      context.fill()
      context.stroke()
    }
    context.globalAlpha = 1
  }

  get #ratio() {
    return Math.min(2, devicePixelRatio)
  }

  /** Paints the road again where the track or the size is another. */
  #fit() {
    const [width, height] = this.#size.map((side) => Math.round(side * this.#ratio))
    const isSame = this.#canvas.width === width && this.#canvas.height === height
    if (this.#base !== null && isSame) return
    this.#canvas.width = width
    this.#canvas.height = height
    this.#base = paintBase(this.#road, width, height, this.#ratio)
  }
}

/** The road in a picture of that size, and how metres of it become pixels. */
export function paintBase(road, width, height, ratio) {
  const { west, north, east, south } = road.box
  const margin = 8 * ratio
  const scale = Math.min(
    (width - 2 * margin) / (east - west),
    (height - 2 * margin) / (south - north),
  )
  const left = width / 2 - ((west + east) / 2) * scale
  const top = height / 2 - ((north + south) / 2) * scale
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, width)
  canvas.height = Math.max(1, height)
  const context = canvas.getContext('2d')
  const line = outlineOf(road, scale, left, top)
  context.lineJoin = 'round'
  context.lineWidth = 7 * ratio
  context.strokeStyle = 'rgb(0 0 0 / 45%)'
  context.stroke(line)
  context.lineWidth = 4 * ratio
  context.strokeStyle = 'rgb(255 255 255 / 85%)'
  context.stroke(line)
  paintLine(context, road, { scale, left, top, ratio })
  return { canvas, scale, left, top }
}

/** The middle of the road as a closed path. */
export function outlineOf(road, scale, left, top) {
  const path = new Path2D()
  for (let i = 0; i < road.count; i++) {
    const [x, y] = road.spot(i, 0)
    path.lineTo(left + x * scale, top + y * scale)
  }
  path.closePath()
  return path
}

function paintLine(context, road, { scale, left, top, ratio }) {
  const { x, y, heading } = road.at(0)
  context.save()
  context.translate(left + x * scale, top + y * scale)
  context.rotate(heading)
  context.fillStyle = '#e23d28'
  context.fillRect(-1.5 * ratio, -5 * ratio, 3 * ratio, 10 * ratio)
  context.restore()
}
