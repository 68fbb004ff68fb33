/** The colour in which a person shows: the one they gave, where it is one, else one of these. */
import type { Value } from '../tutti.js'
import { PALETTE } from './style.js'

const COLOUR_LENGTH_MAX = 64
/** Of the palette: far from each other, dark enough to carry white letters. */
const COLOURS = [10, 2, 7, 11, 4, 8, 13, 14]

const known = new Map<string, string | null>()
const KNOWN_MAX = 1_000

/** `#rrggbb`. */
export function colourOf(given: Value | undefined, id: number): string {
  const own = typeof given === 'string' ? normal(given) : null
  return own ?? PALETTE[COLOURS[id % COLOURS.length]!]!.light.ink
}

/** The colour of letters on it. */
export function lettersOn(colour: string): string {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
  const linear = (part: number) =>
    part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  const light = 0.2126 * linear(r!) + 0.7152 * linear(g!) + 0.0722 * linear(b!)
  return light > 0.2 ? '#1d1b18' : '#ffffff'
}

/** Any colour of CSS as `#rrggbb`; null for what is none, or is seen through. */
function normal(given: string): string | null {
  let colour = known.get(given)
  if (colour !== undefined) return colour
  colour = given.length > COLOUR_LENGTH_MAX ? null : painted(given)
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(given, colour)
  return colour
}

let brush: CanvasRenderingContext2D | null | undefined

/** A canvas tells in one form what it was given in any. */
function painted(given: string): string | null {
  if (typeof document === 'undefined') return null
  brush ??= document.createElement('canvas').getContext('2d')
  if (brush === null) return null
  const tries = ['#000000', '#ffffff'].map((before) => {
    brush!.fillStyle = before
    brush!.fillStyle = given
    return String(brush!.fillStyle)
  })
  return tries[0] === tries[1] && /^#[0-9a-f]{6}$/.test(tries[0]!) ? tries[0]! : null
}
