// The game as it is played: the real server with the kind, and two players.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { LEVEL, loadStep, shownTick } from '../page/step.js'
import { here, startServer, until } from './server.mjs'

const RIGHT = LEVEL + 1
const BOUNDED = { timeout: 60_000 }

let server
before(async () => (server = await startServer()), BOUNDED)
after(() => server?.stop())

const marbleOf = (room, member) =>
  [...room.collection('marbles').records()].find((marble) => marble.member === member)

test('a tilt rolls our marble, and others see it', BOUNDED, async () => {
  const ada = await server.enter('table')
  const ben = await server.enter('table')
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
  const room = await server.enter('alone')
  const inputs = room.inputs({ read: (tick) => (tick >> 4) % 9 })
  const own = room.predict({
    inputs,
    step,
    read: () => {
      const marble = marbleOf(room, room.me)
      if (marble === undefined) return undefined
      const { x, y, vx, vy } = marble
      return { tick: shownTick(room), state: { x, y, vx, vy } }
    },
    pose: ({ x, y }) => ({ x, y }),
  })
  // The server counts ticks without an input of ours from the first one on that came in time.
  await until(room, () => inputs.margin !== null && inputs.margin >= 0)
  const { compared, count } = own.corrections
  const missed = inputs.missed
  await until(room, () => own.corrections.compared > compared + 40)
  // Where an input came too late, the server went on without it; else the bits are the same.
  const corrected = own.corrections.count - count
  const late = inputs.missed - missed
  assert.ok(corrected <= late + 1, `${corrected} corrections, ${late} ticks without an input`)
  own.stop()
})
