// Pages whose connection breaks, and whose server is killed and starts again, without a reload.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertNoFaults, screenshot, status } from './browser.mjs'
import { startLine, startServer } from './server.mjs'
import { BOUNDED, browser, openBrowser } from './stage.mjs'

const ada = { name: 'Ada', part: 4 }
const nadia = { name: 'Nadia', part: 0 }

openBrowser()

/** A page that was loaded again has lost this. */
const mark = (page) => page.evaluate(() => (globalThis.isSamePage = true))
const isMarked = (page) => page.evaluate(() => globalThis.isSamePage === true)

async function seesMoving(page, mover, name) {
  let isSeen = false
  const seen = page
    .locator('.cursor.here', { hasText: name })
    .waitFor()
    .finally(() => (isSeen = true))
  for (let step = 0; !isSeen; step++) await mover.mouse.move(400 + (step % 50), 400)
  await seen
}

test(
  'a broken line: the page says so, counts down, and comes back by itself',
  BOUNDED,
  async () => {
    const server = await startServer()
    const line = await startLine(server.port)
    try {
      const a = await browser.visit(line.address, { seat: ada })
      const b = await browser.visit(server.address, { seat: nadia })
      await Promise.all([status(a, 'live'), status(b, 'live')])
      await Promise.all([mark(a), mark(b)])
      await seesMoving(b, a, 'Ada')
      const place = await a.locator('#status').boundingBox()
      line.cut()
      await status(a, 'offline')
      await b.locator('.cursor.away', { hasText: 'Ada' }).waitFor()
      await a.locator('#status', { hasText: /Offline.*next try in \d+ s/s }).waitFor()
      assert.deepEqual(await a.locator('#status').boundingBox(), place, 'the page jumped')
      await screenshot(a, 'landing-offline')
      line.mend()
      await status(a, 'live')
      await seesMoving(b, a, 'Ada')
      assert.deepEqual(await b.locator('#players li').allTextContents(), ['Nadia (you)', 'Ada'])
      assert.deepEqual(await Promise.all([isMarked(a), isMarked(b)]), [true, true])
      assertNoFaults(a, b)
    } finally {
      await line.stop()
      await server.stop()
    }
  },
)

for (const signal of ['SIGTERM', 'SIGKILL']) {
  test(`a server that ends by ${signal} and starts again under the pages`, BOUNDED, async () => {
    let server = await startServer()
    const { port } = server
    try {
      const a = await browser.visit(server.address, { seat: ada })
      const b = await browser.visit(server.address, { seat: nadia })
      const c = await browser.visit(`${server.address}/chat/`, { seat: nadia })
      await Promise.all([a, b, c].map((page) => status(page, 'live')))
      await Promise.all([a, b, c].map(mark))
      await seesMoving(b, a, 'Ada')
      await server.stop(signal)
      await Promise.all([a, b, c].map((page) => status(page, 'offline')))
      await c.fill('#text', 'Written while there was no server')
      await c.press('#text', 'Enter')
      server = await startServer({ port })
      await Promise.all([a, b, c].map((page) => status(page, 'live')))
      await c.waitForFunction(() => document.querySelector('.message:not(.pending)') !== null)
      assert.equal(await c.locator('.fate button').count(), 0)
      await seesMoving(b, a, 'Ada')
      await seesMoving(a, b, 'Nadia')
      assert.deepEqual(await Promise.all([a, b, c].map(isMarked)), [true, true, true])
      assertNoFaults(a, b, c)
    } finally {
      await server.stop()
    }
  })
}

test('a message of which nobody knows: the page says so, and sends it again', BOUNDED, async () => {
  let server = await startServer()
  const { port } = server
  const line = await startLine(port)
  try {
    const a = await browser.visit(`${line.address}/chat/`, { seat: ada })
    const b = await browser.visit(`${server.address}/chat/`, { seat: nadia })
    await Promise.all([status(a, 'live'), status(b, 'live')])
    line.deafen()
    await a.fill('#text', 'Did this arrive?')
    await a.press('#text', 'Enter')
    await b.locator('.message', { hasText: 'Did this arrive?' }).waitFor()
    assert.equal(await a.locator('.message.pending').count(), 1)
    await server.stop('SIGKILL')
    line.cut()
    await status(a, 'offline')
    server = await startServer({ port })
    line.mend()
    await status(a, 'live')
    await a.locator('.fate', { hasText: 'Nobody knows whether this arrived.' }).waitFor()
    await screenshot(a, 'chat-uncertain')
    await a.getByRole('button', { name: 'Send again' }).click()
    await a.locator('.message:not(.pending)', { hasText: 'Did this arrive?' }).waitFor()
    assert.equal(await a.locator('.message').count(), 1)
    assertNoFaults(a, b)
  } finally {
    await line.stop()
    await server.stop()
  }
})

test(
  'a room that is of another kind: the page says why, and does not try again',
  BOUNDED,
  async () => {
    const server = await startServer()
    try {
      const a = await browser.visit(server.address, { seat: ada })
      await a.evaluate(async () => {
        const { join } = await import('/tutti/tutti.js')
        await join('/', 'taken', { kind: 'open' })
      })
      const b = await browser.visit(`${server.address}/chat/?room=taken`, { seat: nadia })
      await status(b, 'closed')
      await b.locator('#status', { hasText: /^\s*Closed: .*kind/ }).waitFor()
      assert.equal(await b.locator('#text').isDisabled(), true)
      await screenshot(b, 'chat-closed')
      assert.deepEqual([b.faults.length, a.faults], [1, []], 'join rejects, and the console has it')
      assert.match(b.faults[0], /TuttiError/)
    } finally {
      await server.stop()
    }
  },
)
