// Images on a board: they show at once, reach the others, wait while the line is cut, and go again
// where the server does not take them. In a real browser, against the real server.
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { startPages } from './server/board_pages.mjs'
import { until } from './server/server.mjs'

let pages
before(async () => {
  pages = await startPages()
})
afterEach(() => pages.clear())
after(() => pages?.stop())

/** An image of one colour, as a file that was dropped in the middle of the board. */
function drop(page, { width = 200, height = 100, colour = '#ff0000', type = 'image/png' } = {}) {
  return page.evaluate(
    async ({ width, height, colour, type }) => {
      const canvas = new OffscreenCanvas(width, height)
      const context = canvas.getContext('2d')
      context.fillStyle = colour
      context.fillRect(0, 0, width, height)
      const blob = await canvas.convertToBlob({ type })
      const data = new DataTransfer()
      data.items.add(new File([blob], 'image', { type }))
      const { element } = window.live.editor
      const { left, top } = element.getBoundingClientRect()
      const at = { clientX: left + 450, clientY: top + 350 }
      const event = { dataTransfer: data, bubbles: true, cancelable: true, ...at }
      element.dispatchEvent(new DragEvent('drop', event))
    },
    { width, height, colour, type },
  )
}

/** The one image on this page's board, once it is there. */
async function imageOn(page) {
  return until(
    () =>
      page.evaluate(() => {
        const found = window.live.editor.scene.all.find(({ type }) => type === 'image')
        return found && { ...found, image: [...found.image] }
      }),
    'an image is on the board',
  )
}

/** Waits until the page has the image and paints its colour. */
async function paints(page, colour) {
  await until(
    () =>
      page.evaluate((colour) => {
        const { editor } = window.live
        const { image } = editor.scene.all.find(({ type }) => type === 'image')
        const bitmap = editor.pictures.find(image)
        if (bitmap === null) return false
        const canvas = new OffscreenCanvas(1, 1)
        const context = canvas.getContext('2d')
        context.drawImage(bitmap, 0, 0, 1, 1)
        return [...context.getImageData(0, 0, 1, 1).data].join() === colour
      }, colour),
    `the image is ${colour}`,
  )
}

const waiting = (page) => page.evaluate(() => window.live.editor.pictures.waiting)

test('a dropped image shows where it fell, and on the other board', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  await drop(ada)
  const { x, y, w, h } = await imageOn(ada)
  assert.deepEqual([x, y, w, h], [350, 300, 200, 100])
  await paints(ada, '255,0,0,255')
  await until(async () => (await waiting(ada)) === 0, 'it was sent')
  await imageOn(bob)
  await paints(bob, '255,0,0,255')
})

test('while the line is cut it shows, and goes up when the line is back', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  pages.wire.refuses = true
  pages.wire.cut()
  await ada.waitForFunction(() => window.live.room.status !== 'live')
  await drop(ada, { colour: '#0000ff' })
  await imageOn(ada)
  await paints(ada, '0,0,255,255')
  assert.equal(await waiting(ada), 1)
  pages.wire.refuses = false
  await until(async () => (await waiting(ada)) === 0, 'it was sent')
  await imageOn(bob)
  await paints(bob, '0,0,255,255')
})

test('what is too large is scaled before it is sent', async () => {
  const [ada] = await pages.room('Ada')
  await drop(ada, { width: 5_000, height: 2_500, type: 'image/jpeg' })
  const { image } = await imageOn(ada)
  await until(async () => (await waiting(ada)) === 0, 'it was sent')
  const size = await ada.evaluate(async (hash) => {
    const name = hash.map((byte) => byte.toString(16).padStart(2, '0')).join('')
    const place = window.live.room.url.replace('ws', 'http')
    const response = await fetch(`${place}/files/${name}`)
    const { width, height } = await createImageBitmap(await response.blob())
    return [width, height, response.headers.get('content-type')]
  }, image)
  assert.deepEqual(size, [4096, 2048, 'image/jpeg'])
})

test('where the page may not hash, the server names it', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  await ada.evaluate(() => Object.defineProperty(crypto, 'subtle', { value: undefined }))
  await drop(ada, { colour: '#00ff00' })
  await imageOn(bob)
  await paints(bob, '0,255,0,255')
})

test('what the server refuses goes again, and the person is told', async () => {
  const [ada] = await pages.room('Ada')
  await ada.route('**/files', (route) => route.fulfill({ status: 507, body: 'no space left' }))
  const told = ada.evaluate(
    () =>
      new Promise((resolve) => {
        window.live.editor.on('trouble', ({ status, message }) => resolve([status, message]))
      }),
  )
  await drop(ada)
  assert.deepEqual(await told, ['full', 'no space left'])
  await ada.waitForFunction(() => window.live.editor.scene.size === 0)
})
