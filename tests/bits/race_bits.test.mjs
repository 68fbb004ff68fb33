// The race's step as gcc and clang made it, without and with optimisation, against race.wasm: the same million
// cases through all of them, every byte compared. Longer: RACE_CASES=20000000; others: RACE_SEED=2.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { loadRace } from '../../clients/examples/race/step.js'

const CASES = Number(process.env.RACE_CASES ?? 1_000_000)
const SEED = Number(process.env.RACE_SEED ?? 1)
const BATCH = 100_000
const CAR = 24
const CASE = 2 * CAR + 20
const RESULT = 2 * CAR + 12
const WIDEST_LANE = 20

const race = await loadRace(readFileSync(process.env.RACE_WASM))
const car = race.car()
const other = race.car()

/** Any 32 bits, the same ones for the same seed (xorshift). */
function randomBits(seed) {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state
  }
}

function randomFrom(bits) {
  const below = (count) => (bits() >>> 0) % count
  return { bits, below, around: (most) => ((bits() >>> 0) / 2 ** 31 - 1) * most }
}

/** Somewhere on the track, or a little beyond its walls, at any speed and in any direction. */
function scatter(one, track, along, { below, around }) {
  race.place(one, track, along, around(14))
  const speed = below(3) === 0 ? 5_000 : 80_000
  one.raw.vx = around(speed)
  one.raw.vy = around(speed)
  if (below(2) === 0) one.raw.heading += around(8_000)
  else one.raw.heading = below(65_536)
  one.raw.spin = around(600)
  one.raw.surface = below(4)
}

/** Every eighth case is nothing but random bits; in every third of the rest the cars are close. */
function buildCase(bytes, at, random) {
  const track = race.tracks[random.below(race.tracks.length)]
  const words = new Int32Array(CASE / 4).map(() => random.bits())
  bytes.set(new Uint8Array(words.buffer), at)
  if (random.below(8) !== 0) {
    const along = random.around(track.length)
    scatter(car, track, along, random)
    scatter(
      other,
      track,
      along + (random.below(3) === 0 ? random.around(4) : random.around(30)),
      random,
    )
    if (random.below(2) === 0) other.raw.y = car.raw.y + random.around(200_000)
    bytes.set(car.bytes, at)
    bytes.set(other.bytes, at + CAR)
  }
  const view = new DataView(bytes.buffer, at + 2 * CAR)
  view.setUint32(4, track.index, true)
  view.setUint32(8, random.below(257), true)
  view.setInt32(16, random.around(WIDEST_LANE * 65_536), true)
}

function playInWasm(cases) {
  const results = new Uint8Array((cases.length / CASE) * RESULT)
  const view = new DataView(cases.buffer)
  const out = new DataView(results.buffer)
  for (let i = 0; i < cases.length / CASE; i++) {
    const [from, to] = [i * CASE, i * RESULT]
    car.bytes.set(cases.subarray(from, from + CAR))
    other.bytes.set(cases.subarray(from + CAR, from + 2 * CAR))
    const [input, track, tow, skill, lane] = [0, 4, 8, 12, 16].map((o) =>
      view.getInt32(from + 2 * CAR + o, true),
    )
    const on = race.tracks[track]
    out.setUint32(to + 2 * CAR + 4, race.tow(car, other), true)
    race.step(car, input, on, tow)
    out.setUint32(to + 2 * CAR + 8, race.driver(car, on, skill, lane / 65_536), true)
    out.setInt32(to + 2 * CAR, Math.round((race.contact(car, other) / 60) * 65_536), true)
    results.set(car.bytes, to)
    results.set(other.bytes, to + CAR)
  }
  return results
}

/** What a program of the same step makes of the cases. */
function playIn(program, cases) {
  return new Promise((resolve, reject) => {
    const child = spawn(`${process.env.RACE_BITS}/race_bits-${program}`, {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const parts = []
    child.stdout.on('data', (part) => parts.push(part))
    child.stdin.on('error', reject)
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(parts))
      else reject(new Error(`race_bits-${program} ended with ${code}`))
    })
    child.stdin.end(cases)
  })
}

/** The number of the first case that came out differently; -1 when all are the same. */
function firstDifference(mine, theirs) {
  if (Buffer.compare(mine, theirs) === 0) return -1
  for (let i = 0; i < mine.length / RESULT; i++) {
    const [from, to] = [i * RESULT, (i + 1) * RESULT]
    if (Buffer.compare(mine.subarray(from, to), theirs.subarray(from, to)) !== 0) return i
  }
  return mine.length / RESULT
}

function* batches(count) {
  const random = randomFrom(randomBits(SEED))
  for (let done = 0; done < count; done += BATCH) {
    const cases = new Uint8Array(Math.min(BATCH, count - done) * CASE)
    for (let at = 0; at < cases.length; at += CASE) buildCase(cases, at, random)
    yield cases
  }
}

function describe(cases, mine, theirs, i) {
  const hex = (bytes, size) => Buffer.from(bytes.subarray(i * size, (i + 1) * size)).toString('hex')
  return `case ${i}: ${hex(cases, CASE)}\nwasm:  ${hex(mine, RESULT)}\nother: ${hex(theirs, RESULT)}`
}

test(`${CASES} cases come out the same from every compiler and in WebAssembly`, async () => {
  const programs = ['gcc-O0', 'gcc-O3', 'clang-O0', 'clang-O3', 'checked']
  const hash = createHash('sha256')
  let moved = 0
  let met = 0
  for (const cases of batches(CASES)) {
    const results = playInWasm(cases)
    const others = await Promise.all(programs.map((program) => playIn(program, cases)))
    others.forEach((theirs, p) => {
      const i = firstDifference(results, theirs)
      assert.equal(i, -1, i < 0 ? '' : `${programs[p]}, ${describe(cases, results, theirs, i)}`)
    })
    hash.update(results)
    for (let at = 0; at < results.length; at += RESULT) {
      if (results[at + CAR - 1] & 2) moved++
      if (results[at + 2 * CAR] !== 0) met++
    }
  }
  console.log(`${CASES} cases, ${moved} at a wall, ${met} in contact: ${hash.digest('hex')}`)
  assert.ok(moved > CASES / 20 && met > CASES / 50, 'the cases hold too few walls or contacts')
})

test('a step that rounds one product the other way is found', async () => {
  const [cases] = batches(1000)
  const results = playInWasm(cases)
  const wrong = await playIn('wrong', cases)
  assert.notEqual(firstDifference(results, wrong), -1)
  const right = await playIn('gcc-O0', cases)
  assert.equal(firstDifference(results, right), -1)
})
