// The board's tools in a real browser: pointers and keys, and what others see of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  all,
  drag,
  find,
  make,
  near,
  openPages,
  pages,
  seen,
  shows,
  take,
} from './server/board_pages.mjs'
import { until } from './server/server.mjs'

openPages()

const BOX = { type: 1, size: 4, colour: 1 }
const ARROW = { type: 5, size: 4, x: 0, y: 0, w: null, h: null }

const choose = (page, ids) => page.evaluate((ids) => window.live.editor.selection.set(ids), ids)
const chosen = (page) => page.evaluate(() => [...window.live.editor.selection].sort())
const undo = (page) => page.evaluate(() => window.live.editor.undo())

test('a stroke is a record while it is drawn, one step, and the same for all', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  await take(ada, 'pen')
  await ada.mouse.move(100, 100)
  await ada.mouse.down()
  await ada.mouse.move(200, 150, { steps: 10 })
  await until(async () => (await all(bob)).length === 1, 'Bob sees it begin')
  await ada.mouse.move(300, 100, { steps: 10 })
  await ada.mouse.up()
  const [{ id, points }] = await all(ada)
  await until(
    async () => (await find(bob, id)).points.length === points.length,
    'Bob has all of it',
  )
  const sum = (first) => points.filter((_, i) => i % 3 === first).reduce((a, b) => a + b, 0)
  assert.deepEqual([sum(0) / 2, sum(1) / 2], [200, 0])
  await undo(ada)
  await seen([ada, bob], id, undefined)
})

test('a very long stroke goes on in another record, from where the first one ends, as one step', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  await ada.evaluate(async () => {
    const { editor } = window.live
    const pointer = (i) => ({
      at: {
        x: 450 + (100 + i / 20) * Math.cos(i / 40),
        y: 350 + (100 + i / 20) * Math.sin(i / 40),
      },
      screen: { x: i, y: 0 },
      pressure: 0.5,
      type: 'pen',
      clicks: 1,
      time: 8 * i,
    })
    editor.setTool('pen')
    editor.tool.down(pointer(0))
    for (let i = 1; i < 4_500; i += 50) {
      const trail = Array.from({ length: 50 }, (_, k) => pointer(i + k))
      editor.tool.move(trail.at(-1), trail)
      await new Promise(requestAnimationFrame)
    }
    editor.tool.up(pointer(4_500))
  })
  const strokes = await all(ada)
  assert.equal(strokes.length, 2)
  const [first, second] = strokes
  const end = [0, 1].map((axis) =>
    first.points.filter((_, i) => i % 3 === axis).reduce((sum, step) => sum + step / 2, 0),
  )
  assert.deepEqual([first.x + end[0], first.y + end[1]], [second.x, second.y])
  await until(
    async () => (await find(bob, second.id))?.points.length === second.points.length,
    'Bob has it',
  )
  await undo(ada)
  await seen([ada, bob], first.id, undefined)
  await seen([ada, bob], second.id, undefined)
})

test('Escape takes a stroke away that is being drawn, and leaves no step', async () => {
  const [ada] = await pages.room('Ada')
  await take(ada, 'pen')
  await ada.mouse.move(100, 100)
  await ada.mouse.down()
  await ada.mouse.move(200, 150, { steps: 5 })
  await ada.keyboard.press('Escape')
  await ada.mouse.move(250, 150, { steps: 5 })
  await ada.mouse.up()
  assert.deepEqual(await all(ada), [])
  assert.equal(await ada.evaluate(() => window.live.room.canUndo), false)
})

test('each shape is drawn from corner to corner, and is chosen then', async () => {
  const [ada] = await pages.room('Ada')
  let y = 50
  for (const type of ['rectangle', 'ellipse', 'diamond', 'frame']) {
    await take(ada, type)
    await drag(ada, [250, y + 60], [100, y])
    const object = (await all(ada)).at(-1)
    const { x, w, h } = object
    assert.deepEqual([object.type, x, object.y, w, h], [type, 100, y, 150, 60])
    assert.deepEqual(await chosen(ada), [object.id])
    y += 100
  }
})

