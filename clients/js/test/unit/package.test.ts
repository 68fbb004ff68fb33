/** What the README imports has to be there for those who install the package. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

test('what is built is what the package exports', () => {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    exports: Record<string, Record<string, string>>
  }
  const exported = Object.values(exports).flatMap((entry) => Object.values(entry))
  const entries = readFileSync('build.mjs', 'utf8').matchAll(/entryPoints: \{ '?([a-z.]+)'?:/g)
  const built = [...entries].map((found) => found[1])
  assert.ok(built.length >= 4)
  for (const name of built) assert.ok(exported.includes(`./dist/${name}.js`), name)
})
