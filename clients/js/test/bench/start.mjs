// What the benches of the board have in common: the server with their pages, and a browser.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { startServer } from '../server/server.mjs'

const FILL_MS = 300_000
const folder = (path) => fileURLToPath(new URL(path, import.meta.url))

/** TUTTI_SERVER names the server. */
export function startBenchServer() {
  return startServer({ flags: ['--www', folder('page'), '--client', folder('../../dist')] })
}

/** CHROMIUM names a browser other than Debian's; with GPU set, it may use one. */
export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', ...(process.env.GPU ? [] : ['--disable-gpu'])],
  })
}

/** BENCH_BOARD names the C program `bench_board`, whose strokes are those of tools/bench/board. */
export function fillBoard(port, room, strokes, points) {
  const program = process.env.BENCH_BOARD
  if (!program) throw new Error('BENCH_BOARD must name the program bench_board')
  const place = ['--server', `127.0.0.1:${port}`, '--room', room]
  const size = ['--strokes', `${strokes}`, '--points', `${points}`]
  const run = spawnSync(program, ['fill', ...place, ...size], { timeout: FILL_MS })
  if (run.status !== 0) throw new Error(`bench_board fill: ${run.stderr}`)
}

/**
 * Milliseconds that the page's main thread has had of a processor, and has waited for one: on a busy
 * machine, time on the wall says little. Linux only.
 */
export async function startThreadClock(browser, page) {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  const renderers = processInfo.filter(({ type }) => type === 'renderer')
  const before = renderers.map(({ id }) => timesOf(id).ran)
  // The page's own process is the one that works when the page does.
  await page.evaluate(() => {
    for (const end = performance.now() + 80; performance.now() < end;);
  })
  const worked = renderers.map(({ id }, i) => timesOf(id).ran - before[i])
  const { id } = renderers[worked.indexOf(Math.max(...worked))]
  return () => timesOf(id)
}

function timesOf(process) {
  const [ran, waited] = readFileSync(`/proc/${process}/schedstat`, 'utf8').split(' ')
  return { ran: Number(ran) / 1e6, waited: Number(waited) / 1e6 }
}

export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}

/** Who else uses this machine makes every figure larger. */
export function tellLoad() {
  console.log(`load of this machine: ${loadavg()[0].toFixed(1)}`)
}
