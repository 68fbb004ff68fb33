// Who takes what back, and what everyone sees then: through the real server, which TUTTI_SERVER
// names. The names of the cases are the table in src/board/README.md.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import '../../src/node.js'
import { align, reorder } from '../../src/board/edit/arrange.js'
import { created, duplicate, remove, restyle } from '../../src/board/edit/content.js'
import { leaveLockedOut, submit, withHeld, type Edit } from '../../src/board/edit/edit.js'
import { group, toggleLock, ungroup } from '../../src/board/edit/group.js'
import { moved } from '../../src/board/edit/move.js'
import { sets } from '../../src/board/edit/edit.js'
import { decode, type BoardObject, type Patch } from '../../src/board/model.js'
import { Scene } from '../../src/board/scene.js'
import { join, type Room } from '../../src/tutti.js'
// @ts-expect-error plain JavaScript
import { startServer, startWire, until } from '../server/server.mjs'

let data: string
let server: { port: number; stop(signal?: string): Promise<unknown> }
let people: Person[]
let wires: Wire[]

interface Wire {
  url: string
  upstream: number
  refuses: boolean
  cut(): void
  close(): Promise<void>
}

beforeEach(async () => {
  data = mkdtempSync(joinPath(tmpdir(), 'tutti-undo-'))
  server = await startServer({ data })
  people = []
  wires = []
})

afterEach(async () => {
  for (const { room, scene } of people) {
    scene.destroy()
    room.leave()
  }
  for (const wire of wires) await wire.close()
  await server.stop()
  rmSync(data, { recursive: true, force: true })
})

/** Someone at a board. */
class Person {
  readonly scene: Scene

  constructor(
    readonly room: Room,
    readonly wire: Wire,
  ) {
    leaveLockedOut(room)
    this.scene = new Scene(room)
  }

  /** One step. */
  edit(edits: readonly Edit[]): void {
    this.room.history.begin()
    submit(this.room, edits)
    this.room.history.end()
  }

  make(id: string, fields: Patch): void {
    this.edit([created(this.scene, id, fields)])
  }

  move(ids: readonly string[], dx: number, dy = 0): void {
    this.edit(sets(moved(withHeld(this.scene, ids), dx, dy)))
  }

  set(id: string, set: Patch): void {
    this.edit([{ id, set }])
  }

  get(id: string): BoardObject | undefined {
    const fields = this.room.collection('objects').get(id)
    return fields && decode(id, fields)
  }

  undo(): boolean {
    return this.room.undo()
  }

  redo(): boolean {
    return this.room.redo()
  }
}

async function enter(): Promise<Person> {
  const wire: Wire = await startWire(server.port)
  wires.push(wire)
  const room = await join(wire.url, 'undo', { kind: 'board', signal: AbortSignal.timeout(20_000) })
  const person = new Person(room, wire)
  people.push(person)
  return person
}

const BOX: Patch = { type: 'rectangle', x: 0, y: 0, w: 100, h: 50, colour: 1, size: 2 }

/** People at a board on which someone else has put boxes. */
async function board<const Names extends readonly string[]>(
  count: number,
  names: Names,
): Promise<Person[]> {
  const host = await enter()
  names.forEach((name, i) => host.make(name, { ...BOX, x: i * 200 }))
  const all = await Promise.all(Array.from({ length: count }, () => enter()))
  await settled()
  return all
}

/** Nothing is on its way, and all see the same. */
async function settled(): Promise<void> {
  const sorted = <T>(pairs: Iterable<[string, T]>) =>
    [...pairs].sort(([a], [b]) => (a < b ? -1 : 1))
  const state = ({ room }: Person) =>
    JSON.stringify(
      sorted(room.collection('objects')).map(([id, fields]) => [
        id,
        sorted(Object.entries(fields)),
      ]),
    )
  await until(
    () => people.every(({ room }) => room.status === 'live' && room.unsaved === 0),
    () => `all is saved: ${people.map(({ room }) => `${room.status} ${room.unsaved}`)}`,
  )
  await until(
    () => people.every((person) => state(person) === state(people[0]!)),
    () => `all see the same: ${people.map(state).join('\n')}`,
  )
}

