// The cursor widget in a real browser, against the real server: TUTTI_SERVER names its binary,
// CHROMIUM a browser other than Debian's.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { startServer, startWire, until } from './server/server.mjs'

const folder = (path) => fileURLToPath(new URL(path, import.meta.url))

let server
let wire
let browser
let roomNumber = 0
const faults = []

before(async () => {
  server = await startServer({ flags: ['--www', folder('pages'), '--client', folder('../dist')] })
  wire = await startWire(server.port)
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  })
})

after(async () => {
  await browser?.close()
  await wire?.close()
  await server?.stop()
})

async function visit(query, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, ...options })
  context.setDefaultTimeout(10_000)
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(error.stack))
  await page.goto(`${wire.url.replace('ws', 'http')}/?room=page-${roomNumber}&${query}`)
  await page.waitForFunction(() => window.live !== undefined)
  return page
}

/** The middle of an element in the viewport. */
async function middleOf(page, selector) {
  const { x, y, width, height } = await page.locator(selector).boundingBox()
  return { x: x + width / 2, y: y + height / 2 }
}

/** Where the one cursor on this page points, in its viewport. */
const tipOn = (page) =>
  page.evaluate(() => {
    const cursor = document.querySelector('tutti-cursors').shadowRoot.querySelector('.cursor')
    if (cursor === null) return null
    const { left, top } = cursor.getBoundingClientRect()
    return { x: left + 5, y: top + 2 }
  })

async function pointsAt(page, { x, y }, what) {
  let tip
  await until(
    async () => {
      tip = await tipOn(page)
      return tip !== null && Math.hypot(tip.x - x, tip.y - y) <= 1
    },
    () => `${what}: at ${JSON.stringify(tip)}, wanted ${x}, ${y}`,
  )
}

test('windows of different width agree on what is pointed at', async () => {
  roomNumber++
  const ada = await visit('name=Ada')
  const bob = await visit('name=Bob', { viewport: { width: 1400, height: 500 } })
  for (const selector of ['#title', '#button']) {
    const at = await middleOf(ada, selector)
    await ada.mouse.move(at.x, at.y)
    await pointsAt(bob, await middleOf(bob, selector), `Bob sees Ada at ${selector}`)
  }
  await ada.locator('#foot').scrollIntoViewIfNeeded()
  const foot = await middleOf(ada, '#foot')
  await ada.mouse.move(foot.x, foot.y)
  await pointsAt(bob, await middleOf(bob, '#foot'), 'at the foot, which Bob has not scrolled to')
  const before = await bob.evaluate(() => document.documentElement.scrollWidth)
  assert.equal(before, 1400, 'the page did not become wider')
})

test('a name, whatever is in it, and the styles of the page do not reach it', async () => {
  roomNumber++
  const name = '<img src=x onerror=alert(1)>'
  const ada = await visit(`name=${encodeURIComponent(name)}`)
  const bob = await visit('name=Bob')
  await ada.mouse.move(300, 300)
  const label = bob.locator('tutti-cursors .label')
  await label.waitFor()
  assert.equal(await label.locator('b').textContent(), name)
  const style = await label.evaluate((element) => {
    const { position, color, pointerEvents } = getComputedStyle(element)
    return { position, color, pointerEvents }
  })
  assert.equal(style.position, 'absolute')
  assert.notEqual(style.color, 'rgb(255, 0, 0)')
  assert.equal(style.pointerEvents, 'none')
})

test('over an element that grows with the window, positions grow with it', async () => {
  roomNumber++
  const ada = await visit('name=Ada&board')
  const bob = await visit('name=Bob&board', { viewport: { width: 600, height: 700 } })
  const board = await ada.locator('#board').boundingBox()
  await ada.mouse.move(board.x + board.width * 0.9, board.y + 10)
  const theirs = await bob.locator('#board').boundingBox()
  const scale = theirs.width / board.width
  await pointsAt(
    bob,
    { x: theirs.x + theirs.width * 0.9, y: theirs.y + 10 * scale },
    'at nine tenths of the board',
  )
})

