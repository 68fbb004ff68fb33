// Runs the tests of a folder: bundles each *.test.ts and *.test.mjs with the sources it looks
// into, and hands them to node's test runner.
import { build } from 'esbuild'
import { spawnSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const folder = process.argv[2]
const outdir = join('node_modules', '.cache', folder)

rmSync(outdir, { recursive: true, force: true })
const tests = readdirSync(folder).filter((name) => /\.test\.(ts|mjs)$/.test(name))
await build({
  entryPoints: tests.map((name) => join(folder, name)),
  outdir,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node18',
  packages: 'external',
  sourcemap: 'inline',
  outExtension: { '.js': '.mjs' },
})
const files = tests.map((name) => join(outdir, name.replace(/\.m?[jt]s$/, '.mjs')))
const { status } = spawnSync(process.execPath, ['--enable-source-maps', '--test', ...files], {
  stdio: 'inherit',
  timeout: 120_000,
})
process.exit(status ?? 1)