/** Everyone sees these fields of these objects; undefined for one that is gone. */
async function seen(objects: { readonly [id: string]: Partial<BoardObject> | undefined }) {
  await settled()
  for (const person of people) {
    for (const [id, wanted] of Object.entries(objects)) {
      const object = person.get(id)
      if (wanted === undefined) assert.equal(object, undefined, `${id} is gone`)
      else assert.deepEqual({ ...object, ...wanted }, object, id)
    }
  }
}

async function offline({ wire, room }: Person): Promise<void> {
  wire.refuses = true
  wire.cut()
  await until(() => room.status === 'offline', 'it is offline')
}

async function online({ wire, room }: Person): Promise<void> {
  wire.refuses = false
  room.reconnect()
  await until(() => room.status === 'live', 'it is back')
}

async function restart(signal: string): Promise<void> {
  await server.stop(signal)
  server = await startServer({ data })
  for (const wire of wires) wire.upstream = server.port
  for (const { room } of people) room.reconnect()
  await until(
    () => {
      for (const { room } of people) room.reconnect()
      return people.every(({ room }) => room.status === 'live')
    },
    () => `all are back: ${people.map(({ room }) => JSON.stringify(room.condition))}`,
  )
}

test('a move is taken back, and done again', async () => {
  const [ada] = await board(1, ['a'])
  ada!.move(['a'], 30)
  assert.ok(ada!.undo())
  await seen({ a: { x: 0 } })
  assert.ok(ada!.redo())
  await seen({ a: { x: 30 } })
})

test('a move that another has moved on from stays', async () => {
  const [ada, bob] = await board(2, ['a'])
  ada!.move(['a'], 30)
  await settled()
  bob!.move(['a'], 5)
  await settled()
  assert.equal(ada!.undo(), false)
  await seen({ a: { x: 35 } })
})

test('two moves: the second is taken back, and then the first is not, for another was there since', async () => {
  const [ada, bob] = await board(2, ['a'])
  ada!.move(['a'], 30)
  await settled()
  bob!.move(['a'], 5)
  await settled()
  bob!.undo()
  await seen({ a: { x: 30 } })
  assert.equal(ada!.undo(), false)
  await seen({ a: { x: 30 } })
})

test('moves at the same moment: whoever was last may take it back, to what was there before', async () => {
  const [ada, bob] = await board(2, ['a'])
  ada!.move(['a'], 30)
  bob!.move(['a'], 50)
  await settled()
  const last = ada!.get('a')!.x === 30 ? ada! : bob!
  const first = last === ada ? bob! : ada!
  assert.equal(first.undo(), false)
  last.undo()
  await seen({ a: { x: 0 } })
})

test('three move, colour and widen one thing: each takes back what is theirs, in any order', async () => {
  const [ada, bob, cleo] = await board(3, ['a'])
  ada!.move(['a'], 10)
  bob!.set('a', { colour: 7 })
  cleo!.set('a', { w: 300 })
  await seen({ a: { x: 10, colour: 7, w: 300 } })
  bob!.undo()
  await seen({ a: { x: 10, colour: 1, w: 300 } })
  ada!.undo()
  cleo!.undo()
  await seen({ a: { x: 0, colour: 1, w: 100 } })
  bob!.redo()
  await seen({ a: { x: 0, colour: 7, w: 100 } })
})

test('a move is taken back, and what another has coloured meanwhile stays coloured', async () => {
  const [ada, bob] = await board(2, ['a'])
  ada!.move(['a'], 30)
  await settled()
  bob!.set('a', { colour: 7 })
  await settled()
  ada!.undo()
  await seen({ a: { x: 0, colour: 7 } })
})

test('a deletion is taken back with what others had changed before', async () => {
  const [ada, bob] = await board(2, ['a'])
  bob!.set('a', { colour: 7 })
  await settled()
  ada!.edit(remove(ada!.scene, ['a']))
  await seen({ a: undefined })
  ada!.undo()
  await seen({ a: { x: 0, colour: 7 } })
})

