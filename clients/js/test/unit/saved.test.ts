/** What is saved, as a page sees it: two people at a server that can crash. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Change } from '../../src/operation.js'
import type { Room } from '../../src/room.js'
import { settled, TinyServer } from './server.js'

/** A promise that nobody settles ends its test here. */
const BOUNDED = { timeout: 10_000 }

const rooms: Room[] = []
after(() => rooms.forEach((room) => room.leave()))

interface Table {
  readonly server: TinyServer
  readonly ada: Room
  readonly bob: Room
  tick(): Promise<void>
  /** The disk has all of it, and everyone knows. */
  save(): Promise<void>
  /** The server starts again with what it has saved, and everyone is back. */
  crash(): Promise<void>
}

async function table(durability = 2): Promise<Table> {
  const server = new TinyServer()
  server.durability = durability
  const [ada, bob] = [await server.join(), await server.join()]
  rooms.push(ada, bob)
  const tick = async () => {
    await settled()
    server.tick()
    await settled()
  }
  const back = async () => {
    for (const room of [ada, bob]) room.reconnect()
    server.open()
    await settled()
  }
  await tick()
  server.save()
  return {
    server,
    ada,
    bob,
    tick,
    save: async () => {
      server.save()
      await tick()
    },
    crash: async () => {
      server.crash()
      await back()
    },
  }
}

const boardOf = (room: Room) => Object.fromEntries(room.collection('shapes'))

