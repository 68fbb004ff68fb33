/** Images that come onto a board: out of the clipboard, dropped, or chosen. */
import { TuttiError } from '../errors.js'
import { created } from './edit/content.js'
import { frameFor } from './edit/group.js'
import type { Editor } from './editor.js'
import { fitInto, preparePicture, type Picture } from './files.js'
import type { Point } from './geometry.js'

/** Of what shows, an image takes so much at most. */
const SHARE = 0.6
const GAP = 24

/**
 * Puts images side by side around a place, each as large as it is or as fits there. They show at
 * once and are sent meanwhile; one that the server does not take goes again, and the editor tells
 * `trouble`.
 */
export async function placePictures(
  editor: Editor,
  images: readonly Blob[],
  at: Point,
): Promise<void> {
  const pictures: Picture[] = []
  for (const image of images) {
    try {
      pictures.push(await preparePicture(image))
    } catch (error) {
      tell(editor, error)
    }
  }
  if (editor.isEnded) {
    for (const { bitmap } of pictures) bitmap.close()
    return
  }
  const { w, h } = editor.camera.box
  const most = SHARE * Math.min(w, h)
  const sizes = pictures.map(({ width, height }) => fitInto(width, height, most))
  let x = at.x - (sizes.reduce((sum, [width]) => sum + width, 0) + GAP * (sizes.length - 1)) / 2
  const ids = await Promise.all(
    pictures.map((picture, i) => {
      const [width, height] = sizes[i]!
      const box = { x, y: at.y - height / 2, w: width, h: height }
      x += width + GAP
      return placeOne(editor, picture, box)
    }),
  )
  const placed = ids.filter((id) => id !== null)
  if (placed.length === 0) return
  editor.setTool('select')
  editor.selection.set(placed)
}

type Place = { x: number; y: number; w: number; h: number }

/** Without a hash it has to be sent before anything can name it. */
async function placeOne(editor: Editor, picture: Picture, box: Place): Promise<string | null> {
  const sent = editor.pictures.send(picture.blob, picture.hash)
  if (picture.hash === null) {
    try {
      const hash = await sent
      if (!editor.isEnded) return put(editor, picture, hash, box)
    } catch (error) {
      tell(editor, error)
    }
    picture.bitmap.close()
    return null
  }
  const id = put(editor, picture, picture.hash, box)
  sent.catch((error: unknown) => {
    if (tell(editor, error) && id !== null) editor.withdraw(id)
  })
  return id
}

function put(editor: Editor, picture: Picture, hash: Uint8Array, box: Place): string | null {
  const { scene } = editor
  editor.pictures.keep(hash, picture.bitmap)
  const id = scene.collection.newId()
  const fields = { type: 'image' as const, ...box, image: hash, frame: frameFor(scene, box) }
  return editor.apply([created(scene, id, fields)]) ? id : null
}

/** False for the end of the board, which is no trouble. */
function tell(editor: Editor, error: unknown): boolean {
  if (!(error instanceof TuttiError)) return false
  editor.tell('trouble', error)
  return true
}
