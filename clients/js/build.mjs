// Builds dist/: one ES module for browsers, the same for Node (which brings its own WebSocket),
// and the widgets, which import ./tutti.js beside them. Prints what each weighs.
import { build } from 'esbuild'
import { copyFileSync, readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

process.chdir(fileURLToPath(new URL('.', import.meta.url)))
rmSync('dist', { recursive: true, force: true })

const common = { bundle: true, format: 'esm', target: 'es2022', charset: 'utf8', sourcemap: true }

/** The widgets share the library with the page: one class of errors, one copy of it all. */
const shared = {
  name: 'shared library',
  setup({ onResolve }) {
    const filter = /\/(tutti|errors|emitter)\.js$/
    onResolve({ filter }, () => ({ path: './tutti.js', external: true }))
  },
}

const targets = [
  { entryPoints: { tutti: 'src/tutti.ts' }, platform: 'browser' },
  { entryPoints: { 'tutti.node': 'src/node.ts' }, platform: 'node', external: ['ws'] },
  { entryPoints: { cursors: 'src/cursors.ts' }, platform: 'browser', plugins: [shared] },
  { entryPoints: { panel: 'src/panel.ts' }, platform: 'browser', plugins: [shared] },
  // It is as large as all else together, and nobody reads what was bundled: the source map does.
  { entryPoints: { board: 'src/board.ts' }, platform: 'browser', plugins: [shared], minify: true },
  // The program of `tutti export --svg`, with what measures letters where there is no browser.
  { entryPoints: { board_svg: 'src/board_svg.ts' }, platform: 'node', minify: true },
]

for (const target of targets) {
  await build({ ...common, ...target, outdir: 'dist' })
  const { outputFiles } = await build({
    ...common,
    ...target,
    minify: true,
    sourcemap: false,
    write: false,
    outdir: 'dist',
  })
  const [name] = Object.keys(target.entryPoints)
  const bytes = readFileSync(`dist/${name}.js`).length
  const minified = outputFiles[0].contents
  console.log(
    `dist/${name}.js: ${bytes} bytes, minified and gzipped ${gzipSync(minified, { level: 9 }).length}`,
  )
}
copyFileSync('node_modules/harfbuzzjs/dist/harfbuzz.wasm', 'dist/harfbuzz.wasm')
