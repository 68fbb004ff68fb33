import { parts } from '/shared/seat.js'

/** Notes per second and player: sixteenths, where a bar is a second. */
const SIXTEENTHS = 4
const BAR_MS = 1_000
const SLOT_MS = BAR_MS / SIXTEENTHS
/** How far a bar is drawn, in spaces of the stave. */
const BAR_SPACES = 3.8
/** Steps from the lowest note, below the stave, to the highest, on its upper line. */
const STEPS = 10
const NOTES_MAX = 600

const isDark = matchMedia('(prefers-color-scheme: dark)')

/**
 * The stave that plays the room: each player that moves makes notes in its colour, as high as its
 * cursor is, and the stave runs on with time. Draws at most once per animation frame, and not at
 * all while it is out of sight or nothing sounds.
 */
export class Score {
  #canvas
  #context
  #groups = []
  #open = new Map()
  /** When tick 0 was, by the page's clock; null before the first frame. */
  #origin = null
  #ticksPerBar
  #isSeen = true
  #isCalm = matchMedia('(prefers-reduced-motion: reduce)')
  #size = { width: 0, height: 0, space: 24, start: 0, bottom: 0 }
  #ink = { bar: '', font: '', isDark: false }
  #drawnAt = 0

  /** `ticksPerBar` is how many ticks the room makes in a second. */
  constructor(canvas, clef, ticksPerBar) {
    this.#ticksPerBar = ticksPerBar
    this.#canvas = canvas
    this.#context = canvas.getContext('2d')
    const measure = () => this.#measure(clef)
    new ResizeObserver(measure).observe(canvas)
    new IntersectionObserver(([entry]) => (this.#isSeen = entry.isIntersecting)).observe(canvas)
    isDark.addEventListener('change', measure)
    measure()
  }

  /** The room is at this tick: the bars go by its beat. */
  beat(tick, now) {
    const origin = now - (tick * BAR_MS) / this.#ticksPerBar
    const isOff = this.#origin === null || Math.abs(origin - this.#origin) > SLOT_MS
    if (!isOff) return
    this.#origin = origin
    this.#groups = []
    this.#open.clear()
  }

  /** A player is at `height` (0 to 1) and has moved. Any number of times: a slot takes one note. */
  play(id, part, height, now) {
    if (this.#origin === null) return
    const slot = Math.floor((now - this.#origin) / SLOT_MS)
    const pitch = Math.round(height * STEPS)
    const bar = Math.floor(slot / SIXTEENTHS)
    let group = this.#open.get(id)
    if (group === undefined || group.bar !== bar || group.part !== part) {
      group = { bar, part, notes: [] }
      this.#open.set(id, group)
      this.#groups.push(group)
      if (this.#groups.length * SIXTEENTHS > NOTES_MAX) this.#groups.shift()
    }
    if (group.notes.at(-1)?.slot !== slot) group.notes.push({ slot, pitch })
  }

  forget(id) {
    this.#open.delete(id)
  }

  draw(now) {
    const pause = this.#isCalm.matches ? 1_000 : 0
    if (!this.#isSeen || now - this.#drawnAt < pause) return
    this.#drawnAt = now
    if (this.#origin === null) return
    const { width, height, space, start } = this.#size
    const speed = (BAR_SPACES * space) / BAR_MS
    const newest = now - this.#origin
    const oldest = newest - (width - start) / speed
    const xOf = (at) => width - (newest - at) * speed
    this.#groups = this.#groups.filter(({ notes }) => notes.at(-1).slot * SLOT_MS > oldest)

    this.#context.clearRect(0, 0, width, height)
    for (let bar = Math.floor(newest / BAR_MS); bar >= 0 && bar * BAR_MS > oldest; bar--) {
      this.#drawBar(bar * this.#ticksPerBar, xOf(bar * BAR_MS))
    }
    for (const group of this.#groups) this.#drawGroup(group, xOf)
  }

  #measure(clef) {
    const { width, height, top } = this.#canvas.getBoundingClientRect()
    const ratio = Math.min(2, devicePixelRatio)
    const style = getComputedStyle(this.#canvas)
    const space = Number.parseFloat(style.getPropertyValue('--space'))
    const start = clef.getBoundingClientRect().right + space
    this.#canvas.width = Math.round(width * ratio)
    this.#canvas.height = Math.round(height * ratio)
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0)
    this.#ink = { bar: style.color, font: style.fontFamily, isDark: isDark.matches }
    const bottom = clef.getBoundingClientRect().top - top + ((16 + 4 * 24) / 24) * space
    this.#size = { width, height, space, start, bottom }
  }

  /** Fades towards the clef, so that nothing runs into it. */
  #fadeAt(x) {
    const { start, space } = this.#size
    return Math.min(1, Math.max(0, (x - start) / (4 * space)))
  }

  #drawBar(tick, x) {
    const { space, bottom } = this.#size
    const context = this.#context
    context.globalAlpha = 0.45 * this.#fadeAt(x)
    context.fillStyle = this.#ink.bar
    if (context.globalAlpha === 0) return
    context.fillRect(x - space / 2, bottom - 4 * space, 1, 4 * space + 1)
    context.globalAlpha = 0.8 * this.#fadeAt(x)
    context.font = `${Math.max(10, space * 0.44)}px ${this.#ink.font}`
    context.fillText(tick.toLocaleString('en'), x - space / 2, bottom + 2.3 * space)
  }

  /** The notes of one player in one bar hang from one beam. */
  #drawGroup({ part, notes }, xOf) {
    const { space, bottom } = this.#size
    const context = this.#context
    const heads = notes.map(({ slot, pitch }) => ({
      x: xOf(slot * SLOT_MS),
      y: bottom + space - (pitch * space) / 2,
    }))
    const last = heads.at(-1)
    context.globalAlpha = this.#fadeAt(heads[0].x)
    if (context.globalAlpha === 0) return
    const { color, onDark } = parts[part]
    context.fillStyle = context.strokeStyle = this.#ink.isDark ? onDark : color
    for (const { x, y } of heads) {
      context.beginPath()
      context.ellipse(x, y, space * 0.36, space * 0.26, -0.42, 0, 2 * Math.PI)
      context.fill()
    }
    const side = space * 0.32
    const slope = Math.max(
      -0.35,
      Math.min(0.35, (last.y - heads[0].y) / Math.max(1, last.x - heads[0].x)),
    )
    const highest = Math.min(...heads.map(({ x, y }) => y - slope * (x - heads[0].x)))
    const beam = (x) => highest - 1.9 * space + slope * (x - heads[0].x)
    context.beginPath()
    context.lineWidth = Math.max(1, space * 0.06)
    for (const { x, y } of heads) {
      context.moveTo(x + side, y)
      context.lineTo(x + side, beam(x))
    }
    context.stroke()
    if (heads.length === 1) return
    context.beginPath()
    context.lineWidth = space * 0.2
    context.moveTo(heads[0].x + side, beam(heads[0].x))
    context.lineTo(last.x + side, beam(last.x))
    context.stroke()
  }
}
