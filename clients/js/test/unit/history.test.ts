import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Collection } from '../../src/collection.js'
import type { Room } from '../../src/room.js'
import { settled, TinyServer } from './server.js'

/**
 * Two people at one board. Each case is what they do, one step after the other, and what both see
 * in the end: `x` and `color` of shape `a` unless it says otherwise.
 */
interface Table {
  readonly ada: Room
  readonly bob: Room
  readonly mine: Collection
  readonly theirs: Collection
  /** Everything on its way arrives. */
  tick(): Promise<void>
}

type Board = { [id: string]: { [field: string]: unknown } }

const rooms: Room[] = []
after(() => rooms.forEach((room) => room.leave()))

async function table(): Promise<Table> {
  const server = new TinyServer()
  const [ada, bob] = [await server.join(), await server.join()]
  rooms.push(ada, bob)
  return {
    ada,
    bob,
    mine: ada.collection('shapes'),
    theirs: bob.collection('shapes'),
    tick: async () => {
      await settled()
      server.tick()
      await settled()
    },
  }
}

const boardOf = (collection: Collection): Board => Object.fromEntries(collection) as Board

/** Ada's and Bob's steps, each followed by a tick, unless the name says that it is in flight. */
const CASES: [string, ((t: Table) => void)[], Board][] = [
  [
    'undo of a change',
    [({ mine }) => mine.put('a', { x: 1 }), ({ mine }) => mine.set('a', { x: 2 }), undo],
    { a: { x: 1 } },
  ],
  [
    'undo then redo changes nothing',
    [({ mine }) => mine.put('a', { x: 1 }), ({ mine }) => mine.set('a', { x: 2 }), undo, redo],
    { a: { x: 2 } },
  ],
  ['undo of a record made', [({ mine }) => mine.put('a', { x: 1 }), undo], {}],
  [
    'redo makes the record again',
    [({ mine }) => mine.put('a', { x: 1 }), undo, redo],
    { a: { x: 1 } },
  ],
  [
    'undo of an own delete makes the record again',
    [({ mine }) => mine.put('a', { x: 1, color: 'red' }), ({ mine }) => mine.delete('a'), undo],
    { a: { x: 1, color: 'red' } },
  ],
  [
    'redo deletes it again',
    [({ mine }) => mine.put('a', { x: 1 }), ({ mine }) => mine.delete('a'), undo, redo],
    {},
  ],
  [
    'undo of several changes, one after the other',
    [
      ({ mine }) => mine.put('a', { x: 1 }),
      ({ mine }) => mine.set('a', { x: 2 }),
      ({ mine }) => mine.set('a', { x: 3 }),
      undo,
      undo,
    ],
    { a: { x: 1 } },
  ],
  [
    'all the way down and up again',
    [
      ({ mine }) => mine.put('a', { x: 1 }),
      ({ mine }) => mine.set('a', { x: 2 }),
      ({ mine }) => mine.delete('a'),
      undo,
      undo,
      undo,
      redo,
      redo,
      redo,
      undo,
    ],
    { a: { x: 2 } },
  ],
  [
    'what someone else has changed since stays: a field',
    [
      ({ mine }) => mine.put('a', { x: 1, color: 'red' }),
      ({ mine }) => mine.set('a', { x: 2, color: 'blue' }),
      ({ theirs }) => theirs.set('a', { x: 9 }),
      undo,
    ],
    { a: { x: 9, color: 'red' } },
  ],
  [
    'what someone else has changed since stays: a record of ours with their field',
    [
      ({ mine }) => mine.put('a', { x: 1 }),
      ({ theirs }) => theirs.set('a', { color: 'blue' }),
      undoNothing,
    ],
    { a: { x: 1, color: 'blue' } },
  ],
  [
    'a step with nothing left to take back is passed over',
    [
      ({ mine }) => mine.put('a', { x: 1 }),
      ({ mine }) => mine.set('a', { color: 'red' }),
      ({ mine }) => mine.set('a', { x: 2 }),
      ({ theirs }) => theirs.set('a', { x: 9 }),
      undo,
    ],
    { a: { x: 9 } },
  ],
  [
    'their change between two of ours stays when both of ours are undone',
    [
      ({ mine }) => mine.put('a', { x: 0 }),
      ({ mine }) => mine.set('a', { x: 1 }),
      ({ theirs }) => theirs.set('a', { x: 5 }),
      ({ mine }) => mine.set('a', { x: 2 }),
      undo,
      undoNothing,
    ],
    { a: { x: 5 } },
  ],
  [
    'a record that they deleted does not come back',
    [
      ({ mine }) => mine.put('a', { x: 1 }),
      ({ mine }) => mine.set('a', { x: 2 }),
      ({ theirs }) => theirs.delete('a'),
      undoNothing,
    ],
    {},
  ],
  [
    'each undoes only what is its own',
    [
      ({ mine }) => mine.put('a', { x: 1 }),
      ({ theirs }) => theirs.put('b', { x: 2 }),
      undo,
      ({ bob }) => bob.undo(),
      ({ bob }) => bob.redo(),
    ],
    { b: { x: 2 } },
  ],
  [
    'undo of an added number takes away what we added, and no more',
    [
      ({ mine }) => mine.put('a', { count: 1 }),
      ({ mine }) => mine.add('a', { count: 5 }),
      ({ theirs }) => theirs.add('a', { count: 100 }),
      undo,
    ],
    { a: { count: 101 } },
  ],
  [
    'redo of an added number',
    [
      ({ mine }) => mine.put('a', { count: 1 }),
      ({ mine }) => mine.add('a', { count: 5 }),
      undo,
      redo,
      undo,
      redo,
    ],
    { a: { count: 6 } },
  ],
  [
    'undo of appended items',
    [
      ({ mine }) => mine.put('a', { x: 1 }),
      ({ mine }) => mine.append('a', 'points', [1, 2]),
      ({ mine }) => mine.append('a', 'points', [3]),
      undo,
    ],
    { a: { x: 1, points: [1, 2] } },
  ],
  [
    'items that they appended since stay, and ours with them',
    [
      ({ mine }) => mine.put('a', { x: 1 }),
      ({ mine }) => mine.append('a', 'points', [1]),
      ({ theirs }) => theirs.append('a', 'points', [2]),
      undoNothing,
    ],
    { a: { x: 1, points: [1, 2] } },
  ],
  [
    'undo of an unset field, and of a field set for the first time',
    [
      ({ mine }) => mine.put('a', { x: 1 }),
      ({ mine }) => mine.set('a', { x: null }),
      ({ mine }) => mine.set('a', { color: 'red' }),
      undo,
      undo,
    ],
    { a: { x: 1 } },
  ],
  [
    'a group is one step',
    [
      ({ mine }) => mine.put('a', { x: 1 }),
      ({ ada, mine }) => {
        ada.group(() => {
          mine.set('a', { x: 2 })
          mine.set('a', { x: 3, color: 'red' })
          mine.put('b', { x: 4 })
        })
      },
      undo,
    ],
    { a: { x: 1 } },
  ],
  [
    'a gesture is one step, however many operations it took',
    [
      ({ mine }) => mine.put('a', { x: 1 }),
      ({ ada }) => ada.history.begin(),
      ({ mine }) => mine.set('a', { x: 2 }),
      ({ mine }) => mine.set('a', { x: 3 }),
      ({ mine }) => mine.set('a', { x: 4 }),
      ({ ada }) => ada.history.end(),
      undo,
      redo,
      undo,
    ],
    { a: { x: 1 } },
  ],
  [
    'a stroke: made, and appended to, in one gesture',
    [
      ({ ada }) => ada.history.begin(),
      ({ mine }) => mine.put('a', { points: [1] }),
      ({ mine }) => mine.append('a', 'points', [2, 3]),
      ({ mine }) => mine.append('a', 'points', [4]),
      ({ ada }) => ada.history.end(),
      undo,
      redo,
    ],
    { a: { points: [1, 2, 3, 4] } },
  ],
  [
    'changed and deleted in one gesture: undo makes it as it was before both',
    [
      ({ mine }) => mine.put('a', { x: 1, color: 'red' }),
      ({ ada }) => ada.history.begin(),
      ({ mine }) => mine.set('a', { x: 2 }),
      ({ mine }) => mine.delete('a'),
      ({ ada }) => ada.history.end(),
      undo,
    ],
    { a: { x: 1, color: 'red' } },
  ],
  [
    'after our own delete was undone, the changes before it can be undone too',
    [
      ({ mine }) => mine.put('a', { x: 1 }),
      ({ mine }) => mine.set('a', { x: 2 }),
      ({ mine }) => mine.delete('a'),
      undo,
      undo,
    ],
    { a: { x: 1 } },
  ],
  [
    'a field that was unset when its record was undone can be redone',
    [
      ({ mine }) => mine.put('a', { x: 1 }),
      ({ mine }) => mine.append('a', 'points', [1, 2]),
      undo,
      undo,
      redo,
      redo,
    ],
    { a: { x: 1, points: [1, 2] } },
  ],
  [
    'a new change ends what could be redone',
    [
      ({ mine }) => mine.put('a', { x: 1 }),
      ({ mine }) => mine.set('a', { x: 2 }),
      undo,
      ({ mine }) => mine.set('a', { color: 'red' }),
      redo,
    ],
    { a: { x: 1, color: 'red' } },
  ],
  [
    'setting what is set already is no step',
    [
      ({ mine }) => mine.put('a', { x: 1 }),
      ({ mine }) => mine.set('a', { x: 2 }),
      ({ mine }) => mine.set('a', { x: 2 }),
      undo,
    ],
    { a: { x: 1 } },
  ],
  [
    'a record of theirs that we deleted comes back whole, and the redo deletes it',
    [({ theirs }) => theirs.put('a', { x: 1 }), ({ mine }) => mine.delete('a'), undo, redo, undo],
    { a: { x: 1 } },
  ],
  [
    'a change that the room refused is no step',
    [
      ({ mine }) => mine.put('a', { x: 1 }),
      ({ mine }) => mine.put('b', { x: 1 }),
      ({ mine, theirs }) => {
        theirs.delete('b')
        mine.set('b', { x: 7 })
      },
      undo,
    ],
    {},
  ],
  [
    'everything in flight at once: change, undo, redo, undo',
    [
      ({ mine }) => mine.put('a', { x: 1 }),
      ({ ada, mine }) => {
        mine.set('a', { x: 2 })
        mine.set('a', { x: 3 })
        ada.undo()
        ada.undo()
        ada.redo()
      },
    ],
    { a: { x: 2 } },
  ],
  [
    'their change crosses our undo on the way: theirs stays',
    [
      ({ mine }) => mine.put('a', { x: 1 }),
      ({ mine }) => mine.set('a', { x: 2 }),
      ({ ada, theirs }) => {
        theirs.set('a', { x: 9 })
        ada.undo()
      },
    ],
    { a: { x: 9 } },
  ],
]

