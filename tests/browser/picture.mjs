// Makes the pictures of the README: the first page with an ensemble on it, a busy board, and a race,
// as the browser shows them. `picture.mjs race` makes that one alone.
//
//     node tests/browser/picture.mjs
import { fileURLToPath } from 'node:url'
import { fillBoard } from './busy_board.mjs'
import { startBrowser, status } from './browser.mjs'
import { startServer } from './server.mjs'

const examples = new URL('../../clients/examples/', import.meta.url)
const ENSEMBLE = fileURLToPath(new URL('tutti.png', examples))
const BOARD = fileURLToPath(new URL('board/board.png', examples))
const RACE = fileURLToPath(new URL('race/race.jpg', examples))
const PLAY_MS = 9_500
const STEP_MS = 60
const FLIGHT_MS = 380
/** Until words, cursors and the last tile are there. */
const BOARD_MS = 4_000
/** Until the field is in a bend. */
const RACE_MS = 11_500

/** Who plays, around where and how widely, and where the cursor rests in the end. */
const players = [
  { name: 'Ada', part: 4, about: [420, 250], reach: [180, 150], rest: [330, 432] },
  { name: 'Nadia', part: 0, about: [700, 380], reach: [140, 240], rest: [700, 452] },
  { name: 'Tomás', part: 5, about: [560, 560], reach: [240, 180], rest: [560, 268] },
  { name: 'Mei', part: 2, about: [300, 640], reach: [160, 120], rest: [118, 560] },
]

const server = await startServer()
const browser = await startBrowser()
try {
  if (process.argv[2] !== 'race') await pictureOthers()
  await pictureRace()
} finally {
  await browser.close()
  await server.stop()
}

async function pictureOthers() {
  const viewer = await browser.visit(server.address, { seat: { name: 'Juno', part: 3 } })
  await status(viewer, 'live')
  const pages = []
  for (const seat of players) {
    pages.push(await browser.visit(server.address, { seat, reducedMotion: 'reduce' }))
    await status(pages.at(-1), 'live')
  }
  const begin = Date.now()
  for (let now = begin; now - begin < PLAY_MS; now = Date.now()) {
    await Promise.all(
      pages.map((page, i) => page.mouse.move(...pathOf(players[i], i, now - begin))),
    )
    await new Promise((resolve) => setTimeout(resolve, STEP_MS))
  }
  await pages[1].keyboard.press('1')
  await viewer.locator('.spark').first().waitFor({ state: 'attached' })
  await new Promise((resolve) => setTimeout(resolve, FLIGHT_MS))
  await viewer.screenshot({ path: ENSEMBLE })

  const busy = await fillBoard(server.address, 'plans')
  const board = await browser.visit(`${server.address}/board/?room=plans`)
  await board.waitForTimeout(BOARD_MS)
  await board.screenshot({ path: BOARD })
  busy.leave()
}

/** Seven bots, and a driver like them for our car. */
async function pictureRace() {
  const page = await browser.visit(`${server.address}/race/?room=picture&track=meadow`, {
    seat: { name: 'Ada', part: 4 },
  })
  for (const bots of [6, 7]) {
    await page.click('[data-setting=bots] [data-step="1"]')
    await page.locator('[data-setting=bots] output', { hasText: bots }).waitFor()
  }
  await page.click('#ready')
  await page.waitForFunction(() => globalThis.race?.game.isDriving)
  await page.evaluate(() => {
    const { game, rules, controls } = globalThis.race
    const drive = (car) => rules.drive(car, game.race.track, 150)
    controls.autopilot = () => (game.prediction.latest ? drive(game.prediction.latest) : null)
  })
  await page.waitForFunction(
    (ms) => globalThis.race.game.lapTime(globalThis.race.game.own) > ms,
    RACE_MS,
    { timeout: 60_000 },
  )
  await page.screenshot({ path: RACE, type: 'jpeg', quality: 84 })
}

/** Swings about, each in its own measure, and comes to rest in the last tenth. */
function pathOf({ about, reach, rest }, i, elapsed) {
  const beat = (elapsed / 1_000) * (1.1 + 0.35 * i) + 1.7 * i
  const swing = [
    about[0] + reach[0] * Math.sin(beat),
    about[1] + reach[1] * Math.sin(1.3 * beat + i),
  ]
  const part = Math.min(1, Math.max(0, (elapsed / PLAY_MS - 0.88) / 0.1))
  const share = part * part * (3 - 2 * part)
  return [0, 1].map((axis) => swing[axis] + (rest[axis] - swing[axis]) * share)
}
