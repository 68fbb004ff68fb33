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

after(() => server?.stop())

test('alone on a bad line: the car is corrected where an input was missed, and never else', async () => {
  const link = { latency: 150, jitter: 30 }
  const ada = await driver(url, 'alone', { wasm, link })
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
  assert.ok(ada.inputs.lead > 100, `${ada.inputs.lead}`)
  ada.room.leave()
})
