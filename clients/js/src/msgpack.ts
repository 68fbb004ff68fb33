/**
 * MessagePack as the protocol uses it. Our own, because what comes from other members must not be
 * able to hurt a page: a map may hold the key `__proto__`, a five-byte header may declare four
 * billion items, extension types and NaN are malformed. For what is only declared no more is
 * allocated than the bytes at hand could hold.
 */
import { TuttiError } from './errors.js'
import { setKey, type Value } from './value.js'

const INTEGER_MAX = 2 ** 53
const NESTING_MAX = 16
const SHORT_BYTES = 16
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export class Writer {
  #bytes = new Uint8Array(256)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  /** Any value, in its shortest form. */
  value(value: Value): this {
    if (typeof value === 'number') return this.#number(value)
    if (typeof value === 'string') return this.string(value)
    if (typeof value === 'boolean') return this.#byte(value ? 0xc3 : 0xc2)
    if (value === null) return this.#byte(0xc0)
    if (value instanceof Uint8Array) return this.binary(value)
    if (Array.isArray(value)) {
      this.array(value.length)
      for (const item of value) this.value(item)
      return this
    }
    const entries = Object.entries(value)
    this.#header(entries.length, 0x80, 15, 0, 0xde)
    for (const [key, item] of entries) this.string(key).value(item)
    return this
  }

  array(count: number): this {
    return this.#header(count, 0x90, 15, 0, 0xdc)
  }

  string(text: string): this {
    const bytes = encoder.encode(text)
    return this.#header(bytes.length, 0xa0, 31, 0xd9, 0xda).raw(bytes)
  }

  binary(bytes: Uint8Array): this {
    return this.#header(bytes.length, 0, -1, 0xc4, 0xc5).raw(bytes)
  }

  /** Bytes that are encoded already. */
  raw(bytes: Uint8Array): this {
    const at = this.#take(bytes.length)
    this.#bytes.set(bytes, at)
    return this
  }

  /** The message so far, as bytes of its own. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #number(n: number): this {
    if (Number.isInteger(n) && Math.abs(n) <= INTEGER_MAX) return this.#integer(n)
    if (Math.fround(n) === n) {
      this.#byte(0xca)
      const at = this.#take(4)
      this.#view.setFloat32(at, n)
    } else {
      this.#byte(0xcb)
      const at = this.#take(8)
      this.#view.setFloat64(at, n)
    }
    return this
  }

  #integer(n: number): this {
    if (n >= -32 && n < 128) return this.#byte(n & 0xff)
    if (n >= 0) {
      if (n < 2 ** 8) return this.#byte(0xcc).#byte(n)
      if (n < 2 ** 16) return this.#byte(0xcd).#uint16(n)
      if (n < 2 ** 32) return this.#byte(0xce).#uint32(n)
      return this.#byte(0xcf).#int64(n)
    }
    if (n >= -(2 ** 7)) return this.#byte(0xd0).#byte(n & 0xff)
    if (n >= -(2 ** 15)) return this.#byte(0xd1).#uint16(n & 0xffff)
    if (n >= -(2 ** 31)) return this.#byte(0xd2).#uint32(n >>> 0)
    return this.#byte(0xd3).#int64(n)
  }

  /** `long16` + 1 is the form with a 32-bit count, in all four families. */
  #header(count: number, short: number, shortMax: number, long8: number, long16: number): this {
    if (count <= shortMax) return this.#byte(short | count)
    if (long8 && count < 2 ** 8) return this.#byte(long8).#byte(count)
    if (count < 2 ** 16) return this.#byte(long16).#uint16(count)
    return this.#byte(long16 + 1).#uint32(count)
  }

  #byte(byte: number): this {
    const at = this.#take(1)
    this.#bytes[at] = byte
    return this
  }

  #uint16(n: number): this {
    const at = this.#take(2)
    this.#view.setUint16(at, n)
    return this
  }

  #uint32(n: number): this {
    const at = this.#take(4)
    this.#view.setUint32(at, n)
    return this
  }

  #int64(n: number): this {
    const at = this.#take(8)
    this.#view.setBigInt64(at, BigInt(n))
    return this
  }

  #take(count: number): number {
    const at = this.#length
    this.#length += count
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2))
      grown.set(this.#bytes)
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    return at
  }
}

/** How many bytes a value takes in its shortest form. */
export function sizeOf(value: Value): number {
  if (value === null || typeof value === 'boolean') return 1
  if (typeof value === 'number') return sizeOfNumber(value)
  if (typeof value === 'string') return sized(encoder.encode(value).length, 31)
  if (value instanceof Uint8Array) return sized(value.length, -1)
  if (Array.isArray(value))
    return value.reduce<number>((sum, item) => sum + sizeOf(item), counted(value.length))
  const entries = Object.entries(value)
  return entries.reduce(
    (sum, [key, item]) => sum + sizeOf(key) + sizeOf(item),
    counted(entries.length),
  )
}

