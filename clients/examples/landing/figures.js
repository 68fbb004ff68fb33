import { Sparkline } from '/shared/numbers.js'

const EVERY_MS = 250

const whole = (value) => Math.round(value).toLocaleString('en')
const words = {
  members: whole,
  frames: whole,
  cursor: (value) => value.toFixed(1),
  up: whole,
  rtt: (value) => value.toFixed(value < 10 ? 1 : 0),
  tick: whole,
}

/** Writes what `meter` reads into elements with `data-figure`: a number, and a plot below it. */
export function showFigures(elements, meter) {
  const figures = [...elements].map((element) => ({
    figure: element.dataset.figure,
    text: element.querySelector('span'),
    plot: element.dataset.figure === 'tick' ? null : new Sparkline(element.querySelector('svg')),
  }))
  setInterval(() => {
    if (document.hidden) return
    const values = meter.read()
    for (const { figure, text, plot } of figures) {
      const value = values[figure]
      if (value !== null) text.textContent = words[figure](value)
      plot?.push(value)
    }
  }, EVERY_MS)
}
