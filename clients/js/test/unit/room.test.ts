import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { CollectionChange } from '../../src/collection.js'
import { TuttiError } from '../../src/errors.js'
import type { Change } from '../../src/operation.js'
import { join, type Room } from '../../src/room.js'
import { RESTART, frame, newsFrame, run, section, type Json } from './messages.js'
import { settled, TinyServer, type FakeSocket } from './server.js'

const rooms: Room[] = []
after(() => rooms.forEach((room) => room.leave()))

async function roomOf(people: number) {
  const server = new TinyServer()
  const joined: Room[] = []
  for (let i = 0; i < people; i++) joined.push(await server.join())
  rooms.push(...joined)
  const tick = async () => {
    await settled()
    server.tick()
    await settled()
  }
  return { server, tick, rooms: joined as [Room, Room] }
}

function watch(room: Room): CollectionChange[] {
  const seen: CollectionChange[] = []
  room.collection('shapes').on('change', (change) => seen.push(change))
  return seen
}

const socketOf = (server: TinyServer, i = 0): FakeSocket => server.seats[i]!.socket

test('a change shows at once, and the word of the room makes no further event', async () => {
  const { rooms, tick } = await roomOf(2)
  const [ada, bob] = rooms
  const [seen, seenByBob] = [watch(ada), watch(bob)]
  const shapes = ada.collection('shapes')
  const put = shapes.put('a', { x: 1, color: 'red' })
  assert.deepEqual(shapes.get('a'), { x: 1, color: 'red' })
  assert.deepEqual(seen, [
    { kind: 'add', id: 'a', record: { x: 1, color: 'red' }, before: undefined, mine: true },
  ])
  assert.equal(ada.unsaved, 1)
  await tick()
  await put.done
  assert.equal(seen.length, 1)
  assert.equal(ada.unsaved, 0)
  assert.deepEqual(seenByBob, [
    { kind: 'add', id: 'a', record: { x: 1, color: 'red' }, before: undefined, mine: false },
  ])
})

test('appended items and added numbers never show twice', async () => {
  const { rooms, tick } = await roomOf(2)
  const [ada, bob] = rooms
  const [shapes, theirs] = [ada.collection('shapes'), bob.collection('shapes')]
  shapes.put('a', { count: 1 })
  await tick()
  const seen = watch(ada)
  shapes.append('a', 'points', [1, 2])
  shapes.add('a', { count: 5 })
  theirs.append('a', 'points', [9])
  theirs.add('a', { count: 10 })
  assert.deepEqual(shapes.get('a'), { count: 6, points: [1, 2] })
  await tick()
  assert.deepEqual(shapes.get('a'), { count: 16, points: [1, 2, 9] })
  assert.deepEqual(theirs.get('a'), shapes.get('a'))
  assert.deepEqual(
    seen.map(({ record, mine }) => [record?.['count'], mine]),
    [
      [1, true],
      [6, true],
      [16, false],
    ],
  )
})

test("another's change under ours shows once ours is decided, if it came later", async () => {
  const { rooms, tick } = await roomOf(2)
  const [ada, bob] = rooms
  ada.collection('shapes').put('a', { x: 0 })
  await tick()
  const seen = watch(ada)
  ada.collection('shapes').set('a', { x: 1 })
  bob.collection('shapes').set('a', { x: 2 })
  assert.equal(ada.collection('shapes').get('a')?.['x'], 1)
  await tick()
  assert.equal(ada.collection('shapes').get('a')?.['x'], 2)
  assert.deepEqual(
    seen.map(({ record, before, mine }) => [before?.['x'], record?.['x'], mine]),
    [
      [0, 1, true],
      [1, 2, false],
    ],
  )
})

test('a refusal takes the change back, rejects, and is told by the room', async () => {
  const { rooms, tick } = await roomOf(2)
  const [ada, bob] = rooms
  ada.collection('shapes').put('a', { x: 0 })
  await tick()
  const refused: { change: Change; error: TuttiError }[] = []
  bob.on('refused', (refusal) => refused.push(refusal))
  ada.collection('shapes').delete('a')
  const change = bob.collection('shapes').set('a', { x: 5 })
  await tick()
  await assert.rejects(change.done, { name: 'TuttiError', status: 'deleted' })
  assert.equal(refused.length, 1)
  assert.equal(refused[0]!.change, change)
  assert.equal(bob.collection('shapes').get('a'), undefined)
})

