// The first page: cursors, names, reactions, figures; on desktops and on a phone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertNoFaults, cadence, phone, screenshot, status } from './browser.mjs'
import { BOUNDED, browser, openStage, server } from './stage.mjs'

const ada = { name: 'Ada', part: 4 }
const nadia = { name: 'Nadia', part: 0 }

openStage()

/** Visitors, live on the page, all of whom see each other. */
async function visitors(...options) {
  const pages = await Promise.all(options.map((each) => browser.visit(server.address, each)))
  for (const page of pages) {
    await status(page, 'live')
    await page.waitForFunction(
      (count) => document.querySelectorAll('#players li').length === count,
      pages.length,
    )
  }
  return pages
}

/** Where the cursor of `name` is drawn on this page, once it is within reach of a point. */
function cursorNear(page, name, x, y, reach = 4) {
  return page.waitForFunction(
    ([name, x, y, reach]) => {
      const cursors = [...document.querySelectorAll('.cursor.here')]
      const cursor = cursors.find((each) => each.textContent === name)
      if (cursor === undefined) return false
      const at = cursor.getBoundingClientRect()
      return Math.hypot(at.left - x, at.top - y) <= reach
    },
    [name, x, y, reach],
  )
}

test(
  'cursors move on the other page, with their names, and leave with the pointer',
  BOUNDED,
  async (t) => {
    const [a, b] = await visitors({ seat: ada }, { seat: nadia })
    for (const [x, y] of [
      [300, 300],
      [820, 420],
      [640, 700],
    ]) {
      await a.mouse.move(x, y, { steps: 12 })
      await cursorNear(b, 'Ada', x, y)
    }
    await b.mouse.move(500, 500, { steps: 5 })
    await cursorNear(a, 'Nadia', 500, 500)
    await screenshot(a, 'landing-two')
    t.diagnostic(`drawing: ${await cadence(a)}`)

    // Far down the page, the cursor is there too, and not on the part that the other one looks at.
    await b.evaluate(() => scrollTo({ top: 0, behavior: 'instant' }))
    await a.evaluate(() => {
      document.querySelector('#code').scrollIntoView({ behavior: 'instant' })
    })
    await a.mouse.move(400, 300, { steps: 5 })
    const top = await a.evaluate(() => 300 + scrollY)
    await cursorNear(b, 'Ada', 400, top)

    // A window that changes its size keeps the cursor at the same words.
    await b.setViewportSize({ width: 600, height: 800 })
    const code = await b.locator('#code').boundingBox()
    await b.waitForFunction(({ y, height }) => {
      const { top } = document.querySelector('.cursor').getBoundingClientRect()
      return top > y && top < y + height
    }, code)

    await a.close()
    await b.waitForFunction(() => document.querySelectorAll('.cursor').length === 0)
    assert.equal(await b.locator('#players li').count(), 1)
    assertNoFaults(b)
  },
)

test('another name and colour show at once, without joining again', BOUNDED, async () => {
  const [a, b] = await visitors({ seat: ada }, { seat: nadia })
  await a.mouse.move(400, 400, { steps: 3 })
  await cursorNear(b, 'Ada', 400, 400)
  await a.fill('#seat-name', 'Augusta')
  await a.getByLabel('Harp').check()
  await b.locator('.cursor', { hasText: 'Augusta' }).waitFor()
  await b.waitForFunction(() => {
    const { backgroundColor } = getComputedStyle(document.querySelector('.cursor span'))
    return backgroundColor === 'rgb(107, 63, 196)'
  })
  assert.deepEqual(await b.locator('#players li').allTextContents(), ['Nadia (you)', 'Augusta'])

  // It is kept for the next visit.
  await a.reload()
  await status(a, 'live')
  assert.equal(await a.evaluate(() => JSON.parse(localStorage['tutti seat']).name), 'Ada')
  assertNoFaults(a, b)
})

