// Ten people at one board, two of them in browsers, whose lines break at random. In the end all
// hold the same, and both browsers show the same, pixel by pixel. SECONDS says how long.
// TUTTI_SERVER names the server, CHROMIUM a browser.
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { join } from 'tutti'
import { startServer, startWire, until } from '../server/server.mjs'
import { random, scribble } from './hands.mjs'

const SECONDS = Math.min(600, Number(process.env.SECONDS ?? 20))
const SEED = Number(process.env.SEED ?? 1)
const NODES = 8
const BREAK_MS = 1_500
const folder = (path) => fileURLToPath(new URL(path, import.meta.url))
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

const next = random(SEED)
const flags = ['--www', folder('page'), '--client', folder('../../dist')]
const server = await startServer({ flags })
const wires = []
const newWire = async () => wires[wires.push(await startWire(server.port)) - 1]
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})
const faults = []

async function visit() {
  const wire = await newWire()
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 } })
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(error.stack))
  await page.goto(`${wire.url.replace('ws', 'http')}/`)
  await page.waitForFunction(() => window.bench !== undefined)
  return page
}

/** Someone who draws, and changes what others have made. */
async function takePart(number) {
  const wire = await newWire()
  const room = await join(wire.url, 'bench', { kind: 'board', user: { name: `${number}` } })
  const stop = scribble(room, SEED * 100 + number)
  const hand = random(SEED * 1_000 + number)
  const objects = room.collection('objects')
  const timer = setInterval(() => {
    const ids = [...objects.ids()]
    const id = ids[Math.floor(hand() * ids.length)]
    if (id === undefined) return
    const what = hand()
    if (what < 0.3) objects.set(id, { x: Math.round(hand() * 800 - 400) })
    else if (what < 0.5) objects.set(id, { colour: Math.floor(hand() * 15), size: 4 })
    else if (what < 0.6) objects.set(id, { angle: Math.floor(hand() * 4096) })
    else if (what < 0.7 && objects.get(id).type === 0) objects.append(id, 'cuts', [64, 160])
    else if (what < 0.75) objects.delete(id)
    else if (what < 0.85) room.undo()
    else if (what < 0.9) room.redo()
  }, 200)
  return { room, stop: () => (stop(), clearInterval(timer)) }
}

const hashOf = (text) => createHash('sha256').update(text).digest('hex').slice(0, 16)
const sorted = (pairs) => [...pairs].sort(([a], [b]) => (a < b ? -1 : 1))
const stateOf = (objects) =>
  JSON.stringify(sorted(objects).map(([id, fields]) => [id, sorted(Object.entries(fields))]))

const people = []
try {
  const pages = [await visit(), await visit()]
  for (let i = 0; i < NODES; i++) people.push(await takePart(i))
  let isOver = false
  const acting = pages.map((page, i) =>
    page.evaluate(([seconds, seed]) => bench.meddle(seconds, seed), [SECONDS, SEED + i]),
  )
  const breaking = (async () => {
    while (!isOver) {
      await wait(BREAK_MS * next())
      wires[Math.floor(next() * wires.length)].cut()
    }
  })()
  await Promise.all(acting)
  isOver = true
  await breaking
  for (const { stop } of people) stop()
  await until(
    () => people.every(({ room }) => room.status === 'live' && room.unsaved === 0),
    'all is saved',
  )
  const states = async () => [
    ...people.map(({ room }) => hashOf(stateOf(room.collection('objects')))),
    ...(await Promise.all(pages.map((page) => page.evaluate(() => bench.state())))).map((pairs) =>
      hashOf(stateOf(pairs)),
    ),
  ]
  let hashes
  await until(
    async () => new Set((hashes = await states())).size === 1,
    () => `all hold the same: ${hashes}`,
  )
  const pictures = []
  for (const page of pages) pictures.push(hashOf(await page.evaluate(() => bench.picture())))
  const fresh = await visit()
  pictures.push(hashOf(await fresh.evaluate(() => bench.picture())))
  const objects = people[0].room.collection('objects').size
  console.log(`${NODES + 2} people, ${SECONDS} s: ${objects} objects, state ${hashes[0]} for all`)
  console.log(`pictures of both, and of one who comes now: ${pictures.join(' ')}`)
  if (new Set(pictures).size > 1 || faults.length > 0) {
    console.error('they differ', faults)
    process.exitCode = 1
  }
} finally {
  for (const { room, stop } of people) {
    stop()
    room.leave()
  }
  await browser.close()
  for (const wire of wires) await wire.close()
  await server.stop()
}
