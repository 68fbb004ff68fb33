// A board's picture without a room and without a browser.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricsOfFiles } from '../../src/board/font_files.js'
import { svgOfRecords } from '../../src/board/still.js'
import { textItems } from '../../src/board/text.js'
import { FONTS } from '../../src/board/style.js'
import type { Fields } from '../../src/value.js'

const HASH = 'ab'.repeat(32)
const options = { theme: 'light', background: true, images: new Map<string, string>() } as const

const note: Fields = { type: 7, z: 'b', x: 100, y: 50, w: 200, h: 200, colour: 4 }
const stroke: Fields = { type: 0, z: 'a', x: 0, y: 0, size: 6, points: [0, 0, 40, 9, 9, 60] }

test('what is lowest is drawn first, and a picture shows all of it', () => {
  const svg = svgOfRecords(
    new Map([
      ['note', note],
      ['stroke', stroke],
    ]),
    options,
  )!
  const [first, second] = svg.match(/<g transform="translate\([^)]*\)/g)!
  assert.equal(first, '<g transform="translate(0 0)')
  assert.equal(second, '<g transform="translate(100 50)')
  const [, width, height] = /width="([\d.]+)" height="([\d.]+)"/.exec(svg)!
  assert.ok(Number(width) > 300 && Number(height) > 250)
})

test('words are there, and images where they are known', () => {
  const picture: Fields = { type: 8, z: 'c', x: 0, y: 0, w: 9, h: 9, image: bytesOf(HASH) }
  const records = new Map([
    ['note', { ...note, text: textItems('a < b')! }],
    ['picture', picture],
  ])
  const without = svgOfRecords(records, options)!
  assert.match(without, />a &lt; b</)
  assert.doesNotMatch(without, /<image/)
  const images = new Map([[HASH, 'data:,x']])
  assert.match(svgOfRecords(records, { ...options, images })!, /<image [^>]*href="data:,x"/)
})

test('what is none of a board is left out, and of nothing there is no picture', () => {
  assert.equal(svgOfRecords(new Map(), options), null)
  assert.equal(svgOfRecords(new Map([['x', { type: 99 }]]), options), null)
})

test('letters are as wide as the fonts of this machine have them, if there are any', () => {
  for (const font of FONTS.keys()) {
    const metrics = metricsOfFiles(font)
    if (metrics === null) continue
    assert.ok(metrics.ascent > metrics.descent && metrics.descent > 0)
    assert.equal(metrics.width(''), 0)
    assert.ok(metrics.width('mm') > metrics.width('m'))
    // Somewhere else than in the family's own font, or as a sign that there is none.
    assert.ok(metrics.width('好e\u0301 m') > metrics.width('m'))
  }
})

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}
