// The step in C and the same in WebAssembly: every bit, or predictions are wrong.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { LEVEL, loadStep, UNIT } from '../page/step.js'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const step = await loadStep(readFileSync(here('../page/step.wasm')))

test('both machines roll the same marble', () => {
  const native = execFileSync(here('../out/bits'), { encoding: 'utf8' }).trim().split('\n')
  let marble = { x: 100 * UNIT, y: 100 * UNIT, vx: 0, vy: 0 }
  let random = 1
  for (let i = 1; i <= native.length * 1000; i++) {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0
    marble = step(marble, (random >>> 16) % 10)
    const { x, y, vx, vy } = marble
    if (i % 1000 === 0) assert.equal(`${x} ${y} ${vx} ${vy}`, native[i / 1000 - 1], `step ${i}`)
  }
})

test('a marble on a level table comes to rest', () => {
  let marble = { x: 400 * UNIT, y: 200 * UNIT, vx: 900, vy: -300 }
  for (let i = 0; i < 1000; i++) marble = step(marble, LEVEL)
  assert.deepEqual([marble.vx, marble.vy], [0, 0])
})