function undo({ ada }: Table): void {
  assert.ok(ada.undo(), 'nothing to undo')
}

function undoNothing({ ada }: Table): void {
  assert.equal(ada.undo(), false)
}

function redo({ ada }: Table): void {
  ada.redo()
}

for (const [name, steps, expected] of CASES) {
  test(name, async () => {
    const t = await table()
    for (const step of steps) {
      step(t)
      await t.tick()
    }
    assert.deepEqual(boardOf(t.mine), expected)
    assert.deepEqual(boardOf(t.theirs), expected)
    assert.equal(t.ada.unsaved, 0)
  })
}

test('an undo that the room refuses can be tried again', async () => {
  const { ada, bob, mine, theirs, tick } = await table()
  theirs.put('b', { x: 1 })
  await tick()
  bob.group(() => {
    theirs.put('c', { x: 1 })
    theirs.put('d', { x: 1 })
  })
  await tick()
  const refusals: string[] = []
  bob.on('refused', ({ error }) => refusals.push(error.status))
  // Ada's seat is served first, so that her change is there before Bob's undo arrives.
  mine.set('c', { color: 'red' })
  bob.undo()
  await tick()
  assert.deepEqual(refusals, ['stale'])
  assert.deepEqual([...theirs.ids()].sort(), ['b', 'c', 'd'])
  assert.equal(bob.undo(), true, 'of what is still his')
  await tick()
  assert.deepEqual(refusals, ['stale'])
  assert.deepEqual([...mine.ids()].sort(), ['b', 'c'])
  assert.equal(ada.collection('shapes').get('c')?.['color'], 'red')
})

