// The board as people use it: drawing, two pages, a broken line, looking only, keys, a phone.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { assertNoFaults, phone, screenshot, status } from './browser.mjs'
import { fillBoard } from './busy_board.mjs'
import { operator, startLine } from './server.mjs'
import { BOUNDED, browser, openStage, server } from './stage.mjs'

const ada = { name: 'Ada Byron', part: 4 }
const nadia = { name: 'Nadia', part: 0 }

let rooms = 0
openStage()

const nextRoom = () => `board-${++rooms}`

async function visit(room, { query = '', address = server.address, ...options } = {}) {
  const page = await browser.visit(`${address}/board/?room=${room}${query}`, options)
  await status(page, 'live')
  await page.locator('.toolbar').waitFor()
  return page
}

/** What the board holds, as the page knows it. */
const objects = (page) =>
  page.evaluate(() =>
    [...board.room.collection('objects')]
      .map(([id, fields]) => ({ id, ...fields }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
  )

const count = (page) => page.evaluate(() => board.room.collection('objects').size)

function has(page, number) {
  return page.waitForFunction((number) => board.room.collection('objects').size === number, number)
}

const saved = (page) => page.locator('.mark[data-state=saved]').waitFor()

async function drag(page, from, to, steps = 12) {
  await page.mouse.move(...from)
  await page.mouse.down()
  await page.mouse.move(...to, { steps })
  await page.mouse.up()
}

/** Everything on the board is painted, and nothing moves any more. */
const settled = (page) => page.waitForFunction(() => board.editor.renderer.isSettled)

test('what is drawn is there after a reload, to the pixel', BOUNDED, async () => {
  const page = await visit(nextRoom(), { seat: ada })
  await page.locator('.welcome').waitFor()
  await page.keyboard.press('d')
  await drag(page, [300, 300], [620, 420])
  await page.locator('.welcome').waitFor({ state: 'hidden' })
  await page.keyboard.press('r')
  await drag(page, [700, 250], [860, 380])
  await has(page, 2)
  await saved(page)
  const before = await objects(page)
  assert.ok(before.some(({ type, points }) => type === 0 && points.length > 6))
  const picture = async () => {
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await settled(page)
    return page.evaluate(() => {
      const { camera } = board.editor
      camera.set({ x: -640, y: -400, zoom: 1 })
      return new Promise((resolve) => {
        const look = () => {
          if (!board.editor.renderer.isSettled) return void setTimeout(look, 50)
          const [ground] = board.editor.element.querySelectorAll('canvas')
          resolve(ground.toDataURL())
        }
        setTimeout(look, 100)
      })
    })
  }
  const drawn = await picture()
  await page.reload()
  await status(page, 'live')
  await has(page, 2)
  assert.deepEqual(await objects(page), before)
  assert.equal(await picture(), drawn)
  assertNoFaults(page)
})

test('two draw on one board, and each sees who the other is', BOUNDED, async () => {
  const room = nextRoom()
  const a = await visit(room, { seat: ada })
  const b = await visit(room, { seat: nadia })
  await a.keyboard.press('o')
  await drag(a, [300, 250], [450, 350])
  await has(b, 1)
  await b.keyboard.press('n')
  await b.mouse.click(700, 400)
  await b.keyboard.type('Hello')
  await b.keyboard.press('Escape')
  await has(a, 2)
  await a.getByRole('button', { name: 'Follow Nadia' }).waitFor()
  await b.getByRole('button', { name: 'Follow Ada Byron' }).waitFor()
  await saved(b)
  await a.waitForFunction(
    (all) => JSON.stringify([...board.room.collection('objects').ids()].sort()) === all,
    JSON.stringify((await objects(b)).map(({ id }) => id)),
  )
  assertNoFaults(a, b)
})

test('offline one is told so, draws on, and it merges', BOUNDED, async () => {
  const room = nextRoom()
  const line = await startLine(server.port)
  try {
    const a = await visit(room, { seat: ada, address: line.address })
    const b = await visit(room, { seat: nadia })
    await a.keyboard.press('r')
    await drag(a, [300, 250], [400, 350])
    await has(b, 1)
    await saved(a)
    line.cut()
    await a.locator('.notice', { hasText: 'You can go on drawing' }).waitFor()
    await a.keyboard.press('d')
    await drag(a, [500, 300], [700, 420])
    await drag(a, [500, 350], [700, 470])
    assert.equal(await count(a), 3)
    await a.locator('.mark[data-state=waiting]', { hasText: 'to save' }).waitFor()
    await a.locator('.notice', { hasText: /changes? waits? here/ }).waitFor()
    assert.equal(await a.locator('.mark[data-state=saved]').count(), 0)
    await screenshot(a, 'board-offline')
    await b.keyboard.press('o')
    await drag(b, [300, 450], [400, 550])
    assert.equal(await count(b), 2)
    line.mend()
    await a
      .getByRole('button', { name: 'Try now' })
      .click({ timeout: 2_000 })
      .catch(() => {})
    await Promise.all([has(a, 4), has(b, 4)])
    await Promise.all([saved(a), a.locator('.notice').waitFor({ state: 'hidden' })])
    const drawn = await objects(a)
    while (!isDeepStrictEqual(await objects(b), drawn)) continue
    assertNoFaults(a, b)
  } finally {
    await line.stop()
  }
})

test('the mark says saved only when it is', BOUNDED, async () => {
  const line = await startLine(server.port)
  try {
    const page = await visit(nextRoom(), { seat: ada, address: line.address })
    await saved(page)
    line.deafen()
    await page.keyboard.press('d')
    await drag(page, [300, 300], [420, 420])
    await page.locator('.mark[data-state=saving]').waitFor()
    line.cut()
    await page.locator('.mark[data-state=waiting]').waitFor()
    line.mend()
    await saved(page)
    assert.equal(await page.evaluate(() => board.room.unsaved), 0)
    assertNoFaults(page)
  } finally {
    await line.stop()
  }
})

async function placeImage([bytes, room]) {
  const body = new Uint8Array(bytes)
  const answer = await fetch(`/v1/rooms/${room}/files`, { method: 'POST', body })
  const { hash } = await answer.json()
  const image = Uint8Array.from(hash.match(/../g), (byte) => parseInt(byte, 16))
  board.room.collection('objects').put('img', { type: 8, z: 'z', x: 0, y: 0, w: 90, h: 60, image })
}

/** But for what is lost where numbers are rounded. */
function assertSamePicture(svg, other) {
  const numbers = /-?\d+(?:\.\d+)?/g
  assert.equal(svg.replace(numbers, '#'), other.replace(numbers, '#'))
  const others = other.match(numbers)
  for (const [i, number] of svg.match(numbers).entries()) {
    assert.ok(Math.abs(number - others[i]) < 0.03, `${number} in the place of ${others[i]}`)
  }
}

test('pictures of the board: PNG in pixels, SVG in vectors', BOUNDED, async () => {
  const room = nextRoom()
  const page = await visit(room, {
    seat: ada,
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  await page.getByRole('button', { name: 'Flow chart' }).click()
  await page.waitForFunction(() => board.room.collection('objects').size >= 9)
  const { leave } = await fillBoard(server.address, room, 1)
  leave()
  const drawn = await count(page)
  const save = async (name) => {
    await page.keyboard.press('Control+Shift+e')
    await page.locator('.picture img[src]').waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name }).click(),
    ])
    await page.keyboard.press('Escape')
    return download
  }
  const png = await save('Save as PNG')
  assert.match(png.suggestedFilename(), /^board-\d+\.png$/)
  const bytes = readFileSync(await png.path())
  assert.equal(bytes.subarray(1, 4).toString(), 'PNG')
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
  assert.ok(width > 800 && height > 800, `${width} × ${height}`)
  const svg = readFileSync(await (await save('Save as SVG')).path(), 'utf8')
  assert.match(svg, /Do the work/)
  assert.match(svg, /font-family="[^"]*sans-serif"/)
  assert.doesNotMatch(svg, /<image/)
  // It can be read, and shows what the PNG shows: as wide, and ink in the same places.
  const difference = await page.evaluate(
    async ([svg, png, width, height]) => {
      const pixels = async (blob) => {
        const image = new Image()
        image.src = URL.createObjectURL(blob)
        await image.decode()
        const canvas = new OffscreenCanvas(width, height)
        const context = canvas.getContext('2d')
        context.drawImage(image, 0, 0, width, height)
        return context.getImageData(0, 0, width, height).data
      }
      const a = await pixels(new Blob([svg], { type: 'image/svg+xml' }))
      const b = await pixels(new Blob([new Uint8Array(png)], { type: 'image/png' }))
      let other = 0
      for (let i = 0; i < a.length; i += 4) if (Math.abs(a[i] - b[i]) > 90) other++
      return other / (width * height)
    },
    [svg, [...bytes], width, height],
  )
  assert.ok(difference < 0.005, `${difference} of the pixels are others`)
  // An operator gets the same out of what is saved, without a browser.
  const isSaved = () => operator(server, 'show', room).split('"collection":"objects"').length - 1
  while (isSaved() < drawn) await page.waitForTimeout(50)
  const exported = () => operator(server, 'export', '--svg', room, '-')
  assertSamePicture(exported(), svg)
  // Its images are in it, as they were given.
  await page.evaluate(placeImage, [[...bytes], room])
  while (!exported().includes(`href="data:image/png;base64,${bytes.toString('base64')}"`)) {
    await page.waitForTimeout(50)
  }
  assertNoFaults(page)
})

