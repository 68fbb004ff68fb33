/**
 * Cut, copy and paste, between boards, tabs and programs. Objects travel in the HTML of the
 * clipboard, beside their words as plain text; what comes from elsewhere becomes a text or a
 * picture.
 */
import { clip, CLIPPED_MAX, place, readClipping, writeClipping, type Clipping } from './clipping.js'
import { withAllHeld } from './edit/edit.js'
import { pngOf } from './export.js'
import type { Editor } from './editor.js'
import { fileUrl, imagesAmong, unhex } from './files.js'
import { holds, type Point } from './geometry.js'
import type { BoardObject } from './model.js'
import { newKeysBetween } from './order.js'
import { textItems, textOf } from './text.js'
import { isAutoWide } from './words.js'

const MARK = 'data-tutti-board'
const TEXT_WIDTH_MAX = 520
const STEP = 24
const TEXT_MAX = 12_000
const COUNT = new Intl.NumberFormat('en')

/** What the clipboard needs of the board around it. */
export interface Surroundings {
  readonly theme: () => 'light' | 'dark'
  tell(text: string): void
}

export class Clipboard {
  readonly #editor: Editor
  readonly #around: Surroundings
  /** Pasted again, it goes a little further. */
  #pasted = { text: '', times: 0 }

  constructor(editor: Editor, around: Surroundings) {
    this.#editor = editor
    this.#around = around
  }

  /** False, and the person is told, where more is chosen than a clipping holds. */
  #fits(): boolean {
    const fits = picked(this.#editor).length <= CLIPPED_MAX
    if (!fits)
      this.#around.tell(`That is too much to copy: ${COUNT.format(CLIPPED_MAX)} things at most`)
    return fits
  }

  /** Answers what the browser tells of the keys for cut, copy and paste. */
  listen(target: EventTarget, isOurs: (event: Event) => boolean, signal: AbortSignal): void {
    const on = (name: string, handler: (event: ClipboardEvent) => void) => {
      target.addEventListener(
        name,
        (event) => {
          if (isOurs(event)) handler(event as ClipboardEvent)
        },
        { signal },
      )
    }
    on('copy', (event) => this.#put(event))
    on('cut', (event) => {
      if (this.#editor.readOnly || !this.#put(event)) return
      this.#editor.deleteSelection()
    })
    on('paste', (event) => {
      const { clipboardData } = event
      if (this.#editor.readOnly || clipboardData === null) return
      event.preventDefault()
      const html = clipboardData.getData('text/html')
      const text = clipboardData.getData('text/plain')
      const images = imagesAmong(clipboardData)
      // A program that copies a picture of its words means the words.
      if (images.length > 0 && text.trim() === '') void this.#editor.addPictures(images)
      else this.#take(html, text)
    })
  }

  async copy(): Promise<boolean> {
    if (this.#editor.selection.size === 0 || !this.#fits()) return false
    const { html, text } = this.#written()
    const item = (type: string, data: string) => ({ [type]: new Blob([data], { type }) })
    return this.#try(() =>
      navigator.clipboard.write([
        new ClipboardItem({ ...item('text/html', html), ...item('text/plain', text) }),
      ]),
    )
  }

  async cut(): Promise<void> {
    if (await this.copy()) this.#editor.deleteSelection()
  }

  async paste(): Promise<void> {
    await this.#try(async () => {
      let html = ''
      let text = ''
      const images: Blob[] = []
      for (const item of await navigator.clipboard.read()) {
        for (const type of item.types) {
          const blob = await item.getType(type)
          if (type === 'text/html') html = await blob.text()
          else if (type === 'text/plain') text = await blob.text()
          else if (type.startsWith('image/')) images.push(blob)
        }
      }
      if (images.length > 0 && text.trim() === '') await this.#editor.addPictures(images)
      else this.#take(html, text)
    })
  }

  /** The selection, or all, as a picture for other programs. */
  async copyPicture(): Promise<void> {
    const objects = picked(this.#editor)
    const png = pngOf(this.#editor, objects, {
      scale: 2,
      background: true,
      theme: this.#around.theme(),
    })
    const isDone = await this.#try(() =>
      navigator.clipboard.write([new ClipboardItem({ 'image/png': png })]),
    )
    if (isDone) this.#around.tell('Copied as a picture')
  }