test('who leaves the window or the page is not there any more', async () => {
  roomNumber++
  const ada = await visit('name=Ada')
  const bob = await visit('name=Bob')
  await ada.mouse.move(300, 300)
  await bob.locator('tutti-cursors .cursor:not(.out)').waitFor()
  await ada.evaluate(() => document.documentElement.dispatchEvent(new Event('pointerleave')))
  await bob.locator('tutti-cursors .cursor.out').waitFor({ state: 'attached' })
  await ada.mouse.move(310, 300)
  await bob.locator('tutti-cursors .cursor:not(.out)').waitFor()
  await ada.goto('about:blank')
  await until(() => tipOn(bob).then((tip) => tip === null), 'the cursor is gone with its page')
})

test('a double click is a reaction, and so is react()', async () => {
  roomNumber++
  const ada = await visit('name=Ada')
  const bob = await visit('name=Bob')
  // It is waited for before it is made: it goes away by itself.
  const first = bob.locator('tutti-cursors .reaction').textContent()
  await ada.mouse.dblclick(300, 250)
  assert.equal(await first, '❤️')
  const second = bob.locator('tutti-cursors .reaction', { hasText: '🎉' }).waitFor()
  await ada.evaluate(() => window.live.react('🎉'))
  await second
  await until(
    () =>
      bob
        .locator('tutti-cursors .reaction')
        .count()
        .then((count) => count === 0),
    'reactions go away',
  )
})

test('the slash key says something, letter by letter; fields of the page keep theirs', async () => {
  roomNumber++
  const ada = await visit('name=Ada')
  const bob = await visit('name=Bob')
  await ada.locator('#field').click()
  await ada.keyboard.type('a/b')
  assert.equal(await ada.locator('#field').inputValue(), 'a/b')
  await ada.locator('#title').click()
  await ada.keyboard.press('/')
  await ada.keyboard.type('hello', { delay: 20 })
  const said = bob.locator('tutti-cursors .cursor.says span')
  await until(() => said.textContent().then((text) => text === 'hello'), 'Bob reads it')
  await ada.keyboard.press('Enter')
  assert.equal(await ada.locator('tutti-cursors .say').count(), 0)
  const chat = () => bob.evaluate(() => window.live.room.events('chat').map(({ value }) => value))
  await until(() => chat().then(([text]) => text === 'hello'), 'it is in the history')
})

test('a finger points while it is down', async () => {
  roomNumber++
  const phone = await visit('name=Ada', {
    viewport: { width: 390, height: 800 },
    hasTouch: true,
    isMobile: true,
  })
  const bob = await visit('name=Bob')
  const { x, y } = await middleOf(phone, '#title')
  await phone.touchscreen.tap(x, y)
  await bob.locator('tutti-cursors .cursor').waitFor({ state: 'attached' })
  await bob.locator('tutti-cursors .cursor.out').waitFor({ state: 'attached' })
})

test('the page says when the connection is gone, and when it is back', async () => {
  roomNumber++
  const ada = await visit('name=Ada')
  const bob = await visit('name=Bob')
  await ada.mouse.move(300, 300)
  await bob.locator('tutti-cursors .cursor').waitFor()
  wire.refuses = true
  wire.cut()
  const pill = bob.locator('tutti-cursors .pill:not(.hidden)')
  await pill.waitFor()
  assert.match(await pill.textContent(), /Reconnecting/)
  wire.refuses = false
  await bob.locator('tutti-cursors .pill', { hasText: 'Back online' }).waitFor()
  await bob.locator('tutti-cursors .pill.hidden').waitFor({ state: 'attached' })
  await ada.waitForFunction(() => window.live.room.status === 'live')
  await ada.mouse.move(400, 320)
  await pointsAt(bob, { x: 400, y: 320 }, 'cursors move again')
})

test('stop() takes everything away', async () => {
  roomNumber++
  const ada = await visit('name=Ada')
  const bob = await visit('name=Bob')
  await ada.evaluate(() => window.live())
  assert.equal(await ada.locator('tutti-cursors').count(), 0)
  await ada.mouse.move(200, 200)
  await until(() => bob.evaluate(() => window.live.room.others.size === 0), 'the seat is free')
})

test('no page had a fault', () => {
  assert.deepEqual(faults, [])
})
