// Records of one room brought back into another: through the real server, which TUTTI_SERVER names.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import '../../src/node.js'
import { remove } from '../../src/board/edit/content.js'
import { submit } from '../../src/board/edit/edit.js'
import { COLOUR } from '../../src/board/style.js'
import { Scene } from '../../src/board/scene.js'
import {
  authors,
  fork,
  join,
  planRestore,
  replay,
  restore,
  type Authors,
  type JoinOptions,
  type PlannedChange,
  type Replay,
  type RestoreOptions,
  type Room,
} from '../../src/tutti.js'
// @ts-expect-error plain JavaScript
import { startServer, until } from '../server/server.mjs'

let server: { port: number; stop(signal?: string): Promise<unknown> }
const rooms: { leave(): void }[] = []
let count = 0

before(async () => (server = await startServer()))

after(async () => {
  for (const room of rooms) room.leave()
  await server.stop()
})

async function enter(name = `room-${++count}`, options: JoinOptions = {}): Promise<Room> {
  const room = await join(`ws://127.0.0.1:${server.port}`, name, options)
  rooms.push(room)
  return room
}

const nameOf = ({ url }: Room) => url.slice(url.lastIndexOf('/') + 1)
const shapesOf = (room: Room) => Object.fromEntries(room.collection('shapes'))
const decided = (...people: Room[]) =>
  until(() => people.every(({ unsaved }) => unsaved === 0), 'all is decided and saved')

/** A room with these shapes, and someone else in it. */
async function roomWith(shapes: { [id: string]: object }, options: JoinOptions = {}) {
  const room = await enter(undefined, options)
  for (const [id, fields] of Object.entries(shapes))
    room.collection('shapes').put(id, { ...fields })
  await decided(room)
  const other = await enter(nameOf(room))
  return { room, other }
}

const THEN = {
  same: { x: 1 },
  moved: { x: 2, colour: 'red' },
  gone: { x: 3, points: [1, 2, 3] },
}

test('what is gone comes back, what is different is as it was, what is new stays', async () => {
  const then = await enter()
  for (const [id, fields] of Object.entries(THEN)) then.collection('shapes').put(id, fields)
  const now = { same: { x: 1 }, moved: { x: 20, size: 4 }, later: { x: 9 } }
  const { room, other } = await roomWith(now)

  const plan = planRestore(then, room, { records: { shapes: true } })
  assert.deepEqual(plan.counts, { put: 1, set: 1, delete: 0 })
  assert.equal(plan.unchanged, 1)
  assert.deepEqual(shapesOf(room), now, 'a plan changes nothing')

  const { done, saved } = plan.apply()
  assert.deepEqual(shapesOf(room), { ...THEN, later: { x: 9 } }, 'it shows at once')
  const { applied, conflicts, refused, isStopped } = await done
  assert.deepEqual([applied.length, conflicts.length, refused.length], [2, 0, 0])
  assert.equal(isStopped, false)
  await saved
  await until(() => Object.keys(shapesOf(other)).length === 4, 'the other has it')
  assert.deepEqual(shapesOf(other), shapesOf(room))

  assert.ok(room.undo())
  assert.deepEqual(shapesOf(room), now, 'one step takes all of it back')
  assert.ok(room.redo())
  await decided(room)
  await until(() => 'gone' in shapesOf(other), 'the other has it again')
  assert.deepEqual(shapesOf(other), shapesOf(room))
})

test('only what was chosen, and what there was not then goes where that is asked', async () => {
  const { room: then } = await roomWith({ a: { by: 1 }, b: { by: 2 }, c: { by: 1 } })
  const now = { a: { by: 1, x: 1 }, later: { by: 1 }, others: { by: 2 } }
  const { room, other } = await roomWith(now)
  const { done } = restore(then, room, {
    records: { shapes: true },
    where: (_collection, _id, { by }) => by === 1,
    removes: true,
  })
  await done
  await until(() => !('later' in shapesOf(other)), 'the other has it')
  assert.deepEqual(shapesOf(other), { a: { by: 1 }, c: { by: 1 }, others: { by: 2 } })
  restore(then, room, { records: { shapes: ['b', 'b', 'others', 'nowhere'] } })
  assert.deepEqual(shapesOf(room), { ...shapesOf(other), b: { by: 2 } })
})