test(
  'objects go from board to board by the clipboard, with arrows and words',
  BOUNDED,
  async () => {
    const permissions = ['clipboard-read', 'clipboard-write']
    const a = await visit(nextRoom(), { seat: ada, permissions })
    await a.getByRole('button', { name: 'Flow chart' }).click()
    await a.waitForFunction(() => board.room.collection('objects').size >= 9)
    await a.keyboard.press('Control+a')
    await a.keyboard.press('Control+c')
    await a.goto(`${server.address}/board/?room=${nextRoom()}`)
    await status(a, 'live')
    await a.locator('.toolbar').waitFor()
    await a.keyboard.press('Control+v')
    await a.waitForFunction(() => board.room.collection('objects').size >= 9)
    const all = await objects(a)
    const ids = new Set(all.map(({ id }) => id))
    const arrows = all.filter(({ type }) => type === 5)
    assert.ok(arrows.length >= 4)
    for (const { start, end } of arrows) assert.ok(ids.has(start) && ids.has(end))
    assert.ok(all.some(({ text }) => text !== undefined && text.length > 0))
    await a.keyboard.press('Control+v')
    await a.waitForFunction(
      (number) => board.room.collection('objects').size === number,
      2 * all.length,
    )
    await a.keyboard.press('Control+z')
    await has(a, all.length)
    await a.evaluate(() => navigator.clipboard.writeText('Only words'))
    await a.keyboard.press('Control+v')
    await has(a, all.length + 1)
    assertNoFaults(a)
  },
)