test('deleted while another moves it: it is gone for both, and comes back as it was', async () => {
  const [ada, bob] = await board(2, ['a'])
  await offline(bob!)
  bob!.move(['a'], 40)
  ada!.edit(remove(ada!.scene, ['a']))
  await until(() => ada!.room.unsaved === 0, 'the deletion is saved')
  await online(bob!)
  await seen({ a: undefined })
  assert.equal(bob!.undo(), false)
  ada!.undo()
  await seen({ a: { x: 0 } })
})

test('two delete the same: whoever did brings it back', async () => {
  const [ada, bob] = await board(2, ['a'])
  ada!.edit(remove(ada!.scene, ['a']))
  await settled()
  assert.equal(bob!.undo(), false)
  await seen({ a: undefined })
  ada!.undo()
  await seen({ a: { x: 0 } })
})

test('a deletion done again leaves alone what another has changed after it was taken back', async () => {
  const [ada, bob] = await board(2, ['a'])
  ada!.edit(remove(ada!.scene, ['a']))
  await settled()
  ada!.undo()
  await settled()
  bob!.set('a', { colour: 9 })
  await settled()
  assert.equal(ada!.redo(), false)
  await seen({ a: { colour: 9 } })
})

function stroke(person: Person, id: string, appends: number): void {
  person.room.history.begin()
  const fields: Patch = { type: 'stroke', x: 0, y: 0, colour: 1, size: 2, points: [0, 0, 60] }
  submit(person.room, [created(person.scene, id, fields)])
  const objects = person.room.collection('objects')
  for (let i = 0; i < appends; i++) objects.append(id, 'points', [2, 1, 60])
  person.room.history.end()
}

test('a stroke of many motions is one step', async () => {
  const [ada] = await board(1, ['a'])
  stroke(ada!, 's', 40)
  await settled()
  ada!.undo()
  await seen({ s: undefined })
  ada!.redo()
  await settled()
  assert.equal(ada!.get('s')!.points.length, 3 * 41)
})

test('a stroke of which another has erased a part stays, with its gap', async () => {
  const [ada, bob] = await board(2, ['a'])
  stroke(ada!, 's', 10)
  await settled()
  bob!.room.collection('objects').append('s', 'cuts', [16, 48])
  await settled()
  assert.equal(ada!.undo(), false)
  await seen({ s: { cuts: [16, 48] } })
})

test('two erase parts of a stroke: both gaps stay, and the last can be taken back', async () => {
  const [ada, bob] = await board(2, ['a'])
  const host = people[0]!
  stroke(host, 's', 10)
  await settled()
  ada!.room.collection('objects').append('s', 'cuts', [0, 16])
  await settled()
  bob!.room.collection('objects').append('s', 'cuts', [48, 64])
  await seen({ s: { cuts: [0, 16, 48, 64] } })
  assert.equal(ada!.undo(), false)
  bob!.undo()
  await seen({ s: { cuts: [0, 16] } })
})

test('a group is taken apart again, and what another has moved in it stays there', async () => {
  const [ada, bob] = await board(2, ['a', 'b', 'c'])
  ada!.edit(group(ada!.scene, ['a', 'b', 'c'], 'g'))
  await settled()
  bob!.move(['b'], 11)
  await settled()
  ada!.undo()
  await seen({ a: { groups: [] }, b: { groups: [], x: 211 }, c: { groups: [] } })
})

test('a group that another has taken apart stays apart', async () => {
  const [ada, bob] = await board(2, ['a', 'b'])
  ada!.edit(group(ada!.scene, ['a', 'b'], 'g'))
  await settled()
  bob!.edit(ungroup(bob!.scene, ['a', 'b']))
  await settled()
  assert.equal(ada!.undo(), false)
  await seen({ a: { groups: [] }, b: { groups: [] } })
})

test('a group is moved, another deletes a part of it: the others go back', async () => {
  const [ada, bob] = await board(2, ['a', 'b', 'c'])
  ada!.edit(group(ada!.scene, ['a', 'b', 'c'], 'g'))
  ada!.move(['a', 'b', 'c'], 10)
  await settled()
  bob!.edit(remove(bob!.scene, ['c']))
  await settled()
  ada!.undo()
  await seen({ a: { x: 0 }, b: { x: 200 }, c: undefined })
  bob!.undo()
  await seen({ c: { x: 410 } })
})

