// The chat: history, typing, unread, what waits while offline, what somebody else may have written.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertNoFaults, phone, screenshot, status } from './browser.mjs'
import { startLine } from './server.mjs'
import { BOUNDED, browser, openStage, server } from './stage.mjs'

const ada = { name: 'Ada Byron', part: 4 }
const nadia = { name: 'Nadia', part: 0 }

let rooms = 0
openStage()

const nextRoom = () => `room-${++rooms}`

async function visit(room, options, address = server.address) {
  const page = await browser.visit(`${address}/chat/?room=${room}`, options)
  await status(page, 'live')
  await page.locator('#text:enabled').waitFor()
  return page
}

async function say(page, text) {
  await page.fill('#text', text)
  await page.press('#text', 'Enter')
}

/** Waits until the page shows exactly these, decided or not. */
async function showsAll(page, texts) {
  await page.waitForFunction((texts) => {
    const shown = [...document.querySelectorAll('.message .text')].map((each) => each.textContent)
    return JSON.stringify(shown) === JSON.stringify(texts)
  }, texts)
}

function settled(page) {
  return page.waitForFunction(() => document.querySelector('.pending') === null)
}

test('who comes late reads what was said, in the same order', BOUNDED, async () => {
  const room = nextRoom()
  const a = await visit(room, { seat: ada })
  const b = await visit(room, { seat: nadia })
  await say(a, 'Shall we begin at letter C?')
  await showsAll(b, ['Shall we begin at letter C?'])
  await b.fill('#text', 'Two bars before,')
  await b.press('#text', 'Shift+Enter')
  await b.locator('#text').pressSequentially('for the horns.')
  await b.press('#text', 'Enter')
  const said = ['Shall we begin at letter C?', 'Two bars before,\nfor the horns.']
  const c = await visit(room, { seat: { name: 'Tom', part: 2 } })
  for (const page of [a, b, c]) await showsAll(page, said)
  assert.deepEqual(await c.locator('.by b').allTextContents(), ['Ada Byron', 'Nadia'])
  await a.locator('#count', { hasText: '3 are here' }).waitFor()
  assertNoFaults(a, b, c)
})

test('who is typing shows, and who stops does not', BOUNDED, async () => {
  const room = nextRoom()
  const [a, b] = [await visit(room, { seat: ada }), await visit(room, { seat: nadia })]
  const typing = b.locator('#typing', { hasText: 'Ada Byron is typing…' }).waitFor()
  await a.locator('#text').pressSequentially('Well')
  await typing
  await a.press('#text', 'Enter')
  await showsAll(b, ['Well'])
  await b.waitForFunction(() => document.getElementById('typing').textContent === '')
  const again = b.locator('#typing', { hasText: 'Ada Byron' }).waitFor()
  await a.locator('#text').pressSequentially('Hm')
  await again
  await b.waitForFunction(() => document.getElementById('typing').textContent === '')
  assertNoFaults(a, b)
})

test('a message is text, whatever is in it; addresses become links', BOUNDED, async () => {
  const room = nextRoom()
  const [a, b] = [await visit(room, { seat: ada }), await visit(room, { seat: nadia })]
  const bad = '<img src=x onerror="document.title=1"> javascript:alert(1) <script>1</script>'
  await say(a, bad)
  await showsAll(b, [bad])
  assert.equal(await b.locator('.text img, .text script, .text a').count(), 0)
  await say(a, 'See https://example.com/a?b=1&c=2.')
  const link = b.locator('.text a')
  assert.equal(await link.getAttribute('href'), 'https://example.com/a?b=1&c=2')
  assert.match(await link.getAttribute('rel'), /noopener/)

  // What does not come from this page may have any shape.
  await a.evaluate(async () => {
    const { join } = await import('/tutti/tutti.js')
    const room = await join('/', new URLSearchParams(location.search).get('room'), {
      kind: 'cursors',
    })
    const odd = [
      null,
      7,
      'text',
      [],
      { id: 1 },
      { id: 'a', text: 'b', at: 1.5 },
      { id: 'a', text: 'b', at: 2 ** 53 - 1 },
    ]
    await Promise.all(odd.map((value) => room.emit('chat', value).done))
    await room.emit('chat', { id: 'odd', text: 'odd', at: 0, name: { a: 1 }, part: 'map' }).done
    room.leave()
  })
  await b.locator('.text', { hasText: /^odd$/ }).waitFor()
  assert.equal(await b.locator('.message').count(), 3)
  assertNoFaults(a, b)
})

