// recordings_seek.mjs - seeking, as those who look at a recording have it.
//
//   node recordings_seek.mjs viewers ws://ADDRESS ROOM TICKS CLIENT VIEWERS
//   node recordings_seek.mjs drawn http://ADDRESS ROOM TICKS PLAYWRIGHT CHROMIUM
//
// TICKS are numbers between commas. `viewers`: so many look at one replay together, one of them seeks; each
// time all of them have to hold the same, and the same as whoever is there alone. `drawn`: Chromium opens
// the replay page and seeks; a moment is drawn when the frame behind the one that shows it begins. Prints
// one line of JSON; milliseconds.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { pathToFileURL } from 'node:url'

const [what, address, name, list, library, more] = process.argv.slice(2)
const COLLECTIONS = ['objects', 'comments', 'replies']
const ticks = list.split(',').map(Number)

const share = (values, part) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))]
const told = (values) => ({
  p50: +share(values, 0.5).toFixed(1),
  p99: +share(values, 0.99).toFixed(1),
  most: +Math.max(...values).toFixed(1),
})

/** What it shows of a board: records, and the people who were there. */
function digest({ room }) {
  const lines = COLLECTIONS.flatMap((of) =>
    [...room.collection(of)].map(([id, record]) =>
      written([of, id, Object.entries(record).sort()]),
    ),
  )
  const people = [...room.others].filter((other) => other.recorded)
  lines.push(...people.map((other) => written(Object.entries(other).sort())))
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex')
}

const written = (value) =>
  JSON.stringify(value, (_, part) => (part instanceof Uint8Array ? [...part] : part))

/** When each of them shows this tick. */
const shows = (viewer, tick) =>
  new Promise((resolve) => {
    const look = () => viewer.tick === tick && (end(), resolve(performance.now()))
    const end = viewer.on('time', look)
    look()
  })

async function viewers() {
  const { replay } = await import(pathToFileURL(library))
  const open = (as) => replay(address, name, { at: ticks[0], name: as })
  const together = await Promise.all(Array.from({ length: +more }, () => open('together')))
  const alone = await open('alone')
  const frame = 1000 / alone.hz
  const took = []
  const apart = []
  let equal = 0
  for (const tick of ticks) {
    const began = performance.now()
    const all = together.map((viewer) => shows(viewer, tick))
    await Promise.all([together[0].seek(tick), alone.seek(tick)])
    const times = await Promise.all(all)
    took.push(Math.max(...times) - began)
    apart.push(Math.max(...times) - Math.min(...times))
    const digests = new Set([...together, alone].map(digest))
    equal += digests.size === 1 ? 1 : 0
  }
  for (const each of [...together, alone]) each.leave()
  return { seeks: ticks.length, equal, frame, took: told(took), apart: told(apart) }
}

async function drawn() {
  const { chromium } = (await import(pathToFileURL(library))).default
  const browser = await chromium.launch({ executablePath: more, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    await page.goto(`${address}/replay/?room=${name}`)
    await page.waitForFunction(() => globalThis.watched?.replay.state === 'ready')
    const took = await page.evaluate(async (ticks) => {
      const { replay, film } = globalThis.watched
      if (film) film.isHeld = true
      replay.pause()
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
      const took = []
      for (const tick of ticks) {
        const began = performance.now()
        await replay.seek(tick)
        if (replay.tick !== tick) throw new Error(`it shows ${replay.tick} and not ${tick}`)
        await frame()
        await frame()
        took.push(performance.now() - began)
      }
      return took
    }, ticks)
    return { seeks: took.length, took: told(took) }
  } finally {
    await browser.close()
  }
}

assert.ok(what === 'viewers' || what === 'drawn')
console.log(JSON.stringify(await (what === 'viewers' ? viewers() : drawn())))
process.exit(0)
