/**
 * Calls `draw` with the time of each frame from now on. The next one is asked for first: what one
 * frame throws goes to the window's `error`, and the page goes on. What comes back ends it.
 */
export function everyFrame(draw) {
  let request = requestAnimationFrame(function next(now) {
    request = requestAnimationFrame(next)
    draw(now)
  })
  return () => cancelAnimationFrame(request)
}