test(
  'a picture: chosen, seen by others, exported, and brought to another board',
  BOUNDED,
  async () => {
    const room = nextRoom()
    const permissions = ['clipboard-read', 'clipboard-write']
    const a = await visit(room, { seat: ada, permissions })
    a.on('filechooser', (chooser) => chooser.setFiles(`${server.www}/tutti.png`))
    const b = await visit(room, { seat: nadia })
    await a.bringToFront()
    await a.keyboard.press('i')
    await Promise.all([has(a, 1), has(b, 1)])
    const shows = (page) =>
      page.waitForFunction(() => {
        const [object] = board.editor.scene.all
        return object !== undefined && board.editor.look.image(object.image) !== null
      })
    await Promise.all([shows(a), shows(b), saved(a)])
    await a.keyboard.press('Control+Shift+e')
    const [download] = await Promise.all([
      a.waitForEvent('download'),
      a.getByRole('button', { name: 'Save as SVG' }).click(),
    ])
    await a.keyboard.press('Escape')
    assert.match(readFileSync(await download.path(), 'utf8'), /<image [^>]*href="data:image\/png;/)
    await a.keyboard.press('Control+a')
    await a.keyboard.press('Control+c')
    const other = nextRoom()
    await a.goto(`${server.address}/board/?room=${other}`)
    await status(a, 'live')
    await a.locator('.toolbar').waitFor()
    await a.keyboard.press('Control+v')
    await has(a, 1)
    await shows(a)
    await saved(a)
    const [{ image }] = await objects(b)
    const response = await a.request.get(
      `${server.address}/v1/rooms/${other}/files/${Buffer.from(Object.values(image)).toString('hex')}`,
    )
    assert.equal(response.status(), 200)
    assertNoFaults(a, b)
  },
)

test('who looks has no tools, changes nothing, and moves freely', BOUNDED, async () => {
  const room = nextRoom()
  const { leave } = await fillBoard(server.address, room, 3)
  const page = await visit(room, { seat: ada, query: '&look' })
  await page.waitForFunction(() => board.room.collection('objects').size > 30)
  const before = await objects(page)
  assert.deepEqual(
    await page.locator('.toolbar button:visible').evaluateAll((all) => all.map((b) => b.title[0])),
    ['S', 'H', 'L'],
  )
  await page.keyboard.press('Control+a')
  for (const key of [
    'Delete',
    'Control+x',
    'Control+d',
    'Control+z',
    'ArrowRight',
    '[',
    'Control+g',
  ]) {
    await page.keyboard.press(key)
  }
  for (const key of ['d', 'r', 't', 'n', 'e']) {
    await page.keyboard.press(key)
    await drag(page, [640, 300], [700, 360], 4)
  }
  assert.equal(await page.evaluate(() => board.room.unsaved), 0)
  assert.deepEqual(await objects(page), before)
  const view = await page.evaluate(() => board.editor.camera.x)
  await page.keyboard.press('h')
  await drag(page, [640, 300], [740, 360])
  assert.notEqual(await page.evaluate(() => board.editor.camera.x), view)
  await settled(page)
  await screenshot(page, 'board-viewer')
  leave()
  assertNoFaults(page)
})

test('the keyboard alone: tools, objects one by one, arrows, undo, help', BOUNDED, async () => {
  const page = await visit(nextRoom(), { seat: ada })
  await page.getByRole('button', { name: 'Kanban' }).click()
  await page.waitForFunction(() => board.room.collection('objects').size > 8)
  await page.evaluate(() =>
    document.querySelector('tutti-board').shadowRoot.querySelector('.stage').focus(),
  )
  const selected = () => page.evaluate(() => [...board.editor.selection])
  await page.keyboard.press('Enter')
  const [first] = await selected()
  await page.keyboard.press('Tab')
  const [second] = await selected()
  assert.notEqual(second, first)
  await page.keyboard.press('Shift+Tab')
  assert.deepEqual(await selected(), [first])
  const x = () => page.evaluate((id) => board.room.collection('objects').get(id).x, first)
  const before = await x()
  await page.keyboard.press('ArrowRight')
  assert.ok((await x()) > before)
  await page.keyboard.press('Control+z')
  assert.equal(await x(), before)
  await page.keyboard.press('Escape')
  assert.deepEqual(await selected(), [])
  for (const [key, tool] of [
    ['v', 'select'],
    ['d', 'pen'],
    ['4', 'eraser'],
    ['r', 'rectangle'],
    ['n', 'note'],
  ]) {
    await page.keyboard.press(key)
    assert.equal(await page.evaluate(() => board.editor.toolName), tool)
  }
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keys' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.keyboard.press('v')
  // With nothing in hand, Tab leaves the board for the bars around it.
  await page.keyboard.press('Tab')
  const at = () =>
    page.evaluate(() => document.querySelector('tutti-board').shadowRoot.activeElement?.ariaLabel)
  assert.equal(await at(), 'Menu')
  assertNoFaults(page)
})

test('a phone: everything within reach, nothing cut off, fingers draw', BOUNDED, async () => {
  const room = nextRoom()
  const page = await visit(room, { seat: ada, ...phone, viewport: { width: 390, height: 844 } })
  const outside = await page.evaluate(() => {
    const root = document.querySelector('tutti-board').shadowRoot
    return [...root.querySelectorAll('button')]
      .filter((button) => button.checkVisibility())
      .filter((button) => {
        const { left, right, top, bottom, width, height } = button.getBoundingClientRect()
        const isSmall = width < 24 || height < 24
        return left < 0 || right > innerWidth || top < 0 || bottom > innerHeight || isSmall
      })
      .map((button) => button.title)
  })
  assert.deepEqual(outside, [])
  await page.locator('[data-tool=pen]').tap()
  const touch = await page.context().newCDPSession(page)
  const point = (x, y) => [{ x, y }]
  await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: point(100, 300) })
  for (let i = 1; i <= 10; i++) {
    await touch.send('Input.dispatchTouchEvent', {
      type: 'touchMove',
      touchPoints: point(100 + i * 15, 300 + i * 8),
    })
  }
  await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
  await has(page, 1)
  assert.equal(await page.locator('.style').isVisible(), false)
  // At once: of a tap right after a quick stroke Chromium makes no click.
  await page.getByRole('button', { name: 'Style' }).tap()
  await page.locator('.style').waitFor()
  await page.getByRole('button', { name: 'Blue' }).tap()
  assert.equal(await page.evaluate(() => board.editor.style.colour), 10)
  await screenshot(page, 'board-phone')
  await page.touchscreen.tap(200, 200)
  await has(page, 2)
  await page.locator('.style').waitFor({ state: 'hidden' })
  await page.getByRole('button', { name: 'Undo' }).tap()
  await has(page, 1)
  await page.getByRole('button', { name: 'Undo' }).tap()
  await has(page, 0)
  assertNoFaults(page)
})