test('what is new is counted, and where one stopped reading is marked', BOUNDED, async () => {
  const room = nextRoom()
  const [a, b] = [await visit(room, { seat: ada }), await visit(room, { seat: nadia })]
  for (let i = 1; i <= 30; i++) await say(a, `Line ${i}`)
  await b.locator('.text', { hasText: 'Line 30' }).waitFor()
  await b.evaluate(() => (document.getElementById('log').scrollTop = 0))
  await b.waitForFunction(() => document.getElementById('log').scrollTop === 0)
  await say(a, 'One more')
  await say(a, 'And another')
  await b.locator('#later', { hasText: '2 new' }).waitFor()
  assert.match(await b.title(), /^\(2\) /)
  assert.equal(await b.evaluate(() => document.getElementById('log').scrollTop), 0)
  const marked = await b.evaluate(
    () => document.querySelector('.unread').nextElementSibling.textContent,
  )
  assert.match(marked, /One more/)
  await screenshot(b, 'chat-unread')
  await b.click('#later')
  await b.locator('#later').waitFor({ state: 'hidden' })
  assert.doesNotMatch(await b.title(), /^\(/)
  assertNoFaults(a, b)
})

test(
  'offline: waits dimmed, is sent once when the line is back, and nobody reloads',
  BOUNDED,
  async () => {
    const room = nextRoom()
    const line = await startLine(server.port)
    const a = await visit(room, { seat: ada }, line.address)
    const b = await visit(room, { seat: nadia })
    await say(a, 'Before')
    await showsAll(b, ['Before'])
    line.cut()
    await status(a, 'offline')
    await b.locator('#players li.away', { hasText: 'Ada Byron' }).waitFor()
    await say(a, 'Meanwhile 1')
    await say(a, 'Meanwhile 2')
    await say(b, 'Ada?')
    await showsAll(a, ['Before', 'Meanwhile 1', 'Meanwhile 2'])
    assert.equal(await a.locator('.pending').count(), 2)
    await a.locator('#told', { hasText: '2 messages wait for the connection' }).waitFor()
    await screenshot(a, 'chat-offline')
    line.mend()
    // It may have come back by itself by now.
    await a.evaluate(() => document.querySelector('.pill button:not([hidden])')?.click())
    await status(a, 'live')
    const all = ['Before', 'Ada?', 'Meanwhile 1', 'Meanwhile 2']
    await settled(a)
    for (const page of [a, b]) await showsAll(page, all)
    assert.equal(await a.locator('#told').textContent(), '')
    assertNoFaults(a, b)
    await line.stop()
  },
)

test(
  'too much for one message is refused with the reason, and what was written stays',
  BOUNDED,
  async () => {
    const a = await visit(nextRoom(), { seat: ada })
    const long = 'la '.repeat(2_000).trim()
    await say(a, long)
    await a.locator('#told', { hasText: /Not sent: .*4096 bytes/ }).waitFor()
    assert.equal(await a.inputValue('#text'), long)
    assert.equal(await a.locator('.message').count(), 0)
    await say(a, 'Shorter')
    await settled(a)
    await showsAll(a, ['Shorter'])
    assertNoFaults(a)
  },
)

test('on a phone: nothing is cut off, the composer stays above the keyboard', BOUNDED, async () => {
  const room = nextRoom()
  const a = await visit(room, { seat: ada, ...phone })
  for (let i = 1; i <= 12; i++)
    await say(a, `Line ${i}: a few more words, so that it takes two rows`)
  await settled(a)
  // The keyboard takes the lower half.
  await a.setViewportSize({ width: 412, height: 440 })
  await a.waitForFunction(() => {
    const { bottom } = document.getElementById('text').getBoundingClientRect()
    const log = document.getElementById('log')
    return bottom <= innerHeight && log.scrollHeight - log.scrollTop - log.clientHeight < 48
  })
  assert.equal(await a.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true)
  await screenshot(a, 'chat-keyboard')
  assertNoFaults(a)
})

test('the keyboard alone is enough, and what happens is announced', BOUNDED, async () => {
  const a = await visit(nextRoom(), { seat: ada })
  const order = []
  for (let i = 0; i < 4; i++) {
    await a.keyboard.press('Tab')
    order.push(
      await a.evaluate(
        () => document.activeElement.id || document.activeElement.getAttribute('aria-label'),
      ),
    )
  }
  assert.deepEqual(order, ['Tutti, first page', 'log', 'text', 'Send'])
  assert.equal(await a.getByRole('log').count(), 1)
  assert.equal(await a.getByRole('status').filter({ hasText: 'Live' }).count(), 1)
  assertNoFaults(a)
})