test('what is dragged is moved for all, 20 times a second, and snaps to what stands in line', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  await make(ada, { ...BOX, x: 100, y: 100, w: 100, h: 100 })
  const id = await make(ada, { ...BOX, x: 400, y: 300, w: 100, h: 100, z: 'a1' })
  await shows(bob, id)
  await ada.mouse.move(400, 350)
  await ada.mouse.down()
  await ada.mouse.move(460, 400, { steps: 10 })
  await until(async () => (await find(bob, id)).x > 410, 'Bob sees it on its way')
  // 4 pixels beside the edge of the other.
  await ada.mouse.move(104, 500, { steps: 10 })
  await ada.mouse.up()
  await seen([ada, bob], id, { x: 100, y: 450 })
  await undo(ada)
  await seen([ada, bob], id, { x: 400, y: 300 })
})

test('handles resize: a corner, from the middle with alt, in its shape with shift', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  const id = await make(ada, { ...BOX, x: 300, y: 200, w: 200, h: 100 })
  await shows(bob, id)
  await choose(ada, [id])
  await drag(ada, [500, 300], [560, 350])
  await seen([ada, bob], id, { x: 300, y: 200, w: 260, h: 150 })
  await undo(ada)
  await ada.keyboard.down('Alt')
  await drag(ada, [500, 300], [530, 340])
  await ada.keyboard.up('Alt')
  await seen([ada, bob], id, { x: 270, y: 160, w: 260, h: 180 })
  await undo(ada)
  await ada.keyboard.down('Shift')
  await drag(ada, [500, 300], [600, 310])
  await ada.keyboard.up('Shift')
  await seen([ada, bob], id, { x: 300, y: 200, w: 300, h: 150 })
})

test('the round handle turns, by 15 degrees with shift', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  const id = await make(ada, { ...BOX, x: 300, y: 200, w: 200, h: 100 })
  await shows(bob, id)
  await choose(ada, [id])
  await ada.keyboard.down('Shift')
  await drag(ada, [400, 174], [440, 180])
  await ada.keyboard.up('Shift')
  await until(async () => {
    const { angle } = await find(bob, id)
    return Math.abs(angle - Math.PI / 6) < 0.01
  }, 'it is turned by 30 degrees')
})

test('a stroke is turned and resized with its points as they are', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  const points = [0, 0, 60, 400, 0, 60, 0, 200, 60]
  const id = await make(ada, { type: 0, x: 200, y: 200, w: null, h: null, size: 4, points })
  await shows(bob, id)
  await choose(ada, [id])
  await drag(ada, [400, 300], [600, 400])
  await until(async () => {
    const box = await bob.evaluate((id) => window.live.editor.scene.bounds(id), id)
    return near(box.x, 200) && near(box.w, 400) && near(box.h, 200)
  }, 'it is twice as large')
  assert.deepEqual((await find(bob, id)).points, points)
})

test('an arrow follows what it points at, whoever moves that', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  const from = await make(ada, { ...BOX, x: 100, y: 100, w: 100, h: 100 })
  const to = await make(ada, { ...BOX, x: 500, y: 100, w: 100, h: 100, z: 'a1' })
  await shows(bob, to)
  await take(ada, 'arrow')
  await drag(ada, [150, 150], [550, 150])
  const arrow = (await all(ada)).at(-1)
  assert.deepEqual([arrow.start, arrow.end], [from, to])
  await shows(bob, arrow.id)
  await choose(bob, [to])
  await drag(bob, [500, 130], [500, 430])
  for (const page of [ada, bob]) {
    await until(async () => {
      const box = await page.evaluate((id) => window.live.editor.scene.bounds(id), arrow.id)
      return box.y + box.h > 380
    }, 'the arrow has come along')
  }
})

test('an end of an arrow that is pulled off is attached no more', async () => {
  const [ada] = await pages.room('Ada')
  const target = await make(ada, { ...BOX, x: 500, y: 100, w: 100, h: 100 })
  const id = await make(ada, { ...ARROW, x: 100, y: 150, points: [3600, 0], end: target, z: 'a1' })
  await choose(ada, [id])
  await drag(ada, [495, 150], [400, 400])
  await seen([ada], id, { end: null })
})

test('a click takes hold, shift adds and takes away, an area takes what it touches', async () => {
  const [ada] = await pages.room('Ada')
  const a = await make(ada, { ...BOX, x: 100, y: 100, w: 100, h: 100 })
  const b = await make(ada, { ...BOX, x: 300, y: 100, w: 100, h: 100, z: 'a1' })
  const locked = await make(ada, { ...BOX, x: 500, y: 100, w: 100, h: 100, z: 'a2', lock: 1 })
  await ada.mouse.click(100, 120)
  assert.deepEqual(await chosen(ada), [a])
  await ada.keyboard.down('Shift')
  await ada.mouse.click(300, 120)
  assert.deepEqual(await chosen(ada), [a, b].sort())
  await ada.mouse.click(100, 120)
  await ada.keyboard.up('Shift')
  assert.deepEqual(await chosen(ada), [b])
  await drag(ada, [50, 50], [650, 150])
  assert.deepEqual(await chosen(ada), [a, b].sort())
  await ada.mouse.click(500, 120)
  assert.deepEqual(await chosen(ada), [locked])
  await drag(ada, [500, 150], [600, 300])
  await seen([ada], locked, { x: 500, y: 100 })
})

