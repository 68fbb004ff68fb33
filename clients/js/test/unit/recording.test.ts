import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Authors } from '../../src/authors.js'
import { tickAt } from '../../src/recording.js'
import type { Value } from '../../src/value.js'
import { readAuthors, readFork, readRecording } from '../../src/recording_read.js'

const SESSION = {
  id: '00ff00ff00ff00ff',
  incarnation: 1,
  first: 0,
  last: 200,
  began_ms: 1_000_000,
  ended_ms: 1_010_000,
  title: '',
  pinned: false,
  bytes: 512,
}

const JSON_OF_IT = {
  kind: 'board',
  hz: 20,
  incarnation: 3,
  first: 0,
  last: 1_000,
  began_ms: 1_000_000,
  ended_ms: 2_040_000,
  incarnations: [
    [1, 0],
    [3, 500],
  ],
  sessions: [
    SESSION,
    { ...SESSION, id: '1', first: 200, last: 1_000, began_ms: 2_000_000, ended_ms: 2_040_000 },
  ],
  markers: [{ tick: 30, incarnation: 1, title: 'Here', colour: '', by: 'Ada' }],
  gaps: [{ from: 40, to: 50, kind: 'hole' }],
  activity: { ticks: 40, operations: [1, 0, 2], presence: [5, 0, 0] },
  people: [
    {
      member: 3,
      user: { name: 'Ada' },
      spans: [
        [1, 20],
        [30, null],
      ],
    },
  ],
}

test('a recording is read as the types say', () => {
  const recording = readRecording({ ...JSON_OF_IT, later: 'versions add this' })
  assert.deepEqual(recording.incarnations, [
    { incarnation: 1, first: 0 },
    { incarnation: 3, first: 500 },
  ])
  assert.deepEqual([recording.began, recording.ended], [new Date(1_000_000), new Date(2_040_000)])
  assert.equal(recording.sessions[0]!.bytes, 512)
  assert.deepEqual(recording.people[0]!.spans, [
    [1, 20],
    [30, null],
  ])
  const { began, hz } = readRecording({ ...JSON_OF_IT, began_ms: 0, hz: null })
  assert.deepEqual([began, hz], [null, null])
})

test('what is left out or is of another type is malformed, at its place', () => {
  const wrong: [object, RegExp][] = [
    [{ kind: 3 }, /kind is no text/],
    [{ hz: -1 }, /hz is no count/],
    [{ last: 1.5 }, /last is no count/],
    [{ sessions: {} }, /sessions is no list/],
    [{ sessions: [{ ...SESSION, pinned: 1 }] }, /sessions\/0\/pinned is neither/],
    [{ incarnations: [[1]] }, /incarnations\/0 is no pair/],
    [{ gaps: [{ from: 0, to: 1, kind: 'other' }] }, /gaps\/0\/kind is none/],
    [{ activity: null }, /activity has no ticks/],
  ]
  for (const [change, message] of wrong) {
    const reads = () => readRecording({ ...JSON_OF_IT, ...change })
    assert.throws(reads, { name: 'TuttiError', status: 'malformed', message })
  }
  for (const all of [null, 3, [], {}]) assert.throws(() => readRecording(all), /all of it has no/)
  assert.throws(() => readFork({ room: 'a' }), /all of it has no from/)
})

test('a time is found in its session, and between two in the next', () => {
  const recording = readRecording(JSON_OF_IT)
  const at = (ms: number) => tickAt(recording, new Date(ms))
  assert.deepEqual([at(0), at(1_000_000), at(1_005_000), at(1_010_000)], [0, 0, 100, 200])
  assert.deepEqual([at(1_500_000), at(2_010_000), at(2_040_000)], [200, 400, 1_000])
  assert.equal(at(9_000_000), 1_000)
})

const AUTHORS = {
  tick: 7,
  incarnation: 2,
  stamp: 9,
  collections: ['shapes', 'notes'],
  records: [
    [0, 'a', 3],
    [1, 'a', 3, { x: 4 }],
  ],
  removed: [[1, 'b', 0]],
}

test('who did what is read, and nothing else is taken for it', () => {
  const { tick, incarnation, stamp, records, removed } = readAuthors(AUTHORS)
  assert.deepEqual([tick, incarnation, stamp], [7, 2, 9])
  assert.deepEqual(records.get('shapes')!.get('a'), { member: 3, fields: new Map() })
  assert.deepEqual(records.get('notes')!.get('a')!.fields, new Map([['x', 4]]))
  assert.equal(removed.get('notes')!.get('b'), 0)
  const wrong: [object, RegExp][] = [
    [{ collections: [3] }, /collections\/0 is no text/],
    [{ records: [[0, 'a']] }, /records\/0 has less than 3 parts/],
    [{ records: [[2, 'a', 3]] }, /records\/0\/0 names what is not there/],
    [{ records: [[0, 'a', 3, 4]] }, /records\/0\/3 is no map/],
    [{ removed: [[0, 'a', -1]] }, /removed\/0\/2 is no count/],
  ]
  for (const [change, message] of wrong) {
    const reads = () => readAuthors({ ...AUTHORS, ...change })
    assert.throws(reads, { name: 'TuttiError', status: 'malformed', message })
  }
})

const told = readAuthors({
  ...AUTHORS,
  records: [
    [0, 'a', 1],
    [0, 'b', 2, { x: 4 }],
    [0, 'c', 6],
    [0, 'd', 8],
  ],
})

test('people are told apart by who they are, and strangers by their numbers', () => {
  const named: { member: number; user: Value }[] = [
    { member: 1, user: { name: 'Ada' } },
    { member: 4, user: { name: 'Ada', colour: 'red' } },
    { member: 5, user: { name: 'Eve' } },
    { member: 2, user: { name: 'Bob' } },
    { member: 8, user: null },
  ]
  const by = (identity?: (user: { name: string }) => unknown) =>
    new Authors(told, named, identity).people.map(({ members }) => members)
  assert.deepEqual(
    by(({ name }) => name),
    [[1, 4], [2], [6], [8]],
    'Eve has done nothing',
  )
  assert.deepEqual(by(), [[1], [2], [4], [6], [8]])
  const authors = new Authors(told, named, ({ name }) => name)
  assert.deepEqual(authors.people[0]!.user, { name: 'Ada', colour: 'red' })
  assert.deepEqual(authors.personOf(6), { members: [6], user: null })
  assert.equal(authors.changer('shapes', 'b', 'x'), 4)
  assert.equal(authors.changer('shapes', 'b', 'y'), 2)
  assert.equal(authors.changer('shapes', 'e', 'y'), undefined)
})
