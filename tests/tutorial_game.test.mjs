// The game that tests/tutorial.mjs has made, as one of its own tests: what stands on the board, and what
// is predicted while the server stands still again and again.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { LEVEL, loadStep, shownTick } from '../page/step.js'
import { here, startServer, until } from './server.mjs'

const BOUNDED = { timeout: 60_000 }
const STANDSTILLS = 12

let server
before(async () => (server = await startServer()), BOUNDED)
after(() => server?.stop())

const marbleOf = (room) =>
  [...room.collection('marbles').records()].find(({ member }) => member === room.me)

/** Tilts towards the gem, a little against where the marble rolls already. */
function chase(room) {
  const marble = marbleOf(room)
  const gem = room.collection('gems').get('gem')
  const tilt = (from, speed, to) => Math.sign(to - from - 24 * speed)
  return LEVEL + tilt(marble.x, marble.vx, gem.x) + 3 * tilt(marble.y, marble.vy, gem.y)
}

test('who has gems when a round ends stands on the board', BOUNDED, async () => {
  const room = await server.enter('table', { name: 'Ada' })
  const nameless = await server.enter('table')
  for (const player of [room, nameless]) player.inputs({ read: () => chase(player) })
  let names = []
  while (!names.includes('Ada') || !names.includes('somebody')) {
    const answer = await fetch(`${server.address}/v1/results/marble/gems?best=high`)
    names = (await answer.json()).map(({ name }) => name)
    await pause(500)
  }
  assert.equal(names.length, 2)
})

test('ticks that a server makes up for change nothing that is predicted', BOUNDED, async () => {
  const step = await loadStep(readFileSync(here('../page/step.wasm')))
  const room = await server.enter('busy')
  const inputs = room.inputs({ read: () => LEVEL + 1 }) // always the same: held, it is right as well
  const own = room.predict({
    inputs,
    step,
    read: () => {
      const { x, y, vx, vy } = marbleOf(room)
      return { tick: shownTick(room), state: { x, y, vx, vy } }
    },
    pose: ({ x, y }) => ({ x, y }),
  })
  await until(room, () => inputs.margin !== null && inputs.margin >= 0)
  for (let done = 0; done < STANDSTILLS; done++) {
    const from = own.corrections
    process.kill(server.pid, 'SIGSTOP')
    await pause(20 + 9 * done)
    process.kill(server.pid, 'SIGCONT')
    await until(room, () => own.corrections.compared > from.compared + 3)
    assert.equal(own.corrections.count, from.count, `corrections, ${inputs.missed} ticks missed`)
  }
})
