/** How the table lies where nobody tilts it, as in step.h. */
export const LEVEL = 4

/** A unit of length: the 256th part of a pixel of the table, as in step.h. */
export const UNIT = 256

/**
 * Of which tick the marbles' records are: rules.c writes them at every third, and the room may be a
 * tick or two further.
 */
export const shownTick = ({ tick, tickRate, frameRate }) => tick - (tick % (tickRate / frameRate))

/**
 * The step of step.c, from the bytes of step.wasm: a marble and a tilt (null for none) in, the marble
 * after one tick out.
 */
export async function loadStep(bytes) {
  const { instance } = await WebAssembly.instantiate(bytes)
  const { memory, marble_place, marble_step } = instance.exports
  const place = marble_place()
  const numbers = new Int32Array(memory.buffer, place, 4) // struct marble
  return (marble, tilt) => {
    numbers[0] = marble.x
    numbers[1] = marble.y
    numbers[2] = marble.vx
    numbers[3] = marble.vy
    marble_step(place, tilt ?? LEVEL)
    const [x, y, vx, vy] = numbers
    return { x, y, vx, vy }
  }
}
