/** The board as one thing: room, scene, camera, selection, tools. What is around it gets it. */
import { Emitter } from '../emitter.js'
import { TuttiError } from '../tutti.js'
import type { Room } from '../room.js'
import { Camera } from './camera.js'
import { created, remove, restyle } from './edit/content.js'
import { leaveLockedOut, submit, type Edit } from './edit/edit.js'
import { nudge } from './edit/arrange.js'
import { frameFor } from './edit/group.js'
import { grown, middleOf, union, type Box, type Point } from './geometry.js'
import { Input } from './input.js'
import { HIGHLIGHTER, MARKER, PEN, type BoardObject, type Patch } from './model.js'
import type { Look } from './paint.js'
import { unpinned } from './comments.js'
import { People } from './people.js'
import { PeoplePainter } from './people_paint.js'
import { Pictures } from './pictures.js'
import { placePictures } from './place_pictures.js'
import { Presence } from './presence.js'
import { Renderer } from './render.js'
import { Scene } from './scene.js'
import { Selection } from './selection.js'
import { COLOUR, type Theme } from './style.js'
import { drawOverlay } from './overlay.js'
import { Eraser } from './tools/eraser.js'
import { FreeHand } from './tools/freehand.js'
import { Hand } from './tools/hand.js'
import { Laser } from './tools/laser.js'
import { Line } from './tools/line.js'
import { Select } from './tools/select.js'
import { Shape } from './tools/shape.js'
import { Writing } from './tools/writing.js'
import { TextEditor } from './text_editor.js'
import { SIDE } from './tiles.js'
import type { Tool } from './tools/tool.js'
import { paintWords } from './words.js'

/** What the next object will look like. */
export interface Style {
  readonly colour: number
  readonly fill: number | null
  /** Pixels. */
  readonly size: number
  readonly dash: number
  /** 0..1. */
  readonly opacity: number
  readonly font: number
  readonly fontSize: number
  readonly align: number | null
  /** Paper of notes. */
  readonly noteColour: number
}

export interface EditorEvents {
  tool: { readonly name: string }
  style: Style
  readOnly: boolean
  theme: Theme
  /** The words of this object are to be edited in place. */
  edit: { readonly id: string }
  /** The laser pointer was at these places of the board, one after the other. */
  laser: readonly Point[]
  /** A change could not be made: too much waits for the server, a record is full, … */
  trouble: TuttiError
}

const NOTE_SIDE = 200
/** Presses of a key that come faster than this are one motion. */
const NUDGE_MS = 500

export interface EditorOptions {
  readonly readOnly?: boolean
  readonly theme?: Theme
  /** Whether a key is meant for this board. Left out, all are. */
  readonly isOurs?: (event: Event) => boolean
}

/** A tool's, a click's or a touch's reach on the screen. */
export const REACH_PIXELS = 8

