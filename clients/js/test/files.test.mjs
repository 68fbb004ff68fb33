// Images on a board: they show at once, reach the others, wait while the line is cut, and go again
// where the server does not take them. In a real browser, against the real server.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { openPages, pages } from './server/board_pages.mjs'
import { until } from './server/server.mjs'

openPages()

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
  // Undo and redo do not bring back what nobody can load.
  const left = await ada.evaluate(() => {
    const { editor } = window.live
    editor.undo()
    editor.redo()
    return editor.scene.size
  })
  assert.equal(left, 0)
})

/** A PNG of one bit a pixel: small as a file, however many pixels it says. */
function png(width, height, seed) {
  const chunk = (name, data) => {
    const body = Buffer.concat([Buffer.from(name), data])
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(data.length)
    check.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, check])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 1
  const rows = Buffer.alloc((1 + Math.ceil(width / 8)) * height)
  rows[1] = seed
  const data = deflateSync(rows, { level: 1 })
  const parts = [chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...parts])
}

function crc32(bytes) {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

/** Puts an image on the board that the server has already. */
async function place(page, image, { x, y }) {
  return page.evaluate(
    async ({ bytes, x, y }) => {
      const { room } = window.live
      const url = `${room.url.replace('ws', 'http').replace(/\?.*/, '')}/files`
      const body = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))
      const response = await fetch(url, { method: 'POST', body })
      if (!response.ok) return response.status
      const { hash } = await response.json()
      const objects = room.collection('objects')
      const id = objects.newId()
      const image = Uint8Array.from(hash.match(/../g), (digits) => parseInt(digits, 16))
      await objects.put(id, { type: 8, z: 'V', x, y, w: 400, h: 300, image }).done
      return hash
    },
    { bytes: image.toString('base64'), x, y },
  )
}

/** How often each file was asked for, from now on. */
function countAsked(page) {
  const asked = new Map()
  page.on('request', (request) => {
    const [, hash] = /\/files\/([0-9a-f]{64})$/.exec(request.url()) ?? []
    if (hash !== undefined) asked.set(hash, (asked.get(hash) ?? 0) + 1)
  })
  return asked
}

test('more photographs than fit into memory lie over each other: each is loaded once', async () => {
  const [ada] = await pages.room('Ada')
  const asked = countAsked(ada)
  const hashes = []
  for (let i = 0; i < 6; i++) {
    hashes.push(await place(ada, png(4_000, 3_000, i), { x: 100 + 20 * i, y: 100 }))
  }
  const far = await place(ada, png(640, 480, 7), { x: 90_000, y: 0 })
  const pixels = () =>
    ada.evaluate(() => {
      const { pictures, scene } = window.live.editor
      return scene.all.map(({ image }) => {
        const { width = 0, height = 0 } = pictures.peek(image) ?? {}
        return width * height
      })
    })
  const settled = () => ada.waitForFunction(() => window.live.editor.renderer.isSettled)
  await until(async () => (await pixels()).filter((each) => each > 0).length === 6, 'all are there')
  for (let round = 0; round < 5; round++) {
    await ada.evaluate(() => {
      const { renderer, scene } = window.live.editor
      for (const { id } of scene.all) renderer.repaint(id)
    })
    await settled()
  }
  assert.deepEqual(
    hashes.map((hash) => asked.get(hash)),
    [1, 1, 1, 1, 1, 1],
  )
  const kept = (await pixels()).filter((each) => each > 0)
  assert.ok(kept.reduce((sum, each) => sum + each) <= 64 * 2 ** 20, String(kept))
  assert.ok(kept.length === 6 && Math.min(...kept) > 8e6, String(kept))
  assert.equal(asked.get(far), undefined, 'what does not show is not loaded')
  // A picture of all of it has all of them.
  await ada.keyboard.press('Control+Shift+E')
  const saving = ada.waitForEvent('download')
  await ada.getByRole('button', { name: 'Save as SVG' }).click()
  const svg = readFileSync(await (await saving).path(), 'utf8')
  assert.equal(svg.match(/<image [^>]*href="data:image/g).length, 7)
})

test('an image of too many pixels is taken by no server, and decoded by no page', async () => {
  const [ada] = await pages.room('Ada')
  const huge = png(9_000, 8_000, 1)
  assert.equal(await place(ada, huge, { x: 100, y: 100 }), 413)
  const asked = countAsked(ada)
  // One that stands in a room all the same, since the bound was another.
  await ada.route('**/files/*', (route) => route.fulfill({ body: huge, contentType: 'image/png' }))
  await ada.evaluate(() => {
    window.decoded = 0
    const decode = window.createImageBitmap
    window.createImageBitmap = (...of) => (window.decoded++, decode(...of))
    window.live.editor.pictures.on('tried', () => (window.tried = true))
  })
  const hash = await place(ada, png(10, 10, 1), { x: 100, y: 100 })
  await ada.waitForFunction(() => window.tried)
  await ada.evaluate(() => {
    const { renderer, scene } = window.live.editor
    for (const { id } of scene.all) renderer.repaint(id)
  })
  await ada.waitForFunction(() => window.live.editor.renderer.isSettled)
  assert.equal(await ada.evaluate(() => window.decoded), 0)
  assert.equal(asked.get(hash), 1)
})
