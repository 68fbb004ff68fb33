/**
 * A program: `tutti show plans@1200 | node board_svg.js [light|dark] > plans.svg`
 *
 * Reads a board as lines of JSON, as `tutti show` prints them, and writes the picture that the board
 * itself would save. A line {"type":"image","hash":…,"address":…} says where an image is. The exit
 * status is 3 where there is nothing on the board.
 */
import { createInterface } from 'node:readline'
import { metricsOfFiles } from './board/font_files.js'
import { OBJECTS } from './board/model.js'
import { svgOfRecords } from './board/still.js'
import { measureBy } from './board/text_layout.js'
import type { Fields, Value } from './value.js'

const NOTHING = 3

interface Line {
  readonly type: string
  readonly collection?: string
  readonly id?: string
  readonly values?: Fields
  readonly hash?: string
  readonly address?: string
}

measureBy(metricsOfFiles)
const objects = new Map<string, Fields>()
const images = new Map<string, string>()
for await (const text of createInterface({ input: process.stdin })) {
  const { type, collection, id, values, hash, address } = JSON.parse(text, binary) as Line
  if (type === 'record' && collection === OBJECTS) objects.set(id!, values!)
  else if (type === 'image') images.set(hash!, address!)
}
const theme = process.argv[2] === 'dark' ? 'dark' : 'light'
const svg = svgOfRecords(objects, { theme, background: true, images })
if (svg === null) process.exitCode = NOTHING
else process.stdout.write(svg)

/** Bytes stand in JSON as {"base64":"…"}. */
function binary(_: string, value: Value): Value {
  if (typeof value !== 'object' || value === null || !('base64' in value)) return value
  const { base64 } = value as { readonly base64: string }
  return new Uint8Array(Buffer.from(base64, 'base64'))
}
