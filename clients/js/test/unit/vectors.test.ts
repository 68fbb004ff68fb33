/** The vectors that all implementations share: bytes, and what they say. See tests/vectors. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { TuttiError } from '../../src/errors.js'
import { decode, Writer } from '../../src/msgpack.js'
import { fromWire } from '../../src/names.js'
import { Replica, type Happening } from '../../src/replica.js'
import { copyValue, type Value } from '../../src/value.js'
import { decodeServerMessage } from '../../src/wire.js'

interface Vector {
  readonly name: string
  readonly hex: string
  readonly message: unknown
  /** The shortest form of the same, where `hex` is not. */
  readonly canonical?: string
}

interface FrameVector extends Vector {
  readonly sequence: string
  readonly after: After
}

interface After {
  readonly collections: Record<string, Record<string, Record<string, unknown>>>
  readonly events: readonly { name: string; from: number; value: unknown; history: boolean }[]
}

const folder = join(process.cwd(), '..', '..', 'tests', 'vectors')
const vectorsOf = <T>(file: string): T[] =>
  JSON.parse(readFileSync(join(folder, `${file}.json`), 'utf8')) as T[]
const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))

/** JSON has no binaries: they stand as `{ "$bin": "…" }`. */
function jsonOf(value: Value): unknown {
  if (value instanceof Uint8Array) return { $bin: Buffer.from(value).toString('hex') }
  if (Array.isArray(value)) return value.map(jsonOf)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonOf(item)]))
}

for (const file of ['client_messages', 'values']) {
  for (const { name, hex, message, canonical } of vectorsOf<Vector>(file)) {
    test(`${file}: ${name}`, () => {
      const value = decode(bytesOf(hex))
      assert.deepEqual(plain(jsonOf(value)), plain(message))
      const written = new Writer().value(copyValue(value)).finish()
      assert.equal(Buffer.from(written).toString('hex'), canonical ?? hex)
    })
  }
}

for (const { name, hex, message } of vectorsOf<Vector>('welcome')) {
  test(`welcome: ${name}`, () => {
    assert.deepEqual(jsonOf(decode(bytesOf(hex))), message)
    decodeServerMessage(bytesOf(hex))
  })
}

const frames = ['frames', 'input_frames'].flatMap((file) => vectorsOf<FrameVector>(file))
for (const sequence of new Set(frames.map((vector) => vector.sequence))) {
  test(`frames: ${sequence}`, () => {
    const screen = new Screen()
    for (const { name, hex, message, after } of sequenceOf(sequence)) {
      assert.deepEqual(jsonOf(decode(bytesOf(hex))), message, name)
      screen.receive(bytesOf(hex))
      assert.deepEqual(screen.shown(), screen.scaled(after), name)
    }
  })
}

interface MalformedFrame {
  readonly name: string
  readonly sequence: string
  readonly hex: string
  readonly breaks: 'format' | 'state'
}

// What contradicts the state may be taken as it is: it can only show what a server has told.
for (const { name, sequence, hex, breaks } of vectorsOf<MalformedFrame>('malformed_frames')) {
  test(`malformed_frames: ${name}`, () => {
    const screen = new Screen()
    for (const vector of sequenceOf(sequence)) screen.receive(bytesOf(vector.hex))
    const isMalformed = (error: unknown) =>
      error instanceof TuttiError && error.status === 'malformed'
    if (breaks === 'format') {
      assert.throws(() => screen.receive(bytesOf(hex)), isMalformed)
      return
    }
    try {
      screen.receive(bytesOf(hex))
    } catch (error) {
      assert.ok(isMalformed(error), String(error))
    }
  })
}

function sequenceOf(sequence: string): FrameVector[] {
  return frames.filter((vector) => vector.sequence === sequence)
}

/** -0 is 0 here: JSON has both, the protocol has one. */
function plain(value: unknown): unknown {
  return Object.is(value, -0) ? 0 : value
}

/** A replica, and what a page would see of it. */
class Screen {
  readonly #replica = new Replica()
  readonly #history = new Map<Happening, boolean>()

  receive(bytes: Uint8Array): void {
    const message = decodeServerMessage(bytes)
    if (message.kind === 'welcome') {
      this.#replica.load(message.incarnation, message.scopesKept)
    } else if (message.kind === 'frame') {
      const { happenings } = this.#replica.receive(message.sections)
      for (const { happening, history } of happenings) this.#history.set(happening, history)
    }
  }

  shown(): After {
    const collections: After['collections'] = {}
    const { names } = this.#replica
    for (const name of names.collectionNames()) {
      const records = [...this.#replica.ids(name)].map((id) => [
        String(id),
        jsonOf(this.#replica.record(name, id) as Value),
      ])
      if (records.length > 0) collections[name] = Object.fromEntries(records)
    }
    const events = []
    for (let number = 0; names.event(number) !== undefined; number++) {
      for (const happening of this.#replica.happenings(number)) {
        events.push({
          name: names.event(number)!.name,
          from: happening.from,
          value: jsonOf(happening.value),
          history: this.#history.get(happening)!,
        })
      }
    }
    return { collections, events }
  }

  /** The vectors have fixed-point numbers in steps. */
  scaled({ collections, events }: After): After {
    const entries = Object.entries(collections).map(([collection, records]) => [
      collection,
      mapValues(records, (fields) =>
        mapValues(fields, (value, name) =>
          fromWire(this.#replica.names.field(collection, name)!, value as Value),
        ),
      ),
    ])
    return { collections: Object.fromEntries(entries) as After['collections'], events }
  }
}

function mapValues<T, R>(object: Record<string, T>, map: (value: T, key: string) => R) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value, key)]))
}
