// A recorded board that plays over the live one, to draw along with. Nobody can touch it, and nothing of it
// comes into the room.
import { replay } from '/tutti/tutti.js'
import { showBoard } from '/tutti/board.js'

const HIDDEN = [
  'menu',
  'name',
  'saved',
  'people',
  'talk',
  'share',
  'tools',
  'style',
  'zoom',
  'minimap',
  'help',
  'welcome',
]

const READ_MS = 8_000

/** `live`: the board that is drawn on; `room`: whose recording plays. Gives the replay and `end()`. */
export async function playLesson(live, room) {
  const shown = await replay('/', room)
  const sheet = Object.assign(document.createElement('div'), { className: 'lesson', inert: true })
  sheet.setAttribute('aria-hidden', 'true')
  document.body.append(sheet)
  const past = showBoard(sheet, shown.room, { readOnly: true, theme: 'system', hide: HIDDEN })
  const { camera } = live.editor
  const follow = () => past.editor.camera.set({ x: camera.x, y: camera.y, zoom: camera.zoom })
  const dress = () => {
    const { theme } = live.editor.look
    sheet.dataset.theme = theme
    past.editor.setLook({ theme })
  }
  dress()
  const ends = [camera.on('change', follow), live.editor.on('theme', dress)]
  const bar = lessonBar(shown, room, () => {
    ends.forEach((end) => end())
    past.destroy()
    shown.leave()
    sheet.remove()
    bar.remove()
  })
  document.body.append(bar)
  await lookAtAll(live, past.editor.scene, shown)
  follow()
  shown.skipIdle = true
  shown.play()
  return { replay: shown }
}

/** For as long as it takes to read it. */
export function tellMissing(room, { message }) {
  const bar = Object.assign(document.createElement('p'), { className: 'lesson-bar' })
  bar.setAttribute('role', 'alert')
  bar.textContent = `The lesson “${room}” does not play: ${message}.`
  document.body.append(bar)
  setTimeout(() => bar.remove(), READ_MS)
}

/** Whoever begins on an empty board sees all that will be drawn. */
async function lookAtAll({ editor: { camera, scene } }, past, shown) {
  if (scene.extent !== null) return
  await shown.seek(shown.last)
  if (past.extent !== null) camera.set(camera.viewOf(past.extent))
  await shown.seek(shown.first)
}

function lessonBar(shown, room, end) {
  const bar = Object.assign(document.createElement('section'), { className: 'lesson-bar' })
  bar.setAttribute('aria-label', 'Lesson')
  bar.innerHTML = `
    <button type="button" class="toggle" aria-label="Play"></button>
    <b></b>
    <input type="range" aria-label="Moment of the lesson" />
    <output></output>
    <button type="button" class="end" aria-label="End the lesson" title="End the lesson">×</button>`
  const [toggle, name, range, clock, close] = bar.children
  name.textContent = room
  toggle.addEventListener('click', () => {
    if (shown.playing) return shown.pause()
    if (shown.tick >= shown.last) shown.seek(shown.first)
    shown.play()
  })
  range.addEventListener('input', () => shown.seek(Number(range.value)))
  close.addEventListener('click', end)
  const show = () => {
    const { first, last, tick, hz, playing, room } = shown
    Object.assign(range, { min: first, max: last, value: tick })
    toggle.classList.toggle('playing', playing)
    toggle.ariaLabel = playing ? 'Pause' : 'Play'
    const isHere = room.status === 'live'
    clock.textContent = isHere ? clockText((tick - first) / hz) : 'Offline'
  }
  shown.on('time', show)
  shown.on('state', show)
  shown.room.on('status', show)
  show()
  return bar
}

function clockText(seconds) {
  const whole = Math.max(0, Math.floor(seconds))
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
