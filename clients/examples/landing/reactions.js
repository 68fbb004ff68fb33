import { paint } from '/shared/seat.js'

/** What visitors throw: drawn, so that they look the same on every machine, in the thrower's colour. */
export const reactions = [
  {
    name: 'Heart',
    path: 'M12 20.5S3 15 3 8.8A4.8 4.8 0 0 1 12 6.5a4.8 4.8 0 0 1 9 2.3C21 15 12 20.5 12 20.5z',
  },
  {
    name: 'Note',
    path: 'M9 3l11-2v14.5a3.6 2.9-24 1 1-2-2.5V6.2l-7 1.3v10.5a3.6 2.9-24 1 1-2-2.5z',
  },
  { name: 'Spark', path: 'M12 1.5l2.2 8.3 8.3 2.2-8.3 2.2L12 22.5l-2.2-8.3L1.5 12l8.3-2.2z' },
  {
    name: 'Cheer',
    path: 'M10.2 2h3.6l-.7 13.5h-2.2zM12 18a2.1 2.1 0 1 1 0 4.2 2.1 2.1 0 0 1 0-4.2z',
  },
  {
    name: 'Sun',
    path: 'M12 7a5 5 0 1 1 0 10 5 5 0 0 1 0-10zM11 1h2v4h-2zM11 19h2v4h-2zM1 11h4v2H1zM19 11h4v2h-4zM3.5 5l1.4-1.4 2.9 2.9-1.4 1.4zM16.2 17.7l1.4-1.4 2.9 2.9-1.4 1.4zM16.2 6.3l2.9-2.9 1.4 1.4-2.9 2.9zM3.5 19.1l2.9-2.9 1.4 1.4-2.9 2.9z',
  },
]

const SPARKS = 7
/** Nobody can bury the page under them. */
const SPARKS_MAX = 210
const RISE_MS = 1_100

export function drawing({ path }) {
  return `<svg viewBox="0 0 24 24" fill="currentColor" aria-hidden="true"><path d="${path}"/></svg>`
}

/** A few of them fly up from a place on the page. */
export function burst(layer, number, { left, top }, part) {
  const reaction = reactions[number]
  if (reaction === undefined || layer.getElementsByClassName('spark').length >= SPARKS_MAX) return
  const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches
  for (let i = 0; i < (isCalm ? 1 : SPARKS); i++) {
    const spark = document.createElement('div')
    spark.className = 'spark'
    paint(spark, part)
    spark.innerHTML = drawing(reaction)
    layer.append(spark)
    const frames = isCalm ? stay(left, top) : fly(left, top, i)
    spark
      .animate(frames, { duration: RISE_MS + 60 * i, easing: 'cubic-bezier(.15, .7, .4, 1)' })
      .finished.then(() => spark.remove())
  }
}

function stay(left, top) {
  const transform = `translate(${left}px, ${top - 30}px)`
  return [
    { transform, opacity: 1 },
    { transform, opacity: 1, offset: 0.8 },
    { transform, opacity: 0 },
  ]
}

function fly(left, top, i) {
  const spread = (i - (SPARKS - 1) / 2) / SPARKS
  const x = left + spread * 130 + (Math.random() - 0.5) * 24
  const y = top - 90 - Math.random() * 70
  const turn = spread * 80
  return [
    { transform: `translate(${left}px, ${top}px) scale(.2)`, opacity: 0 },
    {
      transform: `translate(${(left + x) / 2}px, ${(top + y) / 2}px) rotate(${turn / 2}deg)`,
      opacity: 1,
      offset: 0.2,
    },
    { transform: `translate(${x}px, ${y}px) rotate(${turn}deg)`, opacity: 1, offset: 0.85 },
    { transform: `translate(${x}px, ${y}px) rotate(${turn}deg) scale(0.7)`, opacity: 0 },
  ]
}