test('what somebody changes after it was planned stays', async () => {
  const { room: then } = await roomWith({ a: { x: 1 }, b: { x: 1 } })
  const { room, other } = await roomWith({ a: { x: 2 }, b: { x: 2 } })
  const plan = planRestore(then, room, { records: { shapes: true } })
  other.collection('shapes').set('b', { x: 3 })
  await until(() => room.collection('shapes').get('b')?.['x'] === 3, 'it is here')
  assert.deepEqual(
    plan.conflicts.map(({ id }) => id),
    ['b'],
  )
  const { applied, conflicts } = await plan.apply().done
  assert.deepEqual([applied[0]!.id, conflicts[0]!.id], ['a', 'b'])
  assert.deepEqual(shapesOf(room), { a: { x: 1 }, b: { x: 3 } })
})

test('what somebody has deleted comes back as itself, and whoever deleted it leaves it', async () => {
  const shapes = { box: { x: 1 }, arrow: { at: 'box' } }
  const { room: then } = await roomWith(shapes)
  const { room, other } = await roomWith(shapes)
  other.collection('shapes').delete('box')
  await until(() => !('box' in shapesOf(room)), 'it is gone')
  const late = room.collection('shapes').put('box', { x: 5 })
  await assert.rejects(late.done, { status: 'deleted' })

  const { applied, conflicts } = await restore(then, room, { records: { shapes: true } }).done
  assert.deepEqual([applied.length, conflicts.length], [1, 0])
  await until(() => 'box' in shapesOf(other), 'the other has it')
  assert.deepEqual(shapesOf(other), shapes)
  other.undo()
  await decided(other)
  assert.deepEqual(shapesOf(other), shapes)
  assert.ok(room.undo())
  assert.ok(room.redo())
  await decided(room)
  assert.deepEqual(shapesOf(room), shapes)
})

/** More than a queue takes that holds three operations, and than the 1,000 that one usually takes. */
const MANY = 1_300

test('much of it comes in pieces, tells how far it is, and is one step', async () => {
  const many = Object.fromEntries(
    Array.from({ length: MANY }, (_, i) => [
      `s${i}`,
      { x: i, words: 'w'.repeat(i === 7 ? 30_000 : 9) },
    ]),
  )
  const then = await enter()
  for (let i = 0; i < MANY; i += 64) {
    const ids = Object.keys(many).slice(i, i + 64)
    then.group(() => ids.forEach((id) => then.collection('shapes').put(id, many[id]!)))
  }
  const { room, other } = await roomWith({ mine: { x: 1 } }, { queue: { operations: 3 } })
  const told: number[] = []
  const restoration = restore(then, room, {
    records: { shapes: true },
    onProgress: (count, all) => told.push(count, all),
  })
  assert.ok(room.collection('shapes').size < MANY, 'not all at once')
  room.collection('shapes').set('mine', { x: 2 })
  const { applied, isStopped } = await restoration.done
  await restoration.saved
  assert.deepEqual([applied.length, isStopped], [MANY, false])
  assert.deepEqual(told.slice(-2), [MANY, MANY])
  assert.ok(told.length > 8)
  assert.deepEqual(shapesOf(room), { ...many, mine: { x: 2 } })
  assert.ok(room.undo(), 'what was changed meanwhile is a step of its own')
  assert.ok(room.undo())
  assert.deepEqual(shapesOf(room), { mine: { x: 1 } }, 'more than the queue takes')
  await decided(room)
  assert.ok(room.redo())
  await decided(room)
  await until(() => other.collection('shapes').size === MANY + 1, 'the other has it again')
  assert.deepEqual(shapesOf(other), { ...many, mine: { x: 1 } })
})

test('an undo in the midst of it ends it', async () => {
  const then = await enter()
  for (let i = 0; i < 5; i++) {
    const words = 'w'.repeat(30_000)
    then.collection('shapes').put(`s${i}`, { words })
  }
  const { room } = await roomWith({}, { queue: { operations: 4 } })
  const restoration = restore(then, room, { records: { shapes: true } })
  assert.equal(room.collection('shapes').size, 2)
  await until(() => room.collection('shapes').size > 2, 'it goes on')
  assert.ok(room.undo())
  const { applied, isStopped } = await restoration.done
  assert.ok(isStopped || applied.length === 5)
  await decided(room)
  assert.deepEqual(shapesOf(room), {})
})

