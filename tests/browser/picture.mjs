// Makes the pictures of the README: the first page with an ensemble on it, a busy board, a race, and
// one that is watched again, as the browser shows them. `picture.mjs race` makes that one alone, and
// `picture.mjs replay` that.
//
//     node tests/browser/picture.mjs
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { fillBoard } from './busy_board.mjs'
import { startBrowser, status } from './browser.mjs'
import { startServer, tool } from './server.mjs'

const examples = new URL('../../clients/examples/', import.meta.url)
const ENSEMBLE = fileURLToPath(new URL('tutti.png', examples))
const BOARD = fileURLToPath(new URL('board/board.png', examples))
const RACE = fileURLToPath(new URL('race/race.jpg', examples))
const REPLAY = fileURLToPath(new URL('replay/replay.webp', examples))
const PLAY_MS = 9_500
const STEP_MS = 60
const FLIGHT_MS = 380
/** Until words, cursors and the last tile are there. */
const BOARD_MS = 4_000
/** Until the field is in a bend. */
const RACE_MS = 11_500
/** Of a recorded race: until the field is in the first bend, in ticks. */
const BEND_TICKS = 560
/** When it was, so that the picture is the same each time; long ago, and kept all the same. */
const BEGAN = '2026-01-03T12:00'
/** Until the pictures of the timeline are taken. */
const FILM_MS = 6_000
/** Until the camera is there. */
const SETTLED_MS = 2_500
const WEBP_QUALITY = 0.86
/** In whose neighbourhood most of the field is. */
const WATCHED_PLACE = 7

/** Who plays, around where and how widely, and where the cursor rests in the end. */
const players = [
  { name: 'Ada', part: 4, about: [420, 250], reach: [180, 150], rest: [330, 432] },
  { name: 'Nadia', part: 0, about: [700, 380], reach: [140, 240], rest: [700, 452] },
  { name: 'Tomás', part: 5, about: [560, 560], reach: [240, 180], rest: [560, 268] },
  { name: 'Mei', part: 2, about: [300, 640], reach: [160, 120], rest: [118, 560] },
]

const only = process.argv[2]
const browser = await startBrowser()
try {
  if (only === undefined) await onServer(pictureOthers)
  if (only === undefined || only === 'race') await onServer(pictureRace)
  if (only === undefined || only === 'replay') await pictureReplay()
} finally {
  await browser.close()
}

async function onServer(work, options) {
  const server = await startServer(options)
  try {
    await work(server)
  } finally {
    await browser.clear()
    await server.stop()
  }
}

/** Some minutes of races as people drive them, watched again from the first bend of one. */
async function pictureReplay() {
  const data = mkdtempSync(`${tmpdir()}/tutti-picture-`)
  const wishes = [
    '--kind',
    'race',
    '--people',
    '8',
    '--minutes',
    '7',
    '--seed',
    '4',
    '--began',
    BEGAN,
  ]
  try {
    execFileSync(tool, ['record', ...wishes, data, 'tuesday-cup'])
    await onServer(watchAgain, { data, flags: ['--keep-days', '0'] })
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}

async function watchAgain(server) {
  const page = await browser.visit(`${server.address}/replay/?room=tuesday-cup&at=0`)
  await page.waitForFunction(() => globalThis.watched?.replay.state === 'ready')
  await page.evaluate(async () => {
    const { addMarker, editSession, recording } = await import('/tutti/tutti.js')
    const room = 'tuesday-cup'
    const { replay } = globalThis.watched
    const at = (share) => Math.round(replay.last * share)
    const mark = (share, title, colour) => addMarker('/', room, { tick: at(share), title, colour })
    await mark(0.18, 'Best lap: Eli', '#7b3fd4')
    await mark(0.44, 'A photo finish', '#e0a100')
    await mark(0.86, 'The spin', '#e23d28')
    const { sessions } = await recording('/', room)
    await editSession('/', room, sessions[0].id, { title: 'Second heat' })
  })
  await page.reload()
  await page.waitForFunction(() => globalThis.watched?.replay.state === 'ready')
  await page.evaluate(async (later) => {
    const { replay } = globalThis.watched
    await replay.seek(Math.round(replay.last * 0.6))
    const { starts } = replay.room.collection('race').get('now')
    await replay.seek(starts + later)
  }, BEND_TICKS)
  await page.waitForTimeout(FILM_MS)
  await page.click(`.standings [data-driver] >> nth=${WATCHED_PLACE - 1}`)
  await page.evaluate(() => globalThis.watched.replay.play())
  await page.waitForTimeout(SETTLED_MS)
  const shot = await page.screenshot({ type: 'jpeg', quality: 95 })
  writeFileSync(REPLAY, await packed(page, shot))
}

/** As WebP, which the browser knows how to write. */
async function packed(page, shot) {
  const source = `data:image/jpeg;base64,${shot.toString('base64')}`
  const bytes = await page.evaluate(
    async ([source, quality]) => {
      const image = new Image()
      image.src = source
      await image.decode()
      const canvas = new OffscreenCanvas(image.width, image.height)
      canvas.getContext('2d').drawImage(image, 0, 0)
      const blob = await canvas.convertToBlob({ type: 'image/webp', quality })
      return Array.from(new Uint8Array(await blob.arrayBuffer()))
    },
    [source, WEBP_QUALITY],
  )
  return Buffer.from(bytes)
}

async function pictureOthers(server) {
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
async function pictureRace(server) {
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