test('reactions burst where they were thrown, on every page', BOUNDED, async () => {
  const [a, b] = await visitors({ seat: ada }, { seat: nadia })
  for (const page of [a, b]) {
    await page.evaluate(() => {
      globalThis.sparks = []
      new MutationObserver((records) => {
        for (const { addedNodes } of records) {
          for (const node of addedNodes) {
            if (node.className.includes?.('spark'))
              sparks.push(node.querySelector('path').getAttribute('d'))
          }
        }
      }).observe(document.getElementById('stage'), { childList: true })
    })
  }
  await a.mouse.move(600, 640)
  await a.keyboard.press('3')
  await b.waitForFunction(() => sparks.length > 0)
  assert.deepEqual(
    await b.evaluate(() => [...new Set(sparks)]),
    await a.evaluate(() => [...new Set(sparks)]),
  )
  await a.evaluate(() => (sparks.length = 0))
  await b.mouse.dblclick(600, 640)
  await a.waitForFunction(() => sparks.length > 0)
  // In a field, a digit is a digit.
  await a.evaluate(() => (sparks.length = 0))
  await a.locator('#seat-name').pressSequentially('1')
  assert.equal(await a.evaluate(() => sparks.length), 0)
  await b.waitForFunction(() => document.querySelectorAll('.spark').length === 0)
  assertNoFaults(a, b)
})

test('the figures are measured from real frames', BOUNDED, async () => {
  const [a, b] = await visitors({ seat: ada }, { seat: nadia })
  const figure = (name) => a.locator(`[data-figure=${name}] dd span`).textContent().then(Number)
  await a.waitForFunction(
    () => document.querySelector('[data-figure=members] span').textContent === '2',
  )
  let isMoving = true
  const moving = (async () => {
    for (let step = 0; isMoving && step < 2_000; step++) {
      await b.mouse.move(400 + 100 * Math.sin(step / 7), 400 + 80 * Math.cos(step / 9))
    }
  })()
  await a.waitForFunction(() => {
    const value = (name) => Number(document.querySelector(`[data-figure=${name}] span`).textContent)
    return value('frames') >= 5 && value('cursor') > 0 && value('rtt') > 0
  })
  const bytes = await figure('cursor')
  isMoving = false
  await moving
  assert.ok(bytes >= 4 && bytes <= 24, `one moving cursor takes ${bytes} bytes`)
  assert.ok((await figure('frames')) <= 21)
  assertNoFaults(a, b)
})

test('on a phone: a finger is a cursor, and points at the same words', BOUNDED, async () => {
  const [a, b] = await visitors({ seat: ada }, { seat: nadia, ...phone })
  assert.equal(await b.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true)

  // On both pages, the middle of the first sentence is the same place.
  const middle = async (page) => {
    const { x, y, width, height } = await page.locator('#numbers').boundingBox()
    return { x: x + width / 2, y: y + height / 2 }
  }
  const [from, to] = [await middle(b), await middle(a)]
  await b.evaluate((top) => scrollTo({ top, behavior: 'instant' }), from.y - 300)
  const y = from.y - (await b.evaluate(() => scrollY))
  const touch = await b.context().newCDPSession(b)
  const finger = (type, points) =>
    touch.send('Input.dispatchTouchEvent', { type, touchPoints: points })
  await finger('touchStart', [{ x: from.x - 40, y }])
  for (let x = from.x - 40; x <= from.x; x += 8) await finger('touchMove', [{ x, y }])
  await cursorNear(a, 'Nadia', to.x, to.y, 12)
  await screenshot(b, 'landing-touch')
  await finger('touchEnd', [])
  await a.waitForFunction(() => document.querySelectorAll('.cursor.here').length === 0)
  assertNoFaults(a, b)
})

test('with reduced motion and without a mouse it is all there', BOUNDED, async () => {
  const [a] = await visitors({ seat: ada, reducedMotion: 'reduce', colorScheme: 'dark' })
  await a.keyboard.press('Tab')
  assert.equal(await a.evaluate(() => document.activeElement.textContent), 'Numbers')
  await a.locator('#reactions button').first().focus()
  const spark = a.waitForFunction(() => document.querySelectorAll('.spark').length)
  await a.keyboard.press('Enter')
  assert.equal(await (await spark).jsonValue(), 1)
  await screenshot(a, 'landing-calm-dark')
  assertNoFaults(a)
})
