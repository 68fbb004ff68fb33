// People before the board of pages/board.html, each with a browser window of their own, and the
// real server behind it: TUTTI_SERVER names its binary, CHROMIUM a browser other than Debian's.
import assert from 'node:assert/strict'
import { after, afterEach, before } from 'node:test'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { startServer, startWire, until } from './server.mjs'

const folder = (path) => fileURLToPath(new URL(path, import.meta.url))
const www = folder('../pages')
const client = folder('../../dist')

async function startPages() {
  const server = await startServer({ flags: ['--www', www, '--client', client] })
  const wire = await startWire(server.port)
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  })
  let contexts = []
  let roomNumber = 0
  const faults = []

  async function visit(name, { color = '#0055ff', ...options } = {}) {
    const context = await browser.newContext({
      viewport: { width: 900, height: 700 },
      ...options,
    })
    contexts.push(context)
    context.setDefaultTimeout(30_000)
    const page = await context.newPage()
    page.on('pageerror', (error) => faults.push(error.stack))
    const asked = new URLSearchParams({ room: `room-${roomNumber}`, name, color })
    await page.goto(`${wire.url.replace('ws', 'http')}/board.html?${asked}`)
    await page.waitForFunction(() => window.live !== undefined)
    // A place on the board is a place on the page.
    await page.evaluate(() => window.live.editor.camera.set({ x: 0, y: 0, zoom: 1 }))
    return page
  }

  return {
    wire,
    visit,
    /** These people, in a room of their own. */
    async room(...names) {
      roomNumber++
      const opened = []
      for (const name of names) opened.push(await visit(name))
      return opened
    },
    /** Everyone goes; nothing may have gone wrong on a page. */
    async clear() {
      await Promise.all(contexts.map((context) => context.close()))
      contexts = []
      assert.deepEqual(faults.splice(0), [])
    },
    async stop() {
      await browser.close()
      await wire.close()
      await server.stop()
    },
  }
}

/** Of all tests of a file; what a test has opened is closed after it. */
export let pages

export function openPages() {
  before(async () => {
    pages = await startPages()
  })
  afterEach(() => pages.clear())
  after(() => pages?.stop())
}

/** Puts an object of these fields on the board; gives its id. */
export function make(page, fields) {
  return page.evaluate(async (fields) => {
    const objects = window.live.room.collection('objects')
    const id = objects.newId()
    await objects.put(id, { z: 'a0', x: 300, y: 200, w: 200, h: 200, ...fields }).done
    return id
  }, fields)
}

/** Waits until the object is on this page too. */
export function shows(page, id) {
  return page.waitForFunction((id) => window.live.editor.scene.find(id) !== undefined, id)
}

export const take = (page, tool) => page.evaluate((tool) => window.live.editor.setTool(tool), tool)
export const find = (page, id) => page.evaluate((id) => window.live.editor.scene.find(id), id)
export const all = (page) => page.evaluate(() => window.live.editor.scene.all)
export const viewOf = (page) =>
  page.evaluate(() => {
    const { x, y, zoom } = window.live.editor.camera
    return { x, y, zoom }
  })

/** With the button pressed from the first place to the others; a little on the way to each. */
export async function drag(page, ...places) {
  const [[x, y], ...rest] = places
  await page.mouse.move(x, y)
  await page.mouse.down()
  for (const [x, y] of rest) await page.mouse.move(x, y, { steps: 6 })
  await page.mouse.up()
}

/** Waits until everyone sees the object like this. */
export async function seen(everyone, id, wanted) {
  for (const page of everyone) {
    let object
    await until(
      async () => {
        object = await find(page, id)
        if (wanted === undefined) return object === undefined
        return object && Object.entries(wanted).every(([key, value]) => near(object[key], value))
      },
      () => `${JSON.stringify(wanted)}, not ${JSON.stringify(object)}`,
    )
  }
}

export function near(value, wanted) {
  return typeof wanted === 'number' ? Math.abs(value - wanted) < 0.6 : value === wanted
}
