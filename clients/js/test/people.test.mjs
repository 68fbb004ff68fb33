// The people on a board as the others see them, in a real browser.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { make, openPages, pages, shows } from './server/board_pages.mjs'
import { until } from './server/server.mjs'

openPages()

const BLUE = [0, 85, 255]

/** Whether the canvas shows this colour within so many pixels of a place. */
function paints(page, [x, y], [r, g, b], reach = 3) {
  return page.evaluate(
    ([x, y, r, g, b, reach]) =>
      [...window.live.editor.element.querySelectorAll('canvas')].some((canvas) => {
        const side = 2 * reach + 1
        const { data } = canvas.getContext('2d').getImageData(x - reach, y - reach, side, side)
        for (let i = 0; i < data.length; i += 4) {
          const off = Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b)
          if (off < 30 && data[i + 3] > 100) return true
        }
        return false
      }),
    [x, y, r, g, b, reach],
  )
}

const painted = (page, at, what) => until(() => paints(page, at, BLUE), what)
const unpainted = (page, at, what) =>
  until(async () => !(await paints(page, at, BLUE)), `no more: ${what}`)

const peopleOf = (page) =>
  page.evaluate(() => window.live.editor.people.all.map(({ name, isMe }) => [name, isMe]))

const viewOf = (page) =>
  page.evaluate(() => {
    const { x, y, w, h } = window.live.editor.camera.box
    return [x, y, x + w, y + h].map(Math.round)
  })

test('who is here, under the names that they gave', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  await until(async () => (await peopleOf(ada)).length === 2, 'Ada sees Bob')
  assert.deepEqual(await peopleOf(ada), [
    ['Ada', true],
    ['Bob', false],
  ])
  await bob.evaluate(() => window.live.destroy())
  await until(async () => (await peopleOf(ada)).length === 1, 'Bob is gone')
})

test('names and colours of strangers do no harm', async () => {
  const [ada] = await pages.room('Ada')
  await pages.visit('<b>x</b>'.repeat(20), { color: 'url(javascript:alert(1))' })
  await pages.visit('', { color: 'rgb(255, 0, 0)' })
  await until(async () => (await peopleOf(ada)).length === 3, 'Ada sees both')
  const faces = await ada.evaluate(() =>
    window.live.editor.people.all.slice(1).map(({ name, colour }) => [name, colour]),
  )
  assert.equal(faces[0][0], '<b>x</b>'.repeat(5))
  assert.match(faces[0][1], /^#[0-9a-f]{6}$/)
  assert.deepEqual(faces[1], ['Guest', '#ff0000'])
  await ada.evaluate(() =>
    window.live.room.presence.set({
      view: [1, 2],
      selection: 'x',
      draft: { type: 'no' },
      state: 7,
    }),
  )
})

test('a pointer shows where it points, wherever one looks', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  await bob.evaluate(() => window.live.editor.camera.set({ x: 100, y: 50, zoom: 2 }))
  await ada.mouse.move(300, 200)
  await ada.mouse.move(310, 210)
  await painted(bob, [(310 - 100) * 2 + 3, (210 - 50) * 2 + 8], 'the pointer of Ada')
  await ada.mouse.move(410, 210, { steps: 5 })
  await unpainted(bob, [(310 - 100) * 2 + 3, (210 - 50) * 2 + 8], 'the pointer where it was')
})

test('what someone has chosen is outlined in their colour', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  const id = await make(ada, { type: 1, colour: 0, size: 2 })
  await shows(bob, id)
  await ada.evaluate((id) => window.live.editor.selection.set([id]), id)
  await painted(bob, [500, 300], 'an outline')
  await ada.evaluate(() => window.live.editor.selection.clear())
  await unpainted(bob, [500, 300], 'the outline')
})

test('a draft and a laser show', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  const draft = { type: 1, x: 600, y: 400, w: 100, h: 100, colour: 16 + 0x0055ff, size: 16 }
  await ada.evaluate((draft) => window.live.editor.presence.draft(draft), draft)
  await painted(bob, [600, 450], 'a draft')
  await ada.evaluate(async () => {
    const { presence } = window.live.editor
    presence.draft(null)
    presence.laser(true)
    for (let x = 100; x <= 300; x += 5) {
      presence.point({ x, y: 600 })
      await new Promise((resolve) => setTimeout(resolve, 16))
    }
  })
  await painted(bob, [280, 600], 'a trail')
})

test('the caret of someone who writes shows in the words', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  const id = await make(ada, { type: 6, w: 200, h: null, font_size: 40 })
  await shows(bob, id)
  await ada.evaluate((id) => window.live.editor.textEditor.open(id), id)
  await painted(bob, [300, 226], 'a caret before the first letter')
  await ada.locator('textarea.words').pressSequentially('mm')
  await unpainted(bob, [300, 226], 'the caret there')
  await ada.locator('textarea.words').press('Home')
  await painted(bob, [300, 226], 'the caret where it was moved')
  await ada.locator('textarea.words').press('Escape')
  await ada.evaluate(() => window.live.editor.selection.clear())
  await unpainted(bob, [300, 226], 'the caret of who writes no more')
})