  /** Puts objects around a place; they are selected then. One step of undo. */
  insert(clipping: Clipping, at: Point): void {
    const { scene, selection } = this.#editor
    const keys = newKeysBetween(scene.topOrder, null, clipping.objects.length)
    const placed = place(clipping, at, keys, () => scene.collection.newId())
    this.#editor.setTool('select')
    const isDone = this.#editor.apply(
      placed.map(({ id, patch, words, image }) => {
        const text = textItems(words)
        const picture = image === null ? null : { image: unhex(image) }
        return { id, put: { ...patch, ...(text && { text }), ...picture } }
      }),
    )
    if (isDone) selection.set(placed.map(({ id }) => id))
  }

  #put(event: ClipboardEvent): boolean {
    if (this.#editor.selection.size === 0 || event.clipboardData === null) return false
    event.preventDefault()
    if (!this.#fits()) return false
    const { html, text } = this.#written()
    event.clipboardData.setData('text/html', html)
    event.clipboardData.setData('text/plain', text)
    return true
  }

  #written(): { html: string; text: string } {
    const objects = picked(this.#editor)
    const text = objects
      .map((object) => textOf(object.text))
      .filter((words) => words !== '')
      .join('\n\n')
    const clipping = writeClipping(clippingOf(this.#editor, objects))
    return { html: `<div ${MARK}>${base64(clipping)}</div>`, text: text === '' ? clipping : text }
  }

  #take(html: string, text: string): void {
    const clipping = readClipping(clippingIn(html) ?? text)
    if (clipping !== null) void this.#insertCopy(clipping)
    else if (text.trim() !== '') this.#insertText(text.trim())
  }

  /** Where it came from, a little to the side, if that shows; else where the person looks. */
  async #insertCopy(clipping: Clipping): Promise<void> {
    const text = JSON.stringify(clipping.objects)
    this.#pasted = { text, times: this.#pasted.text === text ? this.#pasted.times + 1 : 1 }
    const { x, y, w, h } = clipping.box
    const shift = STEP * this.#pasted.times
    const beside = { x: x + w / 2 + shift, y: y + h / 2 + shift }
    const images = await this.#foreignImages(clipping)
    if (this.#editor.isEnded) return
    this.insert(clipping, holds(this.#editor.camera.box, beside) ? beside : this.#place)
    for (const [name, image] of images) {
      this.#editor.pictures.send(image, unhex(name)).catch(() => this.#missImage())
    }
  }

  /** Those of another room of this server, which this one may not have. They show from now on. */
  async #foreignImages({ files, objects }: Clipping): Promise<Map<string, Blob>> {
    const { room } = this.#editor
    const images = new Map<string, Blob>()
    if (files === null || files === room.url || !isSameHost(files, room.url)) return images
    for (const name of new Set(objects.flatMap(({ image }) => image ?? []))) {
      try {
        const response = await fetch(fileUrl({ url: files }, unhex(name)))
        if (!response.ok) throw new Error(response.statusText)
        images.set(name, await response.blob())
      } catch {
        this.#missImage()
      }
    }
    return images
  }

  #missImage(): void {
    this.#around.tell('A picture of what you pasted could not be brought along')
  }

  #insertText(words: string): void {
    const { style } = this.#editor
    const isLong = words.length > 60 && !words.includes('\n')
    const object = {
      id: 'text',
      type: 'text' as const,
      x: 0,
      y: 0,
      w: isLong ? TEXT_WIDTH_MAX : 0,
      h: 0,
      words: words.slice(0, TEXT_MAX),
      colour: style.colour,
      font: style.font,
      fontSize: style.fontSize,
    }
    const w = isLong ? TEXT_WIDTH_MAX : 0
    this.insert({ objects: [object], box: { x: 0, y: 0, w, h: 0 }, files: null }, this.#place)
  }

  /** The middle of what shows. */
  get #place(): Point {
    const { x, y, w, h } = this.#editor.camera.box
    return { x: x + w / 2, y: y + h / 2 }
  }

  async #try(action: () => Promise<void>): Promise<boolean> {
    try {
      await action()
      return true
    } catch {
      this.#around.tell('This browser keeps its clipboard from the page; the keys may work')
      return false
    }
  }
}

/** The selection with all that frames in it hold, the lowest first; all, where nothing is chosen. */
export function picked({ selection, scene }: Editor): readonly BoardObject[] {
  return selection.size === 0 ? scene.all : withAllHeld(scene, selection)
}

export function clippingOf(editor: Editor, objects: readonly BoardObject[]): Clipping {
  const own = objects.map((object) => (isAutoWide(object) ? { ...object, w: 0, h: 0 } : object))
  return clip(
    own,
    (object) => textOf(object.text),
    ({ id }) => editor.scene.bounds(id)!,
    editor.room.url,
  )
}

/** A stranger's clipboard makes this page ask nobody but its own server. */
function isSameHost(url: string, own: string): boolean {
  try {
    return new URL(url).host === new URL(own).host
  } catch {
    return false
  }
}

/** In the HTML of a clipboard that a board has written. */
function clippingIn(html: string): string | null {
  if (!html.includes(MARK)) return null
  const mark = new DOMParser().parseFromString(html, 'text/html').querySelector(`[${MARK}]`)
  try {
    return mark === null ? null : unbase64(mark.textContent ?? '')
  } catch {
    return null
  }
}

function base64(text: string): string {
  let bytes = ''
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte)
  return btoa(bytes)
}

function unbase64(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)))
}