test('guards: if new, if unchanged', async () => {
  const { rooms, tick } = await roomOf(2)
  const [ada, bob] = rooms
  ada.collection('shapes').put('a', { x: 0 }, { ifNew: true })
  const second = bob.collection('shapes').put('a', { x: 1 }, { ifNew: true })
  await tick()
  await assert.rejects(second.done, { status: 'exists' })
  assert.deepEqual(bob.collection('shapes').get('a'), { x: 0 })
  ada.collection('shapes').set('a', { x: 3 })
  const stale = bob.collection('shapes').set('a', { x: 4 }, { ifUnchanged: true })
  await tick()
  await assert.rejects(stale.done, { status: 'stale' })
  await Promise.all([
    bob.collection('shapes').set('a', { x: 4 }, { ifUnchanged: true }).done,
    tick(),
  ])
  assert.deepEqual(ada.collection('shapes').get('a'), { x: 4 })
})

test('a group is one operation, and its changes show together', async () => {
  const { server, rooms, tick } = await roomOf(2)
  const [ada, bob] = rooms
  const seen = watch(ada)
  const shapes = ada.collection('shapes')
  const group = ada.group(() => {
    shapes.put('a', { x: 1 })
    shapes.set('a', { x: 2 })
    shapes.put('b', { x: 3 })
    shapes.delete('b')
    assert.equal(shapes.get('a')?.['x'], 2)
    assert.equal(seen.length, 0)
  })
  assert.deepEqual(
    seen.map(({ kind, id, record }) => [kind, id, record]),
    [['add', 'a', { x: 2 }]],
  )
  await tick()
  await group.done
  const operations = socketOf(server).sent.filter((message) => (message as Json[])[0] === 1)
  assert.deepEqual(
    operations.map((message) => (message as Json[]).length),
    [2],
  )
  assert.deepEqual([...bob.collection('shapes')], [['a', { x: 2 }]])
})

test('a group that throws has not happened', async () => {
  const { rooms } = await roomOf(1)
  const [ada] = rooms
  const shapes = ada.collection('shapes')
  const seen = watch(ada)
  assert.throws(
    () =>
      ada.group(() => {
        shapes.put('a', { x: 1 })
        shapes.put('b', { x: 'far' })
      }),
    { status: 'type' },
  )
  assert.deepEqual([shapes.size, seen.length, ada.unsaved, ada.canUndo], [0, 0, 0, false])
})

test('a group takes 64 changes and no more', async () => {
  const { rooms } = await roomOf(1)
  const [ada] = rooms
  const put = (count: number) => () => {
    for (let i = 0; i < count; i++) ada.collection('shapes').put(`${count}-${i}`, { x: i })
  }
  ada.group(put(64))
  assert.throws(() => ada.group(put(65)), { status: 'limit' })
  assert.equal(ada.collection('shapes').size, 64)
})

test('what a page calls wrongly is thrown at it', async () => {
  const { rooms } = await roomOf(1)
  const [ada] = rooms
  const shapes = ada.collection('shapes')
  assert.throws(() => shapes.put('two words', {}), { status: 'malformed' })
  assert.throws(() => shapes.put('a'.repeat(25), {}), { status: 'malformed' })
  assert.throws(() => shapes.put('a', { x: 1.5 }), { status: 'type' })
  assert.throws(() => shapes.put('a', { x: 1001 }), { status: 'range' })
  assert.throws(() => shapes.put('a', { color: NaN }), { status: 'type' })
  assert.throws(() => shapes.put('a', { color: () => 1 }), { status: 'type' })
  assert.throws(() => shapes.put('a', { color: new Date() }), { status: 'type' })
  assert.throws(() => shapes.put('a', { ['x'.repeat(33)]: 1 }), { status: 'malformed' })
  assert.throws(() => shapes.put('a', { color: 'x'.repeat(70_000) }), { status: 'limit' })
  assert.throws(() => shapes.append('a', 'points', [[1, 2]]), { status: 'type' })
  assert.throws(() => shapes.append('a', 'color', [1]), { status: 'type' })
  assert.throws(() => shapes.put('a', { points: [{}] }), { status: 'type' })
  assert.throws(() => shapes.add('a', { count: 0.5 }), { status: 'type' })
  assert.throws(() => shapes.add('a', { x: 1 }), { status: 'type' })
  assert.throws(() => shapes.put('a', { color: nested(8) }), { status: 'type' })
  assert.throws(() => shapes.put('a', { color: mapOf(65) }), { status: 'type' })
  assert.throws(() => ada.emit('chat', 'x'.repeat(4_096)), { status: 'limit' })
  assert.throws(() => ada.presence.set(mapOf(33)), { status: 'limit' })
  assert.throws(() => ada.collection('presence'), { status: 'misuse' })
  assert.throws(() => ada.group(() => ada.undo()), { status: 'misuse' })
  assert.deepEqual([shapes.size, ada.unsaved], [0, 0])
})

