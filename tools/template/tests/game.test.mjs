// The game as it is played: the real server with the kind, and two players.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { LEVEL, loadStep } from '../page/step.js'

const { TUTTI, TUTTI_SERVER = `${TUTTI}/build/release/tutti-server` } = process.env
const { join } = await import(`${TUTTI}/clients/js/dist/tutti.node.js`)
const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const RIGHT = LEVEL + 1
const BOUNDED = { timeout: 60_000 }

let server, data, address
const rooms = []
before(async () => {
  data = mkdtempSync(`${tmpdir()}/game-`)
  const kinds = here('../out/kinds')
  server = spawn(TUTTI_SERVER, ['--listen', '127.0.0.1:0', '--data', data, '--kinds', kinds])
  let said = ''
  address = await new Promise((resolve, reject) => {
    server.stderr.on('data', (bytes) => {
      said += bytes
      const found = /listening .*url=http:\/\/(\S+)\//.exec(said)
      if (found !== null) resolve(`ws://${found[1]}`)
    })
    server.on('exit', () => reject(new Error(`the server ended: ${said}`)))
  })
}, BOUNDED)
after(() => {
  for (const room of rooms) room.leave()
  server.kill()
  rmSync(data, { recursive: true })
})

async function enter(name) {
  const room = await join(address, name, { kind: '@NAME@' })
  rooms.push(room)
  return room
}

/** Asks again at each frame until the answer is there. */
function until(room, ask) {
  return new Promise((resolve) => {
    const look = () => {
      const answer = ask()
      if (!answer) return
      end()
      resolve(answer)
    }
    const end = room.on('frame', look)
    look()
  })
}

const marbleOf = (room, member) =>
  [...room.collection('marbles').records()].find((marble) => marble.member === member)

test('a tilt rolls our marble, and others see it', BOUNDED, async () => {
  const ada = await enter('table')
  const ben = await enter('table')
  const from = await until(ben, () => marbleOf(ben, ada.me))
  const inputs = ada.inputs({ read: () => RIGHT })
  await until(ben, () => marbleOf(ben, ada.me).vx > 200)
  assert.equal(marbleOf(ben, ada.me).y, from.y)
  inputs.stop()
  const id = ada.me
  ada.leave()
  await until(ben, () => marbleOf(ben, id) === undefined)
})

test('what is predicted is what the server says', BOUNDED, async () => {
  const step = await loadStep(readFileSync(here('../page/step.wasm')))
  const room = await enter('alone')
  const inputs = room.inputs({ read: (tick) => (tick >> 4) % 9 })
  const own = room.predict({
    inputs,
    step,
    read: ({ tick }) => {
      const marble = marbleOf(room, room.me)
      if (marble === undefined) return undefined
      const { x, y, vx, vy } = marble
      return { tick, state: { x, y, vx, vy } }
    },
    pose: ({ x, y }) => ({ x, y }),
  })
  await until(room, () => own.corrections.compared > 40)
  // Where an input came too late, the server went on without it; else the bits are the same.
  assert.ok(own.corrections.count <= inputs.missed + 1)
  own.stop()
})
