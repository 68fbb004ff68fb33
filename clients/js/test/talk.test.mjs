// Comments, chat and reactions as people use them, in a real browser.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { make, openPages, pages, shows } from './server/board_pages.mjs'
import { until } from './server/server.mjs'

openPages()

const two = () => pages.room('Ada', 'Bob')
const pin = (page) => page.locator('.pin:not(.draft)')
const card = (page) => page.locator('.thread')

/** Writes a comment at a place of the page. */
async function comment(page, x, y, text) {
  await page.locator('.stage').focus()
  await page.keyboard.press('c')
  await page.mouse.click(x, y)
  await card(page).locator('textarea').fill(text)
  await page.keyboard.press('Enter')
  await card(page).locator('.remark', { hasText: text }).waitFor()
}

test('a comment, a reply, and settled it is out of sight', async () => {
  const [ada, bob] = await two()
  await comment(ada, 300, 250, 'Is this final? See https://example.com/plan.')
  await pin(bob).waitFor()
  assert.match(await pin(bob).getAttribute('aria-label'), /^Comment of Ada: Is this final/)
  await pin(bob).click()
  const link = card(bob).locator('.remark a')
  assert.equal(await link.getAttribute('href'), 'https://example.com/plan')
  assert.equal(await card(bob).getByRole('button', { name: 'Delete' }).count(), 0)
  await card(bob).locator('textarea').fill('Not yet')
  await card(bob).locator('textarea').press('Enter')
  await card(ada).locator('.remark', { hasText: 'Not yet' }).waitFor()
  assert.equal(await pin(ada).textContent(), '2')
  await card(ada).getByRole('button', { name: 'Settle' }).click()
  await pin(ada).waitFor({ state: 'detached' })
  await bob.keyboard.press('Escape')
  await pin(bob).waitFor({ state: 'detached' })
  await bob.keyboard.press('Shift+C')
  await bob.locator('.side .nothing').waitFor()
  await bob.getByLabel('Show what is settled').check()
  await bob.locator('.side .entry').click()
  await card(bob).getByRole('button', { name: 'Bring back' }).click()
  await pin(ada).waitFor()
})

test('a pin stays on its object while that is moved, and while one pans and zooms', async () => {
  const [ada, bob] = await two()
  const id = await make(ada, { type: 1, fill: 10 })
  await shows(ada, id)
  await comment(ada, 320, 220, 'Here')
  await pin(bob).waitFor()
  const placeOf = async (page) => {
    const { x, y, height } = await pin(page).boundingBox()
    return [Math.round(x), Math.round(y + height)]
  }
  assert.deepEqual(await placeOf(bob), [320, 220])
  await ada.evaluate((id) => window.live.room.collection('objects').set(id, { x: 400 }), id)
  await until(async () => String(await placeOf(bob)) === '420,220', 'the pin has moved')
  await bob.evaluate(() => window.live.editor.camera.set({ x: 200, y: 100, zoom: 2 }))
  assert.deepEqual(await placeOf(bob), [440, 240])
  await bob.evaluate(() => window.live.editor.camera.set({ x: 5_000, y: 0, zoom: 1 }))
  assert.equal(await pin(bob).isVisible(), false)
})

test('what strangers say is text, and one own comment can be taken back', async () => {
  const [ada, bob] = await two()
  const bad = '<img src=x onerror="document.title=1"> javascript:alert(1)'
  await comment(ada, 300, 250, bad)
  await pin(bob).click()
  await card(bob).locator('.remark p', { hasText: bad }).waitFor()
  assert.equal(await card(bob).locator('img, .remark a').count(), 0)
  await card(ada).getByRole('button', { name: 'Delete' }).click()
  await card(bob).waitFor({ state: 'detached' })
  await pin(bob).waitFor({ state: 'detached' })
})