test('what can be undone and redone is told', async () => {
  const { ada, mine, tick } = await table()
  const told: string[] = []
  ada.on('history', ({ canUndo, canRedo }) => told.push(`${canUndo} ${canRedo}`))
  mine.put('a', { x: 1 })
  await tick()
  ada.undo()
  await tick()
  ada.redo()
  assert.deepEqual(told, ['true false', 'false true', 'true false'])
  assert.equal(ada.undo(), true)
  assert.equal(ada.undo(), false)
})

test('a step too large for one operation goes as several', async () => {
  const { ada, mine, theirs, tick } = await table()
  ada.history.begin()
  for (let i = 0; i < 200; i++) mine.put(`s${i}`, { x: i, color: 'x'.repeat(150) })
  ada.history.end()
  for (let i = 0; i < 10; i++) await tick()
  assert.equal(theirs.size, 200)
  ada.undo()
  for (let i = 0; i < 10; i++) await tick()
  assert.deepEqual([mine.size, theirs.size], [0, 0])
  ada.redo()
  for (let i = 0; i < 10; i++) await tick()
  assert.deepEqual([mine.size, theirs.size], [200, 200])
  assert.equal(theirs.get('s7')?.['x'], 7)
})

test('of a step that went as several operations, only what was refused comes back', async () => {
  const { ada, bob, mine, theirs, tick } = await table()
  bob.history.begin()
  for (let i = 0; i < 100; i++) theirs.put(`s${i}`, { x: i })
  bob.history.end()
  for (let i = 0; i < 4; i++) await tick()
  // Undone from the last to the first: s0 is in the second of two operations. Ada is served first.
  mine.set('s0', { color: 'red' })
  bob.undo()
  for (let i = 0; i < 4; i++) await tick()
  assert.equal(mine.size, 36)
  bob.undo()
  for (let i = 0; i < 4; i++) await tick()
  assert.deepEqual([...ada.collection('shapes')], [['s0', { x: 0, color: 'red' }]])
  bob.redo()
  bob.redo()
  for (let i = 0; i < 4; i++) await tick()
  assert.equal(mine.size, 100)
})

