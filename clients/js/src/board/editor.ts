/** The board as one thing: room, scene, camera, selection, tools. What is around it gets it. */
import { Emitter } from '../emitter.js'
import type { Room } from '../room.js'
import { Camera } from './camera.js'
import { union, type Box, type Point } from './geometry.js'
import { Input } from './input.js'
import type { BoardObject } from './model.js'
import type { Look } from './paint.js'
import { Presence } from './presence.js'
import { Renderer } from './render.js'
import { Scene } from './scene.js'
import { Selection } from './selection.js'
import { COLOUR, type Theme } from './style.js'
import { Hand } from './tools/hand.js'
import { FreeHand } from './tools/freehand.js'
import { Select } from './tools/select.js'
import { TextEditor } from './text_editor.js'
import type { Tool } from './tools/tool.js'
import { paintWords } from './words.js'
import { HIGHLIGHTER, MARKER, PEN } from './model.js'

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
}

export interface EditorOptions {
  readonly readOnly?: boolean
  readonly theme?: Theme
}

/** A tool's, a click's or a touch's reach on the screen. */
export const REACH_PIXELS = 8

export class Editor extends Emitter<EditorEvents> {
  readonly scene: Scene
  readonly camera = new Camera()
  readonly selection: Selection
  readonly renderer: Renderer
  readonly presence: Presence
  readonly textEditor: TextEditor
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
  #readOnly: boolean
  #look: Look

  /** `element` has a position and a size of its own; the board fills it. */
  constructor(
    readonly room: Room,
    readonly element: HTMLElement,
    options: EditorOptions = {},
  ) {
    super()
    this.#readOnly = options.readOnly ?? false
    this.scene = new Scene(room)
    this.selection = new Selection(this.scene)
    this.#look = {
      theme: options.theme ?? 'light',
      find: this.scene.find,
      image: () => null,
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
    this.on('edit', ({ id }) => this.textEditor.open(id))
    this.#observer = new ResizeObserver(() => {
      this.#measure()
      this.renderer.resize()
    })
    this.#observer.observe(element)
    this.register('select', new Select(this))
    this.register('hand', new Hand(this))
    this.register('pen', new FreeHand(this, PEN))
    this.register('marker', new FreeHand(this, MARKER))
    this.register('highlighter', new FreeHand(this, HIGHLIGHTER))
    this.#input = new Input(this)
    this.tool.enter?.()
  }

  destroy(): void {
    this.tool.cancel()
    this.tool.leave?.()
    this.#input.destroy()
    this.textEditor.destroy()
    this.#observer.disconnect()
    this.presence.destroy()
    this.renderer.destroy()
    this.selection.destroy()
    this.scene.destroy()
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

  set readOnly(readOnly: boolean) {
    if (readOnly === this.#readOnly) return
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

  undo(): boolean {
    this.tool.cancel()
    return !this.readOnly && this.room.undo()
  }

  redo(): boolean {
    this.tool.cancel()
    return !this.readOnly && this.room.redo()
  }

  /** Shows all, or all of these. */
  zoomToFit(objects?: Iterable<BoardObject>): void {
    const box: Box | null =
      objects === undefined
        ? this.scene.extent
        : union([...objects].flatMap(({ id }) => this.scene.bounds(id) ?? []))
    if (box !== null) this.camera.glide(this.camera.viewOf(box))
  }

  #measure(): void {
    this.camera.resize(this.element.clientWidth, this.element.clientHeight)
  }
}

/** Who may change nothing may still look, point and take hold of things to copy them. */
const TOOLS_OF_VIEWERS: ReadonlySet<string> = new Set(['select', 'hand', 'laser'])
