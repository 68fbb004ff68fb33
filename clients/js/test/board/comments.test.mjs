// Comments and chat of a board, through the real server: TUTTI_SERVER names its binary.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import '../../src/node.ts'
import { Chat } from '../../src/board/chat.ts'
import { Comments, unpinned } from '../../src/board/comments.ts'
import { submit } from '../../src/board/edit/edit.ts'
import { Scene } from '../../src/board/scene.ts'
import { join } from '../../src/tutti.ts'
import { startServer, startWire, until } from '../server/server.mjs'

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

async function enter(name, colour, board) {
  const options = { kind: 'board', user: { name }, signal: AbortSignal.timeout(20_000) }
  const room = await join(wire.url, board, options)
  rooms.push(room)
  const scene = new Scene(room)
  const speaker = () => ({ name, colour })
  return {
    room,
    scene,
    objects: room.collection('objects'),
    comments: new Comments(room, scene, speaker),
    chat: new Chat(room, speaker),
  }
}

async function two() {
  const board = `board-${++roomNumber}`
  return [await enter('Ada', '#0055ff', board), await enter('Bob', '#ff0000', board)]
}

const settled = (...people) =>
  until(() => people.every(({ room }) => room.unsaved === 0), 'all is saved')

/** Waits until someone sees so many threads; gives them. */
async function threads({ comments }, count) {
  await until(() => comments.threads.length === count, `${count} threads`)
  return comments.threads
}

const BOX = { type: 1, z: 'a0', x: 100, y: 100, w: 200, h: 100 }

test('what is said at a place, what is replied, settled and brought back', async () => {
  const [ada, bob] = await two()
  const id = ada.comments.pin({ x: 10, y: 20 }, 'Why blue?')
  assert.equal(ada.comments.get(id).isMine, true, 'at once')
  await threads(bob, 1)
  bob.comments.reply(id, 'Why not?')
  await until(() => ada.comments.get(id).replies.length === 1, 'a reply')
  const { name, text, colour, isResolved, isMine, replies } = ada.comments.get(id)
  assert.deepEqual(
    { name, text, colour, isResolved, isMine },
    { name: 'Ada', text: 'Why blue?', colour: '#0055ff', isResolved: false, isMine: true },
  )
  assert.deepEqual(
    replies.map(({ name, text, isMine }) => [name, text, isMine]),
    [['Bob', 'Why not?', false]],
  )
  assert.deepEqual(bob.comments.placeOf(id), { x: 10, y: 20 })
  bob.comments.resolve(id, true)
  await until(() => ada.comments.get(id).isResolved, 'settled')
  ada.comments.resolve(id, false)
  await until(() => !bob.comments.get(id).isResolved, 'brought back')
  assert.equal(ada.room.canUndo || bob.room.canUndo, false, 'talk is no drawing')
})

test('only who said it may say it differently, or take it back with all replies', async () => {
  const [ada, bob] = await two()
  const refused = []
  bob.room.on('refused', ({ error }) => refused.push(error.status))
  const id = ada.comments.pin({ x: 0, y: 0 }, 'Mine')
  await threads(bob, 1)
  for (let i = 0; i < 3; i++) bob.comments.reply(id, `Reply ${i}`)
  await until(() => ada.comments.get(id).replies.length === 3, 'replies')
  bob.comments.rephrase(id, 'Not mine')
  bob.comments.remove(id)
  await until(() => refused.length === 2, 'both are refused')
  assert.deepEqual(refused, ['denied', 'denied'])
  ada.comments.rephrase(id, 'Still mine')
  await until(() => bob.comments.get(id)?.text === 'Still mine', 'rephrased')
  ada.comments.remove(id)
  await threads(bob, 0)
  await settled(ada, bob)
  assert.equal(bob.room.collection('replies').size, 0)
})

