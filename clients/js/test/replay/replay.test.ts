// Recordings, played: through the real server, which TUTTI_SERVER names.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { after, before, test } from 'node:test'
import '../../src/node.js'
import {
  authors,
  fork,
  ghost,
  join,
  recording,
  replay,
  restore,
  type Fields,
  type JoinOptions,
  type Replay,
  type ReplayOptions,
  type Room,
} from '../../src/tutti.js'
// @ts-expect-error plain JavaScript
import { startServer, startWire, until } from '../server/server.mjs'

let data: string
let server: { port: number; stop(signal?: string): Promise<unknown> }
let wire: { url: string; upstream: number; close(): Promise<void> }
const open = new Set<{ leave(): void }>()
let count = 0

before(async () => {
  data = mkdtempSync(joinPath(tmpdir(), 'tutti-replay-'))
  server = await startServer({ data })
  wire = await startWire(server.port)
})

after(async () => {
  for (const each of open) each.leave()
  await wire.close()
  await server.stop()
  rmSync(data, { recursive: true, force: true })
})

async function enter(name = `room-${++count}`, options: JoinOptions = {}): Promise<Room> {
  const room = await join(wire.url, name, options)
  open.add(room)
  return room
}

async function look(name: string, options: ReplayOptions = {}): Promise<Replay> {
  const opened = await replay(wire.url, name, options)
  open.add(opened)
  return opened
}

const nameOf = ({ url }: Room) => url.slice(url.lastIndexOf('/') + 1)
const shapesOf = (room: Room) => Object.fromEntries(room.collection('shapes'))

interface Recorded {
  readonly name: string
  readonly room: Room
  /** Tick → what the room was then. */
  readonly moments: { readonly tick: number; readonly shapes: { [id: string]: Fields } }[]
}

/** A room in which a shape moves, another one comes and goes, and Ada's hand is seen. */
async function recorded(): Promise<Recorded> {
  const room = await enter(undefined, { user: { name: 'Ada' } })
  const shapes = room.collection('shapes')
  const moments: Recorded['moments'] = []
  for (let i = 0; i < 8; i++) {
    shapes.put('moves', { x: i })
    if (i === 3) shapes.put('comes', { colour: 'red' })
    if (i === 6) shapes.delete('comes')
    const { done } = room.collection('shapes').append('moves', 'trail', [i])
    room.presence.set({ x: 10 * i })
    await done
    moments.push({ tick: room.tick, shapes: shapesOf(room) })
  }
  await until(() => room.unsaved === 0, 'all is on the disk')
  return { name: nameOf(room), room, moments }
}

test('any moment is what the room was then, forwards and backwards', async () => {
  const { name, room, moments } = await recorded()
  const then = await look(name)
  assert.ok(then.room.isReplay && !room.isReplay)
  assert.equal(then.room.url, room.url)
  assert.equal(then.room.kind, room.kind)
  assert.deepEqual(
    [then.state, then.playing, then.speed, then.hz],
    ['ready', false, 1, room.tickRate],
  )
  const order = [...moments, ...[...moments].reverse(), moments[4]!, moments[1]!, moments[6]!]
  for (const { tick, shapes } of order) {
    await then.seek(tick)
    assert.equal(then.tick, tick)
    assert.deepEqual(shapesOf(then.room), shapes)
  }
  assert.deepEqual(then.moment, { room: name, tick: then.tick, incarnation: then.incarnation })
  assert.ok(Math.abs(Date.now() - then.wall!.getTime()) < 600_000)
})

test('it plays as it was, with those who were there', async () => {
  const { name, room, moments } = await recorded()
  const { me } = room
  const then = await look(name, { at: moments[0]!.tick - 1, user: { name: 'Bob' } })
  const seen: number[] = []
  const ticks: number[] = []
  then.on('time', ({ tick }) => ticks.push(tick))
  then.room.collection('shapes').on('change', ({ record }) => {
    if (typeof record?.['x'] === 'number') seen.push(record['x'])
  })
  await until(() => then.room.others.has(me), 'Ada is there')
  const { user, recorded: wasThere } = then.room.others.get(me)!
  assert.deepEqual([user, wasThere], [{ name: 'Ada' }, true])
  then.speed = 4
  then.play()
  await until(() => then.tick >= moments.at(-1)!.tick, 'it is there')
  assert.deepEqual(shapesOf(then.room), moments.at(-1)!.shapes)
  assert.deepEqual(
    [...ticks].sort((a, b) => a - b),
    ticks,
  )
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    seen,
  )
})

