import { TuttiError, type Status } from '../errors.js'
import type { Room } from '../room.js'

/** What of a room files need. */
export type FileRoom = Pick<Room, 'url' | 'status' | 'on'>

/** The server's limit of one file, unless its operator says otherwise. */
export const FILE_BYTES_MAX = 8_388_608
/** Images that are larger, either way, are scaled before they are sent. */
export const IMAGE_SIDE_MAX = 4_096
/** Of more, one of this person's own is not even decoded: that takes four bytes each. */
const OWN_PIXELS_MAX = 256 << 20

const HASH_BYTES = 32
/** Between two tries, doubling from the first to the second, with chance in it. */
const RETRY_MS = { first: 1_000, most: 30_000 }

export interface UploadOptions {
  /** Called as it goes, from 0 to 1. After a broken connection it begins anew. */
  readonly onProgress?: (part: number) => void
  /** Ends it. */
  readonly signal?: AbortSignal
}

/** An image that is ready to be sent. */
export interface Picture {
  readonly blob: Blob
  /** In pixels, as it shows: what the camera noted about its rotation is in them. */
  readonly width: number
  readonly height: number
  /** Null where the page may not know it: over http, on another host than localhost. */
  readonly hash: Uint8Array | null
  /** To be shown until the server has it; the caller closes it. */
  readonly bitmap: ImageBitmap
}

/** Where a file of the room is. */
export function fileUrl(room: Pick<Room, 'url'>, hash: Uint8Array): string {
  return `${filesUrl(room)}/${hex(hash)}`
}

function filesUrl(room: Pick<Room, 'url'>): string {
  const address = new URL(room.url)
  address.protocol = address.protocol.replace('ws', 'http')
  address.pathname += '/files'
  address.search = ''
  return address.href
}

export function hex(hash: Uint8Array): string {
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function unhex(text: string): Uint8Array {
  return Uint8Array.from({ length: HASH_BYTES }, (_, i) =>
    parseInt(text.slice(2 * i, 2 * i + 2), 16),
  )
}

/** What was dropped or pasted and looks like an image; others may turn out to be none. */
export function imagesAmong(data: DataTransfer | null): File[] {
  return [...(data?.files ?? [])].filter(({ type }) => type.startsWith('image/'))
}

// --- Getting it ready ----------------------------------------------------------------------------

const BEGINNINGS: readonly (readonly [type: string, bytes: readonly (number | null)[]])[] = [
  ['image/png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', [0x47, 0x49, 0x46, 0x38]],
  ['image/webp', [0x52, 0x49, 0x46, 0x46, null, null, null, null, 0x57, 0x45, 0x42, 0x50]],
]

/** What it is by how it begins, as the server looks at it; null for what it would not take. */
export async function imageType(blob: Blob): Promise<string | null> {
  const head = new Uint8Array(await blob.slice(0, 12).arrayBuffer())
  const found = BEGINNINGS.find(([, bytes]) => bytes.every((b, i) => b === null || b === head[i]))
  return found?.[0] ?? null
}

export async function hashOf(blob: Blob): Promise<Uint8Array | null> {
  const subtle = globalThis.crypto?.subtle
  if (subtle === undefined) return null
  return new Uint8Array(await subtle.digest('SHA-256', await blob.arrayBuffer()))
}

/** The size that fits into a square of `most`, with the same shape. */
export function fitInto(width: number, height: number, most: number): [number, number] {
  const scale = Math.min(1, most / Math.max(width, height))
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))]
}

/** How wide and high an image is as it shows, without decoding it; null for what is none. */
export async function sidesOf(image: Blob): Promise<[number, number] | null> {
  const element = new Image()
  const address = URL.createObjectURL(image)
  try {
    await new Promise((resolve, reject) => {
      element.onload = resolve
      element.onerror = reject
      element.src = address
    })
    return [element.naturalWidth, element.naturalHeight]
  } catch {
    return null
  } finally {
    URL.revokeObjectURL(address)
  }
}

async function decodedOf(image: Blob): Promise<ImageBitmap> {
  const sides = await sidesOf(image)
  if (sides !== null && sides[0] * sides[1] > OWN_PIXELS_MAX) {
    throw new TuttiError('limit', 'the image is too large')
  }
  try {
    if (sides !== null) return await createImageBitmap(image)
  } catch {
    // It begins as an image, and is none.
  }
  throw new TuttiError('type', 'this is no image that can be shown')
}

/**
 * Makes an image ready: what the server would not take becomes PNG, or WebP where that would be too
 * long; what is too large is scaled. Rejects with a {@link TuttiError} `type` for what is no image,
 * `limit` for one of too many pixels.
 */
export async function preparePicture(image: Blob): Promise<Picture> {
  let bitmap = await decodedOf(image)
  const [width, height] = fitInto(bitmap.width, bitmap.height, IMAGE_SIDE_MAX)
  let blob = image
  const fits = width === bitmap.width && image.size <= FILE_BYTES_MAX
  if (!fits || (await imageType(image)) === null) {
    const canvas = draw(bitmap, width, height)
    bitmap.close()
    blob = await shortEnough(canvas, image.type)
    bitmap = await createImageBitmap(canvas)
  }
  return { blob, width, height, bitmap, hash: await hashOf(blob) }
}

