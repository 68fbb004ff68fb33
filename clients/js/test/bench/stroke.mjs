// A stroke on its way: bytes of each point on the wire, up and down, and the time from the pen's
// move until another's screen has been drawn with that point. TUTTI_SERVER names the server,
// CHROMIUM a browser. Bytes are all that the connections carry meanwhile: WebSocket headers, the
// pointer's own place, what says that it is saved, the clocks. All points count, also those that
// waited for others to go with.
import { startWire } from '../server/server.mjs'
import { quantile, startBenchServer, startBrowser, tellLoad } from './start.mjs'

const STROKES = 8
const MOVES = 240

const server = await startBenchServer()
const browser = await startBrowser()
const wires = [await startWire(server.port), await startWire(server.port)]

async function visit(wire) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 } })
  const page = await context.newPage()
  await page.goto(`${wire.url.replace('ws', 'http')}/`)
  await page.waitForFunction(() => window.bench !== undefined)
  return page
}

try {
  const [ada, bob] = [await visit(wires[0]), await visit(wires[1])]
  const [up, down] = [wires[0].up, wires[1].down]
  const watching = bob.evaluate(() => bench.watch())
  const moved = await ada.evaluate(
    ([strokes, moves]) => bench.write(strokes, moves),
    [STROKES, MOVES],
  )
  const bytes = { up: wires[0].up - up, down: wires[1].down - down }
  await bob.evaluate(() => bench.stopWatching())
  const times = new Map(moved.map(({ id, count, at }) => [`${id} ${count}`, at]))
  const delays = (await watching).flatMap(({ id, count, at }) => {
    const made = times.get(`${id} ${count}`)
    return made === undefined ? [] : at - made
  })
  const points = moved.length
  if (delays.length < points * 0.99) throw new Error(`${delays.length} of ${points} points seen`)
  const seconds = (moved.at(-1).at - moved[0].at) / 1_000
  tellLoad()
  console.log(`${points} points in ${STROKES} strokes, ${Math.round(points / seconds)} a second`)
  console.log(
    `bytes for each point, everything counted: ${(bytes.up / points).toFixed(1)} up, ` +
      `${(bytes.down / points).toFixed(1)} down to another`,
  )
  console.log(
    `to another's screen: p50 ${Math.round(quantile(delays, 0.5))}, ` +
      `p99 ${Math.round(quantile(delays, 0.99))} ms (${delays.length} points)`,
  )
} finally {
  await browser.close()
  for (const wire of wires) await wire.close()
  await server.stop()
}
