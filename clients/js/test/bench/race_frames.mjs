// What a frame of the race's page costs: sixteen cars, ours driven like the bots. Folders of pages are
// measured in turn, in rounds, so that two versions can be compared on a machine that is not alone:
//
//   TUTTI_SERVER=… node test/bench/race_frames.mjs [--seconds 20] [--rounds 2] [--www FOLDER]...
//
// "Gap" is from one frame to the next; "main" what the page's main thread had of a processor for a
// frame, "all" what the whole browser had. Linux only.
import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startServer } from '../server/server.mjs'
import { quantile, startBrowser, startThreadClock, tellLoad } from './start.mjs'

const folder = (path) => fileURLToPath(new URL(path, import.meta.url))
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '2' },
    www: { type: 'string', multiple: true, default: [folder('../../../examples')] },
  },
})
const BOTS = 15
const USUAL_BOTS = 5
/** The first corner is past, and what is painted once is painted. */
const WARM_S = 8

/** Milliseconds of processors that all processes of the browser have had. */
async function startBrowserClock(browser) {
  const session = await browser.newBrowserCDPSession()
  return async () => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    const threads = processInfo.flatMap(({ id }) =>
      readdirSync(`/proc/${id}/task`).map((thread) => `/proc/${id}/task/${thread}/schedstat`),
    )
    return (
      threads.reduce((sum, path) => sum + Number(readFileSync(path, 'utf8').split(' ')[0]), 0) / 1e6
    )
  }
}

async function race(page, port) {
  await page.goto(`http://127.0.0.1:${port}/race/?room=bench&track=meadow`)
  for (let bots = USUAL_BOTS; bots < BOTS; bots++) {
    await page.click('[data-setting=bots] [data-step="1"]')
    await page.locator('[data-setting=bots] output', { hasText: `${bots + 1}` }).waitFor()
  }
  await page.click('#ready')
  await page.waitForFunction(() => globalThis.race?.game.isDriving)
  await page.evaluate(() => {
    const { game, rules, controls } = globalThis.race
    controls.autopilot = () => {
      const car = game.prediction.latest
      return car === undefined ? null : rules.drive(car, game.race.track, 180)
    }
  })
  await page.waitForFunction(
    (ms) => globalThis.race.game.lapTime(globalThis.race.game.own) > ms,
    WARM_S * 1_000,
    { timeout: 60_000 },
  )
}

/** From one animation frame to the next, in milliseconds. */
function gaps(page) {
  return page.evaluate(
    (ms) =>
      new Promise((resolve) => {
        const gaps = []
        let first
        let before
        requestAnimationFrame(function next(now) {
          first ??= now
          if (before !== undefined) gaps.push(now - before)
          before = now
          if (now - first < ms) requestAnimationFrame(next)
          else resolve(gaps)
        })
      }),
    1_000 * Number(values.seconds),
  )
}

async function measure(www) {
  const flags = ['--www', www, '--client', folder('../../dist')]
  const server = await startServer({ flags })
  const browser = await startBrowser()
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    page.on('pageerror', (error) => console.error(error.stack))
    await race(page, server.port)
    const main = await startThreadClock(browser, page)
    const all = await startBrowserClock(browser)
    const before = { ...main(), all: await all() }
    const frames = await gaps(page)
    const after = { ...main(), all: await all() }
    const of = (what) => ((after[what] - before[what]) / frames.length).toFixed(2)
    const gap = (share) => quantile(frames, share).toFixed(1)
    const perSecond = (frames.length / Number(values.seconds)).toFixed(1)
    console.log(
      `${www}: ${perSecond} frames/s, gap p50 ${gap(0.5)} p99 ${gap(0.99)} worst ${gap(1)} ms; ` +
        `main ${of('ran')} (waited ${of('waited')}), all ${of('all')} ms a frame`,
    )
  } finally {
    await browser.close()
    await server.stop()
  }
}

for (let round = 0; round < Number(values.rounds); round++) {
  for (const www of values.www) await measure(www)
}
tellLoad()
