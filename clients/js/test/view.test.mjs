// What a board shows of itself, and how it is pushed and zoomed: wheel, keys, fingers and pens, in a
// real browser.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { all, drag, near, openPages, pages, take, viewOf } from './server/board_pages.mjs'
import { until } from './server/server.mjs'

openPages()

test('the wheel pushes the board, with control it zooms where the pointer is', async () => {
  const [ada] = await pages.room('Ada')
  await ada.mouse.move(300, 200)
  await ada.mouse.wheel(30, 40)
  await until(async () => (await viewOf(ada)).y === 40, 'it is pushed')
  assert.deepEqual(await viewOf(ada), { x: 30, y: 40, zoom: 1 })
  await ada.keyboard.down('Control')
  await ada.mouse.wheel(0, -100)
  await ada.keyboard.up('Control')
  await until(async () => (await viewOf(ada)).zoom > 1, 'it is larger')
  const { x, y, zoom } = await viewOf(ada)
  assert.ok(near(x + 300 / zoom, 330) && near(y + 200 / zoom, 240))
})

test('space and the middle button push the board, whatever the tool', async () => {
  const [ada] = await pages.room('Ada')
  await take(ada, 'pen')
  await ada.keyboard.down('Space')
  await drag(ada, [300, 300], [350, 320])
  await ada.keyboard.up('Space')
  assert.deepEqual(await viewOf(ada), { x: -50, y: -20, zoom: 1 })
  await ada.mouse.move(300, 300)
  await ada.mouse.down({ button: 'middle' })
  await ada.mouse.move(290, 290)
  await ada.mouse.up({ button: 'middle' })
  assert.deepEqual(await viewOf(ada), { x: -40, y: -10, zoom: 1 })
  assert.deepEqual(await all(ada), [])
})

/** Fingers of this page. Each call says where all of them are. */
async function touching(page) {
  const session = await page.context().newCDPSession(page)
  const send = (type, places) =>
    session.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: places.map(([x, y], id) => ({ x, y, id })),
    })
  return {
    down: (...places) => send('touchStart', places),
    move: (...places) => send('touchMove', places),
    up: (...places) => send('touchEnd', places),
  }
}

const PHONE = { viewport: { width: 390, height: 700 }, hasTouch: true, isMobile: true }

test('one finger draws', async () => {
  await pages.room()
  const ada = await pages.visit('Ada', PHONE)
  const fingers = await touching(ada)
  await take(ada, 'pen')
  await fingers.down([100, 100])
  for (let x = 110; x <= 200; x += 10) await fingers.move([x, 120])
  await fingers.up()
  const objects = await all(ada)
  assert.equal(objects.length, 1)
  assert.ok(objects[0].points.length > 15)
})

test('a second finger in the next moment means to zoom: there is no stroke', async () => {
  await pages.room()
  const ada = await pages.visit('Ada', PHONE)
  const fingers = await touching(ada)
  await take(ada, 'pen')
  // Both in one message: the second comes 0 ms after the first.
  await fingers.down([100, 300], [200, 300])
  for (let i = 1; i <= 10; i++) await fingers.move([100 - 5 * i, 300], [200 + 5 * i, 300])
  await fingers.up()
  assert.deepEqual(await all(ada), [])
  const { x, y, zoom } = await viewOf(ada)
  assert.ok(near(zoom, 2), `${zoom}`)
  assert.ok(near(x + 150 / zoom, 150) && near(y + 300 / zoom, 300))
  assert.equal(await ada.evaluate(() => window.live.room.canUndo), false)
})

test('two fingers push the board', async () => {
  await pages.room()
  const ada = await pages.visit('Ada', PHONE)
  const fingers = await touching(ada)
  await fingers.down([100, 300], [200, 300])
  for (let i = 1; i <= 10; i++) await fingers.move([100, 300 + 4 * i], [200, 300 + 4 * i])
  await fingers.up()
  const { x, y, zoom } = await viewOf(ada)
  assert.ok(near(zoom, 1) && near(x, 0) && near(y, -40), JSON.stringify({ x, y, zoom }))
})

