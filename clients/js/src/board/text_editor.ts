/**
 * Words are edited where they stand: a field lies over the object, turned and zoomed as it is, with
 * the same letters in the same places. What others write meanwhile appears in it, and the caret
 * stays with the letters around it.
 */
import type { TuttiError } from '../tutti.js'
import { Emitter } from '../emitter.js'
import { differenceOf, moved } from './difference.js'
import type { Editor } from './editor.js'
import { keyOf } from './keys.js'
import { FREE, type BoardObject } from './model.js'
import { tellState } from './state.js'
import { Texts, TEXT_BYTES_MAX, type SharedText, type TextRun, type TextSession } from './text.js'
import { fontOf } from './text_layout.js'
import { wordsColour, wordsOf, type Words } from './words.js'

/** Room for the caret beside the letters, in pixels of the board. */
const SLACK = 6
/** What a press begins, its mouse events included, is over by then. */
const PRESS_MS = 400
/** Longer than between two letters of a word. */
const PAUSE_MS = 600
/** Between the caret and the edge of what shows, in pixels of the screen. */
const EDGE = 24

export interface EditOptions {
  /** All is chosen, so that typing replaces it. */
  readonly selectsAll?: boolean
}

export interface TextEditorEvents {
  /** Another object's words are edited, or none. */
  change: { readonly id: string | null; readonly before: string | null }
  /** For the person: what was typed is not all there. */
  trouble: string
}

export class TextEditor extends Emitter<TextEditorEvents> {
  readonly #editor: Editor
  readonly #texts: Texts
  #open: Field | null = null
  #endSwallowing = () => {}
  readonly #ends: (() => void)[]

  constructor(editor: Editor) {
    super()
    this.#editor = editor
    this.#texts = new Texts(editor.room)
    this.#ends = [
      editor.camera.on('change', () => this.#open?.place()),
      editor.scene.on('change', ({ id, object }) => {
        if (id !== this.id) return
        if (object !== undefined && object.lock === FREE) this.#open?.place()
        else this.#interrupt(object === undefined ? DELETED : LOCKED)
      }),
      editor.on('readOnly', () => this.close()),
      editor.on('theme', () => this.#open?.place()),
    ]
  }

  destroy(): void {
    this.close()
    this.#endSwallowing()
    for (const end of this.#ends) end()
    this.#texts.destroy()
  }

  /** The object whose words are edited. */
  get id(): string | null {
    return this.#open?.object.id ?? null
  }

  /**
   * All until it is closed is one step of undo, together with what made the object, where that is
   * still under way.
   */
  open(id: string, options: EditOptions = {}): void {
    const { scene } = this.#editor
    const object = scene.find(id)
    this.close()
    if (object === undefined || this.#editor.readOnly || object.lock > 0) return
    if (wordsOf(object, scene.find) === null) return
    this.#editor.begin()
    this.#open = new Field(this.#editor, this.#texts.open(id), object, {
      left: () => this.close(),
      failed: (message) => this.tell('trouble', message),
    })
    this.tell('change', { id, before: null })
    this.#open.begin(options.selectsAll ?? false)
  }

  /** Someone else ends it, in the middle of a word perhaps: what is typed yet is no shortcut. */
  #interrupt(why: string): void {
    this.close()
    this.#swallowKeys()
    this.tell('trouble', why)
  }

  /** Until the person has paused, or pressed somewhere. */
  #swallowKeys(): void {
    this.#endSwallowing()
    const ending = new AbortController()
    const options = { capture: true, signal: ending.signal }
    let timer = setTimeout(() => ending.abort(), PAUSE_MS)
    const swallow = (event: KeyboardEvent) => {
      event.stopImmediatePropagation()
      event.preventDefault()
      clearTimeout(timer)
      timer = setTimeout(() => ending.abort(), PAUSE_MS)
    }
    addEventListener('keydown', swallow, options)
    addEventListener('pointerdown', () => ending.abort(), options)
    this.#endSwallowing = () => {
      clearTimeout(timer)
      ending.abort()
    }
  }

  /** What was typed goes to the room now, which else waits for more while there is no line. */
  flush(): void {
    this.#texts.flush()
  }

  close(): void {
    const field = this.#open
    if (field === null) return
    this.#open = null
    const { id, type } = field.object
    const { room, scene, selection } = this.#editor
    const isEmpty = field.end()
    const isGone = scene.find(id) === undefined
    if (type === 'text' && isEmpty && !isGone) this.#editor.apply([{ id, delete: true }])
    else if (!isGone) selection.set([id])
    this.#editor.end()
    tellState(room, { caret: null })
    this.tell('change', { id: null, before: id })
  }
}

interface FieldEvents {
  /** The person is done with it. */
  left(): void
  failed(message: string): void
}

