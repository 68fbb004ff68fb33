// Inputs and prediction against the real server and the kind `race`: TUTTI_SERVER names the binary, beside
// which lies race.wasm, or RACE_WASM names that.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { driver } from './server/race.mjs'
import { startServer, until } from './server/server.mjs'

let server
let url
let wasm

before(async () => {
  wasm = readFileSync(process.env.RACE_WASM ?? join(dirname(process.env.TUTTI_SERVER), 'race.wasm'))
  server = await startServer()
  url = `ws://127.0.0.1:${server.port}`
})

after(() => {
  server?.standStill(false)
  return server?.stop()
})

const BOUNDED = { timeout: 180_000 }

/** A driver that leaves with the test: one that stays keeps this process alive. */
async function drives(t, name, options) {
  const racer = await driver(url, name, { wasm, ...options })
  t.after(() => racer.room.leave())
  return racer
}

test(
  'alone on a bad line: the car is corrected where an input was missed, and never else',
  BOUNDED,
  async (t) => {
    const link = { latency: 150, jitter: 30 }
    const ada = await drives(t, 'alone', { link })
    const unforeseen = []
    let before = { count: 0, missed: ada.inputs.missed }
    ada.room.on('frame', () => {
      const { count, compared } = ada.prediction.corrections
      if (count > before.count && ada.inputs.missed === before.missed) unforeseen.push(compared)
      if (count > before.count || compared > before.compared) {
        before = { count, compared, missed: ada.inputs.missed }
      }
    })
    await until(() => ada.isRacing(), 'the race is on')
    const speed = () => [...ada.room.collection('cars').records()][0].speed
    await until(
      () => speed() > 10,
      () => `it drives, at ${speed()} m/s`,
    )
    const { compared } = ada.prediction.corrections
    await until(() => ada.prediction.corrections.compared >= compared + 4, 'the room had its say')
    assert.deepEqual(unforeseen, [])
    await until(
      () => ada.inputs.lead > link.latency / 2,
      () => `our ticks come before the room's, by ${ada.inputs.lead} ms`,
    )
  },
)

test(
  'a server that stood still for 2 s has our inputs at once, not 2 s later',
  BOUNDED,
  async (t) => {
    const STOOD_MS = 2_000
    const ada = await drives(t, 'standstill')
    const { room, inputs } = ada
    const ticks = (ms) => (ms * room.tickRate) / 1000
    await until(() => ada.isRacing(), 'the race is on')
    // A machine that stalls is a standstill of its own: one that is none shows how it is.
    const missed = []
    do {
      const settled = room.tick + ticks(500)
      await until(() => room.tick > settled && inputs.margin >= 0, 'inputs are in time')
      const before = inputs.missed
      server.standStill()
      await new Promise((resolve) => setTimeout(resolve, STOOD_MS))
      server.standStill(false)
      const goesOn = room.tick
      await until(() => room.tick > goesOn + ticks(STOOD_MS + 500), 'the room has gone on')
      missed.push(inputs.missed - before)
    } while (missed.at(-1) > ticks(STOOD_MS) / 3 && missed.length < 4)
    assert.ok(missed.at(-1) <= ticks(STOOD_MS) / 3, `ticks without an input: ${missed}`)
    assert.ok(inputs.tick - room.tick <= 64, `${inputs.tick - room.tick} ticks ahead of the room`)
  },
)
