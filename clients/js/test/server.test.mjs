// The client as pages use it, against the real server: TUTTI_SERVER names its binary.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { join, TuttiError } from 'tutti'
import { startServer, startWire, until } from './server/server.mjs'

let server
let wire
let roomNumber = 0
const rooms = []

before(async () => {
  server = await startServer()
  wire = await startWire(server.port)
})

after(async () => {
  for (const room of rooms) room.leave()
  await wire?.close()
  await server?.stop()
})

const newName = () => `room-${++roomNumber}`

async function enter(name, options = {}) {
  const room = await join(wire.url, name, { signal: AbortSignal.timeout(20_000), ...options })
  rooms.push(room)
  return room
}

async function two(options) {
  const name = newName()
  const ada = await enter(name, { user: { name: 'Ada' }, ...options })
  const bob = await enter(name, { user: { name: 'Bob' }, ...options })
  await until(() => ada.others.size === 1, 'Ada sees Bob')
  return [ada, bob, name]
}

const boardOf = (room, collection = 'shapes') => Object.fromEntries(room.collection(collection))

const sameBoards = (a, b, collection) =>
  until(
    () =>
      a.unsaved + b.unsaved === 0 &&
      JSON.stringify(sorted(boardOf(a, collection))) ===
        JSON.stringify(sorted(boardOf(b, collection))),
    'both see the same',
  )

function sorted(value) {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  )
}

test('who is here, and as whom', async () => {
  const [ada, bob] = await two()
  assert.deepEqual(
    [...bob.others].map(({ id, user, away }) => ({ id, user, away })),
    [{ id: ada.me, user: { name: 'Ada' }, away: false }],
  )
  const left = []
  ada.others.on('leave', ({ id }) => left.push(id))
  const { me } = bob
  bob.leave()
  await until(() => left.length > 0, 'Ada sees Bob leave')
  assert.deepEqual(left, [me])
  assert.equal(ada.others.size, 0)
})

test('cursors move, in half pixels', async () => {
  const [ada, bob] = await two({ kind: 'cursors' })
  assert.equal(ada.kind, 'cursors')
  ada.presence.set({ x: 100.3, y: 200 })
  await until(() => bob.others.get(ada.me)?.x !== undefined, 'the cursor is there')
  const { x, y } = bob.others.get(ada.me)
  assert.deepEqual([x, y], [100.5, 200])
  const seen = []
  bob.others.on('change', ({ member }) => seen.push(member.x))
  for (let i = 1; i <= 40; i++) {
    const x = 100 + i * 3
    ada.presence.set({ x, y: 200 - i })
    await new Promise((resolve) => setTimeout(resolve, 10))
    if (i % 10 === 0) await until(() => bob.others.get(ada.me).x === x, 'it is on its way')
  }
  await until(() => bob.others.get(ada.me).x === 220, 'the last position is there')
  assert.ok(seen.length > 2 && seen.length <= 40, `${seen.length} steps`)
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    seen,
    'in order',
  )
  ada.presence.set({ typing: true, state: { say: 'hi' } })
  await until(() => bob.others.get(ada.me).typing, 'the other fields')
  assert.deepEqual(bob.others.get(ada.me).state, { say: 'hi' })
  ada.presence.set({ state: null })
  await until(() => !('state' in bob.others.get(ada.me)), 'a field can be unset')
})

