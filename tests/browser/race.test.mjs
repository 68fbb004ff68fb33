// A race in two browsers, one of them a phone: from the first page to the results, and again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertNoFaults, cadence, phone, screenshot, status } from './browser.mjs'
import { BOUNDED, browser, openStage, server } from './stage.mjs'

/** A lap takes most of a minute, on a slow machine too; where none counted, a second race is driven. */
const RACE = { timeout: 420_000 }
const RACE_MS = 150_000
const ada = { name: 'Ada Byron', part: 4 }
const nadia = { name: 'Nadia', part: 0 }

openStage()

function shows(page, view, timeout) {
  return page.waitForSelector(`body[data-view=${view}]`, { timeout })
}

async function step(page, setting, direction, times) {
  for (let i = 0; i < times; i++) {
    const output = page.locator(`[data-setting=${setting}] output`)
    const before = await output.textContent()
    await page.click(`[data-setting=${setting}] [data-step="${direction}"]`)
    await page.waitForFunction(
      ([setting, before]) =>
        document.querySelector(`[data-setting=${setting}] output`).textContent !== before,
      [setting, before],
    )
  }
}

/** The room's own driver at the wheel of our car, as good as the best bots. */
function driveBySelf(page) {
  return page.evaluate(() => {
    const { game, rules, controls } = globalThis.race
    controls.autopilot = () => {
      const car = game.prediction.latest
      return car === undefined ? null : rules.drive(car, game.race.track, 255)
    }
  })
}

function isFasterThan(page, speed) {
  return page.waitForFunction(
    (speed) => Number(document.querySelector('[data-hud=speed]').textContent) > speed,
    speed,
  )
}

/** Fingers as the screen reports them: all that are down. */
async function fingers(page) {
  const session = await page.context().newCDPSession(page)
  return (type, ...places) =>
    session.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: places.map(([x, y], id) => ({ x, y, id })),
    })
}

async function middle(page, selector) {
  const { x, y, width, height } = await page.locator(selector).boundingBox()
  return [x + width / 2, y + height / 2]
}

async function driveByThumbs(page) {
  const touch = await fingers(page)
  const go = await middle(page, '[data-pedal=throttle]')
  const wheel = await middle(page, '[data-pad=steer]')
  await touch('touchStart', go)
  await isFasterThan(page, 20)
  await touch('touchStart', go, wheel)
  await touch('touchMove', go, [wheel[0] + 40, wheel[1]])
  await page.waitForFunction(() => globalThis.race.controls.steer > 0.3)
  const isPressed = (pedal) => page.waitForSelector(`[data-pedal=${pedal}].pressed`)
  await isPressed('throttle')
  // From one pedal to the other without lifting the thumb.
  await touch('touchMove', await middle(page, '[data-pedal=brake]'), [wheel[0] + 40, wheel[1]])
  await isPressed('brake')
  assert.equal(await page.evaluate(() => globalThis.race.controls.read(0) & 0xe0), 64)
  await touch('touchEnd')
  await page.waitForFunction(() => globalThis.race.controls.steer === 0)
}

async function driveByKeys(page) {
  await page.keyboard.down('ArrowUp')
  await isFasterThan(page, 20)
  await page.keyboard.down('KeyA')
  await page.waitForFunction(() => globalThis.race.controls.steer < -0.3)
  await page.keyboard.up('KeyA')
  await page.waitForFunction(() => globalThis.race.controls.steer === 0)
  await page.keyboard.up('ArrowUp')
}

function classified(page) {
  return page.$$eval('#classified tr', (rows) =>
    rows.map((row) => [...row.children].slice(0, 4).map(({ textContent }) => textContent)),
  )
}

/**
 * From now on the page knows whether the room drove for it: that is seen in a frame, unless so many
 * ticks without its inputs lay between two frames.
 */
function watchPilot(page) {
  return page.evaluate(() => {
    const { game } = globalThis.race
    const { room, inputs } = game
    let { missed } = inputs
    globalThis.wasDriven = false
    room.on('frame', () => {
      const since = inputs.missed - missed
      missed = inputs.missed
      if (!game.isDriving) return
      globalThis.wasDriven ||= game.own.pilot || since >= room.tickRate / 2
    })
  })
}