/** A pen as the page is told of it. */
const pen = (page, type, x, pressure = 0.5) =>
  page.evaluate(
    ([type, x, pressure]) =>
      window.live.editor.element.dispatchEvent(
        new PointerEvent(type, {
          pointerId: 77,
          pointerType: 'pen',
          clientX: x,
          clientY: 200,
          button: 0,
          buttons: 1,
          pressure,
          bubbles: true,
        }),
      ),
    [type, x, pressure],
  )

test('where a pen was seen, a finger pushes the board and the palm draws nothing', async () => {
  await pages.room()
  const ada = await pages.visit('Ada', PHONE)
  await take(ada, 'pen')
  await pen(ada, 'pointerdown', 100, 0.2)
  for (let x = 105; x <= 200; x += 5) await pen(ada, 'pointermove', x, x / 250)
  await pen(ada, 'pointerup', 200, 0)
  const [stroke] = await all(ada)
  const pressures = stroke.points.filter((_, i) => i % 3 === 2)
  assert.ok(pressures[0] < 30 && Math.max(...pressures) > 95, pressures.join())
  const fingers = await touching(ada)
  await fingers.down([100, 300])
  for (let i = 1; i <= 10; i++) await fingers.move([100 + 3 * i, 300])
  await fingers.up()
  assert.equal((await all(ada)).length, 1)
  assert.ok(near((await viewOf(ada)).x, -30))
})

test('a palm before the pen and fingers beside it do nothing to its stroke', async () => {
  await pages.room()
  const ada = await pages.visit('Ada', PHONE)
  const fingers = await touching(ada)
  await take(ada, 'pen')
  await fingers.down([300, 500])
  await fingers.move([302, 505])
  await pen(ada, 'pointerdown', 100)
  await pen(ada, 'pointermove', 120)
  await fingers.move([310, 520])
  await fingers.down([310, 520], [350, 560])
  await fingers.move([300, 480], [380, 600])
  await pen(ada, 'pointermove', 140)
  await pen(ada, 'pointerup', 140)
  await fingers.up()
  const strokes = await all(ada)
  assert.equal(strokes.length, 1)
  assert.deepEqual([strokes[0].x, strokes[0].y], [100, 200])
  assert.deepEqual(await viewOf(ada), { x: 0, y: 0, zoom: 1 })
})

test('however far away someone calls to, the view stays where others can be told of it', async () => {
  const [ada] = await pages.room('Ada')
  for (const x of [1e17, -1e300, Infinity, NaN]) {
    await ada.evaluate((x) => {
      const { camera, people } = window.live.editor
      people.visit({ view: { x, y: 0, w: 100, h: 100 } })
      camera.set({ x, y: x })
    }, x)
    const { x: at, y, zoom } = await viewOf(ada)
    assert.ok([at, y].every((place) => Math.abs(place) <= 2 ** 21) && zoom > 0, `${at} ${zoom}`)
  }
})

test('on a screen of another resolution the board is as sharp as that is', async () => {
  const [ada] = await pages.room('Ada')
  const width = () => ada.evaluate(() => window.live.editor.element.querySelector('canvas').width)
  // As large as it was, so that nothing else tells of it.
  await ada.evaluate(() => {
    Object.assign(document.getElementById('board').style, { width: '600px', height: '500px' })
  })
  await until(async () => (await width()) === 600, 'a smaller board')
  const screen = await ada.context().newCDPSession(ada)
  for (const [deviceScaleFactor, wanted] of [
    [2, 1_200],
    [1, 600],
  ]) {
    await screen.send('Emulation.setDeviceMetricsOverride', {
      width: 900 + deviceScaleFactor,
      height: 700,
      deviceScaleFactor,
      mobile: false,
    })
    await until(async () => (await width()) === wanted, `${wanted} pixels`)
  }
})
