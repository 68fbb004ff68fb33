// What a bad line does to a race: drivers on the real server, each with the room's own step, over a
// line with 150 ms, 30 ms of jitter and stalls of 200 ms every 5 s. Run it on a machine that is quiet:
//
//   TUTTI_SERVER=…/tutti-server node test/bench/race.mjs --seconds 120
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { driver } from '../server/race.mjs'
import { startServer, until } from '../server/server.mjs'

const { seconds } = parseArgs({ options: { seconds: { type: 'string', default: '120' } } }).values
const wasm = readFileSync(
  process.env.RACE_WASM ?? join(dirname(process.env.TUTTI_SERVER), 'race.wasm'),
)
const LINE = { latency: 150, jitter: 30 }
const STALLS = { ...LINE, stall: 200, stallEvery: 5_000 }
const SETTLE_MS = 5_000
const FRAME_MS = 1000 / 60

const TRIALS = [
  { name: 'alone', link: LINE },
  { name: 'alone-stalls', link: STALLS },
  { name: 'alone-stalls-fixed-lead', link: STALLS, adaptive: false },
  { name: 'among-15-bots', link: LINE, bots: 15 },
  { name: 'among-15-bots-stalls', link: STALLS, bots: 15 },
]

/** The largest step of any other car from one animation frame to the next, beside its even step. */
class Jumps {
  largest = 0
  #before = new Map()
  #at = performance.now()

  look({ cars, prediction }) {
    for (; this.#at + FRAME_MS <= performance.now(); this.#at += FRAME_MS) {
      prediction.state(this.#at)
      for (const [id, { x, y, speed }] of cars.sample(this.#at)) {
        const before = this.#before.get(id)
        this.#before.set(id, { x, y })
        if (before === undefined) continue
        const even = (speed * FRAME_MS) / 1000
        this.largest = Math.max(this.largest, Math.hypot(x - before.x, y - before.y) - even)
      }
    }
  }
}

const percentile = (sorted, share) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0

async function run(url, { name, link, adaptive, bots = 0 }) {
  const racer = await driver(url, name, { wasm, link, adaptive, bots })
  const { room, inputs, prediction } = racer
  await until(() => racer.isRacing(), 'the race is on')
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
  const traffic = room.traffic()
  const figures = () => ({
    ...prediction.corrections,
    ...room.stats,
    lead: inputs.lead,
    missed: inputs.missed,
    sent: inputs.sent,
  })
  const before = figures()
  const sizes = []
  let count = before.count
  room.on('frame', () => {
    const { recent, count: now } = prediction.corrections
    if (now > count) sizes.push(recent.at(-1).size)
    count = now
  })
  const jumps = new Jumps()
  const timer = setInterval(() => jumps.look(racer), FRAME_MS)
  await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1000))
  clearInterval(timer)
  const after = figures()
  const of = (figure) => after[figure] - before[figure]
  sizes.sort((a, b) => a - b)
  const own = Object.entries(traffic.in).filter(([what]) => /^own/.test(what))
  const ownBytes = own.reduce((sum, [, bytes]) => sum + bytes, 0)
  room.leave()
  return {
    name,
    'inputs sent': of('sent'),
    'ticks missed %': ((100 * of('missed')) / (of('missed') + of('sent'))).toFixed(2),
    corrected: `${of('count')} of ${of('compared')}`,
    'metres p50': percentile(sizes, 0.5).toFixed(3),
    p95: percentile(sizes, 0.95).toFixed(3),
    most: percentile(sizes, 1).toFixed(3),
    'lead ms': after.lead.toFixed(0),
    'others jump m': jumps.largest.toFixed(2),
    'bytes/frame': (of('bytesIn') / of('framesIn')).toFixed(1),
    'of them own': (ownBytes / of('framesIn')).toFixed(1),
    'bytes/input': (traffic.out.inputs / of('sent')).toFixed(2),
  }
}

const server = await startServer()
const url = `ws://127.0.0.1:${server.port}`
const rows = await Promise.all(TRIALS.map((trial) => run(url, trial)))
for (const row of rows) console.log(JSON.stringify(row))
await server.stop()
