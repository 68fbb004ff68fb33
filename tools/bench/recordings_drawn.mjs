// recordings_drawn.mjs - seeking on the replay page, up to the frame that shows the moment.
//
//   node recordings_drawn.mjs http://ADDRESS ROOM TICKS PLAYWRIGHT CHROMIUM
//
// TICKS are numbers between commas. A moment is drawn when the frame behind the one that shows it begins.
// Prints one line of JSON: milliseconds, in all and of them up to where the client held the moment.
import { pathToFileURL } from 'node:url'

const [address, name, list, library, executablePath] = process.argv.slice(2)
const ticks = list.split(',').map(Number)

const share = (values, part) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))]
const told = (values) => ({
  p50: +share(values, 0.5).toFixed(1),
  p99: +share(values, 0.99).toFixed(1),
  most: +Math.max(...values).toFixed(1),
})

const { chromium } = (await import(pathToFileURL(library))).default
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  await page.goto(`${address}/replay/?room=${name}`)
  await page.waitForFunction(() => globalThis.watched?.replay.state === 'ready')
  const took = await page.evaluate(async (ticks) => {
    const { replay, film } = globalThis.watched
    if (film) film.isHeld = true
    replay.pause()
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
    const took = []
    for (const tick of ticks) {
      const began = performance.now()
      await replay.seek(tick)
      const held = performance.now()
      if (replay.tick !== tick) throw new Error(`it shows ${replay.tick} and not ${tick}`)
      await frame()
      await frame()
      took.push({ held: held - began, drawn: performance.now() - began })
    }
    return took
  }, ticks)
  const [drawn, held] = ['drawn', 'held'].map((what) => told(took.map((each) => each[what])))
  console.log(JSON.stringify({ seeks: took.length, took: drawn, held }))
} finally {
  await browser.close()
}