test('presence: a flood goes out with the frame rate, the newest last', async () => {
  const [ada, bob] = await two({ kind: 'cursors' })
  const { messagesOut } = ada.stats
  const begun = performance.now()
  for (let i = 0; i < 400; i++) {
    ada.presence.set({ x: i })
    if (i % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await until(() => bob.others.get(ada.me)?.x === 399, 'the newest')
  assert.ok(ada.stats.messagesOut - messagesOut < 50 + (performance.now() - begun) / 40)
  assert.equal(ada.status, 'live')
})

test('presence that does not fit is thrown at the caller', async () => {
  const [ada] = await two({ kind: 'cursors' })
  const { minimum, maximum, steps } = ada.presence.field('x')
  assert.throws(() => ada.presence.set({ x: (maximum + 1) / steps }), { status: 'range' })
  assert.throws(() => ada.presence.set({ x: (minimum - 1) / steps }), { status: 'range' })
  assert.throws(() => ada.presence.set({ x: 'left' }), { status: 'type' })
})

test('records: made, changed, appended to, added to, deleted', async () => {
  const [ada, bob] = await two()
  const shapes = ada.collection('shapes')
  const changes = []
  bob.collection('shapes').on('change', ({ kind, id }) => changes.push(`${kind} ${id}`))
  await shapes.put('a', { kind: 'rect', x: 1.25, deep: { list: [1, 'two', null] } }).done
  await shapes.append('a', 'points', [1, 2]).done
  await shapes.append('a', 'points', [3]).done
  await shapes.add('a', { votes: 2 }).done
  await shapes.set('a', { kind: null, x: -7 }).done
  await until(() => bob.collection('shapes').get('a')?.x === -7, 'Bob has it')
  const expected = { x: -7, deep: { list: [1, 'two', null] }, points: [1, 2, 3], votes: 2 }
  assert.deepEqual(sorted(bob.collection('shapes').get('a')), sorted(expected))
  assert.deepEqual(sorted(shapes.get('a')), sorted(expected))
  await shapes.delete('a').done
  await until(() => bob.collection('shapes').size === 0, 'it is gone')
  assert.equal(changes[0], 'add a')
  assert.equal(changes.at(-1), 'delete a')
})

test('own changes never flicker, whatever the other does', async () => {
  const [ada, bob] = await two()
  const shapes = ada.collection('shapes')
  await shapes.put('a', { n: 0 }).done
  await shapes.append('a', 'log', ['start']).done
  await until(() => bob.collection('shapes').has('a'), 'Bob has it')
  const lengths = []
  shapes.on('change', ({ record }) => lengths.push(record.log.length))
  for (let i = 0; i < 60; i++) {
    shapes.append('a', 'log', [`a${i}`])
    bob.collection('shapes').append('a', 'log', [`b${i}`])
    await new Promise((resolve) => setTimeout(resolve, 7))
  }
  await sameBoards(ada, bob)
  const { log } = shapes.get('a')
  assert.equal(log.length, 121)
  assert.equal(new Set(log).size, 121)
  assert.deepEqual(
    [...lengths].sort((a, b) => a - b),
    lengths,
    'the list never became shorter',
  )
})

test('refusals: what the other deleted, what exists, what is stale', async () => {
  const [ada, bob] = await two()
  const [shapes, theirs] = [ada.collection('shapes'), bob.collection('shapes')]
  await shapes.put('a', { n: 0 }).done
  await until(() => theirs.has('a'), 'Bob has it')
  await assert.rejects(theirs.put('a', { n: 1 }, { ifNew: true }).done, { status: 'exists' })
  shapes.delete('a')
  await ada.collection('other').put('x', {}).done
  await assert.rejects(theirs.set('a', { n: 2 }).done, { status: 'deleted' })
  await assert.rejects(theirs.set('none', { n: 2 }).done, { status: 'not found' })
  await shapes.put('b', { n: 0 }).done
  await until(() => theirs.has('b'), 'Bob has it')
  const both = [shapes, theirs].map((collection) =>
    collection.set('b', { n: 1 }, { ifUnchanged: true }).done.then(
      () => 'applied',
      (error) => error.status,
    ),
  )
  assert.deepEqual((await Promise.all(both)).sort(), ['applied', 'stale'])
  const refused = []
  bob.on('refused', ({ error }) => refused.push(error.status))
  theirs.set('nowhere', { n: 1 })
  await until(() => refused.length === 1, 'the room tells a refusal that nobody waits for')
})

test('a group applies whole or not at all', async () => {
  const [ada, bob] = await two()
  const shapes = ada.collection('shapes')
  await shapes.put('a', { n: 0 }).done
  const refused = ada.group(() => {
    shapes.set('a', { n: 1 })
    shapes.put('b', { n: 1 })
    ada.collection('other').set('missing', { n: 1 })
  })
  await assert.rejects(refused.done, { status: 'not found' })
  assert.deepEqual(boardOf(ada), { a: { n: 0 } })
  await ada.group(() => {
    shapes.set('a', { n: 2 })
    shapes.put('b', { n: 2 })
  }).done
  await sameBoards(ada, bob)
  assert.deepEqual(boardOf(bob), { a: { n: 2 }, b: { n: 2 } })
})

test('events: to everyone, to one; who comes later finds the newest', async () => {
  const [ada, bob, name] = await two()
  const heard = { ada: [], bob: [] }
  ada.on('event', ({ name, from, value }) => heard.ada.push([name, from, value]))
  bob.on('event', ({ name, from, value }) => heard.bob.push([name, from, value]))
  await ada.emit('chat', { text: 'hello' }).done
  await bob.emit('secret', 'psst', { to: ada.me }).done
  await bob.emit('chat', { text: 'hi' }).done
  await until(() => heard.ada.length === 3 && heard.bob.length >= 2, 'both have heard')
  assert.deepEqual(heard.ada, [
    ['chat', ada.me, { text: 'hello' }],
    ['secret', bob.me, 'psst'],
    ['chat', bob.me, { text: 'hi' }],
  ])
  assert.deepEqual(
    heard.bob.filter(([event]) => event === 'chat').map(([, , value]) => value.text),
    ['hello', 'hi'],
  )
  const cleo = await enter(name)
  assert.deepEqual(
    cleo.events('chat').map(({ value }) => value.text),
    ['hello', 'hi'],
  )
  assert.deepEqual(cleo.events('secret'), [])
})

test('undo and redo, each for oneself', async () => {
  const [ada, bob] = await two()
  const [shapes, theirs] = [ada.collection('shapes'), bob.collection('shapes')]
  await shapes.put('a', { x: 1, color: 'red' }).done
  await shapes.set('a', { x: 2, color: 'blue' }).done
  await until(() => theirs.get('a')?.x === 2, 'Bob has it')
  await theirs.set('a', { x: 9 }).done
  await until(() => shapes.get('a').x === 9, 'Ada has it')
  ada.undo()
  await sameBoards(ada, bob)
  assert.deepEqual(boardOf(bob), { a: { x: 9, color: 'red' } })
  ada.redo()
  await sameBoards(ada, bob)
  assert.deepEqual(boardOf(bob), { a: { x: 9, color: 'blue' } })
  await shapes.put('b', { x: 1 }).done
  await shapes.append('b', 'points', [1, 2]).done
  await shapes.delete('b').done
  ada.undo()
  await sameBoards(ada, bob)
  assert.deepEqual(theirs.get('b'), { x: 1, points: [1, 2] })
  ada.undo()
  ada.undo()
  await sameBoards(ada, bob)
  assert.equal(theirs.has('b'), false)
  for (let i = 0; i < 3; i++) ada.redo()
  await sameBoards(ada, bob)
  assert.equal(theirs.has('b'), false)
  ada.undo()
  await sameBoards(ada, bob)
  assert.deepEqual(theirs.get('b'), { x: 1, points: [1, 2] })
})

test('undo and redo at random: what both see is the same, and down and up is where it was', async () => {
  const [ada, bob] = await two()
  const shapes = ada.collection('shapes')
  const ids = ['a', 'b', 'c']
  for (let i = 0; i < 120; i++) {
    const id = ids[i % 3]
    if (!shapes.has(id)) shapes.put(`${id}${i}`, { x: i })
    else if (i % 7 === 0) shapes.delete(id)
    else shapes.set(id, { x: i, [`f${i % 5}`]: i })
    if (i % 3 === 0) ids[i % 3] = [...shapes.ids()][0] ?? 'a'
    if (i % 11 === 0) ada.undo()
    if (i % 13 === 0) ada.redo()
    if (i % 10 === 0) await sameBoards(ada, bob)
  }
  await sameBoards(ada, bob)
  const end = JSON.stringify(sorted(boardOf(ada)))
  while (ada.undo());
  await sameBoards(ada, bob)
  assert.deepEqual(boardOf(bob), {})
  while (ada.redo());
  await sameBoards(ada, bob)
  assert.equal(JSON.stringify(sorted(boardOf(bob))), end)
})

test('a cut wire: changes wait, show, and arrive once; the seat is kept', async () => {
  const [ada, bob] = await two()
  await ada.collection('counts').put('x', { label: 'sum' }).done
  const { me } = ada
  const statuses = []
  ada.on('status', ({ status }) => statuses.push(status))
  const rounds = 6
  for (let round = 0; round < rounds; round++) {
    ada.collection('counts').add('x', { n: 1 })
    // At another point of its way each time: queued, sent, applied, or told.
    await new Promise((resolve) => setTimeout(resolve, 12 * round))
    wire.cut()
    ada.collection('counts').add('x', { n: 1 })
    bob.collection('counts').add('x', { n: 100 })
    await until(() => statuses.at(-1) !== 'live', 'it notices')
    ada.collection('counts').add('x', { n: 1 })
    await until(() => ada.status === 'live' && bob.status === 'live', 'both are back')
  }
  await sameBoards(ada, bob, 'counts')
  assert.equal(boardOf(bob, 'counts').x.n, rounds * 103)
  assert.equal(ada.me, me)
  assert.ok(statuses.includes('offline') && statuses.includes('connecting'))
})

test('two people at random, on wires that break: nothing is malformed, and both end the same', async () => {
  const name = newName()
  const lines = [await startWire(server.port), await startWire(server.port)]
  const people = await Promise.all(lines.map((line) => join(line.url, name)))
  const faults = []
  for (const room of people) {
    room.on('status', ({ reason }) => /malformed/.test(reason) && faults.push(reason))
    room.on('uncertain', () => faults.push('uncertain'))
  }
  let added = 0
  for (let step = 0; step < 600; step++) {
    const room = people[step % 2]
    const shapes = room.collection('shapes')
    const id = `r${Math.floor(Math.random() * 6)}`
    const verb = Math.floor(Math.random() * 8)
    if (verb === 0) shapes.put(shapes.newId(), { step, nested: { step } })
    if (verb === 1) shapes.put(id, { step })
    if (verb === 2) shapes.set(id, { [`f${step % 9}`]: step, old: null })
    if (verb === 3) shapes.append(id, 'list', [step, `${step}`])
    if (verb === 4) shapes.delete([...shapes.ids()][3] ?? id)
    if (verb === 5) room.group(() => [0, 1, 2].forEach((n) => shapes.put(`g${n}`, { step })))
    if (verb === 6) added += 1
    if (verb === 6) room.collection('sums').add('sum', { n: 1 })
    if (verb === 7 && !room.undo()) room.redo()
    if (step === 0) await room.collection('sums').put('sum', { of: 'all' }).done
    if (step % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 15))
    if (step % 150 === 99) lines[(step + 1) % 2].cut()
  }
  await until(() => people.every(({ status }) => status === 'live'), 'both are back')
  await sameBoards(...people)
  await sameBoards(...people, 'sums')
  assert.deepEqual(faults, [])
  assert.ok(added > 20)
  for (const [i, room] of people.entries()) {
    room.leave()
    await lines[i].close()
  }
})

test('a seat that is kept shows as away, presence and all', async () => {
  const name = newName()
  const ada = await enter(name, { kind: 'cursors' })
  const line = await startWire(server.port)
  const bob = await join(line.url, name, { kind: 'cursors' })
  bob.presence.set({ x: 5, y: 5 })
  await until(() => ada.others.get(bob.me)?.x === 5, 'Ada sees the cursor')
  line.refuses = true
  line.cut()
  await until(() => ada.others.get(bob.me).away, 'Bob is away for Ada')
  assert.equal(ada.others.get(bob.me).x, 5)
  bob.presence.set({ x: 6 })
  assert.equal(bob.presence.get().x, 6)
  line.refuses = false
  await until(() => ada.others.get(bob.me)?.x === 6, 'Bob is back, where he went meanwhile')
  assert.equal(ada.others.get(bob.me).away, false)
  assert.equal(ada.others.size, 1)
  bob.leave()
  await line.close()
})

test('a wire that refuses: it says when it tries again, and comes back', async () => {
  const [ada] = await two()
  wire.refuses = true
  wire.cut()
  await until(() => ada.status === 'offline', 'it is offline')
  const condition = await until(
    () => ada.condition.retryAt !== null && ada.condition,
    'it says when it tries again',
  )
  assert.ok(condition.reason.length > 0)
  const { connections } = wire
  await until(() => wire.connections >= connections + 3, 'it tries again and again')
  wire.refuses = false
  await until(() => ada.status === 'live', 'it is back')
})

test('a wire that goes silent is noticed, and nothing is lost or counted twice', async () => {
  const [ada, bob] = await two()
  await ada.collection('counts').put('x', { label: 'sum' }).done
  wire.stalls = true
  ada.collection('counts').add('x', { n: 1 })
  const offline = await until(() => ada.status !== 'live' && ada.condition, 'it is noticed')
  assert.match(offline.reason, /no sign of life|broke/)
  ada.collection('counts').add('x', { n: 1 })
  wire.stalls = false
  await until(() => ada.status === 'live' && bob.status === 'live', 'both are back')
  await sameBoards(ada, bob, 'counts')
  assert.equal(boardOf(bob, 'counts').x.n, 2)
})

test('a flood of changes is paced: all are applied, the connection holds', async () => {
  const [ada, bob] = await two()
  const closed = []
  ada.on('status', ({ status, reason }) => closed.push(`${status} ${reason}`))
  const shapes = ada.collection('shapes')
  let last
  for (let i = 0; i < 900; i++) last = shapes.put(`s${i}`, { i, text: 'x'.repeat(100) })
  assert.throws(
    () => {
      for (let i = 0; i < 900; i++) shapes.put(`t${i}`, { i })
    },
    (error) => error instanceof TuttiError && error.status === 'limit',
  )
  assert.ok(ada.unsaved > 0)
  await last.done
  await sameBoards(ada, bob)
  assert.ok(bob.collection('shapes').size >= 900)
  assert.deepEqual(closed, [])
})

test('a large room arrives whole, and then shows', async () => {
  const [ada, , name] = await two()
  const shapes = ada.collection('shapes')
  for (let i = 0; i < 600; i++) {
    const change = shapes.put(`s${i}`, { i, text: 'x'.repeat(500) })
    if (i % 100 === 99) await change.done
  }
  const cleo = await enter(name)
  assert.equal(cleo.collection('shapes').size, 600)
  assert.ok(cleo.stats.framesIn > 5, 'in as many parts as so much takes')
  assert.ok(cleo.stats.bytesIn < 100_000, 'which are deflated on their way')
})

test('the clock of the server', async () => {
  const [ada] = await two()
  await until(() => ada.clock.rtt !== null, 'it has been asked')
  assert.ok(Math.abs(ada.clock.now() - Date.now()) < 5_000)
  assert.ok(Math.abs(ada.clock.offset) < 5_000)
})

test('interpolation follows a moving hand', async () => {
  const [ada, bob] = await two({ kind: 'cursors' })
  bob.others.interpolate(['x'])
  ada.presence.set({ x: 0 })
  await until(() => bob.others.get(ada.me)?.x === 0, 'the cursor is there')
  const shown = []
  for (let i = 1; i <= 50; i++) {
    ada.presence.set({ x: i * 10 })
    await new Promise((resolve) => setTimeout(resolve, 10))
    shown.push(bob.others.at(ada.me).x)
  }
  assert.deepEqual(
    [...shown].sort((a, b) => a - b),
    shown,
    'it never goes back',
  )
  assert.ok(
    shown.every((x) => x <= 500),
    'it never runs ahead',
  )
  await until(() => bob.others.at(ada.me).x === 500, 'it arrives')
})

test('the same key a second time takes the seat over', async () => {
  const name = newName()
  const key = new Uint8Array(16).map((_, i) => i * 7 + roomNumber)
  const first = await enter(name, { key })
  const { me } = first
  const second = await enter(name, { key })
  await until(() => first.status === 'closed', 'the first is over')
  assert.equal(first.condition.error.status, 'replaced')
  assert.equal(second.me, me)
  assert.equal(second.status, 'live')
})

test('what the server refuses for good rejects', async () => {
  const name = newName()
  await enter(name, { kind: 'open' })
  await assert.rejects(enter(name, { kind: 'cursors' }), { status: 'kind', code: 4012 })
  await assert.rejects(enter(newName(), { kind: 'no-such-kind' }), { status: 'kind' })
  await assert.rejects(join(`${wire.url}/somewhere`, 'a'), { status: 'not found' })
})

test('a kind that learns no names refuses others, and goes on', async () => {
  const [ada] = await two({ kind: 'cursors' })
  await assert.rejects(ada.collection('shapes').put('a', { x: 1 }).done, TuttiError)
  assert.equal(ada.status, 'live')
  assert.equal(ada.collection('shapes').size, 0)
})

test('the server restarts under a page: uncertain is told, what waits is sent, the page lives', async () => {
  const own = await startServer()
  const line = await startWire(own.port)
  const room = await join(line.url, newName())
  const shapes = room.collection('shapes')
  await shapes.put('a', { x: 1 }).saved
  const uncertain = []
  const deleted = []
  room.on('uncertain', (changes) => uncertain.push(...changes))
  shapes.on('delete', ({ id, mine }) => deleted.push([id, mine]))
  line.stalls = true
  const sent = shapes.put('b', { x: 2 })
  const { up } = line
  await until(() => line.up > up, 'it was sent')
  line.refuses = true
  await own.stop('SIGKILL')
  line.cut()
  await until(() => room.status === 'offline', 'it is noticed')
  const waiting = shapes.put('c', { x: 3 })
  assert.deepEqual(boardOf(room), { a: { x: 1 }, b: { x: 2 }, c: { x: 3 } })
  const next = await startServer()
  line.upstream = next.port
  line.stalls = false
  line.refuses = false
  await waiting.done
  await assert.rejects(sent.done, { status: 'uncertain' })
  assert.deepEqual(uncertain, [sent])
  assert.deepEqual(boardOf(room), { c: { x: 3 } })
  assert.deepEqual(deleted.sort(), [
    ['a', false],
    ['b', false],
  ])
  const reasons = []
  room.on('status', ({ status, reason, retryAt }) => reasons.push({ status, reason, retryAt }))
  line.refuses = true
  await next.stop('SIGTERM')
  await until(() => reasons.length > 0, 'a polite end is told')
  assert.equal(reasons[0].status, 'offline')
  room.leave()
  await line.close()
})
