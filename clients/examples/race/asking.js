// How often a page asks, and what it makes of answers.

/** Not sooner again, however often somebody looks. */
export const AGAIN_MS = 10_000

/** Asks now, each time as long after, and when somebody looks again; not while nobody looks. */
export function every(milliseconds, ask) {
  let asked
  let timer
  const turn = () => {
    clearTimeout(timer)
    timer = setTimeout(turn, milliseconds)
    if (document.visibilityState !== 'visible') return
    asked = performance.now()
    ask()
  }
  document.addEventListener('visibilitychange', () => {
    if (asked === undefined || performance.now() - asked >= AGAIN_MS) turn()
  })
  turn()
}

/** A function that asks; `show` is told what it answered, unless it has been asked again since. */
export function latest(ask, show) {
  let asked = 0
  return async () => {
    const turn = ++asked
    const answer = await ask()
    if (turn === asked) show(answer)
  }
}