/** Whose laps count, seen on the board. Nobody's: only where the room drove, or a corner was cut. */
async function recorded(pages) {
  const [first] = Object.values(pages)
  const order = await classified(first)
  const names = []
  const spoilt = []
  for (const [name, page] of Object.entries(pages)) {
    const [, , time, best] = order.find(([, driver]) => driver === name)
    const wasDriven = await page.evaluate(() => globalThis.wasDriven)
    if (wasDriven || time.includes('(+')) spoilt.push(name)
    if (best === '–') continue
    names.push(name)
    await first.locator('#results [data-board] li', { hasText: name }).waitFor()
  }
  assert.ok(names.length > 0 || spoilt.length > 0, `a lap counts: ${JSON.stringify(order)}`)
  return names
}

/** What these drivers' laps brought stands on the page of all records, and that leads to races. */
async function recordsShow(page, names) {
  const records = await page.context().newPage()
  await records.goto(`${server.address}/races/#harbour`)
  const track = records.locator('#harbour')
  await track.locator('select').selectOption('1')
  for (const name of names) {
    await track.locator('[data-board=laps] tr', { hasText: name }).waitFor()
    const race = track.locator('[data-board=races] tr', { hasText: name })
    await race.filter({ hasText: /^\d(Ada Byron|Nadia)\d:\d\d\.\d{3}/ }).waitFor()
  }
  if (names.length > 0)
    await track.locator('.facts', { hasText: /record \d:\d\d\.\d{3} by / }).waitFor()
  await records.locator('#races a', { hasText: 'Harbour' }).waitFor()
  assert.equal(
    await records.locator('#meadow [data-join]').getAttribute('href'),
    '/race/?track=meadow',
  )
  await screenshot(records, 'races')
  await records.setViewportSize({ width: 412, height: 839 })
  await records.emulateMedia({ colorScheme: 'dark' })
  await screenshot(records, 'races-phone-dark')
  await records.close()
}

