const TAP_MS = 320
const TAP_REACH = 24
/** So long after a finger has left does its cursor. */
const LINGER_MS = 4_000
const REACT_EVERY_MS = 80
const OWN_USE = 'a, button, input, textarea, label, pre, form'

/**
 * Follows mouse, pen and finger over the whole document. `place` gets pixels of the document, or
 * null when there is nothing to point with any more; `react` gets a number from 0 for the keys 1 to
 * 5 and for double taps.
 */
export function pointing(place, react) {
  let client = null
  let leaving
  let reactedAt = -Infinity

  const tell = () => {
    clearTimeout(leaving)
    place(pageOf(client))
  }
  const tellReaction = (number) => {
    const now = performance.now()
    if (client === null || now - reactedAt < REACT_EVERY_MS) return
    reactedAt = now
    react(number, pageOf(client))
  }

  addEventListener('pointermove', ({ pointerType, clientX, clientY }) => {
    if (pointerType === 'touch') return
    client = { clientX, clientY }
    tell()
  })
  // Unlike pointer events, these go on while the finger scrolls the page.
  for (const name of ['touchstart', 'touchmove']) {
    addEventListener(
      name,
      ({ touches: [finger] }) => {
        client = { clientX: finger.clientX, clientY: finger.clientY }
        tell()
      },
      { passive: true },
    )
  }
  for (const name of ['touchend', 'touchcancel']) {
    addEventListener(name, () => {
      clearTimeout(leaving)
      leaving = setTimeout(place, LINGER_MS, null)
    })
  }
  // Under a mouse that rests, the page may scroll.
  addEventListener('scroll', () => client !== null && tell(), { passive: true })
  document.documentElement.addEventListener('pointerleave', ({ pointerType }) => {
    if (pointerType !== 'touch') place((client = null))
  })

  doubleTaps(() => tellReaction(0))
  addEventListener('keydown', ({ key, target, repeat, ctrlKey, metaKey, altKey }) => {
    if (repeat || ctrlKey || metaKey || altKey || target.closest('input, textarea')) return
    if (/^[1-5]$/.test(key)) tellReaction(Number(key) - 1)
  })
}

function pageOf({ clientX, clientY }) {
  return { left: clientX + scrollX, top: clientY + scrollY }
}

function doubleTaps(tapped) {
  let last = { timeStamp: -Infinity, clientX: 0, clientY: 0 }
  addEventListener('pointerup', (event) => {
    if (event.target.closest(OWN_USE) || event.button !== 0) return
    const { timeStamp, clientX, clientY } = event
    const reach = Math.hypot(clientX - last.clientX, clientY - last.clientY)
    const isSecond = timeStamp - last.timeStamp < TAP_MS && reach < TAP_REACH
    last = isSecond ? { ...event, timeStamp: -Infinity } : { timeStamp, clientX, clientY }
    if (isSecond) tapped()
  })
}
