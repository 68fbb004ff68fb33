/**
 * Calls `draw` with the time of each frame from now on. The next one is asked for first: what one
 * frame throws goes to the window's `error`, and the page goes on.
 */
export function everyFrame(draw) {
  requestAnimationFrame(function next(now) {
    requestAnimationFrame(next)
    draw(now)
  })
}
