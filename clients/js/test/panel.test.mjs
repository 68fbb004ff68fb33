// The panel of figures in a real browser, against the real server: TUTTI_SERVER names its binary,
// CHROMIUM a browser other than Debian's, PICTURES a folder for what it looks like.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { startServer, until } from './server/server.mjs'

const folder = (path) => fileURLToPath(new URL(path, import.meta.url))

let server
let browser
const faults = []

before(async () => {
  server = await startServer({ flags: ['--www', folder('pages'), '--client', folder('../dist')] })
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  })
})

after(async () => {
  await browser?.close()
  await server?.stop()
})

/** The text of one figure. */
const figure = (page, name) =>
  page.locator('tutti-panel dl div', { hasText: name }).locator('dd').textContent()

const milliseconds = async (page, name) => Number.parseInt(await figure(page, name), 10)

async function picture(page, name) {
  if (process.env.PICTURES) await page.screenshot({ path: join(process.env.PICTURES, name) })
}

test('figures, bytes by field, a worse line, folded and closed with the keyboard', async () => {
  const page = await browser.newPage({ viewport: { width: 420, height: 620 } })
  page.setDefaultTimeout(20_000)
  page.on('pageerror', (error) => faults.push(error.stack))
  await page.goto(`http://127.0.0.1:${server.port}/panel.html`)
  await page.waitForFunction(
    () => window.closePanel !== undefined && window.room.clock.rtt !== null,
  )
  assert.equal(await figure(page, 'Lead'), '85 ms')
  assert.equal(await figure(page, 'Margin'), '-1 ticks')
  assert.equal(await figure(page, 'Missed'), '3 ticks')

  await page.getByText('Bytes by collection and field').click()
  await page.evaluate(() => {
    setInterval(() => {
      window.room.presence.set({ x: Math.round(performance.now()) % 1000 })
      window.corrections.count++
      window.corrections.compared += 3
      const size = (window.corrections.count * 7) % 40
      window.corrections.largest = Math.max(size, window.corrections.largest)
      window.corrections.recent.push({ tick: 1, size })
    }, 40)
  })
  await page.locator('tutti-panel th', { hasText: 'presence.x' }).waitFor()
  await until(async () => /of/.test(await figure(page, 'Corrected')), 'corrections are counted')

  await page.getByText('Simulated line').click()
  const latency = page.getByLabel('Latency')
  await latency.fill('500')
  assert.equal((await page.evaluate(() => window.room.link.conditions)).latency, 500)
  await until(async () => (await milliseconds(page, 'Round trip')) >= 500, 'the line is slow')
  await picture(page, 'panel-light.png')
  await page.emulateMedia({ colorScheme: 'dark' })
  await picture(page, 'panel-dark.png')
  await latency.fill('0')
  assert.equal(await page.evaluate(() => window.room.link.conditions), null)

  const heard = () => page.evaluate(() => window.keysHeard.splice(0))
  await latency.press('ArrowRight')
  assert.equal((await page.evaluate(() => window.room.link.conditions)).latency, 10)
  await latency.press('Home')
  assert.deepEqual(await heard(), [], 'keys that move a slider move nothing in the game')
  await latency.press('n')
  assert.deepEqual(await heard(), ['n'], "all others are the page's")

  await page.getByRole('button', { name: 'Fold', exact: true }).press('Enter')
  assert.equal(await page.getByLabel('Latency').isVisible(), false)
  await page.getByRole('button', { name: 'Unfold' }).press('Enter')
  assert.equal(await page.getByLabel('Latency').isVisible(), true)
  assert.deepEqual(await heard(), [])
  await page.evaluate(() => window.openPanel())
  assert.equal(await page.locator('tutti-panel').count(), 1, 'one for a room')
  await page.getByRole('button', { name: 'Close' }).press('Enter')
  assert.equal(await page.locator('tutti-panel').count(), 0)
  assert.equal(await page.evaluate(() => window.isPanelClosed), true)
  assert.deepEqual(faults, [])
})
