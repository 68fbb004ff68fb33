// The replay page: a board's past shown, sought, handed on, gone on from and brought back; watched by
// two together; cursors and a race by their own pictures.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { after, test } from 'node:test'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { cellsOf, coarseFirst } from '../../clients/examples/replay/cells.js'
import { Stretch } from '../../clients/examples/replay/stretch.js'
import { assertNoFaults, phone, screenshot } from './browser.mjs'
import { startServer } from './server.mjs'
import { BOUNDED, browser, openStage, server } from './stage.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))
const client = process.env.TUTTI_CLIENT ?? `${root}clients/js/dist`
const { join } = await import(`${client}/tutti.node.js`)

const ELLIPSE = 2

openStage()

const rooms = []
after(() => rooms.forEach((room) => room.leave()))

async function joined(name, kind, user, { address } = server) {
  address = address.replace('http', 'ws')
  const room = await join(address, name, { kind, user: { name: user, color: '#1565c0' } })
  rooms.push(room)
  return room
}

/** Ellipses in a row, each saved before the next: so they are of different ticks. */
async function draw(room, ids) {
  for (const [i, id] of ids.entries()) {
    const place = { x: 900 * i, y: 0, w: 150, h: 100, z: `a${String.fromCharCode(65 + i)}` }
    await room.collection('objects').put(id, { type: ELLIPSE, ...place }).saved
  }
}

async function watch(query, { address } = server) {
  const page = await browser.visit(`${address}/replay/?${query}`)
  await page.waitForFunction(() => globalThis.watched?.replay.state === 'ready')
  return page
}

/** As many objects are on the board that shows. */
function shows(page, count) {
  return page.waitForFunction(
    (count) => watched.replay.room.collection('objects').size === count,
    count,
  )
}

/** Tick by tick to the first moment at which as many objects are there. */
async function stepTo(page, count) {
  await page.evaluate(async (count) => {
    const { replay } = watched
    while (replay.room.collection('objects').size < count && replay.tick < replay.last) {
      await replay.step()
    }
  }, count)
  await shows(page, count)
}

/** All of the board is on the screen. */
function isInSight(page) {
  return page.waitForFunction(() => {
    const { camera, scene } = watched.view.editor
    const { x, y, w, h } = camera.box
    const all = scene.extent
    return all.x >= x && all.y >= y && all.x + all.w <= x + w && all.y + all.h <= y + h
  })
}

test('a board is sought, handed on, gone on from and brought back', BOUNDED, async () => {
  const ada = await joined('past', 'board', 'Ada')
  await draw(ada, ['one', 'two', 'three'])
  await ada.collection('objects').delete('two').saved
  const page = await watchSoon(
    'room=past&back=0',
    () => watched.replay.room.collection('objects').size === 2,
  )
  await page.locator('tutti-board').waitFor()

  await page.keyboard.press('Home')
  await shows(page, 0)
  await page.keyboard.press('k')
  await page.waitForFunction(() => !watched.replay.playing)
  const slider = page.locator('#slider')
  const before = await page.evaluate(() => watched.replay.tick)
  await page.keyboard.press('.')
  await page.waitForFunction((before) => watched.replay.tick === before + 1, before)
  await page.waitForFunction(() => document.getElementById('slider').ariaValueText.includes(' of '))
  assert.equal(await slider.getAttribute('role'), 'slider')

  // Tick by tick to where all three were.
  await stepTo(page, 3)
  await screenshot(page, 'replay-board')

  await page.click('#share')
  await page.fill('#share-name', 'Before the mistake')
  const link = await page.inputValue('#share-link')
  await page.keyboard.press('Escape')
  const guest = await browser.visit(link, { ...phone, colorScheme: 'dark' })
  await guest.getByText('Before the mistake').waitFor()
  await guest.waitForFunction(
    () => globalThis.watched?.replay.room.collection('objects').size === 3,
  )
  await screenshot(guest, 'replay-phone')

  await page.click('#restore')
  await page.getByText('1 thing comes back').waitFor()
  await screenshot(page, 'replay-restore')
  await page.click('#restore-do')
  await page.getByText('1 thing brought back').waitFor()
  await untilSize(ada, 3)
  await page.click('#restore-undo')
  await untilSize(ada, 2)
  await page.keyboard.press('Escape')
  await undoOnePerson(page, ada)

  await page.click('#fork')
  await page.click('#fork-do')
  await page.waitForFunction(() => globalThis.board?.room?.collection('objects').size === 3)
  assert.match(page.url(), /\/board\/\?room=/)
  const [origin] = await Promise.all([
    page.context().waitForEvent('page'),
    page.getByText('from past').click(),
  ])
  await origin.waitForFunction(
    () => globalThis.watched?.replay.room.collection('objects').size === 3,
  )
  ada.leave()
  assertNoFaults(page, guest)
})

