import { Emitter } from '../emitter.js'
import { fileUrl, hex, sidesOf, upload, type FileRoom } from './files.js'
import {
  IMAGE_PIXELS_MAX,
  isTooSmall,
  shareOf,
  shrunk,
  sidesWithin,
  type Kept,
} from './picture_budget.js'

/** Decoding takes all of an image's memory, however small it is kept. */
const LOADS_MAX = 3
/** Tries for an image that is not there yet: whoever put it on the board may still be sending it. */
const RETRY_MS = { first: 1_000, most: 60_000 }
const TRIES_MAX = 12
/** After these it is asked for when it is looked at, so often at most. */
const REST_MS = 600_000

/** What becomes of an image: nothing, one of these. A `broken` one will never be any other. */
type Doing = 'queued' | 'loading' | 'waiting' | 'broken' | null

interface Picture {
  readonly hash: Uint8Array
  bitmap: ImageBitmap | null
  /** Pixels of the image itself, as far as it was ever here. */
  whole: number
  /** The look at which it was wanted last. */
  seen: number
  doing: Doing
  tries: number
  triedAt: number
  timer: ReturnType<typeof setTimeout> | null
  /** Of one of ours that the server does not have yet. */
  blob: Blob | null
}

/**
 * A room's images, decoded, as they are looked at. Together they take a bounded part of the memory:
 * each is kept as large as its share of that, and one that did not show lately becomes small.
 */
