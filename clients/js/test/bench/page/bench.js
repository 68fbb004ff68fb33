// Moves the view and draws, as a person does, and takes the time of every frame.
import { join } from '/tutti/tutti.js'
import { Editor } from '/tutti/board.js'

const room = await join(location.origin, 'bench', { kind: 'board', user: { name: 'Bench' } })
const joined = performance.now()
const editor = new Editor(room, document.querySelector('#board'))
const built = performance.now()
const drawn = new Promise((resolve) => {
  const look = () => (editor.renderer.isSettled ? resolve(performance.now()) : setTimeout(look))
  requestAnimationFrame(look)
})

const element = document.querySelector('#board')
const { camera } = editor

/** The state is here, and it is drawn, sharp: milliseconds from one to the other. */
async function drawing() {
  return { built: built - joined, drawn: (await drawn) - joined }
}

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve))

function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}

/** Milliseconds from frame to frame, and of scripts within one. */
async function measure(frames, act) {
  const intervals = []
  const work = []
  let before = await nextFrame()
  for (let i = 0; i < frames; i++) {
    const begun = performance.now()
    act(i)
    const acted = performance.now() - begun
    const at = await nextFrame()
    const drawBegun = performance.now()
    // Whoever asked for this frame before us has drawn; those after us have not, so a task later.
    await new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = resolve
      port2.postMessage(0)
    })
    work.push(acted + performance.now() - drawBegun)
    intervals.push(at - before)
    before = at
  }
  const figures = (all) => {
    const sorted = all.toSorted((a, b) => a - b)
    const round = (ms) => Math.round(ms * 10) / 10
    return {
      p50: round(percentile(sorted, 0.5)),
      p99: round(percentile(sorted, 0.99)),
      worst: round(sorted.at(-1)),
    }
  }
  return { frames, interval: figures(intervals), work: figures(work) }
}

function point(type, x, y) {
  const options = { pointerId: 1, pointerType: 'mouse', isPrimary: true, bubbles: true }
  const { left, top } = element.getBoundingClientRect()
  const at = {
    clientX: left + x,
    clientY: top + y,
    button: 0,
    buttons: type === 'pointerup' ? 0 : 1,
  }
  element.dispatchEvent(new PointerEvent(type, { ...options, ...at }))
}

const scenes = {
  async still(frames) {
    return measure(frames, () => {})
  },
  async pan(frames) {
    return measure(frames, (i) => camera.pan(9 * Math.sin(i / 40), 6 * Math.cos(i / 55)))
  },
  async zoom(frames) {
    return measure(frames, (i) => camera.zoomBy(Math.exp(0.03 * Math.sin(i / 30))))
  },
  async draw(frames) {
    editor.setTool('pen')
    const { width, height } = camera
    let isDown = false
    const figures = await measure(frames, (i) => {
      const x = width * (0.5 + 0.35 * Math.sin(i / 37))
      const y = height * (0.5 + 0.35 * Math.cos(i / 23))
      if (i % 90 === 0) {
        if (isDown) point('pointerup', x, y)
        point('pointerdown', x, y)
        isDown = true
      } else point('pointermove', x, y)
    })
    point('pointerup', width / 2, height / 2)
    editor.setTool('select')
    return figures
  },
  /** Everything at once. */
  async drag(frames) {
    const { scene, selection } = editor
    selection.set(scene.all.map(({ id }) => id))
    const { x, y } = camera.toScreen(scene.bounds(scene.all[0].id))
    point('pointerdown', x, y)
    const figures = await measure(frames, (i) => point('pointermove', x + i, y + i))
    editor.tool.cancel()
    point('pointerup', x, y)
    selection.clear()
    return figures
  },
}

async function fit(zoom) {
  if (zoom === 'all') camera.set(camera.viewOf(editor.scene.extent))
  else camera.set({ x: -camera.width / 2, y: -camera.height / 2, zoom })
  await nextFrame()
  while (!editor.renderer.isReady) await nextFrame()
}

const clock = () => performance.timeOrigin + performance.now()

/** Draws as fast as a screen of 60 Hz asks; when each point was made, and what was sent. */
async function write(strokes, moves) {
  const moved = []
  const before = room.stats.bytesOut
  for (let stroke = 0; stroke < strokes; stroke++) {
    editor.setTool('pen')
    const y = 100 + 60 * stroke
    point('pointerdown', 100, y)
    const { id } = editor.scene.all.at(-1)
    for (let i = 1; i <= moves; i++) {
      await nextFrame()
      const at = clock()
      point('pointermove', 100 + 3 * i, y + 25 * Math.sin(i / 9))
      moved.push({ id, count: i + 1, at })
    }
    point('pointerup', 100 + 3 * moves, y + 25 * Math.sin(moves / 9))
  }
  while (room.unsaved > 0) await nextFrame()
  return { moved, bytesOut: room.stats.bytesOut - before }
}

let isWatching = true

/** When points showed, and what was received. */
async function watch() {
  const shown = []
  const before = room.stats.bytesIn
  let fresh = new Map()
  editor.scene.on('change', ({ id, object }) => fresh.set(id, object.points.length / 3))
  while (isWatching) {
    await nextFrame()
    for (const [id, count] of fresh) shown.push({ id, count, at: clock() })
    fresh = new Map()
  }
  return { shown, bytesIn: room.stats.bytesIn - before }
}

function stopWatching() {
  isWatching = false
}

/** Draws, moves, turns, groups, reorders, deletes and takes back, for so many seconds. */
async function meddle(seconds, seed) {
  let state = seed
  const next = () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0), state / 2 ** 32)
  const some = (count) => Array.from({ length: count }, () => next())
  const place = () => [next() * camera.width, next() * camera.height]
  const tools = ['pen', 'marker', 'highlighter', 'rectangle', 'ellipse', 'arrow', 'frame', 'rubber']
  const acts = [
    () => editor.setTool(tools[Math.floor(next() * tools.length)]),
    () => editor.setTool('select'),
    () => editor.restyle({ colour: Math.floor(next() * 15), fill: Math.floor(next() * 15) }),
    () => editor.selection.size < 20 && editor.deleteSelection(),
    () => editor.undo(),
    () => editor.redo(),
    () => camera.set({ zoom: 0.5 + next(), x: -600 * next(), y: -400 * next() }),
    () => editor.nudge(10, 10),
  ]
  const end = performance.now() + 1000 * seconds
  while (performance.now() < end) {
    if (next() < 0.4) acts[Math.floor(next() * acts.length)]()
    const [x, y] = place()
    point('pointerdown', x, y)
    for (const share of some(6)) {
      await nextFrame()
      point('pointermove', x + 200 * share * next(), y + 200 * share * next())
    }
    point('pointerup', x + 60, y + 40)
    await nextFrame()
  }
  editor.setTool('select')
  editor.selection.clear()
  while (room.unsaved > 0 || room.status !== 'live') await nextFrame()
}

function state() {
  return [...room.collection('objects')]
}

/** What shows at one place once all is sharp. */
async function picture() {
  editor.selection.clear()
  camera.set({ x: -500, y: -350, zoom: 1 })
  await nextFrame()
  while (!editor.renderer.isSettled) await nextFrame()
  await nextFrame()
  return editor.element.querySelector('canvas').toDataURL()
}

window.bench = {
  meddle,
  state,
  picture,
  write,
  watch,
  stopWatching,
  drawing,
  scenes,
  fit,
  editor,
}