/** The field over one object. */
class Field {
  readonly element: HTMLTextAreaElement
  readonly #editor: Editor
  readonly #text: SharedText
  readonly #session: TextSession
  readonly #events: FieldEvents
  readonly #id: string
  #object: BoardObject
  /** What the field holds is what the text holds, but for what was typed this very moment. */
  #shown: string
  #isComposing = false
  readonly #ends: (() => void)[]

  constructor(editor: Editor, text: SharedText, object: BoardObject, events: FieldEvents) {
    this.#editor = editor
    this.#text = text
    this.#object = object
    this.#id = object.id
    this.#events = events
    this.#session = text.edit()
    this.#shown = String(text)
    this.element = fieldElement(object)
    this.element.value = this.#shown
    this.#ends = [
      text.on('change', (runs) => this.#apply(runs)),
      text.on('trouble', (error) => this.#failed(error)),
    ]
    this.#listen()
    editor.element.append(this.element)
  }

  get object(): BoardObject {
    return this.#object
  }

  begin(selectsAll: boolean): void {
    this.#outlastPress()
    this.place()
    this.element.focus({ preventScroll: true })
    this.element.setSelectionRange(selectsAll ? 0 : this.#shown.length, this.#shown.length)
    this.#show()
    this.#tellCaret()
  }

  /**
   * The press that opened it goes on as a mouse event, which would give the focus to the board: at
   * once with a mouse, a moment later with a finger.
   */
  #outlastPress(): void {
    const until = performance.now() + PRESS_MS
    const keep = (event: MouseEvent) => {
      if (performance.now() > until) end()
      else if (event.composedPath()[0] !== this.element) event.preventDefault()
    }
    const end = () => removeEventListener('mousedown', keep, { capture: true })
    addEventListener('mousedown', keep, { capture: true })
    this.#ends.push(end)
  }

  /** Whether no letter is left. */
  end(): boolean {
    if (this.#isComposing) this.#typed()
    this.#text.release()
    this.#session.end()
    for (const end of this.#ends) end()
    this.element.remove()
    return String(this.#text) === ''
  }

  /** Lays the field over the object as it is now. */
  place(): void {
    const { scene, camera, look } = this.#editor
    const object = scene.find(this.#id)
    if (object === undefined) return
    this.#object = object
    const words = wordsOf(object, scene.find, this.#shown || ' ')
    if (words !== null) lay(this.element, object, words, camera, wordsColour(object, look.theme))
  }

  #listen(): void {
    const { element } = this
    element.addEventListener('input', () => {
      this.#typed()
      this.#tellCaret()
    })
    element.addEventListener('compositionstart', () => {
      this.#isComposing = true
      this.#text.hold()
    })
    element.addEventListener('compositionend', () => {
      this.#isComposing = false
      this.#typed()
      this.#text.release()
    })
    element.addEventListener('beforeinput', (event) => this.#beforeInput(event))
    element.addEventListener('keydown', (event) => this.#key(event))
    // Not every browser tells of a field in a shadow root that its selection is another.
    for (const name of ['selectionchange', 'keyup', 'pointerup', 'select']) {
      element.addEventListener(name, () => this.#tellCaret())
    }
    element.addEventListener('blur', () => {
      // The window lost the focus, not the field.
      if (document.hasFocus()) this.#events.left()
    })
    // Nor does a press beside it always take the focus from it: of a window in the back, say.
    const leave = (event: Event) => {
      if (!event.composedPath().includes(element)) this.#events.left()
    }
    const board = this.#editor.element
    board.addEventListener('pointerdown', leave, { capture: true })
    this.#ends.push(() => board.removeEventListener('pointerdown', leave, { capture: true }))
    const { visualViewport } = window
    const show = () => this.#show()
    visualViewport?.addEventListener('resize', show)
    this.#ends.push(() => visualViewport?.removeEventListener('resize', show))
  }

  /** The browser's own undo knows nothing of letters that others wrote. */
  #beforeInput(event: InputEvent): void {
    if (event.inputType === 'historyUndo') this.#session.undo()
    else if (event.inputType === 'historyRedo') this.#session.redo()
    else return
    event.preventDefault()
  }

  #key(event: KeyboardEvent): void {
    event.stopPropagation()
    if (event.isComposing) return
    const command = event.ctrlKey || event.metaKey
    const key = keyOf(event)
    if (key === 'escape' || key === 'tab' || (key === 'enter' && (command || this.#isTitle))) {
      this.#events.left()
      this.#editor.element.focus({ preventScroll: true })
    } else if (command && key === 'z') {
      if (event.shiftKey) this.#session.redo()
      else this.#session.undo()
    } else if (command && key === 'y') this.#session.redo()
    else return
    event.preventDefault()
  }

  get #isTitle(): boolean {
    return this.#object.type === 'frame'
  }

  /** What is different in the field was typed, or pasted, or came from an input method. */
  #typed(): void {
    const { element } = this
    const wanted = this.#isTitle ? element.value.replaceAll('\n', ' ') : element.value
    const { at, removed, inserted } = differenceOf(this.#shown, wanted, element.selectionEnd)
    if (removed > 0 || inserted !== '') {
      const fitting = this.#session.replace(at, removed, inserted.replaceAll('\t', '    '))
      if (fitting < inserted.length) this.#events.failed(FULL)
    }
    this.#shown = String(this.#text)
    if (!this.#isComposing && element.value !== this.#shown) {
      const caret = element.selectionEnd - (element.value.length - this.#shown.length)
      this.#write(caret, caret)
    }
    this.place()
    this.#show()
  }

  /** Letters changed by others, or by undo. */
  #apply(runs: readonly TextRun[]): void {
    const { selectionStart, selectionEnd } = this.element
    this.#shown = String(this.#text)
    this.#write(moved(selectionStart, runs), moved(selectionEnd, runs))
    this.place()
    this.#tellCaret()
  }

  #write(start: number, end: number): void {
    this.element.value = this.#shown
    this.element.setSelectionRange(start, end)
  }

  #failed({ status }: TuttiError): void {
    this.#events.failed(status === 'limit' ? FULL : NOT_TAKEN)
    if (this.#text.isBarred) this.#events.left()
  }

  #tellCaret(): void {
    const { selectionStart, selectionEnd } = this.element
    tellState(this.#editor.room, { caret: [this.#id, selectionStart, selectionEnd] })
  }

  /** Moves the board where the field is hidden: by the edge, or by a keyboard on the screen. */
  #show(): void {
    const box = this.element.getBoundingClientRect()
    const stage = this.#editor.element.getBoundingClientRect()
    const { visualViewport: seen } = window
    const bottom = Math.min(stage.bottom, seen ? seen.offsetTop + seen.height : Infinity)
    const under = box.bottom - (bottom - EDGE)
    const over = stage.top + EDGE - box.top
    const beyond = box.right - (stage.right - EDGE)
    const before = stage.left + EDGE - box.left
    const dy = under > 0 ? -Math.min(under, Math.max(0, -over)) : Math.max(0, over)
    const dx = beyond > 0 ? -Math.min(beyond, Math.max(0, -before)) : Math.max(0, before)
    if (dx !== 0 || dy !== 0) this.#editor.camera.pan(dx, dy)
  }
}

const FULL = `This text is full: ${Math.floor(TEXT_BYTES_MAX / 1024)} KB of letters fit into one.`
const DELETED = 'Someone else has deleted that.'
const LOCKED = 'This is locked now.'
const NOT_TAKEN = 'The board did not take what you typed.'

function fieldElement({ type }: BoardObject): HTMLTextAreaElement {
  const element = document.createElement('textarea')
  element.className = 'words'
  element.rows = 1
  element.spellcheck = false
  element.autocapitalize = 'sentences'
  element.setAttribute('aria-label', type === 'frame' ? 'Title of the frame' : `Words: ${type}`)
  Object.assign(element.style, {
    position: 'absolute',
    left: '0',
    top: '0',
    margin: '0',
    padding: `0 ${SLACK}px`,
    border: '0',
    outline: '0',
    resize: 'none',
    overflow: 'hidden',
    background: 'none',
    boxSizing: 'content-box',
    transformOrigin: '0 0',
    overflowWrap: 'break-word',
    letterSpacing: 'normal',
    fontKerning: 'normal',
    textRendering: 'geometricPrecision',
    touchAction: 'auto',
    userSelect: 'text',
  })
  return element
}

function lay(
  { style }: HTMLTextAreaElement,
  { x, y, w, h, angle }: BoardObject,
  { layout, box, top, across, isFree, isTitle }: Words,
  camera: Editor['camera'],
  colour: string,
): void {
  const corner = camera.toScreen({ x, y })
  const width = isTitle ? Math.max(box.w, layout.width) : box.w
  style.font = fontOf(layout.font, layout.size)
  style.lineHeight = `${layout.lineHeight}px`
  style.color = colour
  style.caretColor = colour
  style.whiteSpace = isFree ? 'pre' : 'pre-wrap'
  style.textAlign = ['left', 'center', 'right'][across]!
  style.width = `${width}px`
  style.height = `${layout.height}px`
  style.transform = [
    `translate(${corner.x}px, ${corner.y}px)`,
    `scale(${camera.zoom})`,
    `translate(${w / 2}px, ${h / 2}px) rotate(${angle}rad) translate(${-w / 2}px, ${-h / 2}px)`,
    `translate(${box.x - SLACK}px, ${top}px)`,
  ].join(' ')
}
