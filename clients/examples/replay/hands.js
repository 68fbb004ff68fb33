// What hands do on the timeline: one finger or the mouse goes somewhere, two fingers and the wheel go nearer.

/** Of a wheel: so many pixels are e times as near. */
const WHEEL_PIXELS = 480
/** Two fingers on a touch pad send small steps, as a wheel with Ctrl. */
const PAD_PIXELS = 90
const LINE_PIXELS = 24
const TWICE = 4

/**
 * `act` has: `hold(x)` with the first press and each move of it, `letGo()`, `giveUp()` where a second
 * finger shows that it was none, `hover(x)`, `leave()`, `zoom(x, factor)` and `pan(pixels)`; `x` counts
 * from the left of the element.
 */
export function listenToHands(element, act) {
  /** By pointer: where it is. */
  const fingers = new Map()
  const placeOf = ({ clientX }) => clientX - element.getBoundingClientRect().left

  element.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return
    element.setPointerCapture(event.pointerId)
    fingers.set(event.pointerId, placeOf(event))
    if (fingers.size === 1) act.hold(placeOf(event))
    else act.giveUp()
  })
  element.addEventListener('pointermove', (event) => {
    const x = placeOf(event)
    if (!fingers.has(event.pointerId)) {
      if (event.pointerType !== 'touch') act.hover(x)
    } else if (fingers.size === 1) {
      fingers.set(event.pointerId, x)
      act.hold(x)
    } else pinch(fingers, event.pointerId, x, act)
  })
  for (const name of ['pointerup', 'pointercancel']) {
    element.addEventListener(name, ({ pointerId }) => {
      if (!fingers.delete(pointerId)) return
      // The finger that is left after two is not one that goes somewhere.
      fingers.clear()
      act.letGo()
    })
  }
  element.addEventListener('pointerleave', () => {
    if (fingers.size === 0) act.leave()
  })
  element.addEventListener('dblclick', (event) => act.zoom(placeOf(event), TWICE))
  element.addEventListener('wheel', (event) => turn(event, placeOf(event), act), { passive: false })
}

/** What is under two fingers stays under them. */
function pinch(fingers, id, x, act) {
  const others = [...fingers].filter(([other]) => other !== id)
  const [, still] = others[0]
  const before = fingers.get(id)
  fingers.set(id, x)
  const [wide, was] = [Math.abs(x - still), Math.abs(before - still)]
  if (wide > 1 && was > 1) act.zoom(still, wide / was)
}

function turn(event, x, act) {
  if (event.altKey || event.metaKey) return
  event.preventDefault()
  const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PIXELS
  const [across, down] = [event.deltaX * pixels, event.deltaY * pixels]
  if (event.ctrlKey) act.zoom(x, Math.exp(-down / PAD_PIXELS))
  else if (event.shiftKey) act.pan(across || down)
  else if (Math.abs(across) > Math.abs(down)) act.pan(across)
  else act.zoom(x, Math.exp(-down / WHEEL_PIXELS))
}

/** Drags what is shown: `move` is told by which part of the element. */
export function listenToDrag(element, move) {
  let before = null
  element.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return
    element.setPointerCapture(event.pointerId)
    before = event.clientX
  })
  element.addEventListener('pointermove', ({ clientX }) => {
    if (before === null) return
    move((clientX - before) / element.clientWidth)
    before = clientX
  })
  for (const name of ['pointerup', 'pointercancel']) {
    element.addEventListener(name, () => (before = null))
  }
}
