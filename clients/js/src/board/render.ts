/**
 * The board on the screen. What rests is drawn once into tiles, which panning moves and zooming
 * scales until sharp ones are made, a little in every frame. What changes is drawn over them afresh.
 */
import type { Camera } from './camera.js'
import { intersection, meets, type Box } from './geometry.js'
import { Lifted } from './lifted.js'
import { HIGHLIGHTER, type BoardObject } from './model.js'
import { fromAfar, paint, type Look } from './paint.js'
import type { Scene, SceneChange } from './scene.js'
import { TOKENS } from './style.js'
import { Tiles } from './tiles.js'

/**
 * Draws over the objects in every frame, in pixels of the screen, onto what `ask` gives. Who has
 * nothing to draw does not ask: a canvas that nobody draws on takes no time to show.
 */
export type Overlay = (ask: () => CanvasRenderingContext2D, now: number) => void

/** An object that has not changed for so long is taken over by the tiles. */
const RESTING_MS = 300
/** More over a moving object than this take too long in every frame: it shows on top meanwhile. */
const ABOVE_MAX = 150
/** Likewise where so many move at once. */
const RESTLESS_MAX = 100
/** Of a frame's 16 ms, for making tiles. */
const BUDGET_MS = 7
/** Likewise of the first picture: half a board is worse than a long frame. */
const BUDGET_FIRST_MS = 100
/** The longer side of the picture of everything, at most. */
const OVERVIEW_PIXELS = 1_500
const DOT_SPACING = 24
const DOT_SPACING_SCREEN_MIN = 14

export class Renderer {
  readonly #scene: Scene
  readonly #camera: Camera
  readonly #ground: CanvasRenderingContext2D
  readonly #live: CanvasRenderingContext2D
  readonly #tiles: Tiles
  /** All of the board, for places of which there is no sharp picture yet. */
  readonly #overview: Tiles
  readonly #lifted: Lifted
  readonly #dots = document.createElement('canvas').getContext('2d')!
  readonly #overlays = new Set<Overlay>()
  /** Id → when it changed last. They are in no tile. */
  readonly #restless = new Map<string, number>()
  /** They are being taken over by the tiles, and drawn over them until that is done. */
  readonly #settling = new Set<string>()
  #look: Look
  /** Pixels of the canvas per pixel of the page; nothing before the first {@link resize}. */
  #ratio = 0
  #request = 0
  /** Nobody has seen the whole board yet. */
  #isFirst = true
  #groundIsStale = true
  #tilesAreStale = true
  #overviewIsStale = true
  #liveIsStale = true
  #liveIsEmpty = true
  readonly #ends: (() => void)[]
  #endWatch = () => {}

