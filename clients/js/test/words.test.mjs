// Words on a board, edited in place by two people, in a real browser.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { make, openPages, pages, shows } from './server/board_pages.mjs'
import { until } from './server/server.mjs'

openPages()

const two = () => pages.room('Ada', 'Bob')

const NOTE = { type: 7, colour: 5, font_size: 20 }
const TEXT = { type: 6, w: null, h: null, font_size: 20 }

async function edit(page, id) {
  await shows(page, id)
  await page.evaluate((id) => window.live.editor.textEditor.open(id), id)
  return page.locator('textarea.words')
}

const caretOf = (page) => page.locator('textarea.words').evaluate((field) => field.selectionStart)

async function reads(field, text) {
  await until(async () => (await field.inputValue()) === text, `the field reads ${text}`)
}

test('two write one note at once, and each caret stays where it was', async () => {
  const [ada, bob] = await two()
  const id = await make(ada, NOTE)
  const [a, b] = [await edit(ada, id), await edit(bob, id)]
  await a.pressSequentially('end')
  await reads(b, 'end')
  await b.press('Home')
  await Promise.all([a.pressSequentially('ing', { delay: 20 }), b.pressSequentially('the ')])
  await reads(a, 'the ending')
  await reads(b, 'the ending')
  assert.deepEqual([await caretOf(ada), await caretOf(bob)], [10, 4])
  await b.press('Escape')
  assert.equal(await bob.locator('textarea.words').count(), 0)
  assert.deepEqual(await bob.evaluate(() => [...window.live.editor.selection]), [id])
  await bob.evaluate(() => window.live.editor.undo())
  await reads(a, 'ending')
})

test('lines break in the field where they break on the board', async () => {
  const [ada] = await pages.room('Ada')
  const words =
    'A quick, brown fox—lazy as ever—jumps over well-known dogs; supercalifragilisticexpialidocious (or so it is said) 東京の天気は良い。 naïve café 👩‍👩‍👧 end'.split(
      ' ',
    )
  let seed = 7
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647
  for (let round = 0; round < 40; round++) {
    const count = 1 + Math.floor(random() * 25)
    const text = Array.from({ length: count }, () => words[Math.floor(random() * words.length)])
      .join(random() < 0.9 ? ' ' : '  ')
      .replace(' end', '\nend')
    const fields = { w: 60 + Math.floor(random() * 300), font: round % 4, font_size: 12 + round }
    const type = round % 2 === 0 ? { type: 6, h: null } : { type: 1, h: 2000, font_size: 20 }
    const id = await make(ada, { ...fields, ...type })
    const field = await edit(ada, id)
    await field.fill(text)
    const [shown, laid] = await field.evaluate((field) => {
      const { lineHeight } = getComputedStyle(field)
      const laid = field.offsetHeight
      field.style.height = '0'
      return [field.scrollHeight / parseFloat(lineHeight), laid / parseFloat(lineHeight)]
    })
    assert.equal(Math.round(shown), Math.round(laid), JSON.stringify({ text, ...fields, ...type }))
    await field.press('Escape')
  }
})

test('an empty text vanishes, and undo finds nothing of it', async () => {
  const [ada, bob] = await two()
  await ada.evaluate(() => window.live.room.history.begin())
  const id = await make(ada, TEXT)
  const field = await edit(ada, id)
  await field.pressSequentially('x')
  await field.press('Backspace')
  await field.press('Escape')
  await bob.waitForFunction(() => window.live.room.collection('objects').size === 0)
  assert.equal(await ada.evaluate(() => window.live.editor.undo()), false)
})

test('a text that is emptied is gone, and comes back with its letters', async () => {
  const [ada, bob] = await two()
  const id = await make(ada, TEXT)
  let field = await edit(ada, id)
  await field.pressSequentially('kept')
  await field.press('Escape')
  field = await edit(ada, id)
  await field.fill('')
  await field.press('Escape')
  await bob.waitForFunction(() => window.live.room.collection('objects').size === 0)
  await ada.evaluate(() => window.live.editor.undo())
  await reads(await edit(bob, id), 'kept')
})