export class Pictures extends Emitter<{
  /** An image is there now, or larger than before. */
  load: { readonly hash: Uint8Array }
  /** A try is over, whatever came of it. */
  tried: void
  /** So many are being sent, or wait for that. */
  waiting: number
}> {
  readonly #room: FileRoom
  readonly #shown: () => Iterable<Uint8Array>
  readonly #pictures = new Map<string, Picture>()
  /** Name → by how many it is held: see {@link hold}. */
  readonly #held = new Map<string, number>()
  readonly #ending = new AbortController()
  readonly #unwatch: () => void
  #loads = 0
  #looks = 0
  #waiting = 0

  /** `shown`: what is on the screen now, each once or more often. */
  constructor(room: FileRoom, shown: () => Iterable<Uint8Array>) {
    super()
    this.#room = room
    this.#shown = shown
    this.#unwatch = room.on('status', () => this.#tryAll())
  }

  /** The image of this hash, for the screen; null until it is there, which {@link on} `load` tells. */
  find(hash: Uint8Array): ImageBitmap | null {
    const picture = this.#pictureOf(hash)
    picture.seen = ++this.#looks
    this.#want(picture)
    return picture.bitmap
  }

  /** As far as it is here: nothing is loaded for it. */
  peek(hash: Uint8Array): ImageBitmap | null {
    return this.#pictures.get(hex(hash))?.bitmap ?? null
  }

  /**
   * Loads these and keeps them as if they showed, until the function is called that it resolves
   * with: when all are there, or after so long.
   */
  async hold(hashes: Iterable<Uint8Array>, ms: number): Promise<() => void> {
    const held = new Map([...hashes].map((hash) => [hex(hash), hash]))
    for (const name of held.keys()) this.#held.set(name, (this.#held.get(name) ?? 0) + 1)
    for (const hash of held.values()) this.find(hash)
    await this.#settled([...held.values()], ms)
    return () => {
      for (const name of held.keys()) {
        const others = this.#held.get(name)! - 1
        if (others > 0) this.#held.set(name, others)
        else this.#held.delete(name)
      }
      this.#fit()
    }
  }

  /** Has it already: what is being sent shows meanwhile. The bitmap is closed by this one. */
  keep(hash: Uint8Array, bitmap: ImageBitmap): void {
    const picture = this.#pictureOf(hash)
    if (picture.bitmap !== null || this.isEnded) bitmap.close()
    else this.#take(picture, bitmap, bitmap.width * bitmap.height)
  }

  /** Images of ours that the server does not have: they are lost with the page. */
  get waiting(): number {
    return this.#waiting
  }

  /** The board is gone. */
  get isEnded(): boolean {
    return this.#ending.signal.aborted
  }

  /** Sends an image, as `upload` does, for as long as the board is there; `hash` where it is known. */
  async send(blob: Blob, hash: Uint8Array | null = null): Promise<Uint8Array> {
    const picture = hash && this.#pictureOf(hash)
    if (picture) picture.blob = blob
    this.#wait(1)
    try {
      return await upload(this.#room, blob, { signal: this.#ending.signal })
    } finally {
      if (picture) picture.blob = null
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
    const picture: Picture = {
      hash,
      bitmap: null,
      whole: 0,
      seen: ++this.#looks,
      doing: null,
      tries: 0,
      triedAt: -Infinity,
      timer: null,
      blob: null,
    }
    this.#pictures.set(name, picture)
    return picture
  }

  // --- Loading -----------------------------------------------------------------------------------

  #want(picture: Picture): void {
    if (picture.doing !== null || this.isEnded) return
    if (picture.bitmap !== null && !this.#isTooSmall(picture)) return
    const isTired = pauseAfter(picture.tries) === null
    if (isTired && performance.now() - picture.triedAt < REST_MS) return
    picture.doing = 'queued'
    this.#loadNext()
  }

  #isTooSmall({ bitmap, whole }: Picture): boolean {
    const pixels = pixelsOf(bitmap)
    // Most are as large as they ever get.
    return 2 * pixels < whole && isTooSmall(pixels, whole, this.#share)
  }

  /** Of those that are wanted, the one that was looked at last. */
  #loadNext(): void {
    while (this.#loads < LOADS_MAX) {
      const queued = [...this.#pictures.values()].filter(({ doing }) => doing === 'queued')
      const next = queued.reduce<Picture | null>(
        (last, each) => (last === null || each.seen > last.seen ? each : last),
        null,
      )
      if (next === null) return
      this.#loads++
      next.doing = 'loading'
      void this.#load(next).finally(() => {
        this.#loads--
        this.tell('tried', undefined)
        if (!this.isEnded) this.#loadNext()
      })
    }
  }

  async #load(picture: Picture): Promise<void> {
    picture.tries++
    picture.triedAt = performance.now()
    const blob = picture.blob ?? (await this.#fetch(picture.hash))
    const sides = blob && (await sidesOf(blob))
    const [width, height] = sides ?? [0, 0]
    const isSane = width * height > 0 && width * height <= IMAGE_PIXELS_MAX
    const bitmap = blob && isSane ? await decoded(blob, width, height, this.#share) : null
    if (this.isEnded) bitmap?.close()
    else if (bitmap !== null) this.#take(picture, bitmap, width * height)
    else if (blob === null) this.#tryLater(picture)
    else picture.doing = 'broken'
  }

  async #fetch(hash: Uint8Array): Promise<Blob | null> {
    try {
      const response = await fetch(fileUrl(this.#room, hash), { signal: this.#ending.signal })
      return response.ok ? await response.blob() : null
    } catch {
      return null
    }
  }

  #take(picture: Picture, bitmap: ImageBitmap, whole: number): void {
    if (picture.timer !== null) clearTimeout(picture.timer)
    picture.bitmap?.close()
    Object.assign(picture, { bitmap, whole, doing: null, tries: 0, timer: null })
    this.#fit()
    this.tell('load', { hash: picture.hash })
  }

  #tryLater(picture: Picture): void {
    const ms = pauseAfter(picture.tries)
    picture.doing = ms === null ? null : 'waiting'
    if (ms !== null) picture.timer = setTimeout(() => this.#tryAgain(picture), ms)
  }

  #tryAgain(picture: Picture): void {
    if (picture.timer !== null) clearTimeout(picture.timer)
    picture.timer = null
    picture.doing = null
    this.#want(picture)
  }

  /** The connection is back: what failed for want of it need not wait. */
  #tryAll(): void {
    if (this.#room.status !== 'live') return
    for (const picture of this.#pictures.values()) {
      if (picture.bitmap !== null || picture.tries === 0) continue
      if (picture.doing !== null && picture.doing !== 'waiting') continue
      picture.tries = 0
      this.#tryAgain(picture)
    }
  }

  /** Resolves when nothing more is to be waited for. */
  #settled(hashes: readonly Uint8Array[], ms: number): Promise<void> {
    const isSettled = (hash: Uint8Array) => {
      const { bitmap, doing } = this.#pictureOf(hash)
      return doing === 'broken' || (bitmap !== null && doing === null)
    }
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer)
        unlisten()
        resolve()
      }
      const look = () => {
        if (hashes.every(isSettled)) end()
      }
      const timer = setTimeout(end, ms)
      const unlisten = this.on('tried', look)
      look()
    })
  }

  // --- Room for all ------------------------------------------------------------------------------

  /** Names of what shows, or is held as if it did. */
  get #inSight(): Set<string> {
    return new Set([...[...this.#shown()].map(hex), ...this.#held.keys()])
  }

  get #share(): number {
    return shareOf(this.#inSight.size)
  }

  #fit(): void {
    const inSight = this.#inSight
    const kept: (Kept & { readonly picture: Picture })[] = []
    for (const [name, picture] of this.#pictures) {
      const pixels = pixelsOf(picture.bitmap)
      if (pixels === 0) continue
      kept.push({ picture, pixels, seen: picture.seen, isShown: inSight.has(name) })
    }
    for (const [{ picture }, pixels] of shrunk(kept)) shrink(picture, pixels)
  }
}

/** Until the next try, after so many in vain; null for none. */
export function pauseAfter(tries: number): number | null {
  if (tries >= TRIES_MAX) return null
  return Math.min(RETRY_MS.first * 2 ** (tries - 1), RETRY_MS.most)
}

function pixelsOf(bitmap: ImageBitmap | null): number {
  return bitmap === null ? 0 : bitmap.width * bitmap.height
}

/** Of this many pixels at most; null for what is no image after all. */
async function decoded(
  blob: Blob,
  width: number,
  height: number,
  most: number,
): Promise<ImageBitmap | null> {
  const [resizeWidth, resizeHeight] = sidesWithin(width, height, most)
  const options = { resizeWidth, resizeHeight, resizeQuality: 'high' } as const
  try {
    return await createImageBitmap(blob, resizeWidth === width ? {} : options)
  } catch {
    return null
  }
}

/** At once, so that there is never a moment in which too much is kept. */
function shrink(picture: Picture, pixels: number): void {
  const before = picture.bitmap!
  const canvas = new OffscreenCanvas(...sidesWithin(before.width, before.height, pixels))
  const context = canvas.getContext('2d')!
  context.imageSmoothingQuality = 'high'
  context.drawImage(before, 0, 0, canvas.width, canvas.height)
  before.close()
  picture.bitmap = canvas.transferToImageBitmap()
}