test('a pin that is pulled is pinned where it is let go, and what was said can be said better', async () => {
  const [ada, bob] = await two()
  const id = await make(bob, { type: 1, fill: 10 })
  await comment(ada, 200, 600, 'Hear')
  await card(ada).getByRole('button', { name: 'Edit' }).click()
  await card(ada).locator('textarea').fill('Here')
  await card(ada).locator('textarea').press('Enter')
  await card(ada).locator('.remark', { hasText: 'Here' }).waitFor()
  assert.equal(await card(ada).locator('.remark').count(), 1)
  await ada.keyboard.press('Escape')
  await pin(bob).waitFor()
  const { x, y } = await pin(bob).boundingBox()
  await bob.mouse.move(x + 10, y + 10)
  await bob.mouse.down()
  await bob.mouse.move(x + 160, y - 290, { steps: 6 })
  await bob.mouse.up()
  assert.equal(await card(bob).count(), 0, 'a pull is no click')
  await ada.waitForFunction(
    (id) => [...window.live.room.collection('comments').records()][0].on === id,
    id,
  )
  await pin(bob).click()
  await card(bob).locator('.remark', { hasText: 'Here' }).waitFor()
})

test('what is said better says so, is left by Escape, and becomes a reply when it is gone', async () => {
  const [ada] = await pages.room('Ada')
  await comment(ada, 300, 250, 'First')
  const field = card(ada).locator('textarea')
  const asks = (label) => field.and(ada.getByLabel(label, { exact: true })).waitFor()
  const reply = async (text) => {
    await field.fill(text)
    await field.press('Enter')
    await card(ada).locator('.remark', { hasText: text }).waitFor()
  }
  const does = (what, text) =>
    card(ada).locator('.remark', { hasText: text }).getByRole('button', { name: what }).click()
  await reply('Second')
  await does('Edit', 'Second')
  await asks('Edit')
  const hint = card(ada).locator('.hint')
  assert.ok(await hint.isVisible())
  await field.press('Escape')
  await asks('Reply')
  assert.equal(await field.inputValue(), '')
  assert.equal(await hint.isVisible(), false)
  await does('Edit', 'Second')
  await does('Delete', 'Second')
  await card(ada).locator('.remark', { hasText: 'Second' }).waitFor({ state: 'detached' })
  await asks('Reply')
  await reply('Third')
  assert.deepEqual(await card(ada).locator('.remark p').allTextContents(), ['First', 'Third'])
  await does('Edit', 'Third')
  await reply('Fourth')
  await asks('Reply')
  await field.press('Escape')
  await card(ada).waitFor({ state: 'detached' })
})

test('in panels to read in, keys and copying leave the board alone, and what stays keeps the focus', async () => {
  const [ada, bob] = await two()
  const id = await make(ada, { type: 1, fill: 10 })
  await shows(ada, id)
  await ada.evaluate((id) => window.live.editor.selection.set([id]), id)
  await ada.locator('.stage').focus()
  await ada.keyboard.press('/')
  await ada.locator('.side textarea').fill('Hello there')
  await ada.keyboard.press('Enter')
  const line = ada.locator('.side .line p').first()
  await line.waitFor()
  await ada.locator('.line.said').waitFor()
  await line.evaluate((words) => (words.isTheSame = true))
  await line.dblclick()
  for (const key of ['Control+X', 'Delete', 'ArrowRight', 'Space']) await ada.keyboard.press(key)
  const { x } = await ada.evaluate((id) => window.live.editor.scene.find(id), id)
  assert.equal(x, 300)
  await bob.locator('.stage').focus()
  await bob.keyboard.press('/')
  await bob.locator('.side textarea').fill('Hello back')
  await bob.keyboard.press('Enter')
  await ada.locator('.side .line', { hasText: 'Hello back' }).waitFor()
  assert.ok(await line.evaluate((words) => words.isTheSame), 'the line was left where it is')

  await bob.locator('.side textarea').press('Escape')
  await comment(bob, 600, 500, 'Older')
  await bob.keyboard.press('Escape')
  await ada.locator('.stage').focus()
  await ada.keyboard.press('Shift+C')
  await ada.locator('.entry').focus()
  await comment(bob, 650, 550, 'Newer')
  await ada.locator('.entry', { hasText: 'Newer' }).waitFor()
  const focused = await ada
    .locator('.entry', { hasText: 'Older' })
    .evaluate((entry) => entry.getRootNode().activeElement === entry)
  assert.ok(focused)
  // From the stage they are the board's.
  await ada.locator('.stage').focus()
  await ada.keyboard.press('Delete')
  await ada.waitForFunction(() => window.live.editor.scene.size === 0)
})