test('its controls take what there is, and nothing else is written', async () => {
  const { name, moments } = await recorded()
  const [first, second] = moments.map(({ tick }) => tick)
  const then = await look(name, { at: first! })
  for (const speed of [0, 0.2, 0.3, 16.25, NaN]) {
    assert.throws(() => (then.speed = speed), { status: 'range' })
  }
  assert.throws(() => (then.loop = { from: 5, until: 5 }), { status: 'range' })
  await assert.rejects(then.seek(1.5), { status: 'range' })
  then.speed = 0.25
  then.skipIdle = true
  then.loop = { from: first!, until: second! }
  await until(() => then.room.unsaved === 0, 'it is told')
  assert.deepEqual(
    [then.speed, then.skipIdle, then.loop],
    [0.25, true, { from: first, until: second }],
  )
  then.loop = null
  assert.equal(then.loop, null)
  assert.ok(!then.room.canUndo)

  const change = then.room.collection('shapes').put('mine', { x: 1 })
  await assert.rejects(change.done, { status: 'denied' })
  assert.throws(() => then.room.inputs({ read: () => 0 }), { status: 'denied' })

  void then.step()
  void then.step()
  await then.step(-1)
  assert.equal(then.tick, first! + 1)
  await then.seek(0)
  assert.equal(then.tick, then.first)
})

test('together: the same controls, and the viewers among each other', async () => {
  const { name, room, moments } = await recorded()
  const bob = await look(name, { name: 'together', at: moments[3]!.tick })
  const eve = await look(name, { name: 'together', user: 'Eve' })
  assert.equal(eve.tick, moments[3]!.tick, 'where it is')
  eve.room.presence.set({ x: 7 })
  await until(() => bob.room.others.get(eve.room.me)?.['x'] === 7, "Eve's hand")
  assert.equal(bob.room.others.get(eve.room.me)!.recorded, false)
  assert.equal(bob.room.others.get(room.me)!.recorded, true)
  const told = new Promise<Replay>((resolve) => eve.on('state', resolve))
  bob.skipIdle = true
  assert.equal((await told).skipIdle, true)
  await bob.seek(moments[7]!.tick)
  await until(() => eve.tick === bob.tick, 'Eve is there')
  assert.deepEqual(shapesOf(eve.room), moments[7]!.shapes)
})

test('a live room goes on from a moment, as another one or with a part of it', async () => {
  const { name, room, moments } = await recorded()
  const { tick, shapes } = moments[4]!
  const then = await look(name, { at: tick })
  const made = await fork(wire.url, name, then.moment)
  assert.deepEqual(made.from, then.moment)
  const other = await enter(made.room)
  assert.deepEqual(shapesOf(other), shapes)
  assert.deepEqual([other.forkedFrom, room.forkedFrom], [then.moment, null])
  await assert.rejects(fork(wire.url, name, { tick, as: name }), { status: 'exists', code: 409 })

  const before = shapesOf(room)
  await restore(then, room, { records: { shapes: ['comes'] } }).done
  assert.deepEqual(shapesOf(room), { ...before, comes: { colour: 'red' } })
  assert.ok(room.undo())
  assert.deepEqual(shapesOf(room), before)
})

test('a room that goes on: back, and up to where it is', async () => {
  const { name, room } = await recorded()
  const writing = setInterval(() => room.collection('shapes').set('moves', { x: room.tick }), 20)
  try {
    const now = await look(name, { at: Number.MAX_SAFE_INTEGER })
    await now.back(0.5)
    assert.ok(now.playing)
    assert.equal(await now.toLive(4), true)
    assert.deepEqual([now.live, now.speed, now.playing], [true, 1, true])
    now.pause()
    const { tick } = now
    await until(() => now.last > tick, 'it grows')
  } finally {
    clearInterval(writing)
  }
})

