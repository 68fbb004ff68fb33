// Records of one room brought back into another: through the real server, which TUTTI_SERVER names.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import '../../src/node.js'
import { remove } from '../../src/board/edit/content.js'
import { submit } from '../../src/board/edit/edit.js'
import { COLOUR } from '../../src/board/style.js'
import { boardReferences } from '../../src/board/references.js'
import { Scene } from '../../src/board/scene.js'
import {
  join,
  planRestore,
  restore,
  type AsNew,
  type JoinOptions,
  type Room,
} from '../../src/tutti.js'
// @ts-expect-error plain JavaScript
import { startServer, until } from '../server/server.mjs'

let server: { port: number; stop(signal?: string): Promise<unknown> }
const rooms: Room[] = []
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

  const { applied, conflicts, changes, saved } = plan.apply()
  assert.deepEqual(shapesOf(room), { ...THEN, later: { x: 9 } }, 'it shows at once')
  assert.deepEqual([applied.length, conflicts.length, changes.length], [2, 0, 1])
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
  const { applied, conflicts, done } = plan.apply()
  await done
  assert.deepEqual([applied[0]!.id, conflicts[0]!.id], ['a', 'b'])
  assert.deepEqual(shapesOf(room), { a: { x: 1 }, b: { x: 3 } })
})

test('what somebody has deleted comes back under another id, and is named by that', async () => {
  const shapes = { box: { x: 1 }, arrow: { at: 'box' }, loose: { at: 'nothing' } }
  const { room: then } = await roomWith(shapes)
  const { room, other } = await roomWith(shapes)
  other.collection('shapes').delete('box')
  other.collection('shapes').set('arrow', { at: null })
  await until(() => !('box' in shapesOf(room)), 'it is gone')

  const refused = restore(then, room, { records: { shapes: ['box', 'arrow'] } })
  await assert.rejects(refused.done, { status: 'deleted' })
  assert.deepEqual(shapesOf(room), { arrow: {}, loose: { at: 'nothing' } })

  const asNew: AsNew = (collection, fields, idOf) => {
    const { at, ...rest } = fields
    return typeof at === 'string' ? { ...rest, at: idOf(collection, at) ?? null } : fields
  }
  const { applied, done } = restore(then, room, { records: { shapes: ['arrow', 'box'] }, asNew })
  await done
  const [box, arrow] = applied
  assert.deepEqual([box!.kind, arrow!.kind], ['put', 'set'])
  assert.notEqual(box!.id, 'box')
  assert.deepEqual(shapesOf(room), {
    [box!.id]: { x: 1 },
    arrow: { at: box!.id },
    loose: { at: 'nothing' },
  })
  assert.ok(room.undo())
  assert.deepEqual(shapesOf(room), { arrow: {}, loose: { at: 'nothing' } })
})

test('more than one operation takes is one step still, and all or nothing', async () => {
  const many = Object.fromEntries(
    Array.from({ length: 130 }, (_, i) => [
      `s${i}`,
      { x: i, words: 'w'.repeat(i === 7 ? 30_000 : 9) },
    ]),
  )
  const then = await enter()
  for (const [id, fields] of Object.entries(many)) then.collection('shapes').put(id, fields)
  const { room } = await roomWith({})
  const { changes, done } = restore(then, room, { records: { shapes: true } })
  assert.ok(changes.length >= 3)
  await done
  assert.deepEqual(shapesOf(room), many)
  assert.ok(room.undo())
  assert.deepEqual(shapesOf(room), {})

  const { room: short } = await roomWith({}, { queue: { operations: 2 } })
  const plan = planRestore(then, short, { records: { shapes: true } })
  assert.throws(() => plan.apply(), { status: 'limit' })
  assert.deepEqual([shapesOf(short), short.unsaved, short.canUndo], [{}, 0, false])
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

  const records = { replies: true, objects: true, comments: true } as const
  const { applied, conflicts, done } = restore(then, room, { records, asNew: boardReferences })
  await done
  assert.equal(conflicts.length, 0)
  const [id, comment, reply] = ['objects', 'comments', 'replies'].map(
    (name) => applied.find(({ kind, collection }) => kind === 'put' && collection === name)!.id,
  )
  assert.deepEqual(room.collection('objects').get(id!), then.collection('objects').get('box'))
  assert.deepEqual([scene.find('arrow')!.start, [...scene.arrowsAt(id!)]], [id, ['arrow']])
  assert.equal(room.collection('comments').get(comment!)!['on'], id)
  assert.equal(room.collection('replies').get(reply!)!['comment'], comment)
  assert.ok(room.undo())
  assert.deepEqual([scene.find(id!), scene.find('arrow')!.start], [undefined, null])
  scene.destroy()

  const alone = restore(then, room, { records: { replies: true }, asNew: boardReferences })
  assert.equal(alone.changes.length, 0, 'a reply to nothing stays away')
})
