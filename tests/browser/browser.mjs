// Chromium, and pages that remember everything that went wrong on them.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const { chromium, devices } = createRequire(`${root}clients/js/package.json`)('playwright-core')

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]
const WAIT_MS = 30_000

export const phone = devices['Pixel 7']

export async function startBrowser() {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: FLAGS,
  })
  let contexts = []
  return {
    /**
     * A visitor of its own: nothing kept from the others. `seat` is what the page remembers; `prepare`
     * is given the page before it opens the address.
     */
    async visit(address, { seat, prepare, ...options } = {}) {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 800 },
        ...options,
      })
      contexts.push(context)
      context.setDefaultTimeout(WAIT_MS)
      if (seat !== undefined) {
        const kept = JSON.stringify(seat)
        await context.addInitScript((kept) => localStorage.setItem('tutti seat', kept), kept)
      }
      const page = await context.newPage()
      page.faults = []
      page.on('pageerror', (error) => page.faults.push(error.stack))
      page.on('console', (message) => {
        if (message.type() === 'error' && !isExpected(message)) page.faults.push(message.text())
      })
      await prepare?.(page)
      await page.goto(address)
      return page
    },
    /** All visitors leave. */
    async clear() {
      await Promise.all(contexts.map((context) => context.close()))
      contexts = []
    },
    close: () => browser.close(),
  }
}

/**
 * Chromium itself writes an error for each connection that fails, for a picture that is asked for
 * before whoever pasted it has sent it, and for a past of which nothing is kept yet.
 */
function isExpected(message) {
  const text = message.text()
  const mayBeMissing = /\/v1\/rooms\/[^/]+\/(files\/|recording$)/.test(message.location().url)
  return /^WebSocket connection to .* failed/.test(text) || (mayBeMissing && / 404 /.test(text))
}

/** Waits until the page's pill says so. */
export function status(page, status) {
  return page.waitForSelector(`html[data-status=${status}]`, { state: 'attached' })
}

export function assertNoFaults(...pages) {
  for (const page of pages) assert.deepEqual(page.faults, [], page.url())
}

export async function screenshot(page, name) {
  mkdirSync(`${root}build/screenshots`, { recursive: true })
  await page.screenshot({ path: `${root}build/screenshots/${name}.png` })
}

/** How regularly the page draws, in a second: told, never judged. */
export function cadence(page) {
  return page.evaluate(
    () =>
      new Promise((resolve) => {
        const gaps = []
        let before = performance.now()
        const first = before
        requestAnimationFrame(function next(now) {
          gaps.push(now - before)
          before = now
          if (now - first < 1_000) {
            requestAnimationFrame(next)
            return
          }
          gaps.sort((a, b) => a - b)
          const at = (share) => gaps[Math.floor(share * (gaps.length - 1))].toFixed(1)
          resolve(`${gaps.length} frames in 1 s, gap p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`)
        })
      }),
  )
}
