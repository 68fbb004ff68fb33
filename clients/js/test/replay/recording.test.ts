// What is kept of rooms, asked for and ordered: through the real server, which TUTTI_SERVER names.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import '../../src/node.js'
import {
  addMarker,
  editSession,
  join as enter,
  recording,
  removeMarker,
  removeSession,
  replay,
} from '../../src/tutti.js'
// @ts-expect-error plain JavaScript
import { startServer, until } from '../server/server.mjs'

const NAME = 'plans'
let data: string
let server: { port: number; stop(signal?: string): Promise<unknown> }
let url: string
let ada: number

/** Someone was there, and has gone; what was recorded is in the archive, where sessions are. */
before(async () => {
  data = mkdtempSync(join(tmpdir(), 'tutti-recording-'))
  server = await startServer({ data })
  const room = await enter(`ws://127.0.0.1:${server.port}`, NAME, { user: { name: 'Ada' } })
  ada = room.me
  for (let i = 0; i < 5; i++) await room.emit('chat', `line ${i}`).done
  await until(() => room.unsaved === 0, 'all is on the disk')
  room.leave()
  await server.stop()
  server = await startServer({ data })
  url = `ws://127.0.0.1:${server.port}`
  await until(async () => (await recording(url, NAME)).sessions.length > 0, 'it is sealed')
})

after(async () => {
  await server.stop()
  rmSync(data, { recursive: true, force: true })
})

test('what there is, and who was there', async () => {
  const found = await recording(url, NAME)
  assert.deepEqual([found.kind, found.hz], ['open', 20])
  assert.ok(found.first < found.last)
  assert.ok(found.began!.getTime() <= found.ended!.getTime())
  assert.deepEqual(
    found.people.map(({ member, user }) => [member, user]),
    [[ada, { name: 'Ada' }]],
  )
  const [from, to] = found.people[0]!.spans[0]!
  assert.ok(found.first <= from && from < to! && to! <= found.last, `${from} to ${to}`)
  const operations = found.activity.operations.reduce((sum, count) => sum + count, 0)
  assert.ok(operations >= 5, `${operations} operations`)
  assert.equal(found.incarnations.at(-1)!.incarnation, found.incarnation)
})

test('a moment is marked, and is no longer', async () => {
  const { last: tick } = await recording(url, NAME)
  const marked = await addMarker(url, NAME, { tick, title: 'Höre', colour: '#f00', by: 'Ada' })
  const { incarnation } = marked
  assert.deepEqual(marked, { room: NAME, tick, incarnation })
  const { markers } = await recording(url, NAME)
  assert.deepEqual(markers, [{ tick, incarnation, title: 'Höre', colour: '#f00', by: 'Ada' }])
  await removeMarker(url, NAME, marked)
  assert.deepEqual((await recording(url, NAME)).markers, [])
  await assert.rejects(removeMarker(url, NAME, marked), { status: 'not found', code: 404 })
  const long = addMarker(url, NAME, { tick, title: 'x'.repeat(201) })
  await assert.rejects(long, { name: 'TuttiError', status: 'malformed' })
})

test('a session gets a title and stays; a time is a moment', async () => {
  const [session] = (await recording(url, NAME)).sessions
  const { id, began } = session!
  await editSession(url, NAME, id, { title: 'First lesson', pinned: true })
  const [edited] = (await recording(url, NAME)).sessions
  assert.deepEqual([edited!.title, edited!.pinned], ['First lesson', true])
  await editSession(url, NAME, id, { pinned: false })
  const then = await replay(url, NAME)
  await then.seek(new Date(Date.now() + 60_000))
  assert.ok(then.tick > then.first)
  await then.seek(new Date(began!.getTime() - 60_000))
  assert.equal(then.tick, then.first)
  then.leave()
  await removeSession(url, NAME, id)
  assert.ok((await recording(url, NAME)).sessions.every((session) => session.id !== id))
  await assert.rejects(editSession(url, NAME, id, { pinned: true }), { status: 'not found' })
})

test('where nothing is kept there is nothing to be told', async () => {
  await assert.rejects(recording(url, 'nobody-was-here'), { status: 'not found', code: 404 })
  const nobody = 'ws://127.0.0.1:1'
  await assert.rejects(recording(nobody, NAME), { name: 'TuttiError', status: 'closed' })
  const signal = AbortSignal.abort(new Error('no more'))
  await assert.rejects(recording(url, NAME, { signal }), { message: 'no more' })
})