test('two drivers and six bots, from the first page to the results, and again', RACE, async (t) => {
  const a = await browser.visit(`${server.address}/race/`, { seat: ada })
  await shows(a, 'home')
  await screenshot(a, 'race-home')
  await a.click('#tracks .card >> nth=1')
  await a.click('#licence .go')
  await shows(a, 'lobby')
  await status(a, 'live')
  const b = await browser.visit(`${server.address}/race/`, { seat: nadia, ...phone })
  await b.locator('#races a', { hasText: 'Harbour' }).click()
  await shows(b, 'lobby')
  await a.locator('#drivers b', { hasText: 'Nadia' }).waitFor()
  await step(a, 'laps', -1, 2)
  await step(a, 'bots', 1, 1)
  await b.locator('#track-facts', { hasText: '1 lap' }).waitFor()
  await b.click('#ready')
  await a.locator('#drivers .ready', { hasText: 'Nadia' }).waitFor()
  await screenshot(a, 'race-lobby')
  await a.click('#ready')
  for (const page of [a, b]) await shows(page, 'race')

  for (const page of [a, b]) await watchPilot(page)
  await driveByKeys(a)
  await driveByThumbs(b)
  for (const page of [a, b]) await driveBySelf(page)
  for (const page of [a, b]) await isFasterThan(page, 80)
  assert.equal(await a.locator('#standings li').count(), 8)
  await screenshot(a, 'race-racing')
  await screenshot(b, 'race-phone')
  t.diagnostic(`desktop: ${await cadence(a)}`)
  t.diagnostic(`phone: ${await cadence(b)}`)

  for (const page of [a, b]) await shows(page, 'results', RACE_MS)
  const order = await classified(a)
  assert.equal(order.length, 8)
  assert.deepEqual(await classified(b), order)
  for (const name of ['Ada Byron', 'Nadia']) {
    const [, , time] = order.find(([, driver]) => driver === name)
    assert.match(time, /^\d:\d\d\.\d{3}/)
  }
  assert.equal(await a.locator('#podium li').count(), 3)
  const drivers = { 'Ada Byron': a, Nadia: b }
  let names = await recorded(drivers)
  assert.match(await a.getAttribute('#results [data-records]', 'href'), /\/races\/#harbour$/)
  await screenshot(a, 'race-results')

  for (const page of [a, b]) await page.click('#again')
  for (const page of [a, b]) await shows(page, 'race')
  const rounds = await a.evaluate(() => globalThis.race.game.race.round)
  assert.equal(rounds, 2)
  await ghostDrivesAlong(a, b)
  const told = await a.evaluate(() => {
    const { count, compared, largest } = globalThis.race.game.prediction.corrections
    return `${count} corrections in ${compared} states, the largest ${largest.toFixed(2)} m`
  })
  t.diagnostic(told)
  if (names.length === 0) {
    for (const page of [a, b]) await watchPilot(page)
    for (const page of [a, b]) await shows(page, 'results', RACE_MS)
    names = await recorded(drivers)
  }
  await recordsShow(a, names)
  t.diagnostic(`laps that are records: ${names.length}`)
  assertNoFaults(a, b)
})

/** The best lap of the race before, beside both, and marked for all; where a lap has counted. */
async function ghostDrivesAlong(...pages) {
  for (const page of pages) {
    await page.waitForFunction(() => {
      const { game, page } = globalThis.race
      return game.race.best === 0 || page.bestLap.cars(performance.now()).length === 1
    })
  }
  const [page] = pages
  await screenshot(page, 'race-ghost')
  await page.waitForFunction(async () => {
    const { game } = globalThis.race
    if (game.race.best === 0) return true
    const name = new URLSearchParams(location.search).get('room')
    const answer = await fetch(`/v1/rooms/${name}/recording`)
    const { markers } = await answer.json()
    return markers.some(({ title }) => title.includes(`: ${game.race.holder}, `))
  })
}

function lapTime(page) {
  return page.evaluate(() => globalThis.race.game.lapTime(globalThis.race.game.own))
}

/** A line that has been read out stays where it is when the next one comes. */
async function talksOn(page) {
  const say = async (text) => {
    await page.fill('#lobby .talk input', text)
    await page.press('#lobby .talk input', 'Enter')
    return page.waitForSelector(`#lobby .talk li:last-child:has-text("${text}")`)
  }
  const first = await say('Hello')
  await say('How far is it?')
  assert.equal(await first.evaluate((line) => line.isConnected), true)
}

test('who comes late watches, names are text, a page loaded again has its car', RACE, async () => {
  const bad = '<img src=x onerror=a()>'
  const address = `${server.address}/race/?room=late&private`
  // A name that the room would refuse takes no other wish with it.
  const seat = { name: `\u200e${bad}`, part: 1 }
  const a = await browser.visit(`${address}&track=harbour`, { seat })
  await shows(a, 'lobby')
  await a.waitForFunction(() => {
    const { own, room } = globalThis.race.game
    return own?.vote === 1 && room.unsaved === 0
  })
  await a.locator('#drivers b', { hasText: bad }).waitFor()
  // Whoever only watched for a while drives again as who it was.
  await a.click('#colours label:nth-child(7)')
  await a.locator('#drivers [data-colour="6"]').waitFor()
  await a.click('#watch')
  await a.locator('#ready:disabled').waitFor()
  await a.click('#watch')
  await a.locator('#drivers [data-colour="6"]').waitFor()
  await talksOn(a)
  await a.click('#ready')
  await shows(a, 'race')
  const b = await browser.visit(address, { seat: nadia, reducedMotion: 'reduce' })
  await shows(b, 'race')
  await b.locator('#banner', { hasText: 'You watch' }).waitFor()
  await b.locator('#standings span', { hasText: bad }).waitFor()
  assert.equal(await b.locator('#standings img').count(), 0)
  assert.equal(await b.evaluate(() => globalThis.race.scene.camera.turns), false)
  await b.locator('#standings li button', { hasText: bad }).click()
  await b.locator('#standings .watched', { hasText: bad }).waitFor()
  await a.waitForFunction(() => globalThis.race.game.lapTime(globalThis.race.game.own) > 500)
  const before = await lapTime(a)
  await a.context().setOffline(true)
  await a.waitForFunction(() => globalThis.race.game.room.status !== 'live')
  assert.ok((await lapTime(a)) >= before, 'the clock of the lap goes on without a line')
  await a.context().setOffline(false)
  await status(a, 'live')
  await a.reload()
  await shows(a, 'race')
  await a.locator('#standings .own', { hasText: bad }).waitFor()
  await a.waitForFunction(() => globalThis.race.game.isDriving)
  assert.ok((await lapTime(a)) >= before, 'and on a page that was loaded again')
  await a.click('#leave')
  await shows(a, 'home')
  await shows(b, 'lobby') // a race that nobody drives is over
  const rooms = await b.evaluate(async () => (await fetch('/v1/kinds/race/rooms')).json())
  assert.equal(
    rooms.some(({ room }) => room === 'late'),
    false,
  )
  assertNoFaults(a, b)
})