/** Ben has rubbed one out, moved another, and drawn one that Ada has made hers since. */
async function undoOnePerson(page, ada) {
  const ben = await joined('past', 'board', 'Ben')
  const objects = ben.collection('objects')
  const place = { x: 0, y: 300, w: 150, h: 100, z: 'aZ', type: ELLIPSE }
  ben.group(() => {
    objects.delete('one')
    objects.set('three', { x: 40 })
    objects.put('rude', place)
    objects.put('ours', place)
  })
  await untilObjects(ada, (objects) => objects.has('ours'))
  await ada.collection('objects').set('ours', { colour: 2 }).saved

  await page.click('#restore')
  await page.getByText('Undo what one person has done since').click()
  await page.getByText('Choose who').waitFor()
  await page.locator('#restore-faces').getByText('Ben').click()
  for (const line of [
    '1 thing comes back',
    '1 thing is set back to what it was',
    '1 thing made since goes',
    '1 thing stays as Ada has left it',
  ])
    await page.getByText(line).waitFor()
  await screenshot(page, 'replay-restore-person')
  await page.click('#restore-do')
  await page.getByText('3 things put right; 1 stays').waitFor()
  const isMended = (objects) => objects.has('one') && !objects.has('rude')
  await untilObjects(ada, (objects) => isMended(objects) && objects.get('three').x === 1800)
  assert.equal(ada.collection('objects').size, 3)

  await page.click('#restore-undo')
  await page.getByText('Undone.').waitFor()
  await untilObjects(ada, (objects) => !isMended(objects) && objects.get('three').x === 40)
  await page.getByText('Do it again').click()
  await page.getByText('Done again.').waitFor()
  await page.getByText('Overwrite what others have done, too').click()
  await page.getByText('1 thing made since goes').waitFor()
  await page.click('#restore-do')
  await untilSize(ada, 2)

  await page.getByText('One person’s work').click()
  await page.locator('#restore-faces').getByText('Ada').click()
  await page.getByText('1 thing comes back').waitFor()
  await page.keyboard.press('Escape')
  ben.leave()
}

/** Resolves when the live room has so many objects. */
function untilSize(room, size) {
  return untilObjects(room, (objects) => objects.size === size)
}

/** Resolves when the live room's objects are so. */
function untilObjects(room, judge) {
  const objects = room.collection('objects')
  return new Promise((resolve) => {
    const look = () => judge(objects) && (end(), resolve())
    const end = objects.on('change', look)
    look()
  })
}

test(
  'two who watch together see the same moment; in a frame there is only the player',
  BOUNDED,
  async () => {
    const ada = await joined('shared', 'board', 'Ada')
    await draw(ada, ['one', 'two'])
    ada.leave()
    const one = await watch('room=shared&at=0&together=class')
    const two = await watch('room=shared&at=0&together=class&embed')
    await stepTo(one, 1)
    await isInSight(one)
    await one.keyboard.press('End')
    await shows(two, 2)
    // It has grown twice: what was shown of itself the first time is no hand's.
    await isInSight(one)
    await two.keyboard.press('Home')
    await shows(one, 0)
    assert.equal(await two.locator('.top').isVisible(), false)
    await two.locator('#slider').waitFor()
    const [stage, player] = await Promise.all(
      ['main.stage', '.player'].map((part) => two.locator(part).boundingBox()),
    )
    assert.ok(stage.height > 3 * player.height, 'what shows has the room')
    // Over a live board it is a lesson: seen, in the same places, and not in the room.
    const along = await browser.visit(`${server.address}/board/?room=along&lesson=shared`)
    await along.waitForFunction(() => globalThis.lesson !== undefined)
    await along.waitForFunction(() => lesson.replay.tick === lesson.replay.last)
    await along.waitForFunction(() => lesson.replay.room.collection('objects').size === 2)
    assert.equal(await along.evaluate(() => board.room.collection('objects').size), 0)
    await screenshot(along, 'board-lesson')
    await along.click('.lesson-bar .end')
    await along.locator('.lesson').waitFor({ state: 'detached' })
    assertNoFaults(one, two, along)
  },
)

