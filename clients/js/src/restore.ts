/**
 * Records of one room, or of a moment of one, brought back into a live room: by ordinary changes, one
 * step of undo. What would be done is known before it is.
 */
import type { FieldsInput } from './collection.js'
import { EDITS_MAX, type Change } from './operation.js'
import { Writer } from './msgpack.js'
import type { Room } from './room.js'
import { equal, setKey, type Fields, type Value } from './value.js'

export interface RestoreOptions {
  /** Collection → which of its records: their ids, or `true` for all. */
  readonly records: { readonly [collection: string]: Iterable<string> | true }
  /**
   * Which of those: whatever tells one person's work from another's, say. Judges records as they are
   * to be, and those that are to be removed as they are. Left out, all.
   */
  readonly where?: (collection: string, id: string, record: Fields) => boolean
  /** Whether those that there were not then are removed. Default: they stay. */
  readonly removes?: boolean
  /**
   * Makes records that are gone come back under new ids, as a room demands for as long as it
   * remembers that somebody has deleted them. It is given the fields of each record that is brought
   * back and gives what is to be written: what names other records has to name them as
   * `idOf` says, which is undefined for one that will not be there. Null leaves the record out. Left
   * out itself, records keep their ids.
   */
  readonly asNew?: AsNew
}

export type AsNew = (
  collection: string,
  fields: Fields,
  idOf: (collection: string, id: string) => string | undefined,
) => FieldsInput | null

/** What is to be done with one record. */
export interface PlannedChange {
  /** `put`: it is gone, and comes back. `set`: it is different. `delete`: there was none then. */
  readonly kind: 'put' | 'set' | 'delete'
  readonly collection: string
  readonly id: string
  /** What is written; `null` unsets a field. Of `delete`: nothing. */
  readonly fields: FieldsInput
  /** As it was in the live room when this was planned. */
  readonly before: Fields | undefined
}

/** What has been asked of the room. */
export interface Restoration {
  /** What became changes, in their order. */
  readonly applied: readonly PlannedChange[]
  /** What was left as it is, since it has changed after it was planned. */
  readonly conflicts: readonly PlannedChange[]
  /**
   * The operations: one for as much as fits into one. A room that refuses one of several takes the
   * others.
   */
  readonly changes: readonly Change[]
  /** Resolves when all are applied. Rejects with the first refusal, when all are decided. */
  readonly done: Promise<void>
  /** Resolves when all are saved; rejects as `done` does. */
  readonly saved: Promise<void>
}

/** The part of one operation that is not values, of one record. */
const RECORD_BYTES = 96
/** Of one operation; a record that alone is more goes alone. */
const OPERATION_BYTES = 32_768

/** A room, or what shows one. */
export type Shown = Room | { readonly room: Room }

/**
 * Brings chosen records from one room into another, as one step of undo: {@link planRestore}, and
 * `apply()` at once.
 *
 * ```js
 * const { done } = restore(then, room, { records: { shapes: [id] } })
 * await done
 * room.undo()
 * ```
 */
export function restore(from: Shown, to: Room, options: RestoreOptions): Restoration {
  return planRestore(from, to, options).apply()
}

/**
 * What it takes to make chosen records of `to` what they are in `from`, now. Both are as they show;
 * neither is changed. Fields that others change in other records do not matter to it.
 */
export function planRestore(from: Shown, to: Room, options: RestoreOptions): RestorePlan {
  return new RestorePlan('room' in from ? from.room : from, to, options)
}

/** See {@link planRestore}. */
export class RestorePlan {
  /** In the order in which they are made: what others name comes before those. */
  readonly changes: readonly PlannedChange[]
  /** Chosen records that are what they were. */
  readonly unchanged: number
  readonly #to: Room

  /** @internal */
  constructor(from: Room, to: Room, options: RestoreOptions) {
    const { changes, unchanged } = new Comparison(from, to, options)
    this.changes = changes
    this.unchanged = unchanged
    this.#to = to
  }

  /** How many records come back, change, and go. */
  get counts(): { readonly put: number; readonly set: number; readonly delete: number } {
    const counts = { put: 0, set: 0, delete: 0 }
    for (const { kind } of this.changes) counts[kind]++
    return counts
  }

  /** What somebody has changed in the live room since: `apply()` leaves that as it is. */
  get conflicts(): PlannedChange[] {
    return this.changes.filter((change) => !this.#stands(change))
  }

  /**
   * Makes the changes, but for {@link conflicts}. Throws `limit` where more would wait than the queue
   * takes, `type` or `range` where the live room has fields for something else, `closed`; then
   * nothing has happened. Not within a gesture of `room.history`.
   */
  apply(): Restoration {
    const conflicts = this.conflicts
    const applied = this.changes.filter((change) => !conflicts.includes(change))
    const batches = [...batched(applied)]
    const bytes = applied.reduce((sum, change) => sum + bytesOf(change), 0)
    this.#to.checkQueue(batches.length, bytes)
    const changes = submitted(this.#to, batches)
    return { applied, conflicts, changes, ...settlements(changes) }
  }

  #stands({ collection, id, before }: PlannedChange): boolean {
    return this.#to.collection(collection).get(id) === before
  }
}

/** Compares two rooms, record by record. */
class Comparison {
  readonly changes: PlannedChange[] = []
  unchanged = 0
  readonly #from: Room
  readonly #to: Room
  readonly #options: RestoreOptions
  readonly #chosen = new Map<string, Set<string>>()
  /** Collection and id → the id under which a record that is gone comes back. */
  readonly #ids = new Map<string, string>()
  readonly #written = new Set<string>()
  readonly #sets: PlannedChange[] = []

