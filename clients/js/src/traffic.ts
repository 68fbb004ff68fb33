/** What the bytes of a connection are spent on, by collection and field. */
import { decode, sizeOf } from './msgpack.js'
import type { Names } from './names.js'
import { setKey, type Value } from './value.js'
import type { Frame, Run, Section, ServerMessage } from './wire.js'

/** Told of each message while someone counts. */
export interface Meter {
  received(message: ServerMessage, bytes: number): void
  sent(message: Uint8Array): void
}

/** Bytes since counting began, by what they were spent on: see {@link Traffic}. */
export type Spending = { readonly [what: string]: number }

/** The kinds of messages that are no state, by their numbers. */
const CLIENT_MESSAGES = ['hello', 'operations', 'presence', 'clock', 'leave', 'inputs']
const EVENT_VERB = 5
/** How many elements each guard adds to an edit. */
const GUARDED = [0, 0, 1, 1, 1, 1, 2, 2]
const MOVED = 16

/**
 * Counts what a connection's bytes are spent on from here on: `cars.x` is the field `x` of the
 * collection `cars`, `cars` alone which of its records are meant, `event chat` an event; `frame` the
 * heads of frames and their sections, and other messages are called by their names.
 *
 * ```js
 * const traffic = room.traffic()
 * console.log(traffic.in['cars.x'], traffic.out['inputs'])
 * ```
 */
export class Traffic {
  readonly #names: Names
  readonly #onStop: () => void
  readonly #in: { [what: string]: number } = {}
  readonly #out: { [what: string]: number } = {}

  /** @internal */
  constructor(names: Names, onStop: () => void) {
    this.#names = names
    this.#onStop = onStop
  }

  /** Bytes that came. */
  get in(): Spending {
    return this.#in
  }

  /** Bytes that went. */
  get out(): Spending {
    return this.#out
  }

  /** Ends the counting; it costs nothing any more. */
  stop(): void {
    this.#onStop()
  }

