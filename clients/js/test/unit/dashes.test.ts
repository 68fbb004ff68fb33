import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, DASHED, DOTTED, PLACE_MAX, SOLID } from '../../src/board/model.js'
import { borderLength, DASHES_MAX, dashesOf } from '../../src/board/paint.js'

const box = (dash: number, side: number, size = 4) =>
  decode('box', { type: 1, z: '1', x: 0, y: 0, w: side, h: side, dash, size })!

test('however long an outline is, it has a bounded number of dashes', () => {
  for (const dash of [DASHED, DOTTED]) {
    for (const side of [10, 3_000, 600_000, PLACE_MAX, 1e300]) {
      for (const size of [1, 4, 255]) {
        const object = box(dash, side, size)
        const [on, off] = dashesOf(object, borderLength(object))
        assert.ok(borderLength(object) / (on! + off!) <= DASHES_MAX * 1.001)
      }
    }
  }
})

test('outlines that people draw have dashes of the same length', () => {
  for (const dash of [DASHED, DOTTED]) {
    assert.deepEqual(dashesOf(box(dash, 2_000), 8_000), dashesOf(box(dash, 10), 40))
  }
  assert.deepEqual(dashesOf(box(SOLID, 10), 40), [])
})