/** Whether a promise is settled now. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  let is = false
  const note = () => (is = true)
  promise.then(note, note)
  await settled()
  return is
}

test('sending, applied, saved: a change tells each, and the room counts', BOUNDED, async () => {
  const { ada, tick, save } = await table()
  const told: unknown[] = []
  ada.on('saved', ({ tick, unsaved }) => told.push({ tick, unsaved }))
  ada.on('unsaved', (count) => told.push(count))
  const change = ada.collection('shapes').put('a', { x: 1 })
  assert.deepEqual([change.state, ada.unsaved, told], ['waiting', 1, [1]])
  await tick()
  await change.done
  assert.deepEqual([change.state, ada.unsaved], ['applied', 1])
  assert.equal(await isSettled(change.saved), false)
  await save()
  await change.saved
  assert.deepEqual([change.state, ada.unsaved, ada.durability], ['saved', 0, 'disk'])
  assert.deepEqual(told, [1, { tick: 1002, unsaved: 0 }, 0])
})

test('where there is no disk, applied is saved', BOUNDED, async () => {
  const { ada, tick } = await table(0)
  const told: number[] = []
  ada.on('saved', ({ unsaved }) => told.push(unsaved))
  const change = ada.collection('shapes').put('a', { x: 1 })
  await tick()
  await change.saved
  assert.deepEqual([ada.durability, ada.unsaved, told], ['memory', 0, [0]])
})

test('an empty group is done and saved at once', BOUNDED, async () => {
  const { ada } = await table()
  const group = ada.group(() => {})
  await Promise.all([group.done, group.saved])
  assert.equal(ada.unsaved, 0)
})

test('a refusal ends both promises', BOUNDED, async () => {
  const { ada, tick } = await table()
  const change = ada.collection('shapes').set('nothing', { x: 1 })
  await tick()
  await assert.rejects(change.done, { status: 'not found' })
  await assert.rejects(change.saved, { status: 'not found' })
  assert.deepEqual([change.state, ada.unsaved], ['failed', 0])
})

test('a crash of the server: nothing is lost, and nothing is doubled', BOUNDED, async () => {
  const { ada, bob, tick, save, crash } = await table()
  const shapes = ada.collection('shapes')
  shapes.put('a', { x: 1, count: 1 })
  shapes.append('a', 'points', ['saved'])
  await tick()
  await save()
  shapes.append('a', 'points', ['lost'])
  shapes.add('a', { count: 10 })
  bob.collection('shapes').put('b', { x: 2 })
  const chat = ada.emit('chat', 'hello')
  await tick()
  await chat.done
  const expected = boardOf(ada)
  await crash()
  assert.deepEqual([chat.state, ada.status, ada.unsaved], ['waiting', 'live', 3])
  assert.deepEqual(boardOf(ada), { a: expected['a'] }, "the other's is on its way again")
  await tick()
  assert.deepEqual(boardOf(ada), expected)
  assert.deepEqual(boardOf(bob), expected)
  assert.deepEqual(
    ada.events('chat').map(({ value }) => value),
    ['hello'],
  )
  await save()
  await chat.saved
  assert.deepEqual([ada.unsaved, bob.unsaved], [0, 0])
})

test('own changes stay on the page from the crash to the end of it', BOUNDED, async () => {
  const { ada, tick, crash, save } = await table()
  const shapes = ada.collection('shapes')
  shapes.put('a', { x: 1 })
  await tick()
  await save()
  shapes.set('a', { x: 2 })
  shapes.append('a', 'points', [1])
  await tick()
  let changes = 0
  shapes.on('change', () => changes++)
  await crash()
  await tick()
  await save()
  assert.deepEqual([changes, boardOf(ada)], [0, { a: { x: 2, points: [1] } }])
})

test('a change that was applied and is refused after a crash is told, once', BOUNDED, async () => {
  const { ada, bob, tick, save, crash } = await table()
  bob.collection('shapes').put('a', { x: 0 })
  await tick()
  await save()
  const refused: [Change, string][] = []
  ada.on('refused', ({ change, error }) => refused.push([change, error.status]))
  const change = ada.collection('shapes').put('a', { x: 1 })
  const guarded = ada.collection('shapes').set('a', { x: 2 }, { ifUnchanged: true })
  await tick()
  await change.done
  assert.deepEqual(refused, [[guarded, 'stale']], 'by our own first change')
  refused.length = 0
  const late = ada.collection('shapes').set('a', { x: 3 }, { ifUnchanged: true })
  await tick()
  await late.done
  await crash()
  assert.deepEqual(refused, [[late, 'stale']])
  await assert.rejects(late.saved, { status: 'stale' })
  await tick()
  await save()
  await change.saved
  assert.deepEqual([boardOf(ada), ada.unsaved], [{ a: { x: 1 } }, 0])
  ada.undo()
  await tick()
  assert.deepEqual(boardOf(bob), { a: { x: 0 } }, 'what was refused is no step of the history')
})

const CRASHES: [string, (t: Table) => Promise<void>][] = [
  ['before anything is saved', async () => {}],
  ['with half of it saved', (t) => t.save()],
]

for (const [when, meanwhile] of CRASHES) {
  test(`undo and redo go on after a crash ${when}`, BOUNDED, async () => {
    const t = await table()
    const { ada, bob, tick, crash } = t
    const shapes = ada.collection('shapes')
    const step = async (change: () => void) => {
      change()
      await tick()
    }
    await step(() => shapes.set('nothing', { x: 0 }))
    await step(() => shapes.put('a', { x: 1 }))
    await step(() => shapes.set('a', { x: 2 }))
    await meanwhile(t)
    await step(() => shapes.set('a', { x: 3, color: 'red' }))
    await step(() => ada.undo())
    await crash()
    await tick()
    assert.deepEqual(boardOf(bob), { a: { x: 2 } })
    await step(() => ada.undo())
    assert.deepEqual(boardOf(bob), { a: { x: 1 } })
    await step(() => ada.redo())
    await step(() => ada.redo())
    assert.deepEqual(boardOf(bob), { a: { x: 3, color: 'red' } })
    for (let i = 0; i < 3; i++) await step(() => ada.undo())
    assert.deepEqual([boardOf(bob), boardOf(ada), ada.canUndo], [{}, {}, false])
  })
}

test('a room that came back without us: what may be lost is uncertain', BOUNDED, async () => {
  const { server, ada, bob, tick, save, crash } = await table()
  const shapes = ada.collection('shapes')
  const safe = shapes.put('a', { x: 1 })
  await tick()
  await save()
  const uncertain: (readonly Change[])[] = []
  ada.on('uncertain', (changes) => uncertain.push(changes))
  const lost = shapes.set('a', { x: 2 })
  await tick()
  await lost.done
  server.remembers = false
  await crash()
  assert.deepEqual(uncertain, [[lost]])
  await assert.rejects(lost.saved, { status: 'uncertain' })
  await safe.saved
  assert.deepEqual([boardOf(ada), boardOf(bob)], [{ a: { x: 1 } }, { a: { x: 1 } }])
  assert.equal(ada.unsaved, 0)
})

test('who leaves is told which changes were not known to be saved', BOUNDED, async () => {
  const { ada, tick } = await table()
  const change = ada.collection('shapes').put('a', { x: 1 })
  await tick()
  await change.done
  ada.leave()
  await assert.rejects(change.saved, { status: 'closed' })
  assert.deepEqual([change.state, ada.unsaved], ['applied', 0])
})

test('how the disk is: the room tells when it is different', BOUNDED, async () => {
  const { server, ada } = await table()
  const told: string[] = []
  ada.on('saving', (saving) => told.push(saving))
  const socket = () => server.seats[0]!.socket
  for (const state of [1, 1, 2, 0, 1]) socket().receive([5, state])
  assert.deepEqual(
    [ada.saving, told],
    ['interrupted', ['interrupted', 'paused', 'ok', 'interrupted']],
  )
  socket().end(1006)
  assert.equal(ada.saving, 'interrupted', 'until the server says else')
  ada.reconnect()
  server.open()
  assert.deepEqual([ada.saving, told.at(-1)], ['ok', 'ok'])
})

test('a room whose data is damaged says so, and is closed', BOUNDED, async () => {
  const { server, ada } = await table()
  server.seats[0]!.socket.end(4018)
  const { status, reason, error } = ada.condition
  assert.deepEqual(
    [status, reason, error?.status, error?.code],
    ['closed', 'what was saved of this room is damaged', 'quarantined', 4018],
  )
})

test(
  'reconnect tries now, and does nothing while there is a connection or after the end',
  BOUNDED,
  async () => {
    const { server, ada } = await table()
    const told: string[] = []
    ada.on('status', ({ status }) => told.push(status))
    ada.reconnect()
    server.seats[0]!.socket.end(1006)
    ada.reconnect()
    ada.reconnect()
    server.open()
    ada.leave()
    ada.reconnect()
    assert.deepEqual(told, ['offline', 'connecting', 'live', 'closed'])
  },
)

test('the status comes with its room from the first attempt on', BOUNDED, async () => {
  const server = new TinyServer()
  const told: [string, Room][] = []
  const joining = server.join({ onStatus: ({ status }, room) => told.push([status, room]) })
  const room = await joining
  rooms.push(room)
  assert.deepEqual(
    told.map(([status]) => status),
    ['connecting', 'live'],
  )
  assert.ok(told.every(([, other]) => other === room))
  assert.deepEqual([room.tickRate, room.frameRate], [20, 20])
})
