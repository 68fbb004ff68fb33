// The browser and the server that all tests of a file share. They end with it; visitors leave after
// each test.
import { after, afterEach, before } from 'node:test'
import { startBrowser } from './browser.mjs'
import { startServer } from './server.mjs'

export const BOUNDED = { timeout: 120_000 }

export let browser, server

/** For tests that start servers of their own. */
export function openBrowser(bounded = BOUNDED) {
  before(async () => {
    browser = await startBrowser()
  }, bounded)
  afterEach(() => browser.clear(), bounded)
  after(() => browser?.close(), bounded)
}

export function openStage() {
  openBrowser()
  before(async () => {
    server = await startServer()
  }, BOUNDED)
  after(() => server?.stop(), BOUNDED)
}
