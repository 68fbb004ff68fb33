// Texts that several people write at once, through the real server: TUTTI_SERVER names its binary.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { after, before, test } from 'node:test'
import '../../src/node.ts'
import { TEXT_BYTES_MAX, textItems, textOf, Texts } from '../../src/board/text.ts'
import { join } from '../../src/tutti.ts'
import { startServer, startWire, until } from '../server/server.mjs'
import { randomOf } from '../unit/messages.ts'

let data
let server
let wire
let roomNumber = 0
const rooms = []

before(async () => {
  data = mkdtempSync(joinPath(tmpdir(), 'tutti-text-'))
  server = await startServer({ data })
  wire = await startWire(server.port)
})

after(async () => {
  for (const room of rooms) room.leave()
  await wire?.close()
  await server?.stop()
  rmSync(data, { recursive: true, force: true })
})

/** The server dies at once, and another one takes over its data. */
async function crash() {
  await server.stop('SIGKILL')
  server = await startServer({ data })
  wire.upstream = server.port
}

/** People of one board: each with its room, its objects and its texts. */
async function people(count, name = `board-${++roomNumber}`) {
  return Promise.all(Array.from({ length: count }, () => enter(name)))
}

async function enter(name, url = wire.url) {
  const room = await join(url, name, { kind: 'board', signal: AbortSignal.timeout(20_000) })
  rooms.push(room)
  const objects = room.collection('objects')
  return { name, room, objects, texts: new Texts(room) }
}

const NOTE = { type: 7, z: 'a0', x: 0, y: 0, w: 200, h: 200 }

function shown({ objects }, id) {
  return textOf(objects.get(id)?.text)
}

/** Waits until nothing is on its way and all read `text`, or the same at least. */
async function agree(everyone, id, text) {
  await until(
    () => everyone.every(({ room, objects }) => room.unsaved === 0 && objects.has(id)),
    'all is saved',
  )
  // What the room has lost, and takes again from who has it, is in no change for a moment.
  const wanted = () => text ?? shown(everyone[0], id)
  const reads = (each) => shown(each, id) === wanted() && String(each.texts.open(id)) === wanted()
  await until(
    () => everyone.every(reads),
    () => JSON.stringify(everyone.map((each) => shown(each, id))),
  )
}

async function makeNote(everyone, fields = {}) {
  const [{ objects }] = everyone
  const id = objects.newId()
  await objects.put(id, { ...NOTE, ...fields }).done
  await until(() => everyone.every(({ objects }) => objects.has(id)), 'the note is there')
  return id
}

test('two who begin an empty note at once both keep their letters', async () => {
  const [ada, bob] = await people(2)
  const id = await makeNote([ada, bob])
  const sessions = [ada, bob].map(({ texts }) => texts.open(id).edit())
  sessions[0].replace(0, 0, 'Ada')
  sessions[1].replace(0, 0, 'Bob')
  for (const session of sessions) session.end()
  await agree([ada, bob], id)
  assert.ok(['AdaBob', 'BobAda'].includes(shown(ada, id)), shown(ada, id))
})

test('a text that a record begins with is gone on with by all', async () => {
  const [ada, bob] = await people(2)
  const id = await makeNote([ada, bob], { text: textItems('Hello 👋') })
  const session = bob.texts.open(id).edit()
  session.replace(5, 0, ',')
  session.end()
  await agree([ada, bob], id, 'Hello, 👋')
  assert.equal(textItems(''), undefined)
})

test('the board takes back only the letters of the one who undoes', async () => {
  const [ada, bob] = await people(2)
  const id = await makeNote([ada, bob], { text: textItems('one two') })
  const session = ada.texts.open(id).edit()
  session.replace(0, 3, 'ONE')
  const other = bob.texts.open(id).edit()
  other.replace(7, 0, ' three')
  session.end()
  other.end()
  await agree([ada, bob], id, 'ONE two three')
  assert.equal(ada.room.undo(), true)
  await agree([ada, bob], id, 'one two three')
  assert.equal(ada.room.redo(), true)
  await agree([ada, bob], id, 'ONE two three')
  assert.equal(bob.room.undo(), true)
  await agree([ada, bob], id, 'ONE two')
  ada.room.undo()
  await agree([ada, bob], id, 'one two')
})

test('letters of another that one took out are put back by undo', async () => {
  const [ada, bob] = await people(2)
  const id = await makeNote([ada, bob], { text: textItems('keep this') })
  const session = bob.texts.open(id).edit()
  session.replace(4, 5, '')
  session.end()
  await agree([ada, bob], id, 'keep')
  const other = ada.texts.open(id).edit()
  other.replace(4, 0, ' on')
  other.end()
  await agree([ada, bob], id, 'keep on')
  bob.room.undo()
  await agree([ada, bob], id)
  assert.ok(['keep this on', 'keep on this'].includes(shown(ada, id)), shown(ada, id))
})