test('dark and light, as the system has it or as one says', BOUNDED, async () => {
  const page = await visit(nextRoom(), { seat: ada, colorScheme: 'dark' })
  const looks = (theme) => page.locator(`.board[data-theme=${theme}]`).waitFor()
  await looks('dark')
  await page.emulateMedia({ colorScheme: 'light' })
  await looks('light')
  await page.keyboard.press('Shift+d')
  await looks('dark')
  await page.reload()
  await looks('dark')
  assertNoFaults(page)
})

test('links to draw and to look; a menu for what is under the pointer', BOUNDED, async () => {
  const room = nextRoom()
  const permissions = ['clipboard-read', 'clipboard-write']
  const page = await visit(room, { seat: ada, permissions })
  await page.getByRole('button', { name: 'Share' }).click()
  await page.getByRole('menuitem', { name: 'Copy a link to look' }).click()
  await page.locator('.toast', { hasText: 'Link copied' }).waitFor()
  const link = await page.evaluate(() => navigator.clipboard.readText())
  assert.equal(link, `${server.address}/board/?room=${room}&look=`)
  await page.keyboard.press('r')
  await drag(page, [300, 250], [450, 350])
  await page.keyboard.press('Escape')
  await page.mouse.click(300, 300, { button: 'right' })
  await page.getByRole('menuitem', { name: 'Lock' }).click()
  await page.waitForFunction(() => board.editor.scene.all[0].lock === 1)
  await page.keyboard.press('Delete')
  assert.equal(await count(page), 1)
  await page.mouse.click(300, 300, { button: 'right' })
  await page.getByRole('menu').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('menu').waitFor({ state: 'detached' })
  assertNoFaults(page)
})