test('what is just within the bounds is taken', async () => {
  const { rooms } = await roomOf(1)
  rooms[0].collection('shapes').put('a', { color: nested(7) })
  rooms[0].collection('shapes').put('!'.repeat(24), { ['x'.repeat(32)]: mapOf(64) })
  rooms[0].emit('chat', 'x'.repeat(4_093))
  assert.equal(rooms[0].unsaved, 3)
})

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)]
}

function mapOf(keys: number): { [key: string]: unknown } {
  return Object.fromEntries(Array.from({ length: keys }, (_, i) => [`k${i}`, i]))
}

test('values are copied: what a page does to its own later changes nothing', async () => {
  const { rooms } = await roomOf(1)
  const color = { rgb: [1, 2, 3], alpha: undefined }
  rooms[0].collection('shapes').put('a', { color })
  color.rgb[0] = 99
  assert.deepEqual(rooms[0].collection('shapes').get('a'), { color: { rgb: [1, 2, 3] } })
})

test('the queue has limits', async () => {
  const server = new TinyServer()
  const room = await server.join({ queue: { operations: 3 } })
  rooms.push(room)
  const shapes = room.collection('shapes')
  for (const id of ['a', 'b', 'c']) shapes.put(id, { x: 1 })
  assert.throws(() => shapes.put('d', { x: 1 }), { status: 'limit' })
  assert.deepEqual([shapes.size, room.unsaved], [3, 3])
})

test('offline: changes show and wait, and go out once', async () => {
  const { server, rooms } = await roomOf(1)
  const [ada] = rooms
  const told: string[] = []
  ada.on('status', ({ status, reason, retryAt }) => told.push(`${status} ${reason} ${!!retryAt}`))
  socketOf(server).end(1006)
  ada.collection('shapes').put('a', { x: 1 })
  assert.deepEqual([ada.status, ada.unsaved], ['offline', 1])
  assert.deepEqual(ada.collection('shapes').get('a'), { x: 1 })
  await new Promise((resolve) => setTimeout(resolve, 300))
  server.open()
  await settled()
  server.tick()
  assert.equal(ada.unsaved, 0)
  assert.equal(ada.status, 'live')
  assert.deepEqual(told, [
    'offline the connection broke true',
    'connecting the connection broke false',
    'live  false',
  ])
})

test('uncertain: told with what it was, rejected, and what shows is what the room has', async () => {
  const { server, rooms } = await roomOf(1)
  const [ada] = rooms
  const uncertain: (readonly Change[])[] = []
  ada.on('uncertain', (changes) => uncertain.push(changes))
  const shapes = ada.collection('shapes')
  shapes.put('a', { x: 1 })
  await settled()
  server.tick()
  const sent = shapes.set('a', { x: 2 })
  await settled()
  socketOf(server).end(1006)
  const waiting = shapes.put('b', { x: 3 })
  server.remembers = false
  await new Promise((resolve) => setTimeout(resolve, 300))
  server.open()
  await assert.rejects(sent.done, { status: 'uncertain' })
  assert.deepEqual(uncertain, [[sent]])
  assert.deepEqual(shapes.get('a'), { x: 1 })
  assert.equal(ada.canUndo, false, 'what cannot be proven ours is not taken back')
  await settled()
  server.tick()
  await waiting.done
})

test('the end: what waits is rejected, and nothing more is taken', async () => {
  const { server, rooms } = await roomOf(1)
  const [ada] = rooms
  const sent = ada.collection('shapes').put('a', { x: 1 })
  await settled()
  socketOf(server).end(4009, 'another connection has taken this seat')
  const { status, reason, error } = ada.condition
  assert.deepEqual(
    [status, reason, error?.status],
    ['closed', 'another connection has taken this seat', 'replaced'],
  )
  await assert.rejects(sent.done, { status: 'uncertain' })
  assert.throws(() => ada.collection('shapes').put('b', { x: 1 }), { status: 'closed' })
})

test('leaving says so and closes with 1000', async () => {
  const { server, rooms } = await roomOf(1)
  rooms[0].leave()
  const socket = socketOf(server)
  assert.deepEqual(socket.sent[socket.sent.length - 1], [4])
  assert.equal(socket.closedWith, 1000)
  assert.equal(rooms[0].status, 'closed')
})