test('undo inside the editor is one of its steps, and not one of the board', async () => {
  const [ada] = await people(1)
  const id = await makeNote([ada])
  const session = ada.texts.open(id).edit()
  session.replace(0, 0, 'kept')
  await new Promise((resolve) => setTimeout(resolve, 700))
  session.replace(4, 0, ' not')
  assert.equal(session.undo(), true)
  assert.equal(session.redo(), true)
  assert.equal(session.undo(), true)
  session.end()
  await agree([ada], id, 'kept')
  ada.room.undo()
  await agree([ada], id, '')
  ada.room.redo()
  await agree([ada], id, 'kept')
})

test('a note and what was typed into it are one step within a gesture', async () => {
  const [ada, bob] = await people(2)
  ada.room.history.begin()
  const id = await makeNote([ada, bob])
  const session = ada.texts.open(id).edit()
  session.replace(0, 0, 'Idea')
  session.end()
  ada.room.history.end()
  await agree([ada, bob], id, 'Idea')
  ada.room.undo()
  await until(() => !bob.objects.has(id), 'the note is gone')
  assert.equal(ada.room.canUndo, false)
  ada.room.redo()
  await until(() => bob.objects.has(id), 'the note is back')
  await agree([ada, bob], id, 'Idea')
})

test('a note that holds letters of someone else is not undone away', async () => {
  const [ada, bob] = await people(2)
  const id = await makeNote([ada, bob])
  const mine = ada.texts.open(id).edit()
  mine.replace(0, 0, 'mine ')
  mine.end()
  await agree([ada, bob], id, 'mine ')
  const theirs = bob.texts.open(id).edit()
  theirs.replace(5, 0, 'theirs')
  theirs.end()
  await agree([ada, bob], id, 'mine theirs')
  ada.room.undo()
  await agree([ada, bob], id, 'theirs')
  assert.equal(ada.room.undo(), false)
  assert.equal(bob.objects.has(id), true)
})

test('much typing makes a short list, and no letter of another is lost by it', async () => {
  const [ada, bob] = await people(2)
  const id = await makeNote([ada, bob])
  const sessions = [ada, bob].map(({ texts }) => texts.open(id).edit())
  let longest = 0
  bob.objects.on('change', ({ record }) => {
    longest = Math.max(longest, record?.text?.length ?? 0)
  })
  for (let i = 0; i < 300; i++) {
    sessions[0].replace(0, 0, 'a')
    if (i % 3 === 0) sessions[1].replace(0, 0, 'b')
    await new Promise((resolve) => setTimeout(resolve, 10))
    for (const { texts } of [ada, bob]) texts.open(id).flush()
  }
  for (const session of sessions) session.end()
  await agree([ada, bob], id)
  const letters = [...shown(ada, id)]
  assert.equal(letters.filter((letter) => letter === 'a').length, 300)
  assert.equal(letters.filter((letter) => letter === 'b').length, 100)
  assert.ok(ada.objects.get(id).text.length < longest, `${longest} items at most`)
})

test('a text takes so much and no more, and says so', async () => {
  const [ada, bob] = await people(2)
  const id = await makeNote([ada, bob])
  const session = ada.texts.open(id).edit()
  assert.equal(session.replace(0, 0, 'é'.repeat(TEXT_BYTES_MAX)), TEXT_BYTES_MAX / 2)
  assert.equal(session.replace(0, 0, 'x'), 0)
  assert.equal(session.replace(0, 1, 'xyz'), 2)
  session.end()
  await agree([ada, bob], id)
  assert.equal(shown(bob, id).length, TEXT_BYTES_MAX / 2 + 1)
})

test('many who fill a text while offline: what does not fit is told, the rest agrees', async () => {
  const everyone = await people(4)
  const id = await makeNote(everyone)
  const troubles = []
  const sessions = everyone.map(({ texts }) => texts.open(id).edit())
  for (const { texts } of everyone) texts.open(id).on('trouble', (error) => troubles.push(error))
  wire.cut()
  sessions.forEach((session, i) => session.replace(0, 0, String(i).repeat(TEXT_BYTES_MAX)))
  for (const { texts } of everyone) texts.open(id).flush()
  await until(() => troubles.length > 0, 'someone is told')
  for (const { status } of troubles) assert.equal(status, 'limit')
  await until(
    () => everyone.every((each) => shown(each, id) === shown(everyone[0], id)),
    'the records agree',
  )
  const runs = new Set(shown(everyone[0], id))
  assert.ok(runs.size >= 2, `the letters of ${[...runs]}`)
  for (const run of runs) {
    assert.equal(shown(everyone[0], id).split(run).length - 1, TEXT_BYTES_MAX, 'whole or not')
  }
})

