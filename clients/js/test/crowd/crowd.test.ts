// Twenty seconds of a crowd; `node test/run.mjs test/crowd/main.ts --seconds 300` for longer.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCrowd } from './crowd.js'
import { report } from './report.js'

test('ten people, whose lines break, see the same board and lose no letter', async (t) => {
  const result = await runCrowd({ seconds: 20, seed: 20 })
  const table = report(result)
  for (const line of table.split('\n')) t.diagnostic(line)
  for (const { person } of result.people) {
    assert.deepEqual(person.tally.under('fault '), [], person.seat.name)
  }
  assert.ok(result.letters > 0)
  assert.ok(result.isEqual, table)
})