test('a pin follows its object as it moves and turns, and stays where it was left', async () => {
  const [ada, bob] = await two()
  const box = ada.objects.newId()
  await ada.objects.put(box, BOX).done
  const id = ada.comments.pin({ x: 110, y: 105 }, 'Here', ada.scene.find(box))
  await threads(bob, 1)
  assert.deepEqual(bob.comments.placeOf(id), { x: 110, y: 105 })
  await bob.objects.set(box, { x: 1_100, y: 0 }).done
  assert.deepEqual(bob.comments.placeOf(id), { x: 1_110, y: 5 })
  await bob.objects.set(box, { angle: 2_048 }).done
  const { x, y } = bob.comments.placeOf(id)
  assert.deepEqual([Math.round(x), Math.round(y)], [1_290, 95])
  const edits = [{ id: box, delete: true }]
  submit(bob.room, [...unpinned(bob.room, bob.scene, edits), ...edits])
  await until(() => !ada.objects.has(box), 'the object is gone')
  const place = ada.comments.placeOf(id)
  assert.deepEqual([Math.round(place.x), Math.round(place.y)], [1_290, 95])
  bob.room.undo()
  await until(() => ada.objects.has(box), 'the object is back')
  await settled(ada, bob)
  assert.equal(ada.room.collection('comments').get(id).on, box, 'and the pin on it')
})

test('chat: lines in one order, unread ones counted, and what strangers send left out', async () => {
  const [ada, bob] = await two()
  const heard = []
  bob.chat.on('line', ({ name, text }) => heard.push([name, text]))
  ada.chat.say('One')
  ada.chat.say('Two')
  assert.deepEqual(
    ada.chat.lines.map(({ text, state }) => [text, state]),
    [
      ['One', 'sending'],
      ['Two', 'sending'],
    ],
  )
  await until(() => bob.chat.unread === 2, 'two are new')
  assert.deepEqual(heard, [
    ['Ada', 'One'],
    ['Ada', 'Two'],
  ])
  await settled(ada)
  assert.deepEqual(
    ada.chat.lines.map(({ text, state, isMine }) => [text, state, isMine]),
    [
      ['One', 'said', true],
      ['Two', 'said', true],
    ],
  )
  bob.chat.read(true)
  assert.equal(bob.chat.unread, 0)
  await ada.room.emit('chat', { text: 'x', name: 'y', at: 'never', color: [1] }).done
  await ada.room.emit('chat', { text: '   ', name: 'y' }).done
  await until(() => bob.chat.lines.length === 3, 'the third line')
  assert.deepEqual([bob.chat.unread, bob.chat.lines[2].time], [0, 0])
  const late = await enter('Eve', '#00ff00', `board-${roomNumber}`)
  assert.deepEqual(
    late.chat.lines.map(({ text }) => text),
    ['One', 'Two', 'x'],
  )
  assert.equal(late.chat.unread, 0, 'what was said before is history')
})

test('a line that is written without a connection is said once, later', async () => {
  const [ada, bob] = await two()
  wire.refuses = true
  wire.cut()
  await until(() => ada.room.status === 'offline', 'Ada is cut off')
  ada.chat.say('Later')
  assert.equal(ada.chat.lines.at(-1).state, 'sending')
  wire.refuses = false
  ada.room.reconnect()
  bob.room.reconnect()
  await until(() => bob.chat.lines.length === 1, 'Bob reads it')
  await settled(ada)
  assert.deepEqual(
    ada.chat.lines.map(({ text, state }) => [text, state]),
    [['Later', 'said']],
  )
})

test('many comments that come at once are told once', async () => {
  const [ada, bob] = await two()
  let told = 0
  bob.comments.on('change', () => told++)
  ada.room.group(() => {
    for (let i = 0; i < 50; i++) ada.comments.pin({ x: i, y: 0 }, `Comment ${i}`)
  })
  await threads(bob, 50)
  await settled(ada, bob)
  assert.ok(told >= 1 && told <= 2, `told ${told} times`)
})
