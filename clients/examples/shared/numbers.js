/** Figures of a room, measured from the messages that really come and go. */

const WINDOW_MS = 2_000

/** Watches a room; {@link read} gives its figures over the last two seconds. */
export class Meter {
  #room
  #samples = []
  #movers = new Set()
  #moves = 0
  #moveBytes = 0
  #tick = 0

  constructor(room) {
    this.#room = room
    room.others.on('change', ({ kind, id }) => {
      if (kind === 'change') this.#movers.add(id)
    })
    room.on('frame', ({ tick, bytes }) => {
      this.#tick = tick
      if (this.#movers.size === 0) return
      // A frame carries our own cursor as well; and all of it counts, head and lengths included.
      this.#moves += this.#movers.size
      this.#moveBytes += bytes
      this.#movers.clear()
    })
  }

  /** Call it where our own cursor is set: the next frame that comes has it too. */
  moved() {
    this.#movers.add(this.#room.me)
  }

  read(now = performance.now()) {
    const { framesIn, bytesOut } = this.#room.stats
    const sample = { now, framesIn, bytesOut, moves: this.#moves, moveBytes: this.#moveBytes }
    this.#samples.push(sample)
    while (now - this.#samples[0].now > WINDOW_MS) this.#samples.shift()
    const first = this.#samples[0]
    const seconds = Math.max(0.001, (now - first.now) / 1000)
    const moves = sample.moves - first.moves
    return {
      members: this.#room.others.size + 1,
      frames: (framesIn - first.framesIn) / seconds,
      cursor: moves > 0 ? (sample.moveBytes - first.moveBytes) / moves : null,
      up: (bytesOut - first.bytesOut) / seconds,
      rtt: this.#room.clock.rtt,
      tick: this.#tick,
    }
  }
}

const POINTS = 64
const SVG = 'http://www.w3.org/2000/svg'

/** A small plot of the last figures; fills `svg` and scales by itself, from zero. */
export class Sparkline {
  #values = []
  #line = document.createElementNS(SVG, 'path')

  constructor(svg) {
    svg.setAttribute('viewBox', '0 0 128 32')
    svg.setAttribute('preserveAspectRatio', 'none')
    svg.setAttribute('aria-hidden', 'true')
    this.#line.setAttribute('vector-effect', 'non-scaling-stroke')
    svg.append(this.#line)
  }

  /** null is a gap. */
  push(value) {
    this.#values.push(value)
    if (this.#values.length > POINTS) this.#values.shift()
    const top = Math.max(1e-9, ...this.#values) * 1.1
    const first = POINTS - this.#values.length
    let path = ''
    let isDrawing = false
    for (const [i, point] of this.#values.entries()) {
      if (point !== null) {
        const x = ((first + i) * 128) / (POINTS - 1)
        const y = 31 - (point / top) * 29
        path += `${isDrawing ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`
      }
      isDrawing = point !== null
    }
    this.#line.setAttribute('d', path)
  }
}