  /** @internal */
  received(message: ServerMessage, bytes: number): void {
    if (message.kind !== 'frame') {
      spend(this.#in, message.kind, bytes)
      return
    }
    const spending = this.#weighFrame(message)
    const total = Object.values(spending).reduce((sum, share) => sum + share, 0)
    // Deflated sections are longer once they are read: their parts count for what they saved.
    const scale = Math.min(1, bytes / Math.max(1, total))
    for (const [what, share] of Object.entries(spending)) spend(this.#in, what, share * scale)
    spend(this.#in, 'frame', bytes - total * scale)
  }

  /** @internal */
  sent(bytes: Uint8Array): void {
    const [kind, ...elements] = decode(bytes) as [number, ...Value[]]
    const spending: { [what: string]: number } = {}
    if (kind === 1) for (const edits of elements as Value[][][]) this.#weighEdits(edits, spending)
    if (kind === 2) this.#weighPairs('presence', elements, 0, spending)
    if (kind >= MOVED) this.#weighMoved(kind - MOVED, elements, spending)
    const name = kind >= MOVED ? 'presence' : (CLIENT_MESSAGES[kind] ?? 'other')
    let rest = bytes.length
    for (const [what, share] of Object.entries(spending)) {
      spend(this.#out, what, share)
      rest -= share
    }
    spend(this.#out, name, rest)
  }

  #weighFrame({ sections }: Frame): Spending {
    const spending: { [what: string]: number } = {}
    for (const section of sections) this.#weighSection(section, spending)
    return spending
  }

  #weighSection({ runs, definitions }: Section, spending: { [what: string]: number }): void {
    for (const definition of definitions) spend(spending, 'names', definition.name.length + 8)
    for (const run of runs) this.#weighRun(run, spending)
  }

  #weighRun(run: Run, spending: { [what: string]: number }): void {
    switch (run.form) {
      case 'delete':
        spend(spending, 'deletes', 2 + gapped(run.slots))
        break
      case 'put':
      case 'set':
      case 'moved': {
        const slots = run.rows.map(({ slot }) => slot)
        const heads = run.form === 'put' ? run.rows.map(headOf).reduce(sum, 1) : shortest(slots)
        const mask = run.fields.reduce((mask, field) => mask + 2 ** field, 0)
        spend(spending, this.#name(run.collection), 1 + sizeOf(mask) + heads)
        for (const { values } of run.rows) {
          values.forEach((value, i) => {
            spend(spending, this.#name(run.collection, run.fields[i]), sizeOf(value))
          })
        }
        break
      }
      case 'append': {
        const items = run.items.map(sizeOf).reduce(sum, 0)
        spend(spending, this.#name(run.collection), 3 + sizeOf(run.slot) + sizeOf(run.start))
        spend(spending, this.#name(run.collection, run.field), items)
        break
      }
      case 'event':
        spend(spending, this.#eventName(run.event), 1 + sizeOf(run.from) + sizeOf(run.value))
        break
    }
  }

  #weighEdits(edits: readonly Value[][], spending: { [what: string]: number }): void {
    for (const [head, key, ...rest] of edits as [number, number | string, ...Value[]][]) {
      const [verb, guards] = [head % 8, Math.floor(head / 8)]
      if (verb === EVENT_VERB) {
        spend(spending, this.#eventName(key), rest.map(sizeOf).reduce(sum, 0))
        continue
      }
      const from = 1 + GUARDED[guards]!
      const collection = this.#name(key)
      spend(
        spending,
        collection,
        1 + [head, key, ...rest.slice(0, from)].map(sizeOf).reduce(sum, 0),
      )
      // An append names one field, and items behind it.
      if (verb === 2) {
        const field = this.#name(key, rest[from] as number | string)
        spend(spending, field, rest.slice(from).map(sizeOf).reduce(sum, 0))
      } else {
        this.#weighPairs(key, rest, from, spending)
      }
    }
  }

  #weighPairs(
    collection: number | string,
    elements: readonly Value[],
    from: number,
    spending: { [what: string]: number },
  ): void {
    for (let i = from; i + 1 < elements.length; i += 2) {
      const field = elements[i] as number | string
      spend(spending, this.#name(collection, field), sizeOf(field) + sizeOf(elements[i + 1]!))
    }
  }

  #weighMoved(
    mask: number,
    elements: readonly Value[],
    spending: { [what: string]: number },
  ): void {
    let next = 0
    for (let field = 0; field < 32 && next < elements.length; field++) {
      if ((mask & (1 << field)) === 0) continue
      spend(spending, this.#name('presence', field), sizeOf(elements[next++]!))
    }
  }

  #name(collection: number | string, field?: number | string): string {
    const collected = this.#names.collection(collection)
    const name = collected?.definition.name ?? String(collection)
    if (field === undefined) return name
    return `${name}.${typeof field === 'string' ? field : (collected?.fields[field]?.name ?? field)}`
  }

  #eventName(key: number | string): string {
    return `event ${this.#names.event(key)?.name ?? key}`
  }
}

function spend(spending: { [what: string]: number }, what: string, bytes: number): void {
  setKey(spending, what, (Object.hasOwn(spending, what) ? spending[what]! : 0) + bytes)
}

function sum(a: number, b: number): number {
  return a + b
}

function headOf({ slot, id }: { slot: number; id: string | number }): number {
  return sizeOf(slot) + sizeOf(id)
}

/** Slots in the form that takes less: gaps, or a bitmap. */
function shortest(slots: readonly number[]): number {
  const [first = 0] = slots
  const bitmap = Math.ceil(((slots[slots.length - 1] ?? first) - first + 1) / 8)
  return Math.min(1 + gapped(slots), sizeOf(first) + 2 + bitmap)
}

function gapped(slots: readonly number[]): number {
  let next = 0
  let bytes = 0
  for (const slot of slots) {
    bytes += sizeOf(slot - next)
    next = slot + 1
  }
  return bytes
}