test('the style panel: what fits, for what is chosen and what comes next', BOUNDED, async () => {
  const page = await visit(nextRoom(), { seat: ada })
  const panel = page.locator('.style')
  assert.equal(await panel.isVisible(), false)
  await page.keyboard.press('r')
  await panel.getByRole('button', { name: 'Fill' }).click()
  await panel.getByRole('button', { name: 'Sky' }).click()
  await panel.getByRole('button', { name: 'Dashed' }).click()
  await drag(page, [300, 250], [450, 350])
  const style = () =>
    page.evaluate(() => {
      const [{ fill, dash, opacity, colour }] = board.editor.scene.all
      return { fill, dash, opacity, colour }
    })
  assert.deepEqual(await style(), { fill: 9, dash: 1, opacity: 1, colour: 0 })
  await panel.getByRole('button', { name: 'Line', exact: true }).click()
  await panel.getByRole('button', { name: 'Violet' }).click()
  assert.equal((await style()).colour, 11)
  // All of a drag at the slider is one step.
  const slider = await panel.getByRole('slider', { name: 'Opacity' }).boundingBox()
  const y = slider.y + slider.height / 2
  await drag(page, [slider.x + slider.width - 6, y], [slider.x + 20, y], 8)
  assert.ok((await style()).opacity < 0.5)
  await page.keyboard.press('Control+z')
  assert.deepEqual(await style(), { fill: 9, dash: 1, opacity: 1, colour: 11 })
  // Back to where it was there is no change to tell of; the step has ended all the same.
  await page.mouse.move(slider.x + slider.width - 6, y)
  await page.mouse.down()
  await page.mouse.move(slider.x + 20, y, { steps: 4 })
  await page.mouse.move(slider.x + slider.width, y, { steps: 4 })
  await page.mouse.up()
  assert.equal((await style()).opacity, 1)
  for (const name of ['Teal', 'Orange']) await panel.getByRole('button', { name }).click()
  const colours = []
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press('Control+z')
    colours.push((await style()).colour)
  }
  // The third takes back that drag.
  assert.deepEqual(colours, [8, 11, 11, 0])
  assert.equal(await panel.getByRole('group', { name: 'Heads' }).isVisible(), false)
  assertNoFaults(page)
})

