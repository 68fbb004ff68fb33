/** A small picture of all of a board, for lists and timelines. */
import type { Room } from '../room.js'
import { grown } from './geometry.js'
import { paint, type Look } from './paint.js'
import { Scene } from './scene.js'
import { TOKENS, type Theme } from './style.js'

/** Free around the objects, in parts of what they take. */
const MARGIN = 0.06
/** No line is drawn thinner, in pixels of the canvas: of a large board nothing would be seen. */
const LINE_MIN = 1.25
/** Smaller than this board nothing is shown enlarged. */
const SIDE_MIN = 600

/** Of each frame of the page so much time is taken: what else moves on it goes on moving. */
const SLICE_MS = 4

/** What is known of a room's board stays known: the next picture begins with what is different. */
const scenes = new WeakMap<Room, Scene>()

function sceneOf(room: Room): Scene {
  const scene = scenes.get(room) ?? new Scene(room)
  scenes.set(room, scene)
  return scene
}

/**
 * Fills `canvas` with all that the room's board holds now, without its images and words, a part in each
 * frame of the page. Resolves when all of it is there.
 */
export async function paintBoard(
  canvas: HTMLCanvasElement,
  room: Room,
  theme: Theme,
): Promise<void> {
  const context = canvas.getContext('2d')!
  const { width, height } = canvas
  context.setTransform(1, 0, 0, 1, 0, 0)
  context.fillStyle = TOKENS[theme].paper
  context.fillRect(0, 0, width, height)
  const scene = sceneOf(room)
  if (scene.extent === null) return
  const { x, y, w, h } = grown(scene.extent, MARGIN * Math.max(scene.extent.w, scene.extent.h))
  const scale = Math.min(width / Math.max(w, SIDE_MIN), height / Math.max(h, SIDE_MIN))
  const left = width / 2 - (x + w / 2) * scale
  const top = height / 2 - (y + h / 2) * scale
  context.setTransform(scale, 0, 0, scale, left, top)
  const look: Look = { theme, find: scene.find, image: () => null }
  const thin = LINE_MIN / scale
  let until = performance.now() + SLICE_MS
  for (const object of [...scene.all]) {
    paint(context, object.size < thin ? { ...object, size: thin } : object, look, scale)
    if (performance.now() > until) until = (await nextFrame()) + SLICE_MS
  }
}

function nextFrame(): Promise<number> {
  return new Promise((resolve) => requestAnimationFrame(() => resolve(performance.now())))
}
