import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MOMENT_TITLE_MAX, momentLink, parseMoment, type Moment } from '../../src/moment.js'

const PAGE = 'https://example.org/board/?room=other&look=1#part'

test('a link holds the moment and what the page had beside it', () => {
  const moment = { room: 'plans', tick: 1234, incarnation: 7, title: 'Before the mistake & after' }
  const link = momentLink(PAGE, moment)
  assert.match(
    link,
    /^https:\/\/example\.org\/board\/\?room=plans&look=1&at=1234\.7&title=.*#part$/,
  )
  assert.deepEqual(parseMoment(link), moment)
  assert.deepEqual(parseMoment(new URL(link)), moment)
})

test('without incarnation and title there is neither, and none of a link before', () => {
  const before = momentLink(PAGE, { room: 'plans', tick: 5, incarnation: 1, title: 'Old' })
  const link = momentLink(before, { room: 'plans', tick: 0 })
  assert.match(link, /at=0(?!\.)/)
  assert.deepEqual(parseMoment(link), { room: 'plans', tick: 0 })
})

test('numbers and names are those that there can be', () => {
  const wrong = (moment: Partial<Moment>) => () =>
    momentLink(PAGE, { room: 'plans', tick: 1, ...moment })
  const most = Number.MAX_SAFE_INTEGER
  assert.equal(parseMoment(wrong({ tick: most, incarnation: most })())?.incarnation, most)
  for (const tick of [-1, 1.5, most + 1, NaN, Infinity]) {
    assert.throws(wrong({ tick }), { status: 'range' })
    assert.throws(wrong({ incarnation: tick }), { status: 'range' })
  }
  for (const room of ['', 'a b', 'x'.repeat(65)]) {
    assert.throws(wrong({ room }), { status: 'malformed' })
  }
  assert.throws(() => momentLink('board/', { room: 'plans', tick: 1 }), { status: 'misuse' })
})

test('what is no moment is none', () => {
  const queries = [
    '',
    'room=plans',
    'at=1',
    'room=plans&at=',
    'room=plans&at=-1',
    'room=plans&at=1.',
    'room=plans&at=1.2.3',
    'room=plans&at=1e3',
    'room=plans&at=9007199254740992',
    'room=plans&at=1.9007199254740992',
    'room=pl%2fans&at=1',
    `room=${'x'.repeat(65)}&at=1`,
  ]
  for (const query of queries)
    assert.equal(parseMoment(`https://example.org/?${query}`), null, query)
  assert.equal(parseMoment('no address'), null)
})

test("a stranger's title is one line of so many characters", () => {
  const titleIn = (title: string) =>
    parseMoment(`https://example.org/?room=a&at=1&title=${encodeURIComponent(title)}`)?.title
  assert.equal(titleIn('  two\r\nlines\u202e\u0000'), 'two lines')
  assert.equal(titleIn(' \n '), undefined)
  const most = '\u{1f600}'.repeat(MOMENT_TITLE_MAX)
  assert.equal(titleIn(most), most)
  assert.equal(titleIn(`${most}x`), most)
})
