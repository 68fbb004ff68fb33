// Opens the application on a board, and closes it again.
import board from '/tutti/board.js'

let heardAt = null

class Heard extends WebSocket {
  constructor(...args) {
    super(...args)
    this.addEventListener('message', () => (heardAt ??= performance.now()))
  }
}

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve))

/** What this frame's callbacks draw is drawn. */
const afterFrame = () =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = resolve
    port2.postMessage(0)
  })

/**
 * Milliseconds from the first byte. `view`: `all` of the board, as far as a newcomer sees it, or its
 * middle at its own size.
 */
async function join(view) {
  const element = document.createElement('div')
  element.className = 'board'
  document.body.append(element)
  heardAt = null
  if (view === 'all') sessionStorage.clear()
  else sessionStorage.setItem('tutti board view bench', JSON.stringify(middleView))
  const live = await board(element, '/', 'bench', { name: 'Bench', join: { WebSocket: Heard } })
  const state = performance.now() - heardAt
  const { editor, room } = live
  do await nextFrame()
  while (!editor.renderer.isReady)
  await afterFrame()
  const drawn = performance.now() - heardAt
  await window.tellDrawn?.()
  const { bytesIn, messagesIn } = room.stats
  const { scene, camera } = editor
  const { x, y, w, h } = scene.extent
  middleView = { x: x + w / 2 - camera.width / 2, y: y + h / 2 - camera.height / 2, zoom: 1 }
  const shown = scene.in(camera.box).length
  const figures = { state, drawn, shown, objects: scene.size, bytes: bytesIn, messages: messagesIn }
  live.destroy()
  element.remove()
  // What the board leaves behind is not the next one's to clean up.
  await new Promise((resolve) => setTimeout(resolve, 300))
  return figures
}

let middleView = { x: -720, y: -450, zoom: 1 }

window.bench = { join }
