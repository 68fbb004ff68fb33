import { Emitter } from '../emitter.js'
import { fileUrl, hex, upload, type FileRoom } from './files.js'

/** Of all images that are kept decoded; those that were not looked at for the longest time go. */
const PIXELS_MAX = 64 << 20
/** Tries for an image that is not there yet: whoever put it on the board may still be sending it. */
const RETRY_MS = { first: 1_000, most: 60_000 }

interface Picture {
  readonly hash: Uint8Array
  bitmap: ImageBitmap | null
  /** The look at which it was wanted last. */
  seen: number
  retryMs: number
  timer: ReturnType<typeof setTimeout> | null
  loads: boolean
}

/** A room's images, decoded, as they are looked at. */
export class Pictures extends Emitter<{
  /** An image is there now. */
  load: { readonly hash: Uint8Array }
  /** So many are being sent, or wait for that. */
  waiting: number
}> {
  readonly #room: FileRoom
  readonly #pictures = new Map<string, Picture>()
  readonly #ending = new AbortController()
  readonly #unwatch: () => void
  #looks = 0
  #waiting = 0

  constructor(room: FileRoom) {
    super()
    this.#room = room
    this.#unwatch = room.on('status', () => this.#tryAll())
  }

  /** The image of this hash; null until it is there, which {@link on} `load` tells. */
  find(hash: Uint8Array): ImageBitmap | null {
    const picture = this.#pictureOf(hash)
    picture.seen = ++this.#looks
    if (picture.bitmap === null) void this.#load(picture)
    return picture.bitmap
  }

  /** Has it already: what is being sent shows meanwhile. The bitmap is closed by this one. */
  keep(hash: Uint8Array, bitmap: ImageBitmap): void {
    const picture = this.#pictureOf(hash)
    if (picture.bitmap !== null) bitmap.close()
    else this.#take(picture, bitmap)
  }

  /** Images of ours that the server does not have: they are lost with the page. */
  get waiting(): number {
    return this.#waiting
  }

  /** Sends an image, as `upload` does, for as long as the board is there. */
  async send(blob: Blob): Promise<Uint8Array> {
    this.#wait(1)
    try {
      return await upload(this.#room, blob, { signal: this.#ending.signal })
    } finally {
      this.#wait(-1)
    }
  }

  destroy(): void {
    this.#unwatch()
    this.#ending.abort()
    for (const { bitmap, timer } of this.#pictures.values()) {
      bitmap?.close()
      if (timer !== null) clearTimeout(timer)
    }
    this.#pictures.clear()
  }

  #wait(change: number): void {
    this.#waiting += change
    this.tell('waiting', this.#waiting)
  }

  #pictureOf(hash: Uint8Array): Picture {
    const name = hex(hash)
    const known = this.#pictures.get(name)
    if (known !== undefined) return known
    const { first: retryMs } = RETRY_MS
    const picture = { hash, bitmap: null, seen: ++this.#looks, retryMs, timer: null, loads: false }
    this.#pictures.set(name, picture)
    return picture
  }

  async #load(picture: Picture): Promise<void> {
    if (picture.loads || picture.timer !== null || this.#ending.signal.aborted) return
    picture.loads = true
    const bitmap = await this.#fetch(picture.hash)
    picture.loads = false
    if (this.#ending.signal.aborted || picture.bitmap !== null) bitmap?.close()
    else if (bitmap !== null) this.#take(picture, bitmap)
    else this.#tryLater(picture)
  }

  async #fetch(hash: Uint8Array): Promise<ImageBitmap | null> {
    try {
      const response = await fetch(fileUrl(this.#room, hash), { signal: this.#ending.signal })
      return response.ok ? await createImageBitmap(await response.blob()) : null
    } catch {
      return null
    }
  }

  #take(picture: Picture, bitmap: ImageBitmap): void {
    picture.bitmap = bitmap
    if (picture.timer !== null) clearTimeout(picture.timer)
    picture.timer = null
    this.#letGo(picture)
    this.tell('load', { hash: picture.hash })
  }

  #tryLater(picture: Picture): void {
    picture.timer = setTimeout(() => {
      picture.timer = null
      void this.#load(picture)
    }, picture.retryMs)
    picture.retryMs = Math.min(2 * picture.retryMs, RETRY_MS.most)
  }

  /** The connection is back: what failed for want of it need not wait. */
  #tryAll(): void {
    if (this.#room.status !== 'live') return
    for (const picture of this.#pictures.values()) {
      if (picture.timer === null) continue
      clearTimeout(picture.timer)
      picture.timer = null
      picture.retryMs = RETRY_MS.first
      void this.#load(picture)
    }
  }

  #letGo(but: Picture): void {
    const shown = [...this.#pictures.values()].filter(({ bitmap }) => bitmap !== null)
    shown.sort((a, b) => a.seen - b.seen)
    let pixels = shown.reduce((sum, { bitmap }) => sum + bitmap!.width * bitmap!.height, 0)
    for (const picture of shown) {
      if (pixels <= PIXELS_MAX) return
      if (picture === but) continue
      pixels -= picture.bitmap!.width * picture.bitmap!.height
      picture.bitmap!.close()
      picture.bitmap = null
    }
  }
}