test('who makes a list short without knowing it whole takes no letter out of it', async () => {
  const [ada] = await people(1)
  const id = await makeNote([ada])
  const bob = await enter(ada.name, `ws://127.0.0.1:${server.port}`)
  wire.refuses = true
  wire.cut()
  const theirs = bob.texts.open(id).edit()
  theirs.replace(0, 0, 'of Bob, who is gone')
  theirs.end()
  await until(() => bob.room.unsaved === 0, 'Bob is saved')
  bob.room.leave()
  const text = ada.texts.open(id)
  const mine = text.edit()
  for (let i = 0; i < 4; i++) {
    mine.replace(0, i && 8_000, String(i).repeat(8_000))
    text.flush()
  }
  assert.equal(ada.objects.get(id).text.length, 1, 'the list is replaced')
  wire.refuses = false
  ada.room.reconnect()
  await until(() => ada.room.unsaved === 0, 'Ada is saved')
  await until(
    () => shown(ada, id).length === 8_019,
    () => `${shown(ada, id).length} letters`,
  )
  assert.ok(shown(ada, id).includes('of Bob, who is gone'))
  const late = await enter(ada.name)
  assert.equal(shown(late, id), shown(ada, id))
})

test('bytes that are no update are no letters, and stop nobody', async () => {
  const [ada, bob] = await people(2)
  const id = await makeNote([ada, bob], { text: textItems('fine') })
  const random = randomOf(7)
  for (let i = 0; i < 40; i++) {
    const bytes = Uint8Array.from({ length: 1 + i }, () => Math.floor(random() * 256))
    await bob.objects.append(id, 'text', [bytes]).done
  }
  const session = ada.texts.open(id).edit()
  session.replace(4, 0, '!')
  session.end()
  await agree([ada, bob], id, 'fine!')
})

const SEED = Number(process.env.TEXT_SEED ?? 1)
const STEPS = Number(process.env.TEXT_STEPS ?? 150)
const WRITERS = 6

/** Everyone types at random; `disturb` may do anything to them at each step. */
async function typeAtRandom(random, disturb) {
  const upTo = (count) => Math.floor(random() * count)
  const everyone = await people(WRITERS)
  const ids = [await makeNote(everyone), await makeNote(everyone)]
  const authors = everyone.map(({ texts }, i) => {
    const sessions = ids.map((id) => texts.open(id).edit())
    const letter = String.fromCharCode(97 + i)
    return { letter, texts, sessions, inserted: ids.map(() => 0) }
  })
  for (let step = 0; step < STEPS; step++) {
    for (const { letter, texts, inserted, sessions } of authors) {
      const which = upTo(ids.length)
      const text = String(texts.open(ids[which]))
      const own = text.indexOf(letter, upTo(text.length + 1))
      if (own >= 0 && random() < 0.2) {
        sessions[which].replace(own, 1, '')
        inserted[which]--
      } else {
        const letters = letter.repeat(1 + upTo(4))
        inserted[which] += sessions[which].replace(upTo(text.length + 1), 0, letters)
      }
    }
    await disturb(step)
    if (random() < 0.3) await new Promise((resolve) => setTimeout(resolve, upTo(60)))
  }
  for (const { sessions } of authors) for (const session of sessions) session.end()
  for (const [which, id] of ids.entries()) {
    await agree(everyone, id)
    const letters = [...shown(everyone[0], id)]
    for (const { letter, inserted } of authors) {
      const count = letters.filter((each) => each === letter).length
      assert.equal(count, inserted[which], `letters ${letter} in text ${which}`)
    }
    const late = await enter(everyone[0].name)
    assert.equal(shown(late, id), shown(everyone[0], id), 'who comes late reads the same')
  }
}

test('people who type at random, cut off at random, lose no letter', async (t) => {
  t.diagnostic(`seed ${SEED}`)
  const random = randomOf(SEED)
  await typeAtRandom(random, () => {
    if (random() < 0.06) wire.cut()
  })
})

test('nor do they where the server is killed while they type', async (t) => {
  t.diagnostic(`seed ${SEED}`)
  const random = randomOf(SEED)
  await typeAtRandom(random, async (step) => {
    if (step % 50 === 25) await crash()
  })
})
