/** Messages as a server writes them, put together by hand and encoded by another library. */
import { decode, encode } from '@msgpack/msgpack'
import { decodeServerMessage, type Frame, type Section } from '../../src/wire.js'

export type Json = null | boolean | number | string | Uint8Array | Json[] | { [key: string]: Json }

export const bytesOf = (message: Json): Uint8Array => encode(message)
export const jsonOf = (bytes: Uint8Array): Json => decode(bytes) as Json

export const LIMITS = [65536, 1_000, 1_000, 10_000_000, 10_000_000, 64, 16_384]

interface WelcomeFields {
  member: number
  incarnation: number
  tick: number
  tickRate: number
  frameRate: number
  roomKind: string
  sequence: number
  keyKnown: boolean
  seatKept: boolean
  scopesKept: number[]
  durability: number
  limits: number[]
  refusals: number[]
  unsaved: number
  input: Json
  forked: Json
  recorded: boolean
}

export function welcome(fields: Partial<WelcomeFields> = {}): Json {
  const all: WelcomeFields = {
    member: 1,
    incarnation: 7,
    tick: 1000,
    tickRate: 20,
    frameRate: 20,
    roomKind: 'open',
    sequence: 0,
    keyKnown: false,
    seatKept: false,
    scopesKept: [],
    durability: 0,
    limits: LIMITS,
    refusals: [],
    unsaved: 0,
    input: null,
    forked: null,
    recorded: true,
    ...fields,
  }
  return [2, ...Object.values(all)] as Json
}

export const MORE = 1
export const RESTART = 2
export const LOST = 4

export function section(scope: number, flags: number, advance: number, ...elements: Json[]): Json {
  return flags & LOST ? [8 * scope + flags] : [8 * scope + flags, advance, ...elements]
}

export const frame = (ticks: number, ...sections: Json[]): Json => [0, ticks, ...sections]

export function newsFrame(ticks: number, news: number[], ...sections: Json[]): Json {
  return [1, ticks, news, ...sections]
}

/** `margin`: null where no input arrived. */
export function inputsFrame(
  ticks: number,
  margin: number | null,
  missed: number,
  ...sections: Json[]
): Json {
  return [6, ticks, margin, missed, null, ...sections]
}

/** A welcome's element: integers 0 to 255, held for 6 ticks, at most 64 ahead. */
export const INPUT: Json = [2, 0, 255, 1, 6, 64]

/** Presence with x and y as fixed point with 2 steps, and shapes with a few fields of every kind. */
export const DEFINITIONS: Json[] = [
  [0, 0, 'presence', 1, 2],
  [1, 0, 0, 'user', 0, 0, 0, 0, 1],
  [1, 0, 1, 'away', 1, 0, 0, 1, 1],
  [1, 0, 2, 'x', 3, 0, 0, 65535, 2],
  [1, 0, 3, 'y', 3, 0, 0, 65535, 2],
  [1, 0, 4, 'state', 0, 0, 0, 0, 1],
  [0, 1, 'shapes', 0, 1],
  [1, 1, 0, 'x', 2, 0, -1000, 1000, 1],
  [1, 1, 1, 'color', 0, 0, 0, 0, 1],
  [1, 1, 2, 'points', 0, 1, 0, 10_000, 1],
  [1, 1, 3, 'count', 2, 2, -1_000_000, 1_000_000, 1],
  [2, 1, 'chat', 3],
]

export const names = (flags = RESTART): Json =>
  section(0, flags, DEFINITIONS.length, ...DEFINITIONS)

export const PRESENCE = 0
export const SHAPES = 1
export const CHAT = 1
export const run = (number: number, form: number): number => 8 * number + form

export function sectionsOf(message: Json): readonly Section[] {
  return (decodeServerMessage(bytesOf(message)) as Frame).sections
}

/** Random numbers that are the same in every run with this seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
