import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAtRisk, markOf, noticeOf, type Condition } from '../../src/board/chrome/condition.js'

const live: Condition = {
  condition: { status: 'live', reason: '', retryAt: null, error: null },
  unsaved: 0,
  saving: 'ok',
  durability: 'disk',
  queue: 1_000,
  readOnly: false,
  images: 0,
}
const offline: Condition = {
  ...live,
  condition: { status: 'offline', reason: 'gone', retryAt: 5, error: null },
}

test('saved is said only while it is true', () => {
  assert.equal(markOf(live).text, 'Saved')
  assert.equal(markOf({ ...live, unsaved: 1 }).text, 'Saving…')
  assert.notEqual(markOf(offline).text, 'Saved')
  assert.equal(markOf({ ...offline, unsaved: 2 }).text, '2 changes to save')
  assert.equal(markOf({ ...offline, unsaved: 1 }).text, '1 change to save')
  assert.equal(markOf({ ...live, saving: 'interrupted', unsaved: 3 }).text, 'Not saved')
  assert.equal(markOf({ ...live, saving: 'paused' }).state, 'trouble')
})

test('what saved means is what the server promises', () => {
  assert.match(markOf(live).title, /disk/)
  assert.match(markOf({ ...live, durability: 'os' }).title, /crash/)
  assert.match(markOf({ ...live, durability: 'memory' }).title, /memory only/)
})

test('offline one is told to go on, and before the end of the queue that it ends', () => {
  assert.equal(noticeOf(live), null)
  assert.match(noticeOf(offline)!.detail, /go on drawing/)
  assert.equal(noticeOf(offline)!.retryAt, 5)
  assert.doesNotMatch(noticeOf({ ...offline, readOnly: true })!.detail, /drawing/)
  assert.equal(noticeOf({ ...offline, unsaved: 800 })!.tone, 'warn')
  assert.equal(noticeOf({ ...offline, unsaved: 801 })!.tone, 'bad')
})

test('one is held back from leaving while something would be lost, and only then', () => {
  assert.equal(isAtRisk(live), false)
  assert.equal(isAtRisk({ ...live, unsaved: 3 }), false)
  assert.equal(isAtRisk({ ...live, saving: 'paused', unsaved: 3 }), true)
  assert.equal(isAtRisk(offline), false)
  assert.equal(isAtRisk({ ...offline, unsaved: 1 }), true)
  assert.equal(isAtRisk({ ...live, images: 1 }), true)
})

test('before the board was ever here, nobody is told to draw on it', () => {
  assert.doesNotMatch(noticeOf({ ...offline, durability: null })!.detail, /draw/)
})

test('a board that is closed says why', () => {
  const condition = { status: 'closed', reason: 'the room was ended', retryAt: null, error: null }
  const closed = { ...live, condition } as Condition
  assert.equal(noticeOf(closed)!.detail, 'the room was ended')
  assert.equal(noticeOf(closed)!.action, 'reload')
  assert.equal(markOf(closed).state, 'closed')
})