test('what an input method is composing is not disturbed by others', async () => {
  const [ada, bob] = await two()
  const id = await make(ada, NOTE)
  const [a, b] = [await edit(ada, id), await edit(bob, id)]
  await a.pressSequentially('はい')
  await reads(b, 'はい')
  const input = await ada.context().newCDPSession(ada)
  await input.send('Input.imeSetComposition', { text: 'に', selectionStart: 1, selectionEnd: 1 })
  await reads(a, 'はいに')
  await b.press('Home')
  await b.pressSequentially('A')
  await reads(b, 'Aはいに')
  await input.send('Input.imeSetComposition', { text: 'にほ', selectionStart: 2, selectionEnd: 2 })
  await reads(a, 'はいにほ')
  await input.send('Input.insertText', { text: '日本' })
  await reads(a, 'Aはい日本')
  await reads(b, 'Aはい日本')
  assert.deepEqual([await caretOf(ada), await caretOf(bob)], [5, 1])
})

test('undo in the field takes back the own letters alone; paste is plain', async () => {
  const [ada, bob] = await two()
  const id = await make(ada, NOTE)
  const [a, b] = [await edit(ada, id), await edit(bob, id)]
  await a.evaluate(() => document.execCommand('insertText', false, 'one')) // as one step
  await reads(b, 'one')
  await b.press('End')
  await b.pressSequentially(' two')
  await reads(a, 'one two')
  await a.press('Control+z')
  await reads(a, ' two')
  await reads(b, ' two')
  await a.press('Control+Shift+z')
  await reads(b, 'one two')
  await a.evaluate((field) => {
    field.setSelectionRange(0, 3)
    document.execCommand('insertText', false, 'a\tb')
  })
  await reads(b, 'a    b two')
})

test('a field lies over a turned and zoomed object', async () => {
  const [ada] = await pages.room('Ada')
  const id = await make(ada, { ...NOTE, angle: 512, align: 4 })
  await ada.evaluate(() => window.live.editor.camera.set({ x: 200, y: 100, zoom: 1.5 }))
  const field = await edit(ada, id)
  await field.pressSequentially('turned')
  const { x, y, width, height } = await field.boundingBox()
  // The middle of the note is at 400, 300 on the board.
  assert.ok(Math.abs(x + width / 2 - (400 - 200) * 1.5) < 1, `${x + width / 2}`)
  assert.ok(Math.abs(y + height / 2 - (300 - 100) * 1.5) < 1, `${y + height / 2}`)
})

test('a title is one line, and an object that is gone or locked is edited no more', async () => {
  const [ada, bob] = await two()
  const frame = await make(ada, { type: 9, w: 400, h: 300 })
  const title = await edit(ada, frame)
  await title.fill('One\ntwo')
  await title.press('Enter')
  assert.equal(await ada.locator('textarea.words').count(), 0)
  assert.equal(await (await edit(bob, frame)).inputValue(), 'One two')
  await ada.evaluate((id) => window.live.room.collection('objects').set(id, { lock: 1 }), frame)
  await bob.locator('textarea.words').waitFor({ state: 'detached' })
  const note = await make(ada, NOTE)
  await edit(bob, note)
  await ada.evaluate((id) => window.live.room.collection('objects').delete(id), note)
  await bob.locator('textarea.words').waitFor({ state: 'detached' })
})