test('what the room refuses is named, and all else is done', async () => {
  const look = { z: 'a', x: 0, y: 0, w: 80, h: 60, colour: 0, type: 1 }
  const boards = await Promise.all([1, 2].map(() => enter(undefined, { kind: 'board' })))
  const [then, room] = boards as [Room, Room]
  const ids = Array.from({ length: 40 }, (_, i) => `box${i}`)
  for (const board of boards)
    board.group(() => ids.forEach((id) => board.collection('objects').put(id, look)))
  await decided(...boards)
  room.group(() => ids.forEach((id) => room.collection('objects').set(id, { x: 5 })))
  room.collection('objects').set('box7', { lock: 1 })
  await decided(room)
  const { applied, refused } = await restore(then, room, {
    records: { objects: true },
    where: (_, __, { lock }) => lock === undefined,
  }).done
  // To lift the lock is part of what it takes.
  assert.deepEqual([applied.length, refused.length], [40, 0])
  room.collection('objects').set('box9', { lock: 1 })
  await decided(room)
  const own = { box9: { ...look, x: 1, lock: 1 }, box8: { ...look, x: 1 } }
  const source = await enter()
  for (const [id, fields] of Object.entries(own)) source.collection('objects').put(id, fields)
  const second = await restore(source, room, { records: { objects: ['box8', 'box9'] } }).done
  assert.deepEqual([second.applied[0]!.id, second.refused[0]!.change.id], ['box8', 'box9'])
  assert.equal(second.refused[0]!.error.status, 'locked')
  await assert.rejects(
    async () => {
      const plan = planRestore(source, room, { records: { objects: ['box9'] } })
      room.leave()
      await plan.apply().done
    },
    { status: 'closed' },
  )
})

/* --- One person's work ---------------------------------------------------------------------------- */

interface Story {
  readonly ada: Room
  readonly bob: Room
  readonly then: Replay
  readonly was: Authors
}

const identity = (user: { name: string }) => user.name

/** Ada and Bob have drawn; what shows then is to be compared with what they do since. */
async function story(): Promise<Story> {
  const ada = await enter(undefined, { user: { name: 'Ada' } })
  const bob = await enter(nameOf(ada), { user: { name: 'Bob' } })
  const [hers, his] = [ada, bob].map((room) => room.collection('shapes')) as [Shapes, Shapes]
  for (const id of ['a1', 'a2', 'a3', 'a4']) hers.put(id, { x: 1, colour: 'red' })
  for (const id of ['b1', 'b2', 'b3']) his.put(id, { x: 1 })
  await decided(ada, bob)
  await until(() => hers.size === 7 && his.size === 7, 'both have all')
  his.set('a4', { colour: 'blue' })
  await decided(bob)
  await until(() => hers.get('a4')!['colour'] === 'blue', 'Ada sees it')
  const then = await replay(new URL(ada.url).origin, nameOf(ada), { at: ada.tick })
  rooms.push(then)
  return { ada, bob, then, was: await authors(then, { identity }) }
}

type Shapes = ReturnType<Room['collection']>

const person = (who: Authors, name: string) =>
  who.people.find(({ user }) => identity(user as { name: string }) === name)!

const told = (changes: readonly PlannedChange[]) =>
  changes.map(({ kind, id, contested }) => `${kind} ${id}${contested ? '!' : ''}`).sort()

async function planned({ then, ada }: Story, options: Omit<RestoreOptions, 'records'>) {
  return planRestore(then, ada, { records: { shapes: true }, ...options })
}

