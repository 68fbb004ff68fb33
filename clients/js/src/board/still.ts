/** A board as it was at some moment, without a room: a picture of the records that somebody has. */
import type { Collection } from '../collection.js'
import type { Room } from '../room.js'
import type { Fields } from '../value.js'
import { pictureBox } from './export.js'
import { OBJECTS } from './model.js'
import type { Look } from './paint.js'
import { Scene } from './scene.js'
import { svgOf } from './svg.js'
import type { Theme } from './style.js'

export interface StillOptions {
  readonly theme: Theme
  /** The paper; else nothing is behind the objects. */
  readonly background: boolean
  /** Hash in hex → address, best one that holds the picture itself. */
  readonly images: ReadonlyMap<string, string>
}

/** As the board saves it; null where there is nothing on it. `objects`: by id, as clients have them. */
export function svgOfRecords(
  objects: ReadonlyMap<string, Fields>,
  { theme, background, images }: StillOptions,
): string | null {
  const scene = new Scene(stillRoom(objects))
  const box = pictureBox(scene, scene.all)
  const look: Look = { theme, find: scene.find, image: () => null }
  return box && svgOf(scene.all, look, { box, background, images })
}

/** As much of a room as a scene needs that nobody changes. */
function stillRoom(objects: ReadonlyMap<string, Fields>): Room {
  const collection = (name: string): Partial<Collection> => ({
    [Symbol.iterator]: () => (name === OBJECTS ? objects : new Map<string, Fields>()).entries(),
    on: () => () => {},
  })
  return { collection } as unknown as Room
}
