import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pauseAfter } from '../../src/board/pictures.js'
import {
  isTooSmall,
  PIXELS_MAX,
  PIXELS_MIN,
  shareOf,
  shrunk,
  sidesWithin,
} from '../../src/board/picture_budget.js'

const MEGA = 1 << 20
const image = (pixels: number, seen: number, isShown = false) => ({ pixels, seen, isShown })

/** As the images are after it: all pixels together. */
function sumAfter(images: ReturnType<typeof image>[]): number {
  const smaller = shrunk(images)
  return images.reduce((sum, each) => sum + (smaller.get(each) ?? each.pixels), 0)
}

test('what fits is left as it is, to the last pixel', () => {
  const half = PIXELS_MAX / 2
  assert.equal(shrunk([image(half, 1), image(half, 2, true)]).size, 0)
  const [old, young] = [image(half, 1), image(half + 1, 2)]
  assert.deepEqual([...shrunk([young, old])], [[old, PIXELS_MIN]])
})

test('what shows stays, however large it is; what was not seen for longest goes first', () => {
  const shown = image(39 * MEGA, 1, true)
  const hidden = [3, 2, 4].map((seen) => image(12 * MEGA, seen))
  assert.deepEqual([...shrunk([...hidden, shown]).keys()], [hidden[1]])
})

test('of more that show than fit, each keeps its share, and small ones keep all', () => {
  const photos = Array.from({ length: 6 }, (_, i) => image(12 * MEGA, i, true))
  const small = image(MEGA, 9, true)
  const smaller = shrunk([small, ...photos])
  assert.ok(!smaller.has(small))
  for (const pixels of smaller.values()) assert.equal(pixels, shareOf(7))
  assert.ok(sumAfter([small, ...photos]) <= PIXELS_MAX)
})

test('what was loaded as large as its share is not loaded again', () => {
  for (const shown of [1, 2, 6, 60, 4_096, 1_000_000]) {
    const share = shareOf(shown)
    for (const whole of [100, PIXELS_MIN, MEGA, 12 * MEGA, PIXELS_MAX]) {
      const side = Math.round(Math.sqrt(whole))
      const [w, h] = sidesWithin(side, side, share)
      assert.ok(w * h <= share)
      assert.ok(!isTooSmall(w * h, side * side, share), `${shown} of ${whole}`)
    }
  }
  assert.ok(isTooSmall(PIXELS_MIN, 12 * MEGA, shareOf(1)), 'but a small one that shows again is')
})

test('any number of images fits, as far as they may be made smaller', () => {
  for (const count of [1, 7, 100, 4_096]) {
    for (const isShown of [true, false]) {
      const images = Array.from({ length: count }, (_, i) => image(16 * MEGA, i, isShown))
      assert.ok(sumAfter(images) <= PIXELS_MAX, `${count} ${isShown}`)
    }
  }
})

test('an image that never comes is asked for less and less, and then not any more', () => {
  const pauses = Array.from({ length: 12 }, (_, i) => pauseAfter(i + 1))
  assert.deepEqual(pauses.slice(0, 3), [1_000, 2_000, 4_000])
  assert.equal(Math.max(...pauses.map((ms) => ms ?? 0)), 60_000)
  assert.equal(pauses.at(-1), null)
  assert.notEqual(pauses.at(-2), null)
})

test('sides keep their shape, and are never none', () => {
  assert.deepEqual(sidesWithin(4_000, 3_000, 12_000_000), [4_000, 3_000])
  assert.deepEqual(sidesWithin(4_000, 3_000, 3_000_000), [2_000, 1_500])
  assert.deepEqual(sidesWithin(100_000, 1, 100), [3_162, 1])
})