test('who did what is known, by whatever number they had', async () => {
  const { ada, bob, then, was } = await story()
  assert.deepEqual(
    was.people.map(({ user }) => user),
    [{ name: 'Ada' }, { name: 'Bob' }],
  )
  assert.deepEqual([was.maker('shapes', 'a4'), was.maker('shapes', 'no')], [ada.me, undefined])
  assert.equal(was.changer('shapes', 'a4', 'colour'), bob.me)
  assert.equal(was.changer('shapes', 'a4', 'x'), ada.me)
  assert.deepEqual(was.changers('shapes', 'a4'), [bob.me])
  assert.equal(was.tick, then.tick)

  const again = await enter(nameOf(ada), { user: { name: 'Ada', colour: 'green' } })
  again.collection('shapes').delete('b1')
  await decided(again)
  const now = await authors(ada, { identity })
  assert.deepEqual(person(now, 'Ada').members, [ada.me, again.me])
  assert.equal(now.remover('shapes', 'b1'), again.me)
  assert.equal(now.personOf(again.me), person(now, 'Ada'))
  assert.deepEqual(now.personOf(99), { members: [99], user: null })
  await assert.rejects(authors(then.room), { status: 'misuse' })

  const forked = await fork(new URL(ada.url).origin, nameOf(ada), { tick: then.tick })
  const eve = await enter(forked.room, { user: { name: 'Eve' } })
  eve.collection('shapes').put('e1', { x: 1 })
  await decided(eve)
  const there = await authors(eve, { identity })
  assert.deepEqual(
    there.people.map(({ user }) => identity(user as { name: string })),
    ['Ada', 'Bob', 'Eve'],
  )
  assert.equal(there.maker('shapes', 'a4'), ada.me)
})

test('what one person has done since is taken back, and nothing else', async () => {
  const here = await story()
  const { ada, bob } = here
  const [hers, his] = [ada, bob].map((room) => room.collection('shapes')) as [Shapes, Shapes]
  for (const id of ['a1', 'b1']) his.delete(id)
  his.set('a2', { x: 50, colour: 'black' })
  his.set('a3', { x: 50 })
  his.put('rude', { x: 0 })
  his.put('useful', { x: 0 })
  await decided(bob)
  await until(() => hers.get('useful') !== undefined, 'Ada sees it')
  hers.delete('b2')
  hers.set('a3', { x: 51, colour: 'pink' })
  hers.set('useful', { colour: 'gold' })
  hers.put('new', { x: 3 })
  await decided(ada)
  const before = shapesOf(ada)

  const now = await authors(ada, { identity })
  const plan = await planned(here, { now, doneBy: person(now, 'Bob').members })
  assert.deepEqual(told(plan.changes), [
    'delete rude',
    'delete useful!',
    'put a1',
    'put b1',
    'set a2',
  ])
  assert.deepEqual(plan.counts, { put: 2, set: 1, delete: 1 })
  assert.deepEqual(plan.changes.find(({ id }) => id === 'useful')!.by, [bob.me, ada.me])
  const { applied, conflicts } = await plan.apply().done
  assert.deepEqual([applied.length, conflicts.length], [4, 1])
  const { rude: _, ...rest } = before
  const drawn = { x: 1, colour: 'red' }
  assert.deepEqual(shapesOf(ada), { ...rest, a1: drawn, b1: { x: 1 }, a2: drawn })
  await until(() => !his.has('rude'), 'Bob has it')
  assert.ok(ada.undo())
  assert.deepEqual(shapesOf(ada), before)
  assert.throws(() => planRestore(here.then, ada, { records: {}, doneBy: [1] }), {
    status: 'misuse',
  })
})