function copies(person: Person, ids: readonly string[]): readonly string[] {
  let count = 0
  const made = duplicate(person.scene, ids, { dx: 9, dy: 9, newId: () => `copy${count++}` })
  person.edit(made.edits)
  return made.ids
}

test('copies go away again', async () => {
  const [ada] = await board(2, ['a', 'b'])
  const [one, other] = copies(ada!, ['a', 'b'])
  await settled()
  ada!.undo()
  await seen({ a: { x: 0 }, b: { x: 200 }, [one!]: undefined, [other!]: undefined })
})

test('copies go away again, but for one that another has moved', async () => {
  const [ada, bob] = await board(2, ['a', 'b'])
  const [one, other] = copies(ada!, ['a', 'b'])
  await settled()
  bob!.move([one!], 50)
  await settled()
  ada!.undo()
  await seen({ [one!]: { x: 59 }, [other!]: undefined })
})

test('what was taken back is done again after others have changed other things', async () => {
  const [ada, bob] = await board(2, ['a', 'b'])
  ada!.move(['a'], 30)
  ada!.undo()
  await settled()
  bob!.move(['b'], 30)
  await settled()
  assert.ok(ada!.redo())
  await seen({ a: { x: 30 }, b: { x: 230 } })
})

test('what was taken back is not done again over what another has made of it', async () => {
  const [ada, bob] = await board(2, ['a'])
  ada!.move(['a'], 30)
  ada!.undo()
  await settled()
  bob!.move(['a'], 7)
  await settled()
  assert.equal(ada!.redo(), false)
  await seen({ a: { x: 7 } })
})

test('a new change ends what could be done again', async () => {
  const [ada] = await board(1, ['a'])
  ada!.move(['a'], 30)
  ada!.undo()
  ada!.set('a', { colour: 3 })
  assert.equal(ada!.redo(), false)
  await seen({ a: { x: 0, colour: 3 } })
})

test('a change of 150 objects is one step', async () => {
  const names = Array.from({ length: 150 }, (_, i) => `o${i}`)
  const [ada, bob] = await board(2, names)
  ada!.edit(restyle(ada!.scene, names, { colour: 5 }))
  await settled()
  bob!.set('o7', { colour: 8 })
  await settled()
  ada!.undo()
  await seen({ o0: { colour: 1 }, o7: { colour: 8 }, o149: { colour: 1 } })
  ada!.redo()
  await seen({ o0: { colour: 5 }, o7: { colour: 8 }, o149: { colour: 5 } })
})

test('a frame is deleted with all in it, and comes back with all in it', async () => {
  const [ada] = await board(1, ['a', 'b'])
  const host = people[0]!
  host.make('f', { type: 'frame', x: -50, y: -50, w: 900, h: 300 })
  host.edit(['a', 'b'].map((id) => ({ id, set: { frame: 'f' } })))
  await settled()
  ada!.edit(remove(ada!.scene, ['f']))
  await seen({ a: undefined, b: undefined, f: undefined })
  ada!.undo()
  await seen({ a: { frame: 'f' }, b: { frame: 'f' }, f: { w: 900 } })
})

test('a deleted target lets its arrow go where it pointed, and has it again when it is back', async () => {
  const [ada] = await board(1, ['a', 'b'])
  const host = people[0]!
  const arrow: Patch = {
    type: 'arrow',
    x: 50,
    y: 25,
    points: [1600, 0],
    size: 2,
    start: 'a',
    end: 'b',
  }
  host.make('arrow', arrow)
  await settled()
  ada!.edit(remove(ada!.scene, ['b']))
  await seen({ b: undefined, arrow: { start: 'a', end: null } })
  ada!.undo()
  await seen({ b: { x: 200 }, arrow: { start: 'a', end: 'b' } })
})

test('a thing that another points an arrow at can be taken back; the arrow stays', async () => {
  const [ada, bob] = await board(2, ['a'])
  ada!.make('mine', { ...BOX, x: 400 })
  await settled()
  const arrow: Patch = {
    type: 'arrow',
    x: 50,
    y: 25,
    points: [2400, 0],
    size: 2,
    start: 'a',
    end: 'mine',
  }
  bob!.make('arrow', arrow)
  await settled()
  ada!.undo()
  await seen({ mine: undefined, arrow: { end: 'mine', x: 50 } })
  ada!.redo()
  await seen({ mine: { x: 400 }, arrow: { end: 'mine' } })
})