test('one follows what another sees, until one moves the board', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  await until(async () => (await peopleOf(bob)).length === 2, 'Bob sees Ada')
  await bob.evaluate(() => {
    const { people } = window.live.editor
    people.follow(people.all[1].id)
  })
  const move = (view) => ada.evaluate((view) => window.live.editor.camera.set(view), view)
  await move({ x: 4_000, y: 2_000, zoom: 0.5 })
  const same = async () => String(await viewOf(bob)) === String(await viewOf(ada))
  await until(same, 'Bob sees what Ada sees')
  await move({ x: -500, y: 10, zoom: 2 })
  await until(same, 'Bob sees what Ada sees now')
  await bob.mouse.move(450, 350)
  await bob.mouse.wheel(0, 200)
  await bob.waitForFunction(() => window.live.editor.people.followed === null)
  await move({ x: 0, y: 0, zoom: 1 })
  await bob.evaluate(() => {
    const { people } = window.live.editor
    people.follow(people.all[1].id)
  })
  await until(same, 'Bob follows again')
  await ada.evaluate(() => window.live.destroy())
  await bob.waitForFunction(() => window.live.editor.people.followed === null)
})

test('two who follow each other stay, until one of them moves the board', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  await bob.setViewportSize({ width: 500, height: 700 })
  const follow = (page) =>
    page.evaluate(() => {
      const { people } = window.live.editor
      people.follow(people.all[1].id)
    })
  const isFollowed = (page) =>
    page.waitForFunction(() => {
      const { others, me } = window.live.room
      return [...others].some(({ state }) => state?.follows === me)
    })
  for (const page of [ada, bob]) {
    await page.waitForFunction(() => window.live.editor.people.all.length === 2)
  }
  await ada.evaluate(() => window.live.editor.camera.set({ x: 900, y: 500, zoom: 2 }))
  await follow(bob)
  await isFollowed(ada)
  await follow(ada)
  await isFollowed(bob)
  const zoomAfter = (page) =>
    page.evaluate(async () => {
      for (let i = 0; i < 40; i++) await new Promise(requestAnimationFrame)
      return window.live.editor.camera.zoom
    })
  const before = [await zoomAfter(ada), await zoomAfter(bob)]
  assert.deepEqual([await zoomAfter(ada), await zoomAfter(bob)], before)
  assert.ok(before[1] > 0.5, String(before))
  await ada.mouse.move(450, 350)
  await ada.mouse.wheel(0, 300)
  await ada.waitForFunction(() => window.live.editor.people.followed === null)
  await until(async () => {
    const [theirs, ours] = [await viewOf(ada), await viewOf(bob)]
    return ours[0] <= theirs[0] + 1 && ours[3] >= theirs[3] - 1
  }, 'Bob follows again')
})

test('what is pulled out shows before it is a record, and is one when it is let go', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  const records = (page) => page.evaluate(() => window.live.room.collection('objects').size)
  const draftOf = (page) =>
    page.evaluate(() => [...window.live.room.others][0]?.draft?.type ?? null)
  await ada.evaluate(() =>
    window.live.editor.setStyle({ colour: 16 + 0x0055ff, size: 8, fill: null }),
  )
  for (const [tool, type, made] of [
    ['rectangle', 1, 1],
    ['arrow', 5, 2],
    ['frame', 9, 3],
  ]) {
    await ada.evaluate((tool) => window.live.editor.setTool(tool), tool)
    await ada.mouse.move(300, 300)
    await ada.mouse.down()
    await ada.mouse.move(500, 300 + 100 * made, { steps: 4 })
    await until(async () => (await draftOf(bob)) === type, `Bob sees the ${tool}`)
    await painted(bob, [300, 300], `the ${tool}`)
    assert.equal(await records(bob), made - 1)
    await ada.keyboard.press('Escape')
    await until(async () => (await draftOf(bob)) === null, `Bob sees it no more`)
    await ada.mouse.up()
    assert.equal(await ada.evaluate(() => window.live.editor.scene.size), made - 1)
    await ada.evaluate((tool) => window.live.editor.setTool(tool), tool)
    await ada.mouse.move(300, 300)
    await ada.mouse.down()
    await ada.mouse.move(500, 300 + 100 * made, { steps: 4 })
    await ada.mouse.up()
    await until(async () => (await records(bob)) === made, `the ${tool} is a record`)
    await until(async () => (await draftOf(bob)) === null, 'and no draft')
  }
  // Each is one step.
  for (const left of [2, 1, 0]) {
    await ada.evaluate(() => window.live.editor.undo())
    await until(async () => (await records(bob)) === left, `${left} are left`)
  }
})

test('one calls, and the others may come', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  await bob.evaluate(() => {
    window.live.editor.people.on('summon', (summons) => (window.summons = summons))
  })
  await ada.evaluate(() => {
    window.live.editor.camera.set({ x: 900, y: 900, zoom: 1.5 })
    window.live.editor.people.summon()
  })
  await bob.waitForFunction(() => window.summons !== undefined)
  assert.equal(await bob.evaluate(() => window.summons.person.name), 'Ada')
  assert.deepEqual(await viewOf(bob), [0, 0, 900, 700], 'nobody is moved unasked')
  await bob.evaluate(() => window.live.editor.people.visit(window.summons))
  await until(async () => String(await viewOf(bob)) === String(await viewOf(ada)), 'Bob has come')
})
