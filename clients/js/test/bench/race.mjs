// What a bad line does to a race: drivers on the real server, each with the room's own step, over a
// line with 150 ms, 30 ms of jitter and stalls of 200 ms every 5 s. Run it on a machine that is quiet:
//
//   TUTTI_SERVER=…/tutti-server node test/bench/race.mjs --seconds 120 [--trial NAME]... [--json]
//
// Fails where our car was corrected though every input was in time and nobody touched it.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { driver } from '../server/race.mjs'
import { startServer, until } from '../server/server.mjs'
import { Jumps, OwnCar, percentile } from './race_figures.mjs'

const LINE = { latency: 150, jitter: 30 }
const STALLS = { ...LINE, stall: 200, stallEvery: 5_000 }
const TRIALS = {
  alone: { link: LINE },
  stalls: { link: STALLS },
  'fixed lead': { link: STALLS, adaptive: false },
  bots: { link: LINE, bots: 15 },
  'bots, stalls': { link: STALLS, bots: 15 },
}
const SETTLE_MS = 5_000
const FRAME_MS = 1000 / 60

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    trial: { type: 'string', multiple: true, default: Object.keys(TRIALS) },
    json: { type: 'boolean', default: false },
  },
})
const unknown = values.trial.find((name) => !(name in TRIALS))
if (unknown) throw new Error(`no trial "${unknown}"; there are: ${Object.keys(TRIALS).join('; ')}`)
const wasm = readFileSync(
  process.env.RACE_WASM ?? join(dirname(process.env.TUTTI_SERVER), 'race.wasm'),
)
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

async function run(url, name) {
  const racer = await driver(url, name.replace(/\W+/g, '-'), { wasm, ...TRIALS[name] })
  const { room, inputs } = racer
  try {
    await until(() => racer.isRacing(), 'the race is on')
    await wait(SETTLE_MS)
    const traffic = room.traffic()
    const counted = () => ({ ...room.stats, missed: inputs.missed, sent: inputs.sent })
    const before = counted()
    const own = new OwnCar(racer)
    const jumps = new Jumps(racer, FRAME_MS)
    const timer = setInterval(() => jumps.look(), FRAME_MS)
    await wait(Number(values.seconds) * 1000)
    clearInterval(timer)
    const after = counted()
    const of = (figure) => after[figure] - before[figure]
    const ownBytes = Object.entries(traffic.in).filter(([what]) => /^own/.test(what))
    return {
      ...own.figures(),
      ...jumps.figures(),
      inputs: of('sent'),
      missedShare: of('missed') / (of('missed') + of('sent')),
      lead: inputs.lead,
      delay: racer.cars.delay,
      bytesOfInput: traffic.out.inputs / of('sent'),
      bytesOfFrame: of('bytesIn') / of('framesIn'),
      bytesOfOwn: ownBytes.reduce((sum, [, bytes]) => sum + bytes, 0) / of('framesIn'),
    }
  } finally {
    room.leave()
  }
}

const sizes = (list, digits) =>
  [0.5, 0.95, 1].map((share) => percentile(list, share).toFixed(digits)).join(' / ')
const told = ({ compared, corrected }) => (compared === 0 ? '–' : `${corrected} of ${compared}`)

const ROWS = [
  ['Our own car: states that the room told, and how many of them we had otherwise'],
  ['  every input in its window, untouched', ({ kinds }) => told(kinds.foreseen)],
  ['  touched by another car, or put back', ({ kinds }) => told(kinds.touched)],
  ['  an input missed its window', ({ kinds }) => told(kinds.missed)],
  ['  corrections, metres: half / 95% / all up to', ({ metres }) => sizes(metres, 2)],
  ['  corrections, pixels of 1280 × 720', ({ pixels }) => sizes(pixels, 1)],
  ['The others, from one animation frame to the next (60 a second)'],
  ['  steps looked at', ({ steps }) => steps],
  ['  largest step, metres', ({ largest }) => largest.toFixed(2)],
  ['  beyond speed × time: 99.9% / all up to', ({ beyond }) => beyond],
  ['  shown late by, ms', ({ delay }) => delay.toFixed(0)],
  ['Our inputs'],
  ['  sent', ({ inputs }) => inputs],
  ['  ticks whose input came too late', ({ missedShare }) => `${(100 * missedShare).toFixed(2)}%`],
  ['  lead at the end, ms', ({ lead }) => lead.toFixed(0)],
  ['  bytes each', ({ bytesOfInput }) => bytesOfInput.toFixed(2)],
  ['Frames'],
  ['  bytes each', ({ bytesOfFrame }) => bytesOfFrame.toFixed(1)],
  ['  of them our own car', ({ bytesOfOwn }) => bytesOfOwn.toFixed(1)],
]

function print(trials) {
  const names = trials.map(([name]) => name)
  const cells = ROWS.map(([, cell]) =>
    trials.map(([, figures]) => (cell ? `${cell(figures)}` : '')),
  )
  const widths = names.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i].length)))
  const left = Math.max(...ROWS.map(([label]) => label.length).filter((n) => n < 50))
  const line = (label, row) =>
    console.log(
      `${label.padEnd(left)}  ${row.map((cell, i) => cell.padStart(widths[i])).join('  ')}`,
    )
  console.log(
    `${values.seconds} s each, all at once. 150 ms there and back, up to 30 ms more each way;` +
      ' stalls of 200 ms every 5 s.\nFixed lead: the clock of our ticks does not follow what the room tells.\n',
  )
  line('', names)
  ROWS.forEach(([label, cell], i) => (cell ? line(label, cells[i]) : console.log(label)))
}

const server = await startServer()
try {
  const url = `ws://127.0.0.1:${server.port}`
  const trials = await Promise.all(values.trial.map(async (name) => [name, await run(url, name)]))
  if (values.json) console.log(JSON.stringify(Object.fromEntries(trials)))
  else print(trials)
  if (trials.some(([, { kinds }]) => kinds.foreseen.corrected > 0)) process.exitCode = 1
} finally {
  await server.stop()
}
