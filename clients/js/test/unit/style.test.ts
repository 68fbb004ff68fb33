import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lettersOn } from '../../src/board/person_colour.js'
import {
  familyOf,
  FONTS,
  inkOf,
  noteOf,
  OWN_COLOUR,
  PALETTE,
  tintOf,
  TOKENS,
} from '../../src/board/style.js'

const THEMES = ['light', 'dark'] as const

function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (high! + 0.05) / (low! + 0.05)
}

const canBeRead = (letters: string, ground: string, what: string) =>
  assert.ok(contrast(letters, ground) >= 4.5, `${what}: ${contrast(letters, ground).toFixed(2)}`)

test('words of the panels can be read on all that they stand on', () => {
  for (const theme of THEMES) {
    const tokens = TOKENS[theme]
    for (const ground of ['paper', 'surface', 'well'] as const) {
      for (const letters of ['ink', 'soft', 'accent', 'warn', 'bad', 'good'] as const) {
        canBeRead(tokens[letters], tokens[ground], `${theme} ${letters} on ${ground}`)
      }
    }
    canBeRead(tokens.onAccent, tokens.accent, `${theme} on the accent`)
    canBeRead(tokens.paper, tokens.ink, `${theme} paper on ink`)
  }
})

test('ink can be read on every note and every tint', () => {
  for (const theme of THEMES) {
    for (const [number, { name }] of PALETTE.entries()) {
      canBeRead(inkOf(0, theme), noteOf(number, theme), `${theme} note ${name}`)
      canBeRead(inkOf(0, theme), tintOf(number, theme), `${theme} tint ${name}`)
    }
  }
})

test('on a person’s colour stands the ink that can be read better', () => {
  for (let grey = 0; grey < 256; grey++) {
    const colour = `#${grey.toString(16).padStart(2, '0').repeat(3)}`
    const better = Math.max(contrast('#1d1b18', colour), contrast('#ffffff', colour))
    assert.ok(contrast(lettersOn(colour), colour) > better - 0.1, colour)
  }
})

test('what a stranger sent as a colour or a font is one', () => {
  assert.equal(inkOf(OWN_COLOUR + 0x00ff01, 'dark'), '#00ff01')
  assert.equal(tintOf(OWN_COLOUR, 'light'), '#000000')
  assert.equal(inkOf(99 - 84, 'light'), PALETTE[15]!.light.ink)
  assert.equal(familyOf(7), FONTS[0]!.family)
})
