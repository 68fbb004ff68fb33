// Formats, or checks, every JavaScript and TypeScript file of the project with one configuration.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const here = fileURLToPath(new URL('.', import.meta.url))
const mode = process.argv[2] === '--write' ? '--write' : '--check'

const { status } = spawnSync(
  process.execPath,
  [
    `${here}node_modules/prettier/bin/prettier.cjs`,
    mode,
    `--config=${here}.prettierrc.json`,
    '--no-error-on-unmatched-pattern',
    '--log-level=warn',
    'clients/js/**/*.{ts,mjs,js,json}',
    'clients/examples/**/*.{js,mjs,html,css}',
    'tests/**/*.mjs',
    'tools/**/*.{js,mjs,html,css}',
    '!**/dist/**',
    '!**/package-lock.json',
  ],
  { cwd: root, stdio: 'inherit' },
)
process.exit(status ?? 1)
