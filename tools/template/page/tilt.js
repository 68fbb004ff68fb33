import { LEVEL } from './step.js'

const ACROSS = { ArrowLeft: -1, KeyA: -1, ArrowRight: 1, KeyD: 1 }
const DOWN = { ArrowUp: -1, KeyW: -1, ArrowDown: 1, KeyS: 1 }
/** A finger this near to where it came down tilts nothing, in pixels of the window. */
const STILL = 12

const sum = (keys, table) => Math.sign(keys.reduce((all, key) => all + (table[key] ?? 0), 0))
const sign = (distance) => (Math.abs(distance) < STILL ? 0 : Math.sign(distance))

/** How the player tilts the table now: keys, or a finger or the mouse held down and moved. */
export function startTilt(element) {
  const held = new Set()
  let from = null
  let drag = { x: 0, y: 0 }
  addEventListener('keydown', (event) => {
    if (!(event.code in ACROSS) && !(event.code in DOWN)) return
    held.add(event.code)
    event.preventDefault()
  })
  addEventListener('keyup', (event) => held.delete(event.code))
  addEventListener('blur', () => held.clear())
  element.addEventListener('pointerdown', (event) => {
    element.setPointerCapture(event.pointerId)
    from = { x: event.clientX, y: event.clientY }
    drag = { x: 0, y: 0 }
  })
  element.addEventListener('pointermove', (event) => {
    if (from !== null) drag = { x: event.clientX - from.x, y: event.clientY - from.y }
  })
  for (const end of ['pointerup', 'pointercancel']) {
    element.addEventListener(end, () => {
      from = null
      drag = { x: 0, y: 0 }
    })
  }
  return () => {
    const keys = [...held]
    const across = sum(keys, ACROSS) || sign(drag.x)
    const down = sum(keys, DOWN) || sign(drag.y)
    return LEVEL + across + 3 * down
  }
}
