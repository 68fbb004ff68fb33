/**
 * The places of pictures that are `wide` pixels each, side by side, from one tick to another, where a
 * tick is so many `pixels`: { left, tick } of each; its picture is of the tick. Ticks are multiples of
 * powers of two, so that who goes nearer or on finds most of them taken.
 */
export function cellsOf({ first, last, from, until, wide, pixels }) {
  const ticks = wide / pixels
  const grain = 2 ** Math.max(0, Math.floor(Math.log2(ticks / 2)))
  const newest = grain * Math.floor(last / grain)
  const cells = []
  for (let i = Math.floor((from - first) / ticks); first + i * ticks < until; i++) {
    const begin = first + i * ticks
    const middle = grain * Math.round((begin + ticks / 2) / grain)
    const tick = Math.max(first, Math.min(newest, middle))
    cells.push({ left: (begin - from) * pixels, tick })
  }
  return cells
}

/** First some from all over, then those between. */
export function coarseFirst(ticks) {
  const order = [0, 4, 2, 6, 1, 5, 3, 7]
  return order.flatMap((rest) => ticks.filter((_, i) => i % order.length === rest))
}