  constructor(host: HTMLElement, scene: Scene, camera: Camera, look: Look) {
    this.#scene = scene
    this.#camera = camera
    this.#look = look
    this.#ground = layer(host, { alpha: false })
    this.#live = layer(host, {})
    this.#live.canvas.hidden = true
    const isElsewhere = (id: string) => this.#restless.has(id)
    this.#lifted = new Lifted(scene)
    this.#tiles = new Tiles(scene, isElsewhere)
    this.#overview = new Tiles(scene, isElsewhere)
    this.#ends = [
      scene.on('change', (change) => this.#changed(change)),
      camera.on('change', () => this.#moved()),
    ]
    this.resize()
    this.#watchRatio()
  }

  destroy(): void {
    for (const end of this.#ends) end()
    this.#endWatch()
    cancelAnimationFrame(this.#request)
    this.#ground.canvas.remove()
    this.#live.canvas.remove()
  }

  /** Draws on top of everything, from now on; the function that comes back ends that. */
  overlay(draw: Overlay): () => void {
    this.#overlays.add(draw)
    this.refresh()
    return () => {
      this.#overlays.delete(draw)
      this.refresh()
    }
  }

  /** Something in an overlay is different. */
  refresh(): void {
    this.#liveIsStale = true
    this.#schedule()
  }

  /** Everything looks different: another theme. */
  setLook(look: Look): void {
    this.#look = look
    this.#forget()
    this.#moved()
  }

  /** An object looks different though its record is the same: its picture has come. */
  repaint(id: string): void {
    const box = this.#scene.paintBox(id)
    if (box === undefined) return
    this.#spoil(box)
    this.#moved()
  }

  /** The element or the screen's resolution is different. */
  resize(): void {
    const ratio = devicePixelRatio
    const width = Math.round(this.#camera.width * ratio)
    const height = Math.round(this.#camera.height * ratio)
    const { canvas } = this.#ground
    // Whoever watches an element is told once that it has the size that it has. Being set empties
    // a canvas, even to what it is.
    if (ratio === this.#ratio && canvas.width === width && canvas.height === height) return
    this.#ratio = ratio
    for (const { canvas } of [this.#ground, this.#live]) Object.assign(canvas, { width, height })
    this.#moved()
  }

  /** A window on another screen, or zoomed by the browser, has the size that it had. */
  #watchRatio(): void {
    const query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`)
    const changed = () => {
      this.resize()
      this.#watchRatio()
    }
    query.addEventListener('change', changed, { once: true })
    this.#endWatch = () => query.removeEventListener('change', changed)
  }

  /** All that shows is sharp, but for what moves. */
  get isReady(): boolean {
    return !this.#groundIsStale
  }

  /** And nothing moves. */
  get isSettled(): boolean {
    return this.isReady && !this.#tilesAreStale && this.#restless.size === 0
  }

  #changed({ id, box, boxBefore }: SceneChange): void {
    if (!this.#restless.has(id) && boxBefore !== undefined) {
      this.#spoil(boxBefore)
      this.#groundIsStale = true
    }
    this.#settling.delete(id)
    if (box === undefined) this.#restless.delete(id)
    else this.#restless.set(id, performance.now())
    this.refresh()
  }

  #moved(): void {
    this.#groundIsStale = true
    this.refresh()
  }

  #schedule(): void {
    if (this.#request === 0) this.#request = requestAnimationFrame((now) => this.#draw(now))
  }

  #draw(now: number): void {
    this.#request = 0
    this.#settle(now)
    const scale = this.#camera.zoom * this.#ratio
    const wereStale = this.#tilesAreStale
    this.#tilesAreStale = this.#isFirst ? this.#makeFirst(scale) : this.#make(scale)
    if (!this.#tilesAreStale && this.#settling.size > 0) {
      this.#settling.clear()
      this.#liveIsStale = true
    }
    const isUnsharp = this.#tilesAreStale && !this.#isSharp(scale)
    const haveCome = wereStale && !this.#tilesAreStale
    if (this.#groundIsStale || isUnsharp || haveCome) this.#drawGround(scale)
    if (this.#liveIsStale) this.#drawLive(scale, now)
    this.#groundIsStale = isUnsharp
    if (this.#tilesAreStale || this.#overviewIsStale || this.#restless.size > 0) this.#schedule()
  }

  /** Before there are any tiles. */
  #isSharp(scale: number): boolean {
    return !this.#isFirst && this.#tiles.isFirst(this.#camera.box, scale)
  }

  /** One picture of all that shows; there are tiles to do after it. */
  #makeFirst(scale: number): boolean {
    const deadline = performance.now() + BUDGET_FIRST_MS
    this.#isFirst = this.#tiles.makeFirst(this.#camera.box, scale, this.#look, deadline)
    return true
  }

  /** Sharp pictures first, then the rough one of everything; whether there is more to do. */
  #make(scale: number): boolean {
    // From here on, not from the frame's beginning: a machine that is always late makes progress.
    const deadline = performance.now() + BUDGET_MS
    if (this.#tiles.make(this.#camera.box, scale, this.#look, deadline)) return true
    const extent = this.#scene.extent
    if (extent === null) return false
    const rough = OVERVIEW_PIXELS / Math.max(extent.w, extent.h, OVERVIEW_PIXELS)
    // In halves, so that it is not made anew whenever the board grows a little.
    const halved = 2 ** Math.floor(Math.log2(rough))
    const soon = Math.min(deadline, performance.now() + BUDGET_MS)
    this.#overviewIsStale = this.#overview.make(extent, halved, fromAfar(this.#look), soon)
    return false
  }

  #spoil(box: Box): void {
    this.#tiles.spoil(box)
    this.#overview.spoil(box)
    this.#overviewIsStale = true
  }

  #forget(): void {
    this.#tiles.forget()
    this.#overview.forget()
    this.#overviewIsStale = true
  }

  /** What has come to rest goes into the tiles. */
  #settle(now: number): void {
    for (const [id, at] of this.#restless) {
      if (now - at < RESTING_MS) continue
      this.#restless.delete(id)
      this.#settling.add(id)
      const box = this.#scene.paintBox(id)
      if (box !== undefined) this.#spoil(box)
      this.#groundIsStale = true
      this.#liveIsStale = true
    }
  }

  #drawGround(scale: number): void {
    const context = this.#ground
    const { width, height } = context.canvas
    const tokens = TOKENS[this.#look.theme]
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.fillStyle = tokens.paper
    context.fillRect(0, 0, width, height)
    this.#drawDots(context, tokens.dot)
    this.#tiles.draw(context, this.#camera, scale, this.#overview)
  }

  #drawDots(context: CanvasRenderingContext2D, colour: string): void {
    const { x, y, zoom, width, height } = this.#camera
    let spacing = DOT_SPACING * zoom
    while (spacing < DOT_SPACING_SCREEN_MIN) spacing *= 4
    const ratio = this.#ratio
    const size = Math.max(1, Math.round(ratio * Math.min(2, spacing / 18)))
    const first = (origin: number) => ((-origin * zoom) % spacing) - (origin > 0 ? 0 : spacing)
    // One row is drawn dot by dot, on a strip of its own, and copied to all places.
    const strip = this.#dots
    strip.canvas.width = context.canvas.width
    strip.canvas.height = size
    strip.fillStyle = colour
    strip.beginPath()
    for (let dx = first(x); dx < width; dx += spacing) {
      strip.rect(Math.round(dx * ratio), 0, size, size)
    }
    strip.fill()
    for (let dy = first(y); dy < height; dy += spacing) {
      context.drawImage(strip.canvas, 0, Math.round(dy * ratio))
    }
  }

  #drawLive(scale: number, now: number): void {
    this.#liveIsStale = false
    if (!this.#liveIsEmpty) {
      const { width, height } = this.#live.canvas
      this.#live.setTransform(1, 0, 0, 1, 0, 0)
      this.#live.clearRect(0, 0, width, height)
      this.#liveIsEmpty = true
    }
    this.#drawMoving(this.#moving, scale)
    const ask = () => {
      this.#liveIsEmpty = false
      this.#live.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0)
      return this.#live
    }
    for (const draw of this.#overlays) draw(ask, now)
    // Browsers copy every canvas that shows, whatever is on it.
    this.#live.canvas.hidden = this.#liveIsEmpty
  }

  #drawMoving(objects: readonly BoardObject[], scale: number): void {
    if (objects.length === 0) return
    this.#liveIsEmpty = false
    const context = this.#live
    const { x, y, box } = this.#camera
    context.setTransform(scale, 0, 0, scale, -Math.round(x * scale), -Math.round(y * scale))
    const single = this.#lifted.draw(context, objects, this.#camera, scale, this.#look)
    for (const object of single) {
      if (!meets(this.#scene.paintBox(object.id)!, box)) continue
      paint(context, object, this.#look, scale)
      this.#drawAbove(object.id, scale)
    }
  }

  /** What lies over a restless object rests in the tiles under it: it is drawn again, over it. */
  #drawAbove(id: string, scale: number): void {
    if (this.#restless.size > RESTLESS_MAX) return
    const rank = this.#scene.rank(id)
    const box = intersection(this.#scene.paintBox(id)!, this.#camera.box)
    if (box === null) return
    const above = this.#scene
      .in(box)
      .filter((object) => this.#scene.rank(object.id) > rank && isOpaque(object))
      .filter((object) => !this.#restless.has(object.id) && !this.#settling.has(object.id))
    if (above.length === 0 || above.length > ABOVE_MAX) return
    const context = this.#live
    context.save()
    context.beginPath()
    context.rect(box.x, box.y, box.w, box.h)
    context.clip()
    for (const object of above) paint(context, object, this.#look, scale)
    context.restore()
  }

  /** Restless, or not in the tiles yet; the lowest first. */
  get #moving(): BoardObject[] {
    const ids = [...this.#restless.keys(), ...this.#settling]
    const objects = ids.flatMap((id) => this.#scene.find(id) ?? [])
    return objects.sort((a, b) => this.#scene.rank(a.id) - this.#scene.rank(b.id))
  }
}

/** What lets through what is under it would be twice as dense, were it drawn twice. */
function isOpaque({ opacity, type, tool }: BoardObject): boolean {
  return opacity === 1 && !(type === 'stroke' && tool === HIGHLIGHTER)
}

function layer(host: HTMLElement, options: CanvasRenderingContext2DSettings) {
  const canvas = document.createElement('canvas')
  canvas.style.cssText = 'position:absolute;inset:0;width:100%;height:100%;pointer-events:none'
  host.append(canvas)
  return canvas.getContext('2d', options)!
}
