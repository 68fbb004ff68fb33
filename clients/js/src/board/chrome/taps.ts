/**
 * A finger that taps a button presses it, as soon as it is lifted. A browser makes a click of a tap
 * by itself, but not of one that comes right after a quick stroke: it takes that for a double tap.
 */
const STILL_PIXELS = 12
/** A finger that rests longer means something else. */
const TAP_MS = 500

interface Tap {
  readonly button: HTMLButtonElement
  readonly finger: number
  readonly at: number
  readonly x: number
  readonly y: number
}

export function letTapsPress(board: HTMLElement, signal: AbortSignal): void {
  let tap: Tap | null = null
  const options = { signal, passive: true }
  board.addEventListener('touchstart', (event) => (tap = beginning(event)), options)
  board.addEventListener('touchcancel', () => (tap = null), options)
  board.addEventListener(
    'touchend',
    (event) => {
      const begun = tap
      tap = null
      // One that cannot be cancelled has scrolled something.
      if (begun === null || !event.cancelable || !isSame(begun, event)) return
      event.preventDefault()
      begun.button.focus({ preventScroll: true })
      begun.button.click()
    },
    { signal, passive: false },
  )
}

function beginning(event: TouchEvent): Tap | null {
  const [touch] = event.changedTouches
  if (event.touches.length !== 1 || touch === undefined) return null
  const button = event.composedPath().find((each) => each instanceof HTMLButtonElement)
  if (button === undefined) return null
  const { identifier: finger, clientX: x, clientY: y } = touch
  return { button, finger, at: event.timeStamp, x, y }
}

function isSame({ finger, at, x, y }: Tap, event: TouchEvent): boolean {
  const [touch] = event.changedTouches
  if (event.touches.length > 0 || touch?.identifier !== finger) return false
  if (event.timeStamp - at > TAP_MS) return false
  return Math.hypot(touch.clientX - x, touch.clientY - y) <= STILL_PIXELS
}
