import { decode, malformed } from './msgpack.js'
import { platform } from './platform.js'
import type { Value } from './value.js'

/** The most that a message takes, and that what is deflated in one may inflate to. */
export const MESSAGE_BYTES_MAX = 65_536

/** Reads the elements of an array one after the other. */
export class Elements {
  #next = 0
  readonly #items: readonly Value[]

  constructor(items: readonly Value[]) {
    this.#items = items
  }

  get more(): boolean {
    return this.#next < this.#items.length
  }

  value(): Value {
    const value = this.#items[this.#next++]
    if (value === undefined) throw malformed('an element is missing')
    return value
  }

  /** Of the one binary at hand and the size behind it; as they are, where there is none. */
  inflated(): Elements {
    if (!(this.#items[this.#next] instanceof Uint8Array)) return this
    const inflated = inflate(this.binary(), this.count())
    this.end()
    return inflated
  }

  integer(): number {
    const value = this.value()
    if (!Number.isInteger(value)) throw malformed('an integer is missing')
    return value as number
  }

  /** An integer that is not negative. */
  count(): number {
    const value = this.integer()
    if (value < 0) throw malformed('a negative count')
    return value
  }

  bool(): boolean {
    const value = this.value()
    if (typeof value !== 'boolean') throw malformed('a bool is missing')
    return value
  }

  string(): string {
    const value = this.value()
    if (typeof value !== 'string') throw malformed('a string is missing')
    return value
  }

  binary(): Uint8Array {
    const value = this.value()
    if (!(value instanceof Uint8Array)) throw malformed('a binary is missing')
    return value
  }

  array(): Elements {
    const value = this.value()
    if (!Array.isArray(value)) throw malformed('an array is missing')
    return new Elements(value)
  }

  choice<T>(choices: readonly T[]): T {
    const choice = choices[this.count()]
    if (choice === undefined) throw malformed('a number without a meaning')
    return choice
  }

  /** What `read` reads, where nil does not stand in its place. */
  orNil<T>(read: () => T): T | null {
    if (this.#items[this.#next] !== null) return read()
    this.#next++
    return null
  }

  values(count: number): Value[] {
    const end = this.#next + count
    if (end > this.#items.length) throw malformed('an element is missing')
    const values = this.#items.slice(this.#next, end)
    this.#next = end
    return values
  }

  rest<T>(read: (elements: Elements) => T): T[] {
    const all: T[] = []
    while (this.more) all.push(read(this))
    return all
  }

  end(): void {
    if (this.more) throw malformed('a surplus element')
  }
}

/** The elements of a deflated section. */
function inflate(bytes: Uint8Array, size: number): Elements {
  if (size > MESSAGE_BYTES_MAX) throw malformed('too large when inflated')
  let inflated: Uint8Array
  try {
    inflated = platform.inflate(bytes, size)
  } catch {
    throw malformed('bytes that cannot be inflated')
  }
  if (inflated.length !== size) throw malformed('another size than was said')
  const elements = decode(inflated)
  if (!Array.isArray(elements)) throw malformed('no array')
  return new Elements(elements)
}