test('aligned, and one moved on by another: the others go back', async () => {
  const [ada, bob] = await board(2, ['a', 'b', 'c'])
  ada!.edit(align(ada!.scene, ['a', 'b', 'c'], 'left'))
  await seen({ a: { x: 0 }, b: { x: 0 }, c: { x: 0 } })
  bob!.move(['b'], 3)
  await settled()
  ada!.undo()
  await seen({ a: { x: 0 }, b: { x: 3 }, c: { x: 400 } })
})

test('brought to the front and back again, though others have changed the order meanwhile', async () => {
  const [ada, bob] = await board(2, ['a', 'b', 'c'])
  const order = () => ada!.scene.all.map(({ id }) => id).join('')
  ada!.edit(reorder(ada!.scene, ['a'], 'front'))
  await settled()
  assert.equal(order(), 'bca')
  bob!.edit(reorder(bob!.scene, ['b'], 'front'))
  await settled()
  assert.equal(order(), 'cab')
  ada!.undo()
  await settled()
  assert.equal(order(), 'acb')
})

test('a lock is taken off again', async () => {
  const [ada] = await board(1, ['a'])
  ada!.edit(toggleLock(ada!.scene, ['a']))
  await seen({ a: { lock: 1 } })
  ada!.undo()
  await seen({ a: { lock: 0 } })
})

test('what another has locked meanwhile stays, and the rest of the step is taken back', async () => {
  const [ada, bob] = await board(2, ['a', 'b'])
  ada!.move(['a', 'b'], 30)
  await settled()
  bob!.edit(toggleLock(bob!.scene, ['a']))
  await settled()
  ada!.undo()
  await seen({ a: { x: 30, lock: 1 }, b: { x: 200 } })
})

test('done offline and taken back offline: nothing has happened', async () => {
  const [ada] = await board(2, ['a'])
  await offline(ada!)
  ada!.move(['a'], 30)
  ada!.undo()
  await online(ada!)
  await seen({ a: { x: 0 } })
  ada!.redo()
  await seen({ a: { x: 30 } })
})

test('done before the line broke, taken back while it is broken', async () => {
  const [ada, bob] = await board(2, ['a', 'b'])
  ada!.move(['a', 'b'], 30)
  await settled()
  await offline(ada!)
  bob!.move(['b'], 5)
  await until(() => bob!.room.unsaved === 0, "Bob's is saved")
  ada!.undo()
  await online(ada!)
  await seen({ a: { x: 0 }, b: { x: 235 } })
})

test('taken back after the line was broken', async () => {
  const [ada, bob] = await board(2, ['a', 'b'])
  ada!.move(['a', 'b'], 30)
  await settled()
  await offline(ada!)
  bob!.set('b', { x: 1 })
  await until(() => bob!.room.unsaved === 0, "Bob's is saved")
  await online(ada!)
  await settled()
  ada!.undo()
  await seen({ a: { x: 0 }, b: { x: 1 } })
})

for (const [signal, what] of [
  ['SIGTERM', 'was started again'],
  ['SIGKILL', 'had crashed'],
] as const) {
  test(`taken back after the server ${what}`, async () => {
    const [ada, bob] = await board(2, ['a', 'b'])
    ada!.move(['a', 'b'], 30)
    await settled()
    bob!.set('b', { x: 3 })
    await settled()
    await restart(signal)
    assert.ok(ada!.undo())
    await seen({ a: { x: 0 }, b: { x: 3 } })
    assert.ok(ada!.redo())
    await seen({ a: { x: 30 }, b: { x: 3 } })
  })
}

test('offline, a long drawing takes no more room in the queue than its strokes', async () => {
  const [ada] = await board(2, ['a'])
  await offline(ada!)
  for (let i = 0; i < 20; i++) stroke(ada!, `s${i}`, 100)
  assert.ok(ada!.room.unsaved <= 20)
  await online(ada!)
  await settled()
  assert.equal(people[0]!.get('s19')!.points.length, 303)
  ada!.undo()
  await seen({ s19: undefined, s18: { colour: 1 } })
})