test('cursors and races are shown by their own pictures', BOUNDED, async () => {
  const nadia = await joined('moves', 'cursors', 'Nadia')
  let isSeen = false
  const moving = (async () => {
    // What is said as well, so that soon there is enough of it to be kept.
    for (let i = 0; !isSeen; i++) {
      const at = { x: 32_768 + 300 * Math.cos(i / 9), y: 200 + 90 * Math.sin(i / 7) }
      nadia.presence.set({ ...at, state: { say: `${i} ${'la '.repeat(60)}` } })
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  })()
  const cursors = await watchSoon('room=moves&back=0')
  await cursors.locator('tutti-cursors').getByText('Nadia').first().waitFor()
  isSeen = true
  await moving
  nadia.leave()
  const driver = await joined('cup', 'race', 'Tom')
  await driver.collection('settings').set('next', { bots: 3 }).saved
  const race = await watchSoon('room=cup&back=0')
  await race.getByText('In the lobby').waitFor()
  await screenshot(race, 'replay-race')
  driver.leave()
  assertNoFaults(race)
})

/** What has just happened is kept a moment later: until then the past ends before it, or there is none. */
async function watchSoon(query, isThere = () => true) {
  for (;;) {
    const page = await browser.visit(`${server.address}/replay/?${query}`)
    await page.waitForSelector('body:not([data-view=opening])')
    const isPlaying = (await page.getAttribute('body', 'data-view')) === 'playing'
    if (
      isPlaying &&
      (await page.waitForFunction(() => globalThis.watched)) &&
      (await page.evaluate(isThere))
    )
      return page
    await page.close()
  }
}

test('sessions are named, kept and taken off, marks too', BOUNDED, async () => {
  const data = mkdtempSync(`${tmpdir()}/tutti-sessions-`)
  let own = await startServer({ data })
  try {
    const ada = await joined('lessons', 'board', 'Ada', own)
    // Each in a tick of its own: long enough to be looked at more nearly.
    await draw(ada, [...'abcdefghijklmnopqrstuvwx'])
    ada.leave()
    await own.stop()
    own = await startServer({ data })
    const page = await watch('room=lessons', own)
    const slider = page.locator('#slider')
    await slider.waitFor()
    await page.keyboard.press('+')
    await page.waitForSelector('body.nearer')
    await page.keyboard.press('f')
    await slider.hover()
    await page.waitForSelector('body:not(.nearer)')
    await page.mouse.wheel(0, -400)
    await page.waitForSelector('body.nearer')
    await page.click('#whole')
    await page.waitForSelector('body:not(.nearer)')

    await page.click('#share')
    await page.fill('#share-name', 'Two')
    await page.check('#share-mark')
    await page.click('#share-copy')
    await page.getByRole('button', { name: /^Two, / }).waitFor()
    await page.getByText('It is marked on everyone’s timeline.').waitFor()
    await page.keyboard.press('Escape')

    await page.keyboard.press('s')
    await page.click('.session .name')
    await page.keyboard.type('First lesson')
    await page.keyboard.press('Enter')
    await page.locator('.session b', { hasText: 'First lesson' }).waitFor()
    await page.locator('#session-title', { hasText: 'First lesson' }).waitFor({ state: 'attached' })
    await page.click('.session .pin')
    await page.locator('.session .pin[aria-pressed=true]').waitFor()
    await screenshot(page, 'replay-sessions')
    for (const row of ['.moment', '.session']) {
      await page.click(`${row} .remove`)
      await page.locator(row).getByText('Take it away').click()
      await page.locator(row).waitFor({ state: 'detached' })
    }
    await page.getByText('None is listed yet').waitFor()
    assertNoFaults(page)
    await own.stop()
    await page.keyboard.press('Escape')
    await page.getByText('Offline').waitFor()
    await page.getByRole('button', { name: 'Try now' }).waitFor()
  } finally {
    await own.stop()
    rmSync(data, { recursive: true, force: true })
  }
})

test('a stretch keeps what it is asked to keep', () => {
  const stretch = new Stretch()
  assert.equal(stretch.setRange({ first: 100, last: 2_100, hz: 20 }), true)
  assert.equal(stretch.setRange({ first: 100, last: 2_100, hz: 20 }), false)
  assert.deepEqual([stretch.from, stretch.until, stretch.isWhole], [100, 2_100, true])
  assert.equal(stretch.tickAt(0.25), 600)

  stretch.zoomAt(0.25, 4)
  assert.equal(stretch.isGliding, true)
  stretch.step(0.05)
  assert.ok(stretch.from > 100 && stretch.from < 475)
  stretch.step(60)
  assert.deepEqual([stretch.from, stretch.until, stretch.zoom], [475, 975, 4])
  assert.equal(stretch.tickAt(0.25), 600, 'what is under the pointer stays there')
  stretch.pan(-10)
  stretch.arrive()
  assert.deepEqual([stretch.from, stretch.until], [100, 600], 'it ends where the recording does')

  stretch.setRange({ first: 100, last: 4_100, hz: 20 })
  assert.deepEqual([stretch.from, stretch.until], [100, 600], 'who is near stays where they are')
  assert.equal(stretch.follow(600), false)
  assert.equal(stretch.follow(601), true)
  stretch.arrive()
  assert.ok(stretch.from < 601 && stretch.until > 601)
  stretch.zoomAt(0.5, 1e9)
  stretch.arrive()
  assert.equal(stretch.until - stretch.from, 10, 'half a second at least')
  stretch.zoomAt(0.5, 0)
  stretch.arrive()
  assert.deepEqual([stretch.from, stretch.until, stretch.isWhole], [100, 4_100, true])
  stretch.setRange({ first: 300, last: 8_100, hz: 20 })
  assert.deepEqual([stretch.from, stretch.until], [300, 8_100], 'all of it stays all of it')
})

test('pictures lie side by side, and most are there already for who goes nearer', () => {
  const all = { first: 0, last: 72_000, from: 0, until: 72_000, wide: 80, pixels: 1_000 / 72_000 }
  const far = cellsOf(all)
  assert.equal(far.length, 13)
  far.forEach(({ left }, i) => assert.ok(Math.abs(left - 80 * i) < 1e-6))
  assert.ok(far.every(({ tick }) => tick >= 0 && tick <= 72_000))
  const grown = cellsOf({ ...all, last: 72_400, until: 72_400, pixels: 1_000 / 72_400 })
  const taken = new Set(far.map(({ tick }) => tick))
  assert.ok(grown.filter(({ tick }) => taken.has(tick)).length >= 10, 'as it grows most stay')
  const ticks = far.map(({ tick }) => tick)
  assert.deepEqual(
    [...coarseFirst(ticks)].sort((a, b) => a - b),
    ticks,
  )
  assert.deepEqual(coarseFirst(ticks).slice(0, 3), [ticks[0], ticks[8], ticks[4]])
})

test('a room of which nothing is kept says so, and where it lives', BOUNDED, async () => {
  const page = await browser.visit(server.address)
  await page.getByRole('link', { name: 'Replay' }).click()
  await page.getByText('“board” cannot be watched: nothing is recorded of that moment.').waitFor()
  await page.click('#to-live')
  await page.waitForFunction(() => globalThis.board?.room?.forkedFrom === null)
  assertNoFaults(page)
})
