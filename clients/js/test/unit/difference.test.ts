import assert from 'node:assert/strict'
import { test } from 'node:test'
import { differenceOf, moved } from '../../src/board/difference.js'
import { randomOf } from './messages.js'

const HALF = /\p{Surrogate}/u

test('what was typed is found where the caret is', () => {
  assert.deepEqual(differenceOf('ball', 'balll', 4), { at: 3, removed: 0, inserted: 'l' })
  assert.deepEqual(differenceOf('ball', 'balll', 5), { at: 4, removed: 0, inserted: 'l' })
  assert.deepEqual(differenceOf('aaa', 'aa', 1), { at: 1, removed: 1, inserted: '' })
  assert.deepEqual(differenceOf('one two', 'one 2', 5), { at: 4, removed: 3, inserted: '2' })
  assert.deepEqual(differenceOf('same', 'same', 2), { at: 2, removed: 0, inserted: '' })
  assert.deepEqual(differenceOf('', 'all', 3), { at: 0, removed: 0, inserted: 'all' })
  assert.deepEqual(differenceOf('all', '', 0), { at: 0, removed: 3, inserted: '' })
})

test('no character is cut in two', () => {
  assert.deepEqual(differenceOf('😀', '😁', 2), { at: 0, removed: 2, inserted: '😁' })
  assert.deepEqual(differenceOf('a😀b', 'a😀😁b', 5), { at: 3, removed: 0, inserted: '😁' })
})

test('whatever was done, doing it again gives the same', () => {
  const random = randomOf(11)
  const letters = ['a', 'b', '😀', '😁', '\n']
  const text = (count: number) =>
    Array.from({ length: count }, () => letters[Math.floor(random() * letters.length)]).join('')
  for (let i = 0; i < 5_000; i++) {
    const before = text(Math.floor(random() * 8))
    const after = text(Math.floor(random() * 8))
    const caret = Math.floor(random() * (after.length + 1))
    const { at, removed, inserted } = differenceOf(before, after, caret)
    const again = before.slice(0, at) + inserted + before.slice(at + removed)
    assert.equal(again, after, JSON.stringify({ before, after, caret }))
    assert.doesNotMatch(inserted, HALF)
    assert.doesNotMatch(before.slice(at, at + removed), HALF)
  }
})

test('a place stays between its letters', () => {
  assert.equal(moved(3, [{ insert: 'ab' }]), 5)
  assert.equal(moved(3, [{ retain: 3 }, { insert: 'ab' }]), 3)
  assert.equal(moved(3, [{ retain: 5 }, { insert: 'ab' }]), 3)
  assert.equal(moved(3, [{ delete: 2 }]), 1)
  assert.equal(moved(3, [{ retain: 1 }, { delete: 5 }]), 1)
  assert.equal(moved(3, [{ retain: 3 }, { delete: 5 }]), 3)
  assert.equal(moved(5, [{ retain: 1 }, { delete: 2 }, { insert: 'xyz' }]), 6)
})