test('a ghost runs beside a live room', async () => {
  const { name, room, moments } = await recorded()
  room.leave()
  const live = await enter()
  const beside = ghost(await look(name), live, {
    collection: 'shapes',
    ids: ['moves'],
    from: moments[0]!.tick,
    start: live.tick + 10,
    fields: ['x'],
  })
  const seen: number[] = []
  await until(() => {
    for (const [, { x }] of beside.sample()) seen.push(x as number)
    return beside.isOver()
  }, 'it is over')
  await until(() => beside.sample()[0]?.[1]['x'] === 7, 'it shows the end')
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    seen,
  )
  beside.stop()
  assert.deepEqual([live.collection('shapes').size, live.unsaved, live.canUndo], [0, 0, false])
  assert.deepEqual(
    shapesOf(await enter(name)),
    moments.at(-1)!.shapes,
    'nor is there a trace of it',
  )
})

test('a ghost follows the clock that it is given', async () => {
  const { name, room, moments } = await recorded()
  room.leave()
  const live = await enter()
  const [first, last] = [moments[0]!.tick, moments.at(-1)!.tick]
  let tick = 100.5
  const options = { collection: 'shapes', from: first, start: 100.5, clock: () => tick }
  const beside = ghost(await look(name), live, options)
  assert.equal(beside.tick(), first)
  tick += 2
  assert.equal(beside.tick(), first + 2)
  tick += last
  await until(() => beside.sample()[0]?.[1]['x'] === 7, 'it shows the end')
  beside.stop()
})

test('where nothing is kept there is nothing to be seen', async () => {
  await assert.rejects(look('nobody-was-here'), { name: 'TuttiError', status: 'closed' })
  await assert.rejects(replay(wire.url, 'a room'), { status: 'malformed' })
  await assert.rejects(replay(wire.url, 'room', { name: 'x'.repeat(33) }), { status: 'malformed' })
  await assert.rejects(replay(wire.url, 'room', { at: -1 }), { status: 'range' })
  await assert.rejects(fork(wire.url, 'nobody-was-here', { tick: 0 }), { status: 'not found' })
})

test('a room that is opened so keeps nothing of its past', async () => {
  const room = await enter('quiet', { record: false })
  assert.equal(room.isRecorded, false)
  assert.equal((await enter()).isRecorded, true)
  assert.equal(room.url, `${wire.url}/v1/rooms/quiet`)
  await room.collection('shapes').put('a', { x: 1 }).done
  await until(() => room.unsaved === 0, 'it is on the disk')
  const reason = /this room is not recorded/
  await assert.rejects(replay(wire.url, 'quiet'), { status: 'closed', message: reason })
  await assert.rejects(recording(wire.url, 'quiet'), { code: 404, message: reason })
  await assert.rejects(fork(wire.url, 'quiet', { tick: 1 }), { code: 404, message: reason })
  assert.equal((await authors(room)).maker('shapes', 'a'), room.me, 'what it knows it says')
})

test('when the server is back it shows what it showed, and plays to the end', async () => {
  const { name, room, moments } = await recorded()
  const then = await look(name, { at: moments[2]!.tick })
  await then.seek(moments[5]!.tick)
  room.leave()
  await server.stop()
  server = await startServer({ data })
  wire.upstream = server.port
  then.room.reconnect()
  await until(() => then.room.status === 'live', 'it is back')
  assert.equal(then.tick, moments[5]!.tick)
  assert.deepEqual(shapesOf(then.room), moments[5]!.shapes)
  then.speed = 16
  then.play()
  await until(() => then.tick === then.last && !then.playing, 'it is over')
  assert.deepEqual(shapesOf(then.room), moments.at(-1)!.shapes)
  assert.ok(!then.live)
  assert.equal(await then.toLive(), false, 'it has an end')
  await then.seek(moments[6]!.tick)
  assert.deepEqual(shapesOf(then.room), moments[6]!.shapes)
})