test('an undo that finds no room in the queue has not happened', async () => {
  const server = new TinyServer()
  const room = await server.join({ queue: { operations: 2 } })
  rooms.push(room)
  const shapes = room.collection('shapes')
  shapes.put('a', { x: 1 })
  shapes.set('a', { x: 2 })
  assert.throws(() => room.undo(), { status: 'limit' })
  assert.deepEqual([shapes.get('a'), room.canUndo, room.canRedo], [{ x: 2 }, true, false])
  await settled()
  server.tick()
  room.undo()
  assert.deepEqual(shapes.get('a'), { x: 1 })
})

test('a step that takes itself back stands between the others', async () => {
  const { ada, mine, tick } = await table()
  const told: string[] = []
  const step = (name: string) => ({
    undo: () => told.push(`undo ${name}`) > 0,
    redo: () => told.push(`redo ${name}`) > 0,
  })
  mine.put('a', { x: 1 })
  ada.history.add(step('one'))
  mine.set('a', { x: 2 })
  await tick()
  ada.undo()
  assert.deepEqual([told, mine.get('a')], [[], { x: 1 }])
  ada.undo()
  ada.redo()
  assert.deepEqual(told, ['undo one', 'redo one'])
  ada.history.add(step('two'))
  assert.equal(ada.canRedo, false, 'something new was done')
})

test('a step that finds nothing of its own is passed over', async () => {
  const { ada, mine, tick } = await table()
  mine.put('a', { x: 1 })
  ada.history.add({ undo: () => false, redo: () => true })
  await tick()
  assert.equal(ada.undo(), true)
  assert.equal(mine.size, 0)
})