test('a click takes the whole group, a double click goes into it', async () => {
  const [ada] = await pages.room('Ada')
  const a = await make(ada, { ...BOX, x: 100, y: 100, w: 100, h: 100, groups: ['g'] })
  const b = await make(ada, { ...BOX, x: 300, y: 100, w: 100, h: 100, z: 'a1', groups: ['g'] })
  await ada.mouse.click(100, 150)
  assert.deepEqual(await chosen(ada), [a, b].sort())
  await ada.mouse.click(600, 500)
  assert.deepEqual(await chosen(ada), [])
  await ada.mouse.dblclick(100, 150)
  assert.deepEqual(await chosen(ada), [a])
  await ada.mouse.click(300, 150)
  assert.deepEqual(await chosen(ada), [b])
})

test('the canvas over the board shows while there is anything on it', async () => {
  const [ada] = await pages.room('Ada')
  const id = await make(ada, { ...BOX, x: 100, y: 100, w: 100, h: 100 })
  const isSettled = () => window.live.editor.renderer.isSettled
  const isHidden = (wanted) =>
    [...window.live.editor.element.querySelectorAll('canvas')].at(-1).hidden === wanted
  await ada.waitForFunction(isSettled)
  await ada.waitForFunction(isHidden, true)
  await choose(ada, [id])
  await ada.waitForFunction(isHidden, false)
  const corner = await ada.evaluate(() => {
    const canvas = [...window.live.editor.element.querySelectorAll('canvas')].at(-1)
    return canvas.getContext('2d').getImageData(100, 100, 1, 1).data[3]
  })
  assert.equal(corner, 255, 'a handle of what is chosen')
  await choose(ada, [])
  await ada.waitForFunction(isHidden, true)
  await ada.mouse.move(100, 150)
  await ada.waitForFunction(isHidden, false)
  await ada.mouse.move(400, 400)
  await ada.waitForFunction(isHidden, true)
})

test('what is moved under other things stays under them while it moves', async () => {
  const [ada] = await pages.room('Ada')
  const id = await make(ada, { ...BOX, x: 100, y: 100, w: 100, h: 100, fill: 16 + 0x0000ff })
  await make(ada, { ...BOX, x: 300, y: 50, w: 200, h: 200, z: 'a1', fill: 16 + 0x00ff00 })
  await ada.mouse.move(150, 150)
  await ada.mouse.down()
  await ada.mouse.move(400, 160, { steps: 10 })
  await seen([ada], id, { x: 350 })
  const middle = await ada.evaluate(
    () =>
      new Promise((resolve) => {
        const { element } = window.live.editor
        requestAnimationFrame(() =>
          requestAnimationFrame(() => {
            // Where the machine has stood still meanwhile, it rests in the picture under it.
            const canvases = [...element.querySelectorAll('canvas')].reverse()
            const at = (canvas) => canvas.getContext('2d').getImageData(380, 130, 1, 1).data
            resolve([...canvases.map(at).find((pixel) => pixel[3] > 0)])
          }),
        )
      }),
  )
  await ada.mouse.up()
  assert.deepEqual(middle, [0, 255, 0, 255])
})

test('alt leaves the original where it is, and moves a copy', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  const id = await make(ada, { ...BOX, x: 100, y: 100, w: 100, h: 100 })
  await ada.keyboard.down('Alt')
  await drag(ada, [100, 150], [300, 350])
  await ada.keyboard.up('Alt')
  const [copy] = await chosen(ada)
  assert.notEqual(copy, id)
  await shows(bob, copy)
  await seen([ada, bob], copy, { x: 300, y: 300, w: 100 })
  await seen([ada, bob], id, { x: 100, y: 100 })
  await undo(ada)
  await seen([ada, bob], copy, undefined)
})

