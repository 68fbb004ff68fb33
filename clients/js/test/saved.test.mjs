// What is saved, against the real server: it is killed, its disk fails, its files are damaged.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { join } from 'tutti'
import { startServer, startWire, until } from './server/server.mjs'

const KILLS = 4

let data
let server
let wire
let rooms

beforeEach(async () => {
  data = mkdtempSync(joinPath(tmpdir(), 'tutti-saved-'))
  server = await startServer({ data })
  wire = await startWire(server.port)
  rooms = []
})

afterEach(async () => {
  for (const room of rooms) room.leave()
  await wire.close()
  await server.stop()
  rmSync(data, { recursive: true, force: true })
})

async function enter(name, url = wire.url) {
  const room = await join(url, name, { signal: AbortSignal.timeout(20_000) })
  rooms.push(room)
  return room
}

async function startAgain() {
  server = await startServer({ data })
  wire.upstream = server.port
}

/** Writes until it is stopped: each change counts once, is a line, and is a record. */
function startWriting(room, author) {
  const sheets = room.collection('sheets')
  const writer = { author, made: 0, saved: [], failed: [] }
  const timer = setInterval(() => {
    if (room.unsaved >= 900) return // the queue takes 1,000
    const number = ++writer.made
    const change = room.group(() => {
      sheets.put(`${author}-${number}`, { number })
      sheets.add('all', { count: 1 })
      sheets.append('all', 'lines', [`${author} ${number}`])
    })
    change.saved.then(
      () => writer.saved.push(number),
      (error) => writer.failed.push(error.status),
    )
  }, 5)
  writer.stop = () => clearInterval(timer)
  return writer
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const numbersTo = (count) => Array.from({ length: count }, (_, i) => i + 1)

test('through kill -9: what was told to be saved is there, and all is there once', async () => {
  const people = [await enter('room'), await enter('room')]
  await people[0].collection('sheets').put('all', {}).saved
  const writers = people.map((room, i) => startWriting(room, 'AB'[i]))
  for (let kill = 0; kill < KILLS; kill++) {
    await pause(50 + Math.random() * 300)
    await server.stop('SIGKILL')
    await until(() => people.every(({ status }) => status !== 'live'), 'both notice')
    wire.refuses = true
    wire.cut()
    const told = writers.map(({ saved }) => saved.length)
    await startAgain()
    const witness = await enter('room', `ws://127.0.0.1:${server.port}`)
    const sheets = witness.collection('sheets')
    for (const [i, { author }] of writers.entries()) {
      for (const number of numbersTo(told[i])) assert.ok(sheets.has(`${author}-${number}`))
    }
    witness.leave()
    wire.refuses = false
    for (const room of people) room.reconnect()
    await until(() => people.every(({ status }) => status === 'live'), 'both are back')
  }
  for (const writer of writers) writer.stop()
  await until(() => people.every(({ unsaved }) => unsaved === 0), 'all is saved')

  const reader = await enter('room')
  const { all, ...own } = Object.fromEntries(reader.collection('sheets'))
  const made = writers[0].made + writers[1].made
  assert.equal(all.count, made)
  assert.equal(all.lines.length, made)
  assert.equal(Object.keys(own).length, made)
  for (const { author, made, saved, failed } of writers) {
    const lines = all.lines.filter((line) => line.startsWith(author))
    assert.deepEqual(
      lines,
      numbersTo(made).map((number) => `${author} ${number}`),
    )
    assert.deepEqual(saved, numbersTo(made), 'told once each, in order')
    assert.deepEqual(failed, [])
  }
  assert.ok(made > KILLS)
})

test('a disk that fails: the room goes on, says so, and saves all when it is well', async () => {
  const [ada, bob] = [await enter('room'), await enter('room')]
  const shapes = ada.collection('shapes')
  await shapes.put('a', { n: 1 }).saved
  const told = []
  ada.on('saving', (saving) => told.push(saving))
  server.limitFiles(0)
  const change = shapes.set('a', { n: 2 })
  await change.done
  await until(() => bob.collection('shapes').get('a').n === 2, 'the others see it')
  await until(() => ada.saving === 'interrupted' && bob.saving === 'interrupted', 'both are told')
  assert.equal(change.state, 'applied')
  assert.equal(ada.unsaved, 1)

  const late = await enter('room')
  await until(() => late.saving === 'interrupted', 'who comes now is told as well')
  assert.equal(late.collection('shapes').get('a').n, 2)
  wire.cut()
  await until(() => ada.status !== 'live', 'the line breaks')
  await until(() => ada.status === 'live', 'and is mended')
  assert.equal(ada.saving, 'interrupted')

  server.limitFiles('unlimited')
  await change.saved
  assert.equal(change.state, 'saved')
  await until(() => rooms.every(({ saving }) => saving === 'ok'), 'all are told that it is well')
  assert.deepEqual(told, ['interrupted', 'ok'])
  await server.stop('SIGKILL')
  await startAgain()
  const reader = await enter('room')
  assert.equal(reader.collection('shapes').get('a').n, 2)
})

test('a server that ends while its disk fails: nothing was called saved, and all is sent again', async () => {
  const ada = await enter('room')
  const shapes = ada.collection('shapes')
  await shapes.put('a', {}).saved
  server.limitFiles(0)
  const changes = numbersTo(20).map(() => shapes.add('a', { n: 1 }))
  await changes.at(-1).done
  await until(() => ada.saving === 'interrupted', 'it is told')
  assert.equal(ada.unsaved, 20)
  await server.stop('SIGKILL')
  await startAgain()
  const before = await enter('room', `ws://127.0.0.1:${server.port}`)
  await Promise.all(changes.map(({ saved }) => saved))
  await until(() => before.collection('shapes').get('a').n === 20, 'each counts once')
  assert.equal(shapes.get('a').n, 20)
  assert.equal(ada.saving, 'ok')
})

/** One bit is another wherever this stands. */
function damage(path, needle) {
  const bytes = readFileSync(path)
  let count = 0
  for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) {
    bytes[at] ^= 1
    count++
  }
  assert.ok(count > 0)
  writeFileSync(path, bytes)
}

test('a room whose files are damaged is closed for good; the others are open', async () => {
  const [ada, bob] = [await enter('damaged'), await enter('sound')]
  // What cannot be packed stands in the file as it is.
  const needle = randomBytes(16_000)
  await ada.collection('shapes').put('a', { needle: new Uint8Array(needle) }).saved
  await bob.collection('shapes').put('a', { n: 1 }).saved
  await server.stop()
  damage(joinPath(data, 'archive.db'), needle.subarray(0, 64))
  await startAgain()
  await until(() => ada.status === 'closed' && bob.status === 'live', 'the pages have come back')
  assert.deepEqual([ada.condition.error.status, ada.condition.error.code], ['quarantined', 4018])
  assert.ok(ada.condition.reason.length > 0)
  await assert.rejects(enter('damaged'), { status: 'quarantined', code: 4018 })
  assert.equal(bob.collection('shapes').get('a').n, 1)
})
