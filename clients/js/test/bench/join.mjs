// How long it takes until a board of 5,000 strokes of 50 points is on the screen, in a page that has
// been there before ("warm": its code is compiled). TUTTI_SERVER names the server, BENCH_BOARD the
// program that fills the board. Time counts from the first byte that the socket hands to the page:
// to the whole state in the application, and to its picture, complete and sharp. "Of a processor" is
// what the page's main thread ran for that, from the click on.
import {
  fillBoard,
  quantile,
  startBenchServer,
  startBrowser,
  startThreadClock,
  tellLoad,
} from './start.mjs'

const STROKES = 5_000
const POINTS = 50
const WARM_JOINS = 7
const BUDGET_BYTES = 650_000
const BUDGET_MS = 150

const server = await startBenchServer()
let browser
try {
  fillBoard(server.port, 'bench', STROKES, POINTS)
  for (const view of ['all', 'middle']) {
    browser = await startBrowser()
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    const page = await context.newPage()
    page.on('pageerror', (error) => console.error(error.stack))
    await page.goto(`http://127.0.0.1:${server.port}/join.html`)
    await page.waitForFunction(() => window.bench !== undefined)
    const cold = await page.evaluate((view) => bench.join(view), view)
    const thread = await startThreadClock(browser, page)
    let drawn
    await page.exposeFunction('tellDrawn', () => (drawn = thread()))
    const warm = []
    for (let i = 0; i < WARM_JOINS; i++) {
      const before = thread()
      const join = await page.evaluate((view) => bench.join(view), view)
      if (join.objects !== STROKES) throw new Error(`${join.objects} objects`)
      warm.push({ ...join, ran: drawn.ran - before.ran, waited: drawn.waited - before.waited })
    }
    tellLoad()
    const figures = (rows, key) => rows.map((row) => Math.round(row[key]))
    const shows = `${view}, ${warm[0].shown} strokes show`
    console.log(
      `${shows}: ${cold.bytes} bytes of at most ${BUDGET_BYTES}, ${cold.messages} messages`,
    )
    console.log(
      `  first join of the page: state ${figures([cold], 'state')} ms, drawn ${figures([cold], 'drawn')} ms`,
    )
    console.log(`  warm, state: ${figures(warm, 'state').join(' ')} ms`)
    console.log(`  warm, drawn: ${figures(warm, 'drawn').join(' ')} ms`)
    console.log(`  of a processor: ${figures(warm, 'ran').join(' ')} ms`)
    console.log(`  waited for one: ${figures(warm, 'waited').join(' ')} ms`)
    const median = Math.round(quantile(figures(warm, 'drawn'), 0.5))
    console.log(`  median drawn ${median} ms of at most ${BUDGET_MS}`)
    await browser.close()
  }
} finally {
  await browser?.close()
  await server.stop()
}