test('what comes into a frame is held by it, and moved with it', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  const id = await make(ada, { ...BOX, x: 50, y: 500, w: 80, h: 80 })
  const frame = await make(ada, { type: 9, x: 300, y: 100, w: 400, h: 300, z: 'a1' })
  await shows(bob, frame)
  await drag(ada, [50, 540], [450, 240])
  await seen([ada, bob], id, { frame })
  assert.equal((await all(ada)).at(-1).id, id)
  await drag(ada, [300, 300], [320, 420])
  const { x, y } = await find(ada, id)
  await seen([bob], id, { x, y })
  await undo(ada)
  await seen([bob], id, { x: x - 20, y: y - 120 })
  await drag(ada, [450, 240], [100, 600])
  await seen([bob], id, { frame: null })
})

test('arrow keys move what is chosen, quick ones as one step', async () => {
  const [ada] = await pages.room('Ada')
  const id = await make(ada, { ...BOX, x: 100, y: 100 })
  await choose(ada, [id])
  // In one go: a machine that stalls between two presses would make them two steps.
  await ada.evaluate(() => {
    const press = (key, shiftKey = false) => {
      const init = { key, shiftKey, bubbles: true, composed: true, cancelable: true }
      document.activeElement.dispatchEvent(new KeyboardEvent('keydown', init))
    }
    press('ArrowRight')
    press('ArrowRight')
    press('ArrowDown', true)
  })
  await seen([ada], id, { x: 102, y: 110 })
  await undo(ada)
  await seen([ada], id, { x: 100, y: 100 })
})

test('the eraser takes whole things, the rubber the part that it passes', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  const points = [0, 0, 60, ...Array.from({ length: 20 }, () => [40, 0, 60]).flat()]
  const stroke = { type: 0, x: 100, w: null, h: null, size: 4, points }
  const one = await make(ada, { ...stroke, y: 200 })
  const other = await make(ada, { ...stroke, y: 300, z: 'a1' })
  await shows(bob, other)
  await take(ada, 'rubber')
  await drag(ada, [300, 150], [300, 250])
  await until(async () => (await find(bob, one)).cuts.length > 0, 'Bob sees the gap')
  await take(ada, 'eraser')
  await drag(ada, [400, 280], [400, 320])
  await seen([ada, bob], other, undefined)
  await seen([ada, bob], one, { type: 'stroke' })
  await undo(ada)
  await seen([ada, bob], other, { type: 'stroke' })
})

test('Escape in a drag of what someone deletes meanwhile leaves older work alone', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  await take(ada, 'rectangle')
  await drag(ada, [500, 400], [600, 500])
  const [older] = await all(ada)
  const id = await make(ada, { ...BOX, x: 100, y: 100, w: 80, h: 80, fill: 1 })
  await shows(bob, id)
  await ada.mouse.move(140, 140)
  await ada.mouse.down()
  await ada.mouse.move(240, 180, { steps: 10 })
  await until(async () => (await find(bob, id)).x > 100, 'Bob sees it move')
  await bob.evaluate((id) => window.live.room.collection('objects').delete(id), id)
  await seen([ada], id, undefined)
  await ada.keyboard.press('Escape')
  await ada.mouse.up()
  assert.notEqual(await find(ada, older.id), undefined)
  await undo(ada)
})

test('an eraser goes on when what it has faded is deleted by someone else', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  const first = await make(ada, { ...BOX, x: 100, y: 100, w: 80, h: 80, fill: 1 })
  const second = await make(ada, { ...BOX, x: 300, y: 100, w: 80, h: 80, fill: 1 })
  await shows(bob, second)
  await take(ada, 'eraser')
  await ada.mouse.move(60, 140)
  await ada.mouse.down()
  await ada.mouse.move(150, 140, { steps: 10 })
  await bob.evaluate((id) => window.live.room.collection('objects').delete(id), first)
  await seen([ada], first, undefined)
  await ada.mouse.move(340, 140, { steps: 10 })
  await ada.mouse.up()
  await seen([ada, bob], second, undefined)
})

test('what is typed into a note that someone deletes is no shortcut', async () => {
  const [ada, bob] = await pages.room('Ada', 'Bob')
  const id = await make(ada, { type: 7, colour: 1 })
  await shows(bob, id)
  await ada.evaluate((id) => {
    const { textEditor } = window.live.editor
    window.told = []
    window.pressed = []
    textEditor.on('trouble', (text) => window.told.push(text))
    addEventListener('keydown', ({ key }) => window.pressed.push(key))
    textEditor.open(id)
  }, id)
  await bob.evaluate((id) => window.live.room.collection('objects').delete(id), id)
  await seen([ada], id, undefined)
  await ada.keyboard.type('re')
  assert.deepEqual(await ada.evaluate(() => [window.told, window.pressed]), [
    ['Someone else has deleted that.'],
    [],
  ])
  await ada.mouse.click(600, 600)
  await ada.keyboard.press('r')
  assert.deepEqual(await ada.evaluate(() => window.pressed), ['r'])
})