test('a room of another kind: the page says that it does not open', BOUNDED, async () => {
  const page = await browser.visit(server.address)
  await status(page, 'live')
  await page.evaluate(async () => {
    const { join } = await import('/tutti/tutti.js')
    await join('/', 'no-board', { kind: 'open' })
  })
  const other = await browser.visit(`${server.address}/board/?room=no-board`)
  await other
    .getByRole('alert')
    .filter({ hasText: /does not open.*“no-board” holds something else/s })
    .waitFor()
  assert.equal(await other.locator('tutti-board').count(), 0)
  await screenshot(other, 'board-closed')
  await other.getByRole('link', { name: 'Open a new board' }).click()
  await other.locator('tutti-board').waitFor()
  assertNoFaults(page, other)
})

test('the map moves the view', BOUNDED, async () => {
  const room = nextRoom()
  const { leave } = await fillBoard(server.address, room, 2)
  const page = await visit(room, { seat: ada })
  await page.keyboard.press('Shift+0')
  const view = () => page.evaluate(() => [board.editor.camera.x, board.editor.camera.y])
  await page.waitForFunction(() => board.editor.camera.zoom === 1)
  const map = await page.locator('.minimap').boundingBox()
  // It is drawn a moment after the board, and leads nowhere before.
  const isThere = () => page.evaluate(() => board.editor.camera.x < -1_000)
  for (let i = 0; i < 50 && !(await isThere()); i++) {
    await page.mouse.click(map.x + 20, map.y + 20)
    await page.waitForTimeout(100)
  }
  const [left, upper] = await view()
  await drag(page, [map.x + 20, map.y + 20], [map.x + map.width - 20, map.y + map.height - 20])
  const [right, lower] = await view()
  assert.ok(right > left + 100 && lower > upper + 100)
  leave()
  assertNoFaults(page)
})

test('a board in a corner of a page, gone without a trace', BOUNDED, async () => {
  const page = await visit(nextRoom(), { seat: ada })
  await page.evaluate(async () => {
    const { default: make } = await import('/tutti/board.js')
    const corner = document.createElement('div')
    corner.style.cssText = 'position:fixed;right:0;bottom:0;width:420px;height:360px'
    document.body.append(corner)
    globalThis.small = await make(corner, '/', 'corner', {
      name: 'Small',
      hide: ['share', 'minimap'],
    })
  })
  const corner = page.locator('tutti-board').nth(1)
  await corner.locator('.toolbar').waitFor()
  const { width, height } = await corner.boundingBox()
  assert.deepEqual([width, height], [420, 360])
  assert.equal(await corner.getByRole('button', { name: 'Share' }).count(), 0)
  // Words of the page are copied as such, and keys go to the board that was touched last.
  await corner.locator('.stage').click({ position: { x: 200, y: 150 } })
  await page.keyboard.press('r')
  assert.deepEqual(await page.evaluate(() => [small.editor.toolName, board.editor.toolName]), [
    'rectangle',
    'select',
  ])
  // So do arrows: what is chosen on the other stays where it is.
  await page.evaluate(() => {
    for (const { editor } of [board, small]) {
      const box = { x: 0, y: 0, w: 50, h: 50 }
      editor.setTool('select')
      editor.selection.set([editor.create({ type: 'rectangle', ...box })])
    }
  })
  await page.keyboard.press('ArrowRight')
  assert.deepEqual(
    await page.evaluate(() => [small.editor.scene.all[0].x, board.editor.scene.all[0].x]),
    [1, 0],
  )
  await page.evaluate(() => small.destroy())
  await page.mouse.click(640, 400)
  assert.equal(await page.locator('tutti-board').count(), 1)
  await page.keyboard.press('d')
  assert.equal(await page.evaluate(() => board.editor.toolName), 'pen')
  assertNoFaults(page)
})