test('to make a text and to write it is one step of undo', async () => {
  const [ada, bob] = await two()
  await ada.evaluate(() => window.live.editor.setTool('text'))
  await ada.mouse.click(400, 300)
  const field = ada.locator('textarea.words')
  await field.pressSequentially('Hello')
  await ada.mouse.click(700, 600)
  await field.waitFor({ state: 'detached' })
  const sizeOf = (page) => page.evaluate(() => window.live.room.collection('objects').size)
  await until(async () => (await sizeOf(bob)) === 1, 'Bob has the text')
  await ada.evaluate(() => window.live.editor.undo())
  await until(async () => (await sizeOf(bob)) === 0, 'the text is gone')
  assert.equal(await ada.evaluate(() => window.live.room.canUndo), false)
  await ada.evaluate(() => window.live.editor.redo())
  await until(async () => (await sizeOf(bob)) === 1, 'the text is back')
  const [id] = await bob.evaluate(() => [...window.live.room.collection('objects').ids()])
  await reads(await edit(bob, id), 'Hello')
})

test('what the library throws is what the board catches', async () => {
  const [ada] = await pages.room('Ada')
  const told = await ada.evaluate(async () => {
    const { TuttiError } = await import('/tutti/tutti.js')
    const told = []
    window.live.editor.on('trouble', ({ status }) => told.push(status))
    const refused = new TuttiError('limit', 'no more changes are queued')
    const isDone = window.live.editor.attempt(() => {
      throw refused
    })
    return [isDone, ...told]
  })
  assert.deepEqual(told, [false, 'limit'])
})

test('a frame is taken hold of by its title, and a double click there renames it', async () => {
  const [ada] = await pages.room('Ada')
  const id = await make(ada, { type: 9, w: 300, h: 200 })
  await shows(ada, id)
  await ada.mouse.click(400, 300)
  assert.deepEqual(await ada.evaluate(() => [...window.live.editor.selection]), [])
  await ada.mouse.click(315, 188)
  assert.deepEqual(await ada.evaluate(() => [...window.live.editor.selection]), [id])
  await ada.mouse.dblclick(315, 188)
  await ada.keyboard.type('Plan')
  await ada.keyboard.press('Enter')
  const title = await edit(ada, id)
  assert.equal(await title.inputValue(), 'Plan')
})

test('a double click, or a tap, opens what can be written in, and it stays open', async () => {
  const [ada] = await pages.room('Ada')
  await ada.evaluate(() => window.live.editor.setTool('rectangle'))
  await ada.mouse.move(300, 200)
  await ada.mouse.down()
  await ada.mouse.move(500, 320, { steps: 4 })
  await ada.mouse.up()
  await ada.mouse.dblclick(400, 260)
  await ada.keyboard.type('Label')
  await reads(ada.locator('textarea.words'), 'Label')
  const phone = await pages.visit('Eve', { hasTouch: true, isMobile: true })
  await phone.evaluate(() => window.live.editor.setTool('text'))
  await phone.touchscreen.tap(300, 500)
  await phone.keyboard.type('Tapped')
  await reads(phone.locator('textarea.words'), 'Tapped')
  await phone.waitForTimeout(600)
  await phone.touchscreen.tap(700, 600)
  await phone.locator('textarea.words').waitFor({ state: 'detached' })
})

test('who leaves offline is warned of the very last letter', async () => {
  const [ada] = await pages.room('Ada')
  const id = await make(ada, { type: 7, colour: 1 })
  await shows(ada, id)
  await ada.waitForFunction(() => window.live.room.unsaved === 0)
  pages.wire.refuses = true
  pages.wire.cut()
  await ada.waitForFunction(() => window.live.room.status !== 'live')
  const isWarned = () =>
    ada.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })))
  await ada.evaluate((id) => window.live.editor.textEditor.open(id), id)
  assert.equal(await isWarned(), false)
  await ada.evaluate(() => {
    const field = document.querySelector('tutti-board').shadowRoot.querySelector('textarea.words')
    field.value = 'a'
    field.dispatchEvent(new InputEvent('input'))
    window.isWarned = !dispatchEvent(new Event('beforeunload', { cancelable: true }))
  })
  assert.equal(await ada.evaluate(() => window.isWarned), true)
  pages.wire.refuses = false
  await ada.waitForFunction(() => window.live.room.unsaved === 0)
})