test('joining: refused for good, or given up', async () => {
  const server = new TinyServer()
  let socket!: FakeSocket
  const Recorded = server.WebSocket
  const WebSocket = class {
    constructor(url: string, protocols: string[]) {
      socket = new Recorded(url, protocols) as unknown as FakeSocket
      return socket
    }
  } as never
  const refused = join('http://host:1/base/', 'lobby', { kind: 'chess', WebSocket })
  assert.equal(socket.url, 'ws://host:1/base/v1/rooms/lobby')
  socket.end(4012, 'the room has another kind')
  await assert.rejects(refused, { status: 'kind', code: 4012 })

  const aborter = new AbortController()
  const given = join('ws://host', 'lobby', { signal: aborter.signal, WebSocket })
  aborter.abort(new Error('no more'))
  await assert.rejects(given, /no more/)
  await assert.rejects(join('ws://host', 'a room', { WebSocket }), { status: 'malformed' })

  const later = new AbortController()
  const joined = join('ws://host', 'lobby', { signal: later.signal, WebSocket })
  server.open()
  const room = await joined
  later.abort()
  assert.equal(room.status, 'live', 'a signal ends the attempt, not the room')
  room.leave()
})

test('events come in their order, with who sent them; the room keeps the newest', async () => {
  const { rooms, tick } = await roomOf(2)
  const [ada, bob] = rooms
  const heard: unknown[] = []
  bob.on('event', (event) => heard.push(event))
  for (const text of ['one', 'two', 'three', 'four']) ada.emit('chat', text)
  await tick()
  assert.deepEqual(heard[0], { name: 'chat', from: 1, value: 'one', history: false })
  assert.equal(heard.length, 4)
  assert.deepEqual(
    bob.events('chat').map(({ value }) => value),
    ['two', 'three', 'four'],
  )
  assert.deepEqual(ada.events('chat'), bob.events('chat'))
  assert.deepEqual(ada.events('nothing'), [])
})

test('others: who comes, moves and goes', async () => {
  const server = new TinyServer()
  const room = await server.join()
  rooms.push(room)
  const told: string[] = []
  room.others.on('change', ({ kind, id, member }) => {
    told.push(`${kind} ${id} ${String(member['x'])}`)
  })
  const put = (slot: number, id: number, x: number) => [run(0, 1), 0b101, 1, slot, id, `u${id}`, x]
  const socket = socketOf(server)
  socket.receive(frame(1, section(2, RESTART, 2, ...put(0, 1, 4), ...put(1, 2, 6))))
  assert.equal(room.me, 1)
  assert.deepEqual([...room.others], [{ id: 2, user: 'u2', away: false, recorded: false, x: 3 }])
  socket.receive(frame(1, section(2, 0, 1, run(0, 4), 4, 1, 1, 2)))
  socket.receive(frame(1, section(2, 0, 1, 0, 1, 1)))
  assert.deepEqual(told, ['join 2 3', 'change 2 3.5', 'leave 2 3.5'])
  assert.equal(room.others.size, 0)
})

test('a handler that throws stops nothing else, and its error reaches the console', async () => {
  const { rooms } = await roomOf(1)
  const seen: string[] = []
  const shapes = rooms[0].collection('shapes')
  const offThrowing = shapes.on('change', () => {
    throw new Error('a mistake of the page')
  })
  const off = shapes.on('change', ({ id }) => seen.push(id))
  const later: (() => void)[] = []
  const { queueMicrotask } = globalThis
  globalThis.queueMicrotask = (run) => later.push(run)
  shapes.put('a', { x: 1 })
  globalThis.queueMicrotask = queueMicrotask
  offThrowing()
  off()
  shapes.put('b', { x: 1 })
  assert.deepEqual(seen, ['a'])
  assert.throws(() => later.forEach((run) => run()), /a mistake of the page/)
})

test('a field called __proto__ is a field like any other', async () => {
  const { server, rooms } = await roomOf(1)
  const socket = socketOf(server)
  const definition = [1, 1, 9, '__proto__', 0, 0, 0, 0, 1]
  socket.receive(
    newsFrame(
      1,
      [0, 0],
      section(0, 0, 1, definition),
      section(1, 0, 1, run(1, 1), 512, 1, 0, 'a', 7),
    ),
  )
  const record = rooms[0].collection('shapes').get('a')!
  assert.deepEqual(Object.entries(record), [['__proto__', 7]])
  assert.equal(Object.getPrototypeOf(record), Object.prototype)
})

test('hello carries the key, the kind and the user', async () => {
  const server = new TinyServer()
  const key = new Uint8Array(16).fill(3)
  const room = await server.join({ key, kind: 'open', user: { name: 'Ada' } })
  rooms.push(room)
  const hello = socketOf(server).sent[0] as Json[]
  assert.deepEqual(hello.slice(0, 5), [0, 1, key, 'open', { name: 'Ada' }])
  assert.deepEqual(room.user, { name: 'Ada' })
  await assert.rejects(server.join({ user: 'x'.repeat(1_100) }), { status: 'limit' })
  await assert.rejects(server.join({ key: new Uint8Array(8) }), { status: 'misuse' })
  assert.deepEqual([room.kind, room.frameRate], ['open', 20])
})