function draw(bitmap: ImageBitmap, width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  const context = canvas.getContext('2d')!
  context.imageSmoothingQuality = 'high'
  context.drawImage(bitmap, 0, 0, width, height)
  return canvas
}

/** Photographs stay JPEG. What a browser cannot write as WebP it writes as PNG. */
async function shortEnough(canvas: HTMLCanvasElement, type: string): Promise<Blob> {
  const ways: [type: string, quality?: number][] =
    type === 'image/jpeg' ? [] : [['image/png'], ['image/webp', 0.92]]
  for (const quality of [0.92, 0.8, 0.6]) ways.push(['image/jpeg', quality])
  for (const [type, quality] of ways) {
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, type, quality))
    if (blob !== null && blob.size <= FILE_BYTES_MAX) return blob
  }
  throw new TuttiError('limit', 'the image is too large')
}

// --- Sending it ----------------------------------------------------------------------------------

/**
 * Sends an image to the room; resolves with its hash once the server has it on its disk. While there
 * is no connection it waits, and what may go well later is tried again. Rejects with a
 * {@link TuttiError} where that is vain, whose message is for the person, or with the signal's reason.
 *
 * ```js
 * const hash = await upload(room, blob, { onProgress: (part) => (bar.value = part) })
 * ```
 */
export async function upload(
  room: FileRoom,
  blob: Blob,
  options: UploadOptions = {},
): Promise<Uint8Array> {
  for (let wait = RETRY_MS.first; ; wait = Math.min(2 * wait, RETRY_MS.most)) {
    await live(room, options.signal)
    const { status, text, retryS } = await send(filesUrl(room), blob, options)
    if (status === 200 || status === 201) return unhex((JSON.parse(text) as { hash: string }).hash)
    const error = refusal(status, text)
    if (error !== null) throw error
    const shortest = retryS === null ? wait : 1_000 * retryS
    await pause(shortest * (1 + Math.random()), options.signal)
  }
}

/** Null where another try may go well. */
function refusal(status: number, text: string): TuttiError | null {
  const statuses: Record<number, Status> = {
    400: 'malformed',
    403: 'forbidden',
    411: 'malformed',
    413: 'limit',
    415: 'type',
    507: 'full',
  }
  const known = statuses[status]
  return known === undefined ? null : new TuttiError(known, text, status)
}

/** Resolves when the room is live: at once, or after it has come back. */
function live(room: FileRoom, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): boolean => {
      if (signal?.aborted === true) reject(signal.reason as Error)
      else if (room.status === 'closed') reject(new TuttiError('closed', 'the room was left'))
      else if (room.status === 'live') resolve()
      else return false
      unwatch()
      signal?.removeEventListener('abort', look)
      return true
    }
    let unwatch = () => {}
    if (look()) return
    unwatch = room.on('status', look)
    signal?.addEventListener('abort', look)
  })
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      if (signal?.aborted === true) reject(signal.reason as Error)
      else resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end)
  })
}

interface Answer {
  /** 0: none came. */
  readonly status: number
  readonly text: string
  /** What a Retry-After says. */
  readonly retryS: number | null
}

const NO_ANSWER: Answer = { status: 0, text: '', retryS: null }

function send(url: string, blob: Blob, options: UploadOptions): Promise<Answer> {
  return typeof XMLHttpRequest === 'undefined'
    ? sendByFetch(url, blob, options)
    : sendByRequest(url, blob, options)
}

/** `fetch` cannot tell how far it has got; only Node has nothing else. */
async function sendByFetch(url: string, blob: Blob, { signal }: UploadOptions): Promise<Answer> {
  try {
    const response = await fetch(url, { method: 'POST', body: blob, signal: signal ?? null })
    return {
      status: response.status,
      text: await response.text(),
      retryS: seconds(response.headers.get('retry-after')),
    }
  } catch {
    signal?.throwIfAborted()
    return NO_ANSWER
  }
}

function sendByRequest(
  url: string,
  blob: Blob,
  { signal, onProgress }: UploadOptions,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const abort = () => request.abort()
    request.open('POST', url)
    request.upload.onprogress = ({ loaded, total }) => onProgress?.(total > 0 ? loaded / total : 1)
    request.onloadend = () => {
      signal?.removeEventListener('abort', abort)
      if (signal?.aborted === true) return reject(signal.reason as Error)
      const { status, responseText: text } = request
      const retryS = status === 0 ? null : seconds(request.getResponseHeader('retry-after'))
      resolve({ status, text, retryS })
    }
    signal?.addEventListener('abort', abort)
    request.send(blob)
  })
}

function seconds(header: string | null): number | null {
  return header !== null && /^\d{1,5}$/.test(header) ? Number(header) : null
}