test("one person's work comes back while others go on", async () => {
  const here = await story()
  const { ada, bob, then, was } = here
  const [hers, his] = [ada, bob].map((room) => room.collection('shapes')) as [Shapes, Shapes]
  hers.delete('a1')
  hers.set('a2', { x: 9 })
  await decided(ada)
  his.delete('a3')
  his.set('a2', { colour: 'black' })
  his.set('b1', { x: 7 })
  his.put('new', { x: 8 })
  await decided(bob)
  await until(() => hers.has('new'), 'Ada sees it')

  const now = await authors(ada, { identity })
  const work = { of: person(was, 'Ada').members, then: was }
  const plan = await planned(here, { now, work })
  assert.deepEqual(told(plan.changes), ['put a1', 'put a3', 'set a2', 'set a2!'])
  const [own, contested] = plan.changes.filter(({ kind }) => kind === 'set')
  assert.deepEqual([own!.by, contested!.by], [[ada.me], [bob.me]])
  assert.deepEqual(plan.changes.find(({ id }) => id === 'a3')!.by, [bob.me])
  await plan.apply().done
  const drawn = { x: 1, colour: 'red' }
  const mended = { ...drawn, colour: 'black' }
  const expected = { ...shapesOf(ada), a1: drawn, a2: mended, a3: drawn, b1: { x: 7 } }
  assert.deepEqual(shapesOf(ada), expected)
  assert.deepEqual(hers.get('new'), { x: 8 })
  const again = await planned(here, { now: await authors(ada, { identity }), work })
  assert.deepEqual(told(again.changes), ['set a2!'])
  await again.apply({ overwrite: true }).done
  assert.deepEqual(hers.get('a2'), drawn)
  await then.step(-1)
  await assert.rejects(planned(here, { now, work }), { status: 'misuse' })
})

test('what others change meanwhile is not overwritten, seen or not', async () => {
  const here = await story()
  const { ada, bob } = here
  const [hers, his] = [ada, bob].map((room) => room.collection('shapes')) as [Shapes, Shapes]
  hers.set('a1', { x: 9 })
  his.set('b1', { x: 9 })
  await decided(ada, bob)
  await until(() => hers.get('b1')!['x'] === 9, 'Ada sees it')
  const now = await authors(ada)
  const plan = await planned(here, { now })
  assert.deepEqual(told(plan.changes), ['set a1', 'set b1!'])
  his.set('a1', { colour: 'black' })
  await decided(bob)
  const { applied, conflicts } = await plan.apply({ overwrite: true }).done
  assert.deepEqual([told(applied), told(conflicts)], [['set b1!'], ['set a1']])
  assert.deepEqual(hers.get('a1'), { x: 9, colour: 'black' })
})

test('an arrow of a board holds on to what comes back', async () => {
  const boards = await Promise.all([1, 2].map(() => enter(undefined, { kind: 'board' })))
  const [then, room] = boards as [Room, Room]
  const look = { z: 'a', colour: COLOUR.ink, size: 2 }
  const box = { ...look, type: 'rectangle', x: 0, y: 0, w: 80, h: 60 } as const
  const arrow = {
    ...look,
    type: 'arrow',
    z: 'b',
    x: 9,
    y: 9,
    points: [800, 0],
    start: 'box',
  } as const
  for (const board of boards) {
    const edits = [
      { id: 'box', put: box },
      { id: 'arrow', put: { ...arrow, startAt: [0.5, 0.5] as const } },
    ]
    submit(board, edits)
    board
      .collection('comments')
      .put('words', { text: 'Why?', at: 1, name: 'Ada', x: 0, y: 0, on: 'box' })
    board
      .collection('replies')
      .put('reply', { text: 'Why not', at: 2, name: 'Bob', comment: 'words' })
  }
  await decided(...boards)
  const scene = new Scene(room)
  submit(room, remove(scene, ['box']))
  room.collection('comments').delete('words')
  room.collection('replies').delete('reply')
  await decided(room)
  assert.equal(scene.find('arrow')!.start, null)

  const records = { objects: true, comments: true, replies: true } as const
  const { applied, conflicts, refused } = await restore(then, room, { records }).done
  assert.deepEqual([applied.length, conflicts.length, refused.length], [4, 0, 0])
  for (const [name, id] of Object.entries({ objects: 'box', comments: 'words', replies: 'reply' }))
    assert.deepEqual(room.collection(name).get(id), then.collection(name).get(id))
  assert.deepEqual([scene.find('arrow')!.start, [...scene.arrowsAt('box')]], ['box', ['arrow']])
  assert.ok(room.undo())
  assert.deepEqual([scene.find('box'), scene.find('arrow')!.start], [undefined, null])
  await decided(room)

  const backwards = { replies: true, comments: true, objects: true } as const
  const late = await restore(then, room, { records: backwards }).done
  assert.deepEqual([late.applied.length, late.conflicts.length, late.refused.length], [4, 0, 0])
  scene.destroy()
})