export class Editor extends Emitter<EditorEvents> {
  /** Whether a key is meant for this board: there may be others on the page. */
  readonly isOurs: (event: Event) => boolean
  readonly scene: Scene
  readonly camera = new Camera()
  readonly selection: Selection
  readonly renderer: Renderer
  readonly presence: Presence
  readonly textEditor: TextEditor
  readonly people: People
  readonly pictures: Pictures
  readonly #peoplePainter: PeoplePainter
  readonly #tools = new Map<string, Tool>()
  readonly #input: Input
  readonly #observer: ResizeObserver
  #tool = 'select'
  #style: Style = {
    colour: COLOUR.ink,
    fill: null,
    size: 2,
    dash: 0,
    opacity: 1,
    font: 0,
    fontSize: 20,
    align: null,
    noteColour: COLOUR.amber,
  }
  /** Whether things that are moved and made stop at the grid. */
  snapsToGrid = false
  /** Whether a tool stays in the hand when it has made something. */
  keepsTool = false
  #readOnly: boolean
  #isEnded = false
  #look: Look
  #gestures = 0
  #nudging: ReturnType<typeof setTimeout> | null = null

  /** `element` has a position and a size of its own; the board fills it. */
  constructor(
    readonly room: Room,
    readonly element: HTMLElement,
    options: EditorOptions = {},
  ) {
    super()
    this.#readOnly = room.isReplay || (options.readOnly ?? false)
    this.isOurs = options.isOurs ?? (() => true)
    leaveLockedOut(room)
    this.scene = new Scene(room)
    this.selection = new Selection(this.scene)
    this.pictures = new Pictures(room, () => this.#picturesInSight)
    this.pictures.on('load', ({ hash }) => this.#repaintPictures(hash))
    this.#look = {
      theme: options.theme ?? 'light',
      find: this.scene.find,
      image: (hash) => this.pictures.find(hash),
      peek: (hash) => this.pictures.peek(hash),
      words: (context, object) => {
        if (object.id !== this.textEditor.id) paintWords(context, object, this.#look)
      },
    }
    this.#measure()
    this.camera.set({ x: -this.camera.width / 2, y: -this.camera.height / 2 })
    this.renderer = new Renderer(element, this.scene, this.camera, this.#look)
    this.presence = new Presence(this)
    this.textEditor = new TextEditor(this)
    this.textEditor.on('change', ({ id, before }) => {
      for (const each of [id, before]) if (each !== null) this.renderer.repaint(each)
    })
    this.people = new People(this)
    this.#peoplePainter = new PeoplePainter(this, this.people)
    this.on('edit', ({ id }) => this.textEditor.open(id))
    this.#observer = new ResizeObserver(() => {
      this.#measure()
      this.renderer.resize()
    })
    this.#observer.observe(element)
    this.#registerTools()
    this.renderer.overlay((ask) => drawOverlay(this, ask))
    this.selection.on('change', () => this.renderer.refresh())
    this.#input = new Input(this)
    this.tool.enter?.()
  }

  /** The board was taken away. */
  get isEnded(): boolean {
    return this.#isEnded
  }

  destroy(): void {
    this.#isEnded = true
    this.#settleHand()
    this.tool.leave?.()
    this.#input.destroy()
    this.textEditor.destroy()
    this.#peoplePainter.destroy()
    this.people.destroy()
    this.pictures.destroy()
    this.#observer.disconnect()
    this.presence.destroy()
    this.renderer.destroy()
    this.selection.destroy()
    this.scene.destroy()
  }

  #registerTools(): void {
    this.register('select', new Select(this))
    this.register('hand', new Hand(this))
    this.register('pen', new FreeHand(this, PEN))
    this.register('marker', new FreeHand(this, MARKER))
    this.register('highlighter', new FreeHand(this, HIGHLIGHTER))
    this.register('eraser', new Eraser(this, false))
    this.register('rubber', new Eraser(this, true))
    this.register('rectangle', new Shape(this, 'rectangle', 7))
    this.register('ellipse', new Shape(this, 'ellipse', 8))
    this.register('diamond', new Shape(this, 'diamond', 9))
    this.register('line', new Line(this, 'line', 10))
    this.register('arrow', new Line(this, 'arrow', 11))
    this.register('text', new Writing(this, 'text'))
    this.register('note', new Writing(this, 'note'))
    this.register('laser', new Laser(this))
    this.register('frame', new Shape(this, 'frame', 15))
  }

  /** What the pointer does now. */
  get tool(): Tool {
    return this.#tools.get(this.#tool)!
  }

  get toolName(): string {
    return this.#tool
  }

  /** Another tool can be taken up by this name. */
  register(name: string, tool: Tool): void {
    this.#tools.set(name, tool)
  }

  setTool(name: string): void {
    if (!this.#tools.has(name) || name === this.#tool) return
    if (this.readOnly && !TOOLS_OF_VIEWERS.has(name)) return
    this.tool.cancel()
    this.tool.leave?.()
    this.#tool = name
    if (name !== 'select') this.selection.clear()
    this.tool.enter?.()
    this.#input.showCursor()
    this.tell('tool', { name })
  }

  get style(): Style {
    return this.#style
  }

  setStyle(style: Partial<Style>): void {
    this.#style = { ...this.#style, ...style }
    this.tell('style', this.#style)
  }

  get readOnly(): boolean {
    return this.#readOnly
  }

  /** A replay is for looking at, whatever is set. */
  set readOnly(readOnly: boolean) {
    if (readOnly === this.#readOnly || this.room.isReplay) return
    this.#readOnly = readOnly
    if (readOnly) {
      this.tool.cancel()
      if (!TOOLS_OF_VIEWERS.has(this.#tool)) this.setTool('select')
    }
    this.tell('readOnly', readOnly)
  }

  /** How objects are painted here; exports paint them alike. */
  get look(): Look {
    return this.#look
  }

  setLook(look: Partial<Look>): void {
    const before = this.#look.theme
    this.#look = { ...this.#look, ...look }
    this.renderer.setLook(this.#look)
    if (before !== this.#look.theme) this.tell('theme', this.#look.theme)
  }

  /** From a place in the window to one on the board's element. */
  toScreen({ clientX, clientY }: { clientX: number; clientY: number }): Point {
    const { left, top } = this.element.getBoundingClientRect()
    return { x: clientX - left, y: clientY - top }
  }

  /** How far beside a thing a pointer may be, in pixels of the board. */
  get reach(): number {
    return REACH_PIXELS / this.camera.zoom
  }

  /** From here to the {@link end} that belongs to it, all changes are one step of undo. */
  begin(): void {
    this.#endNudging()
    this.#open()
  }

  end(): void {
    if (--this.#gestures === 0) this.room.history.end()
  }

  /** Ends it as if nothing had been done; within another gesture, that one decides. */
  cancel(): void {
    if (--this.#gestures === 0) this.attempt(() => this.room.history.cancel())
  }

  #open(): void {
    if (this.#gestures++ === 0) this.room.history.begin()
  }

  /** Makes these changes, one step of undo; false where some could not be made. */
  apply(edits: readonly Edit[]): boolean {
    this.#endNudging()
    return this.#apply(edits)
  }

  #apply(edits: readonly Edit[]): boolean {
    if (edits.length === 0 || this.#readOnly) return false
    this.#open()
    const all = [...unpinned(this.room, this.scene, edits), ...edits]
    const isDone = this.attempt(() => submit(this.room, all))
    this.end()
    return isDone
  }

  /** Takes away what should not have come: no step of undo, which would bring it back. */
  withdraw(id: string): void {
    if (this.scene.find(id) === undefined) return
    const edits: Edit[] = [{ id, delete: true }]
    const all = [...unpinned(this.room, this.scene, edits), ...edits]
    this.attempt(() => this.room.history.aside(() => submit(this.room, all)))
  }

  /** Calls what may be refused at once, and tells the person if it is. */
  attempt(change: () => void): boolean {
    try {
      change()
      return true
    } catch (error) {
      if (!(error instanceof TuttiError)) throw error
      this.tell('trouble', error)
      return false
    }
  }

  /** A new object on top of the others; its id, or null where it could not be made. */
  create(fields: Patch): string | null {
    const id = this.scene.collection.newId()
    return this.apply([created(this.scene, id, fields)]) ? id : null
  }

  /** A tool has made this: it is chosen, and the hand is free. */
  done(id: string): void {
    if (this.keepsTool) return
    this.setTool('select')
    this.selection.set([id])
  }

  /** The colours and lines of what is chosen, and of what comes next. */
  restyle(style: Partial<Style>): void {
    this.setStyle(style)
    const { noteColour: _, align, ...patch } = style
    this.apply(restyle(this.scene, this.selection, align == null ? patch : { ...patch, align }))
  }

  /** Puts images there, or in the middle of what shows; what goes wrong is told as `trouble`. */
  async addPictures(images: readonly Blob[], at: Point = middleOf(this.camera.box)): Promise<void> {
    if (!this.#readOnly) await placePictures(this, images, at)
  }

  deleteSelection(): void {
    this.apply(remove(this.scene, this.selection))
  }

  /** Moves what is chosen; quick ones after each other are one step. */
  nudge(dx: number, dy: number): void {
    if (this.#nudging === null) this.#open()
    else clearTimeout(this.#nudging)
    this.#nudging = setTimeout(() => this.#endNudging(), NUDGE_MS)
    this.#apply(nudge(this.scene, this.selection, dx, dy))
  }

  #endNudging(): void {
    if (this.#nudging === null) return
    clearTimeout(this.#nudging)
    this.#nudging = null
    this.end()
  }

  /** An empty text that begins there, to be written. */
  startText(at: Point): void {
    const { colour, opacity, font, fontSize, align } = this.#style
    const place = { x: at.x, y: at.y - fontSize * 0.65 }
    this.#write({ type: 'text', ...place, colour, opacity, font, fontSize, ...aligned(align) })
  }

  /** An empty note around that place, to be written. */
  startNote(at: Point): void {
    const { noteColour, opacity, font, fontSize, align } = this.#style
    const box = { x: at.x - NOTE_SIDE / 2, y: at.y - NOTE_SIDE / 2, w: NOTE_SIDE, h: NOTE_SIDE }
    const words = { font, fontSize, ...aligned(align) }
    this.#write({ type: 'note', ...box, colour: noteColour, opacity, ...words })
  }

  #write(fields: Patch): void {
    this.begin()
    const { x = 0, y = 0, w = 0, h = 0 } = fields
    const frame = frameFor(this.scene, { x: x!, y: y!, w: w!, h: h! })
    const id = this.create({ ...fields, frame })
    if (id !== null) {
      this.selection.set([id])
      this.tell('edit', { id })
    }
    this.end()
  }

  /** Whether anything was taken back. */
  undo(): boolean {
    return this.#flip(() => this.room.undo())
  }

  redo(): boolean {
    return this.#flip(() => this.room.redo())
  }

  #flip(turn: () => boolean): boolean {
    this.#settleHand()
    let isTurned = false
    if (!this.readOnly) this.attempt(() => (isTurned = turn()))
    return isTurned
  }

  /** What is under way is not what is taken back. */
  #settleHand(): void {
    this.#endNudging()
    this.textEditor.close()
    this.tool.cancel()
  }

  /** Shows all, or all of these. */
  zoomToFit(objects?: Iterable<BoardObject>): void {
    const box: Box | null =
      objects === undefined
        ? this.scene.extent
        : union([...objects].flatMap(({ id }) => this.scene.bounds(id) ?? []))
    if (box !== null) this.camera.glide(this.camera.viewOf(box))
  }

  /** All that is painted on the screen, which is done by whole tiles. */
  get #picturesInSight(): Uint8Array[] {
    const { box, zoom } = this.camera
    const around = grown(box, SIDE / zoom / devicePixelRatio)
    return this.scene.in(around).flatMap(({ image }) => image ?? [])
  }

  #repaintPictures(hash: Uint8Array): void {
    for (const { id, image } of this.scene.all) {
      if (image !== null && sameBytes(image, hash)) this.renderer.repaint(id)
    }
  }

  #measure(): void {
    this.camera.resize(this.element.clientWidth, this.element.clientHeight)
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

function aligned(align: number | null): Patch {
  return align === null ? {} : { align }
}

/** Who may change nothing may still look, point and take hold of things to copy them. */
const TOOLS_OF_VIEWERS: ReadonlySet<string> = new Set(['select', 'hand', 'laser'])
