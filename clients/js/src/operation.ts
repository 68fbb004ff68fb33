import { TuttiError, type Status } from './errors.js'
import { Writer } from './msgpack.js'
import { scale, type Names } from './names.js'
import type { Fields, Value } from './value.js'

export const EDITS_MAX = 64
export const EVENT_BYTES_MAX = 4_096
const NAME_BYTES_MAX = 32
const RECORD_ID = /^[\x21-\x7e]{1,24}$/

export interface RecordEdit {
  readonly verb: 'put' | 'set' | 'append' | 'add' | 'delete'
  readonly collection: string
  readonly id: string
  /** Of append: lists of items; of add: numbers; of delete: none. `null` unsets. */
  readonly fields: Fields
  readonly ifNew?: boolean
  /** A stamp of the record's scope. */
  readonly ifUnchanged?: number | undefined
  /** The operation of ours that must still be the last to have changed what this edit restores. */
  readonly ifMine?: Operation
}

export interface EventEdit {
  readonly verb: 'emit'
  readonly event: string
  /** A member's number, 0 for everyone. */
  readonly to: number
  readonly value: Value
}

export type Edit = RecordEdit | EventEdit

/**
 * `waiting`: the room has not decided it. `applied`: the room has it. `saved`: so has the disk, or
 * whatever `room.durability` says. `failed`: it was refused, or nobody knows.
 */
export type ChangeState = 'waiting' | 'applied' | 'saved' | 'failed'

/**
 * What a call that changes the room gives back. Nobody has to look at it: a refusal that nobody
 * waits for is told by the room's event `refused`, never as an unhandled rejection.
 */
export interface Change {
  /**
   * Resolves when the room has applied the change, and it shows in the confirmed state. Rejects
   * with a {@link TuttiError}: the status that the room gave, `uncertain` or `closed`.
   */
  readonly done: Promise<void>
  /**
   * Resolves, after {@link done}, when the change is safe: see `room.durability`. Until then the
   * client keeps it, and a server that crashed gets it again. Rejects as `done` does, and where
   * the change was applied, lost in a crash and then refused.
   */
  readonly saved: Promise<void>
  /** How far it has come. It goes back from `applied` to `waiting` where the server lost it. */
  readonly state: ChangeState
  /** What it asks for. */
  readonly edits: readonly Edit[]
}

export type Outcome = 'applied' | Status

/** One change that applies whole or not at all: some edits, and what became of them. */
export class Operation implements Change {
  readonly edits: Edit[] = []
  readonly done: Promise<void>
  readonly saved: Promise<void>
  /** Its number on the wire, another one whenever it is sent again; 0 before, and once refused. */
  sequence = 0
  /** Its size on the wire. */
  bytes = 0
  /** Known as soon as the room tells, which may be before its effect may be shown. */
  outcome: Outcome | null = null
  /** The tick at which the outcome was told. */
  decidedAt = 0
  /** It is applied, and the durable tick has reached `decidedAt`. */
  acknowledged = false

  readonly #done = new Settlement()
  readonly #saved = new Settlement()

  constructor() {
    this.done = this.#done.promise
    this.saved = this.#saved.promise
  }

  get state(): ChangeState {
    if (this.outcome === null) return 'waiting'
    if (this.outcome !== 'applied') return 'failed'
    return this.acknowledged ? 'saved' : 'applied'
  }

  resolveDone(): void {
    this.#done.resolve()
  }

  resolveSaved(): void {
    this.#saved.resolve()
  }

  /** Does nothing to a promise that has resolved. */
  reject(error: TuttiError): void {
    this.#done.reject(error)
    this.#saved.reject(error)
  }
}

/** A promise that is settled from outside, and may be rejected without anyone listening. */
class Settlement {
  readonly promise: Promise<void>
  resolve!: () => void
  reject!: (error: TuttiError) => void

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    this.promise.catch(() => {})
  }
}

const VERBS = ['put', 'set', 'append', 'add', 'delete', 'emit'] as const
const IF_NEW = 1
const IF_STAMP = 2
const IF_MINE = 4

export function encodeOperation(operation: Operation, names: Names): Uint8Array {
  const writer = new Writer().array(operation.edits.length)
  for (const edit of operation.edits) writer.value(editElements(edit, names))
  return writer.finish()
}

function editElements(edit: Edit, names: Names): Value[] {
  const verb = VERBS.indexOf(edit.verb)
  if (edit.verb === 'emit') {
    return [verb, names.event(edit.event)?.number ?? edit.event, edit.to, edit.value]
  }
  const collection = names.collection(edit.collection)
  const guards: Value[] = []
  let guard = 0
  if (edit.ifNew) guard += IF_NEW
  if (edit.ifUnchanged !== undefined) {
    guard += IF_STAMP
    guards.push(edit.ifUnchanged)
  }
  if (edit.ifMine) {
    guard += IF_MINE
    guards.push(edit.ifMine.sequence)
  }
  const elements = [
    verb + 8 * guard,
    collection?.definition.number ?? edit.collection,
    edit.id,
    ...guards,
  ]
  for (const [name, value] of Object.entries(edit.fields)) {
    const field = collection?.byName.get(name)
    elements.push(field?.number ?? name)
    if (edit.verb === 'append') elements.push(...(value as Value[]))
    else elements.push(scale(field, value))
  }
  return elements
}

export function checkName(name: unknown, what: string): asserts name is string {
  const bytes = typeof name === 'string' ? new TextEncoder().encode(name).length : 0
  if (bytes < 1 || bytes > NAME_BYTES_MAX) {
    throw new TuttiError('malformed', `the name of ${what} has 1 to ${NAME_BYTES_MAX} bytes`)
  }
}

export function checkId(id: unknown): asserts id is string {
  if (typeof id !== 'string' || !RECORD_ID.test(id)) {
    throw new TuttiError('malformed', 'the id of a record is 1 to 24 characters of ASCII')
  }
}
