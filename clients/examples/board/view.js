// A board to look at, in any element: of any room of the kind, a replay's too.
import { paintBoard, personColour, showBoard } from '/tutti/board.js'

const HIDDEN = [
  'menu',
  'name',
  'saved',
  'talk',
  'share',
  'tools',
  'style',
  'help',
  'welcome',
  'minimap',
  'connection',
]

/** All that a board is, for who brings it back. */
export const collections = ['objects', 'comments', 'replies']

/** So long after something has come, and not in the middle of what comes. */
const GROWN_MS = 120

const night = matchMedia('(prefers-color-scheme: dark)')

/** `chosen()` of what comes back gives the ids of what is selected, by collection. */
export function show(element, room) {
  const { editor, destroy } = showBoard(element, room, {
    readOnly: true,
    theme: 'system',
    hide: HIDDEN,
  })
  keepInSight(editor)
  return {
    end: destroy,
    editor,
    chosen: () => ({ objects: [...editor.selection] }),
    colourOf: (user, member) => personColour(user?.color, member),
  }
}

/** A board that grows out of sight is shown whole again, until somebody has moved it. */
function keepInSight({ camera, scene }) {
  let isMoved = false
  let request = 0
  camera.on('change', ({ byHand }) => (isMoved ||= byHand))
  const look = () => {
    request = 0
    if (isMoved || scene.extent === null || contains(camera.box, scene.extent)) return
    camera.glide(camera.viewOf(scene.extent), { byHand: false })
  }
  scene.on('change', () => {
    if (!isMoved && request === 0) request = setTimeout(look, GROWN_MS)
  })
  look()
}

function contains(box, { x, y, w, h }) {
  return x >= box.x && y >= box.y && x + w <= box.x + box.w && y + h <= box.y + box.h
}

/** A small picture of all that is on it now. */
export function paint(canvas, room) {
  return paintBoard(canvas, room, night.matches ? 'dark' : 'light')
}
