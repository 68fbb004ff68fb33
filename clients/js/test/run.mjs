// Runs TypeScript beside the sources it looks into: bundles it first. A folder: each *.test.ts and
// *.test.mjs in it, by node's test runner. A file: that program, with the arguments behind it.
import { build } from 'esbuild'
import { spawnSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const TESTS_MS = 300_000

const [what, ...rest] = process.argv.slice(2)
const isProgram = /\.ts$/.test(what)
const outdir = join('node_modules', '.cache', what)
const sources = isProgram
  ? [what]
  : readdirSync(what)
      .filter((name) => /\.test\.(ts|mjs)$/.test(name))
      .map((name) => join(what, name))

rmSync(outdir, { recursive: true, force: true })
await build({
  entryPoints: sources,
  outdir,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node18',
  packages: 'external',
  sourcemap: 'inline',
  outExtension: { '.js': '.mjs' },
})
const files = sources.map((path) => join(outdir, basename(path).replace(/\.m?[jt]s$/, '.mjs')))
const flags = isProgram ? [...files, ...rest] : ['--test', ...files]
const { status } = spawnSync(process.execPath, ['--enable-source-maps', ...flags], {
  stdio: 'inherit',
  timeout: isProgram ? undefined : TESTS_MS,
})
process.exit(status ?? 1)