test('a comment that is begun and left is none', async () => {
  const [ada] = await pages.room('Ada')
  await ada.locator('.stage').focus()
  await ada.keyboard.press('c')
  await ada.mouse.click(300, 250)
  await ada.locator('.pin.draft').waitFor()
  await card(ada).locator('textarea').press('Escape')
  assert.equal(await ada.locator('.pin').count(), 0)
  assert.equal(await ada.evaluate(() => window.live.room.collection('comments').size), 0)
})

test('chat: what is new is counted until it is read', async () => {
  const [ada, bob] = await two()
  await ada.locator('.stage').focus()
  await ada.keyboard.press('/')
  const field = ada.locator('.side textarea')
  await field.pressSequentially('Hello')
  const talks = bob.locator('.talks')
  await field.press('Enter')
  await field.fill('Anyone?')
  await field.press('Enter')
  await talks.getByRole('button', { name: 'Chat, 2 new' }).click()
  const lines = bob.locator('.side .line p')
  await lines.nth(1).waitFor()
  assert.deepEqual(await lines.allTextContents(), ['Hello', 'Anyone?'])
  assert.equal(await bob.locator('.side .fresh').count(), 1)
  const typing = bob.locator('.typing', { hasText: 'Ada is writing…' }).waitFor()
  await field.pressSequentially('I am')
  await typing
  await field.press('Escape')
  assert.equal(await ada.locator('.side').isVisible(), false)
  await bob.locator('.side textarea').press('Escape')
  assert.equal(await talks.getByRole('button', { name: 'Chat', exact: true }).count(), 1)
})

test('a reaction flies where it was clicked, for all', async () => {
  const [ada, bob] = await two()
  await ada.keyboard.press('/')
  await ada.locator('.emojis .button').nth(2).click()
  await bob.evaluate(() => {
    window.seen = []
    window.live.room.on('event', ({ name, value }) => window.seen.push([name, value]))
  })
  const inkIn = () => {
    const canvas = [...window.live.editor.element.querySelectorAll('canvas')].at(-1)
    const { data } = canvas.getContext('2d').getImageData(560, 170, 80, 110)
    return data.some((part) => part > 0)
  }
  const flies = bob.waitForFunction(inkIn)
  await ada.mouse.click(600, 300)
  await bob.waitForFunction(() => window.seen.length > 0)
  assert.deepEqual(await bob.evaluate(() => window.seen[0]), [
    'reaction',
    { x: 600, y: 300, emoji: '🎉' },
  ])
  await flies
  await until(async () => !(await bob.evaluate(inkIn)), 'it is gone')
  assert.equal(await ada.evaluate(() => window.live.room.collection('objects').size), 0)
})

test('someone asks all to come, and the following says whom', async () => {
  const [ada, bob] = await two()
  await bob.waitForFunction(() => window.live.editor.people.all.length === 2)
  await bob.evaluate(() => {
    const { people } = window.live.editor
    people.follow(people.all[1].id)
  })
  const pill = bob.locator('.following')
  await pill.getByText('Following Ada').waitFor()
  await pill.getByRole('button', { name: 'Stop' }).click()
  await pill.waitFor({ state: 'hidden' })
  await ada.evaluate(() => {
    window.live.editor.camera.set({ x: 2_000, y: 900 })
    window.live.editor.people.summon()
  })
  await bob.getByRole('button', { name: 'Go there' }).click()
  await bob.waitForFunction(() => Math.round(window.live.editor.camera.x) === 2_000)
})
