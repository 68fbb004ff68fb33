// Moves the view and draws, as a person does, and takes the time of every frame.
import board from '/tutti/board.js'

const { room, editor } = await board(document.querySelector('#board'), '/', 'bench', {
  name: 'Bench',
})
const { camera, element } = editor

/** How often others have changed something here. */
let changes = 0
editor.scene.on('change', ({ mine }) => {
  if (!mine) changes++
})

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve))

/** Whoever asked for this frame before us has drawn; those after us have not, so a task later. */
const afterFrame = () =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = resolve
    port2.postMessage(0)
  })

function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}

/** Milliseconds from frame to frame, and of scripts within one. */
async function measure(frames, act) {
  const intervals = []
  const work = []
  changes = 0
  let before = await nextFrame()
  for (let i = 0; i < frames; i++) {
    const begun = performance.now()
    act(i)
    const acted = performance.now() - begun
    const at = await nextFrame()
    const drawBegun = performance.now()
    await afterFrame()
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
  const shown = editor.scene.in(camera.box).length
  return { interval: figures(intervals), work: figures(work), changes, shown }
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

/** Draws as fast as a screen of 60 Hz asks; gives when each point was made. */
async function write(strokes, moves) {
  const moved = []
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
  return moved
}

let isWatching = true

/** When points showed: all that came since the last frame, when this one had been drawn. */
async function watch() {
  const shown = []
  const counts = new Map()
  const fresh = new Map()
  editor.scene.on('change', ({ id, object }) => {
    if (object !== undefined) fresh.set(id, object.points.length / 3)
  })
  while (isWatching) {
    await nextFrame()
    const drawn = [...fresh]
    fresh.clear()
    await afterFrame()
    const at = clock()
    for (const [id, count] of drawn) {
      for (let each = (counts.get(id) ?? 0) + 1; each <= count; each++) {
        shown.push({ id, count: each, at })
      }
      counts.set(id, Math.max(count, counts.get(id) ?? 0))
    }
  }
  return shown
}

function stopWatching() {
  isWatching = false
}

window.bench = { scenes, fit, write, watch, stopWatching }