function sizeOfNumber(n: number): number {
  if (!Number.isInteger(n) || Math.abs(n) > INTEGER_MAX) return Math.fround(n) === n ? 5 : 9
  if (n >= -32 && n < 128) return 1
  const bits = n < 0 ? [2 ** 7, 2 ** 15, 2 ** 31] : [2 ** 8, 2 ** 16, 2 ** 32]
  const width = bits.findIndex((most) => (n < 0 ? -n <= most : n < most))
  return 1 + 2 ** (width < 0 ? 3 : width)
}

/** Bytes with a header that may be one byte for the shortest. */
function sized(length: number, shortMax: number): number {
  const header = length <= shortMax ? 1 : length < 2 ** 8 ? 2 : length < 2 ** 16 ? 3 : 5
  return header + length
}

/** The header of so many items. */
function counted(count: number): number {
  return count <= 15 ? 1 : count < 2 ** 16 ? 3 : 5
}

export function malformed(what: string): TuttiError {
  return new TuttiError('malformed', `malformed message: ${what}`)
}

/** The one value that these bytes hold. Throws a TuttiError `malformed` for anything else. */
export function decode(bytes: Uint8Array): Value {
  const reader = new Reader(bytes)
  const value = reader.value(0)
  if (!reader.atEnd) throw malformed('bytes after the message')
  return value
}

class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  value(depth: number): Value {
    const head = this.#bytes[this.#take(1)]!
    if (head < 0x80) return head
    if (head < 0x90) return this.#map(head & 15, depth)
    if (head < 0xa0) return this.#array(head & 15, depth)
    if (head < 0xc0) return this.#string(head & 31)
    if (head >= 0xe0) return head - 256
    switch (head) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#binary(this.#uint(1 << (head - 0xc4)))
      case 0xca:
        return finite(this.#view.getFloat32(this.#take(4)))
      case 0xcb:
        return finite(this.#view.getFloat64(this.#take(8)))
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#uint(1 << (head - 0xcc))
      case 0xcf:
        return whole(this.#view.getBigUint64(this.#take(8)))
      case 0xd0:
        return this.#view.getInt8(this.#take(1))
      case 0xd1:
        return this.#view.getInt16(this.#take(2))
      case 0xd2:
        return this.#view.getInt32(this.#take(4))
      case 0xd3:
        return whole(this.#view.getBigInt64(this.#take(8)))
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#string(this.#uint(1 << (head - 0xd9)))
      case 0xdc:
      case 0xdd:
        return this.#array(this.#uint(head === 0xdc ? 2 : 4), depth)
      case 0xde:
      case 0xdf:
        return this.#map(this.#uint(head === 0xde ? 2 : 4), depth)
      default:
        throw malformed('an extension type')
    }
  }

  #array(count: number, depth: number): Value[] {
    this.#expect(count, depth)
    const items = new Array<Value>(count)
    const bytes = this.#bytes
    for (let i = 0; i < count; i++) {
      // Most of what there is at all is small integers in lists.
      const head = bytes[this.#at]
      if (head === undefined || (head >= 0x80 && head < 0xe0)) {
        items[i] = this.value(depth + 1)
      } else {
        this.#at++
        items[i] = head < 0x80 ? head : head - 256
      }
    }
    return items
  }

  #map(count: number, depth: number): Value {
    this.#expect(count * 2, depth)
    const map: { [key: string]: Value } = {}
    for (let i = 0; i < count; i++) {
      const key = this.value(depth + 1)
      if (typeof key !== 'string') throw malformed('a key that is no string')
      if (Object.hasOwn(map, key)) throw malformed('a key twice')
      setKey(map, key, this.value(depth + 1))
    }
    return map
  }

  #string(length: number): string {
    const at = this.#take(length)
    const short = length <= SHORT_BYTES ? this.#ascii(at, at + length) : undefined
    if (short !== undefined) return short
    try {
      return decoder.decode(this.#bytes.subarray(at, at + length))
    } catch {
      throw malformed('invalid UTF-8')
    }
  }

  /** Names and ids, for which a decoder takes longer than they are worth. */
  #ascii(from: number, to: number): string | undefined {
    let text = ''
    for (let at = from; at < to; at++) {
      const byte = this.#bytes[at]!
      if (byte >= 0x80) return undefined
      text += String.fromCharCode(byte)
    }
    return text
  }

  #binary(length: number): Uint8Array {
    const at = this.#take(length)
    return this.#bytes.slice(at, at + length)
  }

  #uint(width: number): number {
    const at = this.#take(width)
    if (width === 1) return this.#view.getUint8(at)
    return width === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at)
  }

  /** Every item takes a byte at least, so more than are left cannot be there. */
  #expect(count: number, depth: number): void {
    if (count > this.#bytes.length - this.#at) throw malformed('it ends before a value does')
    if (depth === NESTING_MAX) throw malformed('it nests too deep')
  }

  #take(length: number): number {
    const at = this.#at
    if (length > this.#bytes.length - at) throw malformed('it ends before a value does')
    this.#at = at + length
    return at
  }
}

function finite(n: number): number {
  if (!Number.isFinite(n)) throw malformed('a number that is not finite')
  return n
}

function whole(n: bigint): number {
  const number = Number(n)
  if (Math.abs(number) > INTEGER_MAX || BigInt(number) !== n)
    throw malformed('an integer too large')
  return number
}