  constructor(from: Room, to: Room, options: RestoreOptions) {
    this.#from = from
    this.#to = to
    this.#options = options
    for (const name of Object.keys(options.records)) this.#choose(name)
    for (const [name, ids] of this.#chosen) for (const id of ids) this.#bringBack(name, id)
    this.changes.push(...this.#sets)
    if (options.removes === true) this.#removeOthers()
  }

  #choose(name: string): void {
    const then = this.#from.collection(name)
    const now = this.#to.collection(name)
    const ids = this.#idsOf(name, then).filter((id) => this.#counts(name, id, then.get(id)))
    this.#chosen.set(name, new Set(ids))
    for (const id of ids) {
      const isRenewed = this.#options.asNew !== undefined && !now.has(id)
      this.#ids.set(keyOf(name, id), isRenewed ? now.newId() : id)
    }
  }

  #idsOf(name: string, all: { ids(): Iterable<string> }): string[] {
    const asked = this.#options.records[name]!
    return [...new Set(asked === true ? all.ids() : asked)]
  }

  #counts(name: string, id: string, record: Fields | undefined): boolean {
    return record !== undefined && (this.#options.where?.(name, id, record) ?? true)
  }

  /** Those that it names come first, so that the room finds them. */
  #bringBack(name: string, id: string): void {
    const key = keyOf(name, id)
    if (this.#written.has(key)) return
    this.#written.add(key)
    const before = this.#to.collection(name).get(id)
    const fields = this.#fieldsOf(name, this.#from.collection(name).get(id)!)
    if (fields === null) {
      this.#ids.delete(key)
      return
    }
    const written = { collection: name, id: this.#ids.get(key)!, before }
    if (before === undefined) {
      this.changes.push({ kind: 'put', ...written, fields })
      return
    }
    const different = differenceOf(before, fields)
    if (Object.keys(different).length === 0) this.unchanged++
    else this.#sets.push({ kind: 'set', ...written, fields: different })
  }

  #fieldsOf(name: string, record: Fields): FieldsInput | null {
    const { asNew } = this.#options
    if (asNew === undefined) return record
    return asNew(name, record, (collection, id) => {
      if (this.#chosen.get(collection)?.has(id) === true) this.#bringBack(collection, id)
      const known = this.#ids.get(keyOf(collection, id))
      return known ?? (this.#to.collection(collection).has(id) ? id : undefined)
    })
  }

  #removeOthers(): void {
    for (const collection of Object.keys(this.#options.records)) {
      const then = this.#from.collection(collection)
      const now = this.#to.collection(collection)
      for (const id of this.#idsOf(collection, now)) {
        const before = now.get(id)
        if (then.has(id) || !this.#counts(collection, id, before)) continue
        this.changes.push({ kind: 'delete', collection, id, fields: {}, before })
      }
    }
  }
}

/** What has to be set for a record to have these fields and no others. */
function differenceOf(record: Fields, fields: FieldsInput): FieldsInput {
  const difference: { [field: string]: Value } = {}
  for (const name of new Set([...Object.keys(record), ...Object.keys(fields)])) {
    const value = (Object.hasOwn(fields, name) ? fields[name] : null) as Value
    const held = Object.hasOwn(record, name) ? record[name]! : null
    if (!equal(held, value)) setKey(difference, name, value)
  }
  return difference
}

function* batched(changes: readonly PlannedChange[]): Iterable<PlannedChange[]> {
  let batch: PlannedChange[] = []
  let bytes = 0
  for (const change of changes) {
    const more = bytesOf(change)
    if (batch.length === EDITS_MAX || (batch.length > 0 && bytes + more > OPERATION_BYTES)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(change)
    bytes += more
  }
  if (batch.length > 0) yield batch
}

/** At most, since numbers stand for names on the wire. */
function bytesOf({ fields }: PlannedChange): number {
  return RECORD_BYTES + new Writer().value(fields as Fields as Value).finish().length
}

/** All of it, or it has not happened. */
function submitted(to: Room, batches: readonly PlannedChange[][]): Change[] {
  to.history.begin()
  try {
    const changes = batches.map((batch) => to.group(() => batch.forEach((each) => make(to, each))))
    to.history.end()
    return changes
  } catch (error) {
    to.history.cancel()
    throw error
  }
}

function make(to: Room, { kind, collection, id, fields }: PlannedChange): void {
  const records = to.collection(collection)
  if (kind === 'put') records.put(id, fields, { ifNew: true })
  else if (kind === 'set') records.set(id, fields)
  else records.delete(id)
}

/** Nobody has to look at them. */
function settlements(changes: readonly Change[]): Pick<Restoration, 'done' | 'saved'> {
  const all = async (promises: Promise<void>[]) => {
    const results = await Promise.allSettled(promises)
    const failed = results.find(({ status }) => status === 'rejected')
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason
  }
  const done = all(changes.map((change) => change.done))
  const saved = all(changes.map((change) => change.saved))
  for (const promise of [done, saved]) promise.catch(() => {})
  return { done, saved }
}

function keyOf(collection: string, id: string): string {
  return `${collection}\n${id}`
}