test('Enter writes in what is chosen; what is too much to copy is told, and stays when it is cut', async () => {
  const [ada] = await pages.room('Ada')
  const id = await make(ada, { type: 7, colour: 1 })
  await shows(ada, id)
  await ada.mouse.click(400, 300)
  await ada.keyboard.press('Enter')
  await ada.locator('textarea.words').waitFor()
  await ada.keyboard.type('Hi')
  await ada.keyboard.press('Escape')
  assert.match(await ada.evaluate((id) => String(window.live.editor.scene.find(id).text), id), /./)
  await ada.keyboard.press('Enter')
  assert.equal(await ada.locator('textarea.words').inputValue(), 'Hi')
  await ada.keyboard.press('Escape')

  await ada.evaluate(() => {
    const { editor, room } = window.live
    const objects = room.collection('objects')
    for (let i = 0; i < 40; i++) {
      room.group(() => {
        for (let j = 0; j < 50; j++) {
          objects.put(objects.newId(), { type: 1, z: 'V', x: 10 * i, y: 10 * j, w: 5, h: 5 })
        }
      })
    }
    editor.selection.set(editor.scene.all.map(({ id }) => id))
  })
  await ada.keyboard.press('Control+X')
  await ada.locator('.toast', { hasText: 'too much to copy' }).waitFor()
  assert.equal(await ada.evaluate(() => window.live.editor.scene.size), 2_001)
})

test('many that are dragged are drawn once, and shifted', async () => {
  const [ada] = await pages.room('Ada')
  const drawn = await ada.evaluate(async () => {
    const { editor, room } = window.live
    const objects = room.collection('objects')
    const made = []
    for (let i = 0; i < 6; i++) {
      room.group(() => {
        for (let j = 0; j < 50; j++) {
          const place = { x: 20 + 30 * i, y: 20 + 10 * j, w: 20, h: 8 }
          made.push(objects.put(objects.newId(), { type: 1, z: 'V', ...place, fill: 0 }).done)
        }
      })
    }
    await Promise.all(made)
    editor.selection.set(editor.scene.all.map(({ id }) => id))
    let calls = 0
    const { fill } = CanvasRenderingContext2D.prototype
    CanvasRenderingContext2D.prototype.fill = function (...of) {
      calls++
      return fill.apply(this, of)
    }
    const { tool } = editor
    const pointer = (x) => {
      const at = { x, y: 100 }
      return { at, screen: at, pressure: null, type: 'mouse', ctrl: true, clicks: 1, time: x }
    }
    tool.down(pointer(30))
    for (let x = 40; x <= 1_030; x += 10) {
      tool.move(pointer(x), [pointer(x)])
      await new Promise(requestAnimationFrame)
    }
    editor.camera.set({ x: 1_000, y: 0 })
    await new Promise(requestAnimationFrame)
    await new Promise(requestAnimationFrame)
    const shown = [...editor.element.querySelectorAll('canvas')].map((canvas) => {
      const at = (x) => canvas.getContext('2d').getImageData(x, 24, 1, 1).data[3]
      return [at(30), at(45)]
    })
    tool.up(pointer(1_030))
    CanvasRenderingContext2D.prototype.fill = fill
    // What is resized has no picture that would do for two frames.
    let canvases = 0
    const { createElement } = document
    document.createElement = function (...of) {
      if (of[0] === 'canvas') canvases++
      return createElement.apply(this, of)
    }
    for (let wider = 1; wider <= 20; wider++) {
      const patches = editor.scene.all.map(({ id }) => [id, { w: 20 + wider }])
      editor.scene.preview(new Map(patches))
      await new Promise(requestAnimationFrame)
    }
    editor.scene.preview(new Map())
    document.createElement = createElement
    return { calls, canvases, shown: shown.at(-1), first: editor.scene.all[0].x }
  })
  // A hundred frames of 300 things each: 30,000 one by one.
  assert.ok(drawn.calls < 6_000, `${drawn.calls} were drawn`)
  assert.ok(drawn.canvases < 5, `${drawn.canvases} pictures of what is resized`)
  assert.deepEqual(drawn.shown, [255, 0], 'they are where they were dragged to')
})
