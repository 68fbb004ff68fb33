// The widget's page, and the switch that cuts its line.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertNoFaults, screenshot, status } from './browser.mjs'
import { BOUNDED, browser, openStage, server } from './stage.mjs'

openStage()

async function visit(room, seat) {
  const page = await browser.visit(`${server.address}/cursors/?room=${room}`, { seat })
  await status(page, 'live')
  return page
}

async function boardOf(page) {
  return page.locator('#board').boundingBox()
}

/** The words that the widget shows, wherever it shows them. */
function shows(page, text) {
  return page.locator('tutti-cursors').getByText(text).first().waitFor()
}

test('two on one board; a third in another room sees neither', BOUNDED, async () => {
  const [a, b, c] = [
    await visit('one', { name: 'Ada', part: 4 }),
    await visit('one', { name: 'Nadia', part: 0 }),
    await visit('two', { name: 'Tom', part: 2 }),
  ]
  const { x, y } = await boardOf(a)
  await a.mouse.move(x + 200, y + 150, { steps: 8 })
  await shows(b, 'Ada')
  await b.mouse.move(x + 300, y + 250, { steps: 8 })
  await shows(a, 'Nadia')
  await a.locator('#count', { hasText: 'One other is here.' }).waitFor()
  await c.locator('#count', { hasText: 'second window' }).waitFor()
  const clap = b.locator('tutti-cursors').getByRole('img', { name: '👏' }).waitFor()
  await a.keyboard.press('2')
  await clap
  await screenshot(b, 'cursors-two')

  // Whoever takes another name joins again, and shows with the next motion.
  await a.fill('#seat-name', 'Augusta')
  let isSeen = false
  const seen = shows(b, 'Augusta').finally(() => (isSeen = true))
  for (let step = 0; !isSeen; step++) await a.mouse.move(x + 200 + (step % 50), y + 150)
  await seen
  assertNoFaults(a, b, c)
})

test(
  'a line that is cut by hand says so, and is whole again when it is mended',
  BOUNDED,
  async () => {
    const a = await visit('line', { name: 'Ada', part: 4 })
    const b = await visit('line', { name: 'Nadia', part: 0 })
    const { x, y } = await boardOf(a)
    await a.mouse.move(x + 100, y + 100, { steps: 3 })
    await shows(b, 'Ada')
    const pill = a.locator('#status')
    const before = await pill.boundingBox()
    await a.click('#cut')
    await status(a, 'offline')
    await pill.getByText('Offline').waitFor()
    assert.deepEqual(await pill.boundingBox(), before, 'the page jumped')
    await screenshot(a, 'cursors-cut')
    await a.click('#cut')
    await status(a, 'live')
    await a.mouse.move(x + 160, y + 160, { steps: 3 })
    await shows(b, 'Ada')
    assertNoFaults(a, b)
  },
)

test('a room name from the address cannot be a bad one', BOUNDED, async () => {
  const page = await visit('%3Cb%3E%20rehearsal%2F%C3%A9', { name: 'Ada', part: 4 })
  assert.equal(await page.locator('#board b').count(), 0)
  assertNoFaults(page)
})
