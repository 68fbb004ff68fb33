// recordings_viewers.mjs - many who look at one replay together, as far apart as they come to be.
//
//   node recordings_viewers.mjs ws://ADDRESS ROOM TICKS CLIENT VIEWERS PID
//
// TICKS are numbers between commas, PID is the server's. Each viewer is a thread with a client of its own, and
// one more is there alone. They are watched while the recording plays: for each instant, how many frames lie
// between the first and the last of them, as they were drawn; and while one of them seeks: each time all have to
// hold the same, and the same as whoever is alone. Between the frames in which the server told them of a seek lies
// what is the server's; the milliseconds are those of so many clients on one machine. Prints one line of JSON.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const COLLECTIONS = ['objects', 'comments', 'replies']
const SPEEDS = [1, 4, 16]
const PLAYED_MS = 5_000

const now = () => performance.timeOrigin + performance.now()

// --- A viewer ---------------------------------------------------------------------------------------

/** What it shows of a board: records, and the people who were there. */
function digest({ room }) {
  const lines = COLLECTIONS.flatMap((of) =>
    [...room.collection(of)].map(([id, record]) =>
      JSON.stringify([of, id, Object.entries(record).sort()]),
    ),
  )
  const people = [...room.others].filter((other) => other.recorded)
  lines.push(...people.map((other) => JSON.stringify(Object.entries(other).sort())))
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex')
}

async function view({ address, name, library, at, as }) {
  const { replay } = await import(pathToFileURL(library))
  const viewer = await replay(address, name, { at, name: as })
  let seen = []
  const ticks = viewer.room.tickRate / viewer.room.frameRate
  viewer.on('time', ({ tick }) => seen.push({ at: now(), tick }))
  /** When this tick shows, and in the how manieth frame of the room. */
  const shows = (tick) =>
    new Promise((resolve) => {
      const look = () =>
        viewer.tick === tick && (end(), resolve({ at: now(), frame: viewer.room.tick / ticks }))
      const end = viewer.on('time', look)
      look()
    })
  const orders = {
    shows,
    seek: (tick) => viewer.seek(tick),
    play: (speed) => ((viewer.speed = speed), viewer.play()),
    pause: () => viewer.pause(),
    digest: () => digest(viewer),
    bytes: () => viewer.room.stats.bytesIn,
    seen: () => seen.splice(0),
    rates: () => ({ hz: viewer.hz, frames: viewer.room.frameRate }),
    leave: () => viewer.leave(),
  }
  parentPort.on('message', async ({ id, order, value }) => {
    parentPort.postMessage({ id, answer: await orders[order](value) })
  })
  parentPort.postMessage({ id: 0 })
}

// --- Those who are watched ---------------------------------------------------------------------------

class Viewer {
  #worker
  #waiting = new Map()
  #orders = 0

  constructor(data) {
    this.#worker = new Worker(new URL(import.meta.url), { workerData: data })
    this.opened = new Promise((resolve) => this.#waiting.set(0, resolve))
    this.#worker.on('message', ({ id, answer }) => {
      this.#waiting.get(id)(answer)
      this.#waiting.delete(id)
    })
    this.#worker.on('error', (error) => {
      throw error
    })
  }

  ask(order, value) {
    const id = ++this.#orders
    this.#worker.postMessage({ id, order, value })
    return new Promise((resolve) => this.#waiting.set(id, resolve))
  }
}

const all = (viewers, order, value) => Promise.all(viewers.map((each) => each.ask(order, value)))

const share = (values, part) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))]
const told = (values) => ({
  p50: +share(values, 0.5).toFixed(1),
  p99: +share(values, 0.99).toFixed(1),
  most: +Math.max(...values).toFixed(1),
})
const span = (values) => Math.max(...values) - Math.min(...values)
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Of the server's thread that all rooms tick on. */
const tickThreadMs = (pid) =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6

/** The share of time in which they were so many frames apart, rounded up. */
function apartInTime(seen, frame) {
  const shown = new Array(seen.length).fill(null)
  const moments = seen.flatMap((one, viewer) => one.map(({ at, tick }) => ({ at, tick, viewer })))
  moments.sort((a, b) => a.at - b.at)
  const lasted = [0, 0, 0]
  let most = 0
  moments.forEach(({ at, tick, viewer }, i) => {
    shown[viewer] = tick
    const next = moments[i + 1]
    if (shown.includes(null) || next === undefined) return
    const apart = Math.ceil(span(shown) / frame)
    lasted[Math.min(apart, 2)] += next.at - at
    most = Math.max(most, apart)
  })
  const whole = lasted[0] + lasted[1] + lasted[2]
  const part = (ms) => `${((100 * ms) / whole).toFixed(2)} %`
  return { same: part(lasted[0]), one: part(lasted[1]), more: part(lasted[2]), most }
}

async function playing(together, start) {
  const apart = {}
  const { hz, frames } = await together[0].ask('rates')
  for (const speed of SPEEDS) {
    await together[0].ask('seek', start)
    await all(together, 'shows', start)
    await all(together, 'seen')
    await together[0].ask('play', speed)
    await pause(PLAYED_MS)
    const seen = await all(together, 'seen')
    await together[0].ask('pause')
    apart[`x${speed}`] = apartInTime(seen, (hz / frames) * speed)
  }
  return apart
}

async function seeking(together, alone, ticks, pid) {
  const took = []
  const ms = []
  const frames = []
  const bytes = []
  const server = []
  const clients = []
  let equal = 0
  for (const tick of ticks) {
    const [before, cpu] = [await together[0].ask('bytes'), process.cpuUsage()]
    const [began, served] = [now(), tickThreadMs(pid)]
    const shown = all(together, 'shows', tick)
    await together[0].ask('seek', tick)
    const times = await shown
    took.push(Math.max(...times.map(({ at }) => at)) - began)
    ms.push(span(times.map(({ at }) => at)))
    frames.push(span(times.map(({ frame }) => frame)))
    bytes.push(((await together[0].ask('bytes')) - before) / 1e6)
    server.push(tickThreadMs(pid) - served)
    const used = process.cpuUsage(cpu)
    clients.push((used.user + used.system) / 1e3 / together.length)
    await alone.ask('seek', tick)
    equal += new Set(await all([...together, alone], 'digest')).size === 1 ? 1 : 0
  }
  return {
    seeks: ticks.length,
    equal,
    took_ms: told(took),
    apart_ms: told(ms),
    apart_frames: told(frames),
    MB_each: told(bytes),
    server_cpu_ms: told(server),
    client_cpu_ms_each: told(clients),
  }
}

async function main([address, name, list, library, count, pid]) {
  const ticks = list.split(',').map(Number)
  const place = { address, name, library, at: ticks[0] }
  const together = Array.from({ length: +count }, () => new Viewer({ ...place, as: 'together' }))
  const alone = new Viewer({ ...place, as: 'alone' })
  await Promise.all([...together, alone].map((each) => each.opened))
  const sought = await seeking(together, alone, ticks, +pid)
  const played = await playing(together, share(ticks, 0.5))
  console.log(JSON.stringify({ seeking: sought, playing: played }))
  process.exit(0)
}

await (isMainThread ? main(process.argv.slice(2)) : view(workerData))
