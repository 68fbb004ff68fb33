/** What the crowd has in common, whether it sits before a browser or a program. */
// @ts-expect-error plain JavaScript
import { random } from '../bench/hands.mjs'

export interface Wire {
  url: string
  refuses: boolean
  stalls: boolean
  cut(): void
  close(): Promise<void>
}

/** Where someone sits. */
export interface Seat {
  readonly number: number
  readonly name: string
  /** In the texts that all share, only this person writes it. */
  readonly letter: string
  readonly seed: number
  readonly room: string
  readonly wire: Wire
  /** Objects with words in them that nobody deletes. */
  readonly shared: readonly string[]
}

export interface Person {
  readonly seat: Seat
  readonly kind: string
  readonly tally: Tally
  /** How many of the letter there have to be in each shared text. */
  readonly letters: ReadonlyMap<string, number>
  /** Does the next thing. */
  act(): Promise<void>
  /** Sees to it that all that was done is on its way, and comes back if the line broke. */
  finish(): Promise<void>
  isQuiet(): Promise<boolean>
  /** All records, as this person sees them: see `recordsOf`. */
  records(): Promise<string>
  leave(): Promise<void>
}

/** How often what was done, and what became of it. */
export class Tally {
  readonly #counts = new Map<string, number>()

  add(what: string, count = 1): void {
    this.#counts.set(what, this.get(what) + count)
  }

  get(what: string): number {
    return this.#counts.get(what) ?? 0
  }

  /** `what` is the beginning of the names. */
  under(what: string): [string, number][] {
    return [...this.#counts].filter(([name]) => name.startsWith(what)).sort()
  }
}

/** The choices of one act: the same for the same seed, whatever the board looks like. */
export class Chance {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = random(seed)
    // The first numbers of neighbouring seeds are alike.
    for (let i = 0; i < 4; i++) this.#next()
  }

  get share(): number {
    return this.#next()
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.#next()
  }

  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1))
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#next() * items.length)]!
  }

  /** A name, as often as its weight says. */
  weighed<Name extends string>(weights: { readonly [name in Name]: number }): Name {
    const entries = Object.entries<number>(weights)
    let at = this.#next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    const found = entries.find(([, weight]) => (at -= weight) < 0)
    return (found ?? entries[0]!)[0] as Name
  }
}

export function chanceOf({ seed, number }: Seat, act: number): Chance {
  return new Chance(seed * 1_000_003 + number * 100_003 + act)
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/**
 * All records of a board as a text which is the same for the same records. It is called in pages
 * too, so it refers to nothing else.
 */
export function recordsOf(room: {
  collection(name: string): Iterable<[string, { readonly [field: string]: unknown }]>
}): string {
  const plain = (_: string, value: unknown) =>
    value instanceof Uint8Array ? `bytes ${[...value].join(' ')}` : value
  const ascending = <T>(pairs: Iterable<[string, T]>) =>
    [...pairs].sort(([a], [b]) => (a < b ? -1 : 1))
  const lines: string[] = []
  for (const name of ['objects', 'comments', 'replies']) {
    for (const [id, fields] of ascending(room.collection(name))) {
      for (const [field, value] of ascending(Object.entries(fields))) {
        // Before the text is made: bytes know how to become JSON by themselves, as an object.
        const items = Array.isArray(value) ? value.map((item) => plain('', item)) : plain('', value)
        lines.push(`${name} ${id} ${field} ${JSON.stringify(items)}`)
      }
    }
  }
  return lines.join('\n')
}

export function countOf(letter: string, text: string): number {
  return text.split(letter).length - 1
}
