// What a frame costs the whole application, bars and map included, on a board of 5,000 strokes of 50
// points: at rest, panning, zooming and drawing, alone and while ten others draw. TUTTI_SERVER names
// the server, CHROMIUM a browser. "Frame" is from one to the next; "work" what scripts do in one;
// "ran" all that the page's main thread had of a processor for one, "waited" how long it was kept
// from one by other programs, which on a machine in use makes frames late.
import { join } from 'tutti'
import { fill, scribble } from './hands.mjs'
import { startBenchServer, startBrowser, startThreadClock, tellLoad } from './start.mjs'

const STROKES = 5_000
const POINTS = 50
const OTHERS = 10
const FRAMES = Number(process.env.FRAMES ?? 240)

const server = await startBenchServer()
const url = `ws://127.0.0.1:${server.port}`
const filler = await join(url, 'bench', { kind: 'board' })
await fill(filler, STROKES, POINTS)
filler.leave()

const browser = await startBrowser()
const others = []
try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  page.on('pageerror', (error) => console.error(error.stack))
  await page.goto(`http://127.0.0.1:${server.port}/`)
  await page.waitForFunction(() => window.bench !== undefined)
  await page.evaluate(() => bench.fit('all'))
  const thread = await startThreadClock(browser, page)
  for (const company of [0, OTHERS]) {
    while (others.length < company) {
      const room = await join(url, 'bench', { kind: 'board', user: { name: `${others.length}` } })
      others.push({ room, stop: scribble(room, others.length) })
    }
    for (const zoom of ['all', 1]) {
      for (const scene of ['still', 'pan', 'zoom', 'draw']) {
        await page.evaluate((zoom) => bench.fit(zoom), zoom)
        const before = thread()
        const { interval, work, changes, shown } = await page.evaluate(
          ([scene, frames]) => bench.scenes[scene](frames),
          [scene, FRAMES],
        )
        const after = thread()
        const each = (key) => ((after[key] - before[key]) / FRAMES).toFixed(1)
        if (company > 0 && changes === 0) throw new Error('nobody else draws')
        console.log(
          `${company} others, zoom ${zoom}, ${scene}: frame p50 ${interval.p50} p99 ${interval.p99} ` +
            `worst ${interval.worst} ms; work p50 ${work.p50} p99 ${work.p99} worst ${work.worst} ms; ` +
            `ran ${each('ran')} waited ${each('waited')} ms; ${shown} strokes show, ${changes} changes`,
        )
      }
    }
  }
  tellLoad()
} finally {
  for (const { room, stop } of others) {
    stop()
    room.leave()
  }
  await browser.close()
  await server.stop()
}
