// What a frame costs on a board of 5,000 strokes of 50 points, at rest, panning, zooming and
// drawing, alone and while ten others draw. TUTTI_SERVER names the server, CHROMIUM a browser.
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { join } from 'tutti'
import { startServer } from '../server/server.mjs'
import { fill, scribble } from './hands.mjs'

const STROKES = 5_000
const POINTS = 50
const OTHERS = 10
const FRAMES = 240
const folder = (path) => fileURLToPath(new URL(path, import.meta.url))

const server = await startServer({
  flags: ['--www', folder('page'), '--client', folder('../../dist')],
})
const url = `ws://127.0.0.1:${server.port}`
const filler = await join(url, 'bench', { kind: 'board' })
await fill(filler, STROKES, POINTS)
filler.leave()

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', ...(process.env.GPU ? [] : ['--disable-gpu'])],
})
const others = []
try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  page.on('pageerror', (error) => console.error(error.stack))
  await page.goto(`http://127.0.0.1:${server.port}/`)
  await page.waitForFunction(() => window.bench !== undefined)
  const { built, drawn } = await page.evaluate(() => bench.drawing())
  console.log(
    `from state to scene ${Math.round(built)} ms, to sharp picture ${Math.round(drawn)} ms`,
  )
  for (const company of [0, OTHERS]) {
    while (others.length < company) {
      const room = await join(url, 'bench', { kind: 'board', user: { name: `${others.length}` } })
      others.push({ room, stop: scribble(room, others.length) })
    }
    for (const zoom of ['all', 1]) {
      for (const scene of ['still', 'pan', 'zoom', 'draw']) {
        await page.evaluate((zoom) => bench.fit(zoom), zoom)
        const { interval, work } = await page.evaluate(
          ([scene, frames]) => bench.scenes[scene](frames),
          [scene, FRAMES],
        )
        console.log(
          `${company} others, zoom ${zoom}, ${scene}: frame p50 ${interval.p50} p99 ${interval.p99} ` +
            `worst ${interval.worst} ms; work p50 ${work.p50} p99 ${work.p99} worst ${work.worst} ms`,
        )
      }
    }
  }
} finally {
  for (const { room, stop } of others) {
    stop()
    room.leave()
  }
  await browser.close()
  await server.stop()
}
