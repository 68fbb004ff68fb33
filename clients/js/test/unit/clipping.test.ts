import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clip, place, readClipping, writeClipping } from '../../src/board/clipping.js'
import { decode } from '../../src/board/model.js'
import { TEMPLATES } from '../../src/board/templates.js'

const box = { z: 'a', x: 10, y: 20, w: 100, h: 50 }
const rectangle = decode('r', { type: 1, ...box, colour: 3, groups: ['g'], frame: 'f' })!
const arrow = decode('a', {
  type: 5,
  z: 'b',
  x: 110,
  y: 45,
  points: [800, 0],
  start: 'r',
  start_at: [1024, 512],
  end: 'elsewhere',
  end_at: [0, 512],
  groups: ['g'],
})!
const image = decode('i', { type: 8, ...box, image: new Uint8Array(32).fill(171) })!

const clipped = () =>
  clip(
    [rectangle, arrow, image],
    ({ id }) => (id === 'r' ? 'Words' : ''),
    ({ x, y, w, h }) => ({ x, y, w, h }),
    '/v1/rooms/here/files',
  )

let made = 0
const newId = () => `n${++made}`

test('what is copied is read again as it was', () => {
  const clipping = clipped()
  assert.deepEqual(readClipping(writeClipping(clipping)), clipping)
})

test('a pasted copy has ids, groups and references of its own, and none to what was left', () => {
  const [r, a, i] = place(clipped(), { x: 60, y: 45 }, ['k1', 'k2', 'k3'], newId)
  assert.equal(new Set([r!.id, a!.id, i!.id]).size, 3)
  assert.equal(a!.patch.start, r!.id)
  assert.deepEqual(a!.patch.startAt, [1, 0.5])
  assert.equal(a!.patch.end, null)
  assert.equal(a!.patch.endAt, null)
  assert.equal(r!.patch.frame, null)
  assert.deepEqual(r!.patch.groups, a!.patch.groups)
  assert.notDeepEqual(r!.patch.groups, ['g'])
  assert.deepEqual([r!.patch.z, a!.patch.z], ['k1', 'k2'])
  assert.equal(r!.words, 'Words')
  assert.equal(i!.image, 'ab'.repeat(32))
})

test('its middle is where it was put', () => {
  const clipping = clip(
    [rectangle],
    () => '',
    ({ x, y, w, h }) => ({ x, y, w, h }),
    null,
  )
  const [copy] = place(clipping, { x: 0, y: 0 }, ['k'], newId)
  assert.deepEqual([copy!.patch.x, copy!.patch.y], [-50, -25])
})

test('what a stranger put on the clipboard is believed as far as it holds', () => {
  const read = (value: unknown) => readClipping(JSON.stringify(value))
  const frame = { mark: 'tutti board', version: 1, box: { x: 0, y: 0, w: 1, h: 1 }, files: null }
  assert.equal(readClipping('hello'), null)
  assert.equal(readClipping('{"mark": "tutti board"'), null)
  assert.equal(read({ ...frame, version: 2, objects: [] }), null)
  assert.equal(read({ ...frame, box: null, objects: [] }), null)
  assert.equal(read({ ...frame, objects: {} }), null)
  const good = { id: 'a', type: 'note', x: 1, y: 2 }
  const odd = [
    null,
    7,
    { ...good, type: 'virus' },
    { ...good, x: 'far' },
    { ...good, id: '' },
    { ...good, x: Infinity },
    { ...good, size: -4, points: [1, 'b'], words: 5, image: 'zz', colour: 1e9, __proto__: 1 },
  ]
  assert.deepEqual(read({ ...frame, objects: odd })!.objects, [good])
})

test('every template has places for all that its arrows name', () => {
  for (const { name, make } of TEMPLATES) {
    const { objects, box } = make()
    const ids = new Set(objects.map(({ id }) => id))
    assert.equal(ids.size, objects.length, name)
    for (const { start, end } of objects) {
      for (const target of [start, end]) {
        if (typeof target === 'string') assert.ok(ids.has(target), name)
      }
    }
    assert.ok(box.w > 300 && box.w < 2_000 && box.h > 300 && box.h < 2_000, name)
    assert.deepEqual(readClipping(writeClipping(make())), JSON.parse(JSON.stringify(make())), name)
  }
})
