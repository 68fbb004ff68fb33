/** Pictures of the board to keep: PNG and SVG. */
import type { Editor } from './editor.js'
import { hex } from './files.js'
import { grown, union, type Box } from './geometry.js'
import type { BoardObject } from './model.js'
import { paint, type Look } from './paint.js'
import type { Scene } from './scene.js'
import { svgOf } from './svg.js'
import { TOKENS, type Theme } from './style.js'
import { paintWords } from './words.js'

export interface PictureOptions {
  /** Pixels of the picture per pixel of the board, as far as the browser can make it so large. */
  readonly scale: number
  readonly background: boolean
  readonly theme: Theme
}

const MARGIN = 24
/** What browsers agree to make a canvas of. */
const SIDE_MAX = 16_384
const AREA_MAX = 100_000_000
/** Without what has not come by then, the picture shows a frame in its place. */
const IMAGES_MS = 8_000

/** What a picture shows: around all that the objects paint; null where there is nothing. */
export function pictureBox(scene: Scene, objects: readonly BoardObject[]): Box | null {
  const box = union(objects.flatMap(({ id }) => scene.paintBox(id) ?? []))
  return box && grown(box, MARGIN)
}

/** As large as asked for, or as the browser can. */
export function scaleFor({ w, h }: Box, scale: number): number {
  return Math.min(scale, SIDE_MAX / w, SIDE_MAX / h, Math.sqrt(AREA_MAX / (w * h)))
}

export async function pngOf(
  editor: Editor,
  objects: readonly BoardObject[],
  options: PictureOptions,
): Promise<Blob> {
  const box = pictureBox(editor.scene, objects)
  if (box === null) throw new Error('there is nothing to make a picture of')
  const canvas = await withImages(editor, objects, () => painted(editor, objects, box, options))
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'))
  if (blob === null) throw new Error('the picture is too large for this browser')
  return blob
}

function painted(
  editor: Editor,
  objects: readonly BoardObject[],
  box: Box,
  options: PictureOptions,
): HTMLCanvasElement {
  const scale = scaleFor(box, options.scale)
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(box.w * scale))
  canvas.height = Math.max(1, Math.round(box.h * scale))
  const context = canvas.getContext('2d')!
  if (options.background) {
    context.fillStyle = TOKENS[options.theme].paper
    context.fillRect(0, 0, canvas.width, canvas.height)
  }
  context.setTransform(scale, 0, 0, scale, -box.x * scale, -box.y * scale)
  const look = lookOf(editor, options.theme)
  for (const object of objects) paint(context, object, look, scale)
  return canvas
}

export async function svgOfBoard(
  editor: Editor,
  objects: readonly BoardObject[],
  options: Omit<PictureOptions, 'scale'>,
): Promise<Blob> {
  const box = pictureBox(editor.scene, objects)
  if (box === null) throw new Error('there is nothing to make a picture of')
  const { background, theme } = options
  const look = lookOf(editor, theme)
  const images = await withImages(editor, objects, () => imagesOf(editor, objects))
  const text = svgOf(objects, look, { box, background, images })
  return new Blob([text], { type: 'image/svg+xml' })
}

/** As on the board, but in this theme. */
function lookOf(editor: Editor, theme: Theme): Look {
  const look: Look = {
    ...editor.look,
    theme,
    words: (context, object) => paintWords(context, object, look),
  }
  return look
}

/** Does it with all images there, as far as they come in the time that one may be asked to wait. */
async function withImages<Result>(
  { pictures }: Editor,
  objects: readonly BoardObject[],
  make: () => Promise<Result> | Result,
): Promise<Result> {
  const release = await pictures.hold(
    objects.flatMap(({ image }) => image ?? []),
    IMAGES_MS,
  )
  try {
    return await make()
  } finally {
    release()
  }
}

/** The pictures themselves, so that the file needs nothing from elsewhere. */
function imagesOf(editor: Editor, objects: readonly BoardObject[]): Map<string, string> {
  const images = new Map<string, string>()
  for (const { image } of objects) {
    const picture = image && editor.pictures.find(image)
    if (image && picture && !images.has(hex(image))) images.set(hex(image), dataOf(picture))
  }
  return images
}

function dataOf(picture: ImageBitmap): string {
  const canvas = document.createElement('canvas')
  Object.assign(canvas, { width: picture.width, height: picture.height })
  canvas.getContext('2d')!.drawImage(picture, 0, 0)
  return canvas.toDataURL('image/png')
}

/** A name that every file system takes, of what the board is called. */
export function fileName(title: string, ending: string): string {
  const plain = title
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 80)
  return `${plain || 'board'}.${ending}`
}

export function download(blob: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
