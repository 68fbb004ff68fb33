/** The examples of the READMEs: each fits the declarations of what it calls. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const READMES = [
  'clients/js/README.md',
  'README.md',
  'clients/examples/race/README.md',
  'clients/examples/cursors/README.md',
]
const FOLDER = 'node_modules/.cache/readme'
/** A parameter without a type, as in JavaScript. */
const UNTYPED = /error TS7006:/
/** By the name under which an example imports it. */
const ENTRIES = { tutti: 'tutti', cursors: 'cursors', board: 'board', panel: 'panel' }

function paths(): { [name: string]: string[] } {
  const found: { [name: string]: string[] } = {}
  for (const [name, file] of Object.entries(ENTRIES)) {
    const source = [join(process.cwd(), 'src', `${file}.ts`)]
    found[name === 'tutti' ? 'tutti' : `tutti/${name}`] = source
    found[`/tutti/${name}.js`] = source
  }
  return found
}

test('every example of a README is as the interface is declared', () => {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  let count = 0
  for (const readme of READMES) {
    const text = readFileSync(join('../..', readme), 'utf8')
    for (const [, example] of text.matchAll(/^```js\n(.*?)^```$/gms)) {
      const line = text.slice(0, text.indexOf(example!)).split('\n').length
      const file = `${readme.replace(/\W/g, '-')}-line-${line}.ts`
      writeFileSync(join(FOLDER, file), `${example}\nexport {}\n`)
      count++
    }
  }
  assert.ok(count >= 8, `${count} examples`)
  const config = {
    extends: join(process.cwd(), 'tsconfig.json'),
    compilerOptions: {
      noEmit: true,
      types: [],
      paths: paths(),
      noUnusedLocals: false,
      noUnusedParameters: false,
    },
    include: ['*.ts'],
    files: [join(process.cwd(), 'test/readme/free.d.ts')],
  }
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify(config))
  const { stdout, error } = spawnSync('node_modules/.bin/tsc', ['-p', FOLDER], { encoding: 'utf8' })
  assert.ifError(error)
  const faults = stdout.split('\n').filter((line) => line !== '' && !UNTYPED.test(line))
  assert.deepEqual(faults, [])
})
