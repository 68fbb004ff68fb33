const DEAD_ZONE = 0.12
const PRESSED = 0.12
/** Finer around the middle, as hands expect of a stick. */
const CURVE = 1.4

/** By the numbers of the standard layout. */
const BUTTONS = {
  throttle: [7, 0], // right trigger, A
  brake: [6, 2], // left trigger, X
  handbrake: [1, 4, 5], // B, the bumpers
}
const [LEFT, RIGHT] = [14, 15]

/** What all gamepads with the usual layout do together: { steer -1..1, throttle, brake, handbrake }. */
export function readGamepads() {
  const sum = { steer: 0, throttle: false, brake: false, handbrake: false }
  for (const pad of connected()) {
    const steer = steerOf(pad)
    if (Math.abs(steer) > Math.abs(sum.steer)) sum.steer = steer
    for (const [pedal, buttons] of Object.entries(BUTTONS)) {
      sum[pedal] ||= buttons.some((button) => isPressed(pad, button))
    }
  }
  return sum
}

function connected() {
  try {
    const pads = [...(navigator.getGamepads?.() ?? [])]
    return pads.filter((pad) => pad?.connected && pad.mapping === 'standard')
  } catch {
    // A page around this one may forbid it.
    return []
  }
}

function isPressed(pad, button) {
  return (pad.buttons[button]?.value ?? 0) > PRESSED
}

function steerOf(pad) {
  const cross = Number(isPressed(pad, RIGHT)) - Number(isPressed(pad, LEFT))
  if (cross !== 0) return cross
  const stick = pad.axes[0] ?? 0
  const travel = Math.max(0, Math.abs(stick) - DEAD_ZONE) / (1 - DEAD_ZONE)
  return Math.sign(stick) * Math.min(1, travel) ** CURVE
}
