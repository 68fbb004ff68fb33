import { TuttiError } from './errors.js'
import { isNumeric, scale, settle, type Names } from './names.js'
import { checkName } from './operation.js'
import { copyValue, equal, setKey, type Fields, type Value } from './value.js'
import { encodePresence, encodePresenceMoved, MOVED_MASK_MAX } from './wire.js'

const COLLECTION = 'presence'
const FIELDS_MAX = 32
const OF_THE_SERVER = new Set(['user', 'away'])

/** Our own presence: what the page wants it to be, and what this connection has said of it. */
export class OwnPresence {
  readonly #names: Names
  readonly #wanted = new Map<string, Value>()
  readonly #unsaid = new Set<string>()
  /** What this connection sent last, as the wire has it. */
  readonly #said = new Map<string, Value>()

  constructor(names: Names) {
    this.#names = names
  }

  /** Throws `type` or `range` before anything is changed. */
  set(fields: { readonly [field: string]: unknown }): void {
    const settled = Object.entries(fields).map(([name, value]) => {
      checkName(name, 'a field')
      if (OF_THE_SERVER.has(name)) {
        throw new TuttiError('denied', `the server alone writes the field ${name}`)
      }
      return [name, settle(this.#names.field(COLLECTION, name), copyValue(value))] as const
    })
    const names = new Set([...this.#wanted.keys(), ...settled.map(([name]) => name)])
    if (names.size > FIELDS_MAX) {
      throw new TuttiError('limit', `presence takes ${FIELDS_MAX} fields at most`)
    }
    for (const [name, value] of settled) {
      if (equal(this.#wanted.get(name), value)) continue
      this.#wanted.set(name, value)
      this.#unsaid.add(name)
    }
  }

  get(): Fields {
    const fields: { [field: string]: Value } = {}
    for (const [name, value] of this.#wanted) if (value !== null) setKey(fields, name, value)
    return fields
  }

  get isUnsaid(): boolean {
    return this.#unsaid.size > 0
  }

  /** What was said may not be what the room holds: no differences to it, the next is whole. */
  rebase(): void {
    this.#said.clear()
  }

  /** A new connection: all of it is said again. */
  sayAgain(): void {
    this.#said.clear()
    for (const name of this.#wanted.keys()) this.#unsaid.add(name)
  }

  /** The message that says what is unsaid, in its shortest form; null where it says nothing new. */
  take(): Uint8Array | null {
    const news: { name: string; value: Value; before: Value | undefined }[] = []
    for (const [name, wanted] of this.#wanted) {
      if (!this.#unsaid.has(name)) continue
      const before = this.#said.get(name)
      const value = scale(this.#names.field(COLLECTION, name), wanted)
      if (!equal(before, value)) news.push({ name, value, before })
      this.#said.set(name, value)
    }
    this.#unsaid.clear()
    if (news.length === 0) return null
    return this.#moved(news) ?? this.#whole(news)
  }

  #whole(news: readonly { name: string; value: Value }[]): Uint8Array {
    return encodePresence(
      news.map(({ name, value }) => [this.#names.field(COLLECTION, name)?.number ?? name, value]),
    )
  }

  #moved(news: readonly { name: string; value: Value; before: Value | undefined }[]) {
    const differences: number[] = []
    let mask = 0
    for (const { name, value, before } of news) {
      const field = this.#names.field(COLLECTION, name)
      if (!isNumeric(field) || typeof value !== 'number' || typeof before !== 'number') return null
      mask += 2 ** field!.number
      differences[field!.number] = value - before
    }
    if (mask > MOVED_MASK_MAX) return null
    return encodePresenceMoved(
      mask,
      differences.filter((difference) => difference !== undefined),
    )
  }
}