test('within a gesture it is undone in its turn', async () => {
  const { ada, mine, theirs, tick } = await table()
  const seen: unknown[] = []
  ada.history.begin()
  mine.put('a', { x: 1 })
  const look = () => {
    seen.push(mine.get('a'))
    mine.append('a', 'points', [seen.length])
    return true
  }
  ada.history.add({ undo: look, redo: look })
  ada.history.end()
  await tick()
  ada.undo()
  await tick()
  assert.deepEqual([seen, theirs.size], [[{ x: 1 }], 0])
  ada.redo()
  await tick()
  assert.deepEqual(seen[1], { x: 1, points: [1] }, 'the record is there when it looks')
  assert.deepEqual(boardOf(theirs), { a: { x: 1, points: [1, 2] } })
  assert.equal(ada.canUndo, true)
  ada.undo()
  await tick()
  assert.equal(theirs.size, 0)
})

test('what is changed aside is no step, and stays whose it was', async () => {
  const { ada, mine, theirs, tick } = await table()
  mine.put('a', { x: 1 })
  ada.history.aside(() => mine.append('a', 'points', [1]))
  await tick()
  ada.undo()
  await tick()
  assert.equal(theirs.size, 0, 'all of it was ours')
  ada.redo()
  await tick()
  theirs.append('a', 'points', [2])
  await tick()
  ada.history.aside(() => mine.append('a', 'points', [3]))
  ada.history.aside(() => mine.set('a', { points: [1, 2, 3] }))
  await tick()
  assert.equal(ada.undo(), false, 'an item of theirs is among ours')
  assert.deepEqual(boardOf(theirs), { a: { x: 1, points: [1, 2, 3] } })
})

test('an undo that the room refuses gives only what it refused back', async () => {
  const { ada, bob, mine, theirs, tick } = await table()
  const told: string[] = []
  bob.history.begin()
  theirs.put('b', { x: 1 })
  bob.history.add({ undo: () => told.push('undo') > 0, redo: () => told.push('redo') > 0 })
  bob.history.end()
  await tick()
  mine.set('b', { color: 'red' })
  bob.undo()
  await tick()
  assert.deepEqual(boardOf(mine), { b: { x: 1, color: 'red' } })
  bob.redo()
  assert.deepEqual(told, ['undo', 'redo'])
  assert.equal(ada.canUndo, true)
})

test('a cancelled gesture is taken back, and nothing before it', async () => {
  const { ada, mine, theirs, tick } = await table()
  mine.put('old', { x: 1 })
  theirs.put('a', { x: 1 })
  theirs.put('b', { x: 1 })
  await tick()
  ada.history.begin()
  mine.set('a', { x: 2 })
  mine.set('b', { x: 2 })
  await tick()
  theirs.delete('a')
  await tick()
  ada.history.cancel()
  await tick()
  assert.deepEqual(boardOf(theirs), { old: { x: 1 }, b: { x: 1 } })
  assert.equal(ada.canRedo, false)
  ada.history.begin()
  mine.set('b', { x: 3 })
  await tick()
  theirs.delete('b')
  await tick()
  ada.history.cancel()
  await tick()
  assert.deepEqual(boardOf(theirs), { old: { x: 1 } })
  ada.history.cancel()
  assert.equal(ada.canUndo, true)
  ada.undo()
  await tick()
  assert.deepEqual(boardOf(theirs), {})
})

test('a step grows until it is taken back, beside other steps and within a gesture', async () => {
  const { ada, mine, tick } = await table()
  const growing = ada.history.grow()
  assert.ok(!ada.canUndo && !growing.isOver)
  growing.within(() => mine.put('a', { x: 1 }))
  mine.put('b', { x: 1 })
  await tick()
  ada.history.begin()
  mine.set('b', { x: 2 })
  growing.within(() => mine.put('c', { x: 1 }))
  mine.set('b', { x: 3 })
  ada.history.end()
  await tick()
  assert.ok(ada.undo())
  assert.deepEqual(boardOf(mine), { a: { x: 1 }, b: { x: 1 }, c: { x: 1 } }, 'the gesture')
  assert.ok(ada.undo())
  assert.deepEqual(boardOf(mine), { a: { x: 1 }, c: { x: 1 } })
  assert.ok(!growing.isOver && ada.undo())
  assert.deepEqual([boardOf(mine), growing.isOver, ada.canUndo], [{}, true, false])
  assert.throws(() => growing.within(() => mine.put('d', {})), { status: 'misuse' })
  assert.ok(ada.redo())
  await tick()
  assert.deepEqual(boardOf(mine), { a: { x: 1 }, c: { x: 1 } })
})
