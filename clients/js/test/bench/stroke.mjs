// A stroke on its way: bytes of each point on the wire, up and down, and the time from the pen's
// move to another's screen. TUTTI_SERVER names the server, CHROMIUM a browser.
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { startServer } from '../server/server.mjs'

const STROKES = 8
const MOVES = 240
const folder = (path) => fileURLToPath(new URL(path, import.meta.url))

const flags = ['--www', folder('page'), '--client', folder('../../dist')]
const server = await startServer({ flags })
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})

async function visit() {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 } })
  const page = await context.newPage()
  await page.goto(`http://127.0.0.1:${server.port}/`)
  await page.waitForFunction(() => window.bench !== undefined)
  return page
}

try {
  const [ada, bob] = [await visit(), await visit()]
  const watching = bob.evaluate((strokes) => bench.watch(strokes), STROKES)
  const drawn = await ada.evaluate(
    ([strokes, moves]) => bench.write(strokes, moves),
    [STROKES, MOVES],
  )
  await bob.evaluate(() => bench.stopWatching())
  const seen = await watching
  const delays = seen.shown.flatMap(({ id, count, at }) => {
    const moved = drawn.moved.find((move) => move.id === id && move.count === count)
    return moved === undefined ? [] : at - moved.at
  })
  delays.sort((a, b) => a - b)
  const points = drawn.moved.length
  const of = (share) => Math.round(delays[Math.floor(share * (delays.length - 1))])
  console.log(
    `${points} points in ${STROKES} strokes, with the pointer's own place: ` +
      `${(drawn.bytesOut / points).toFixed(1)} bytes up, ${(seen.bytesIn / points).toFixed(1)} down, ` +
      `for each point`,
  )
  console.log(`to another's screen: p50 ${of(0.5)}, p99 ${of(0.99)} ms (${delays.length} looks)`)
} finally {
  await browser.close()
  await server.stop()
}
