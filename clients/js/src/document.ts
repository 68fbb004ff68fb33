import type { Pending } from './pending.js'
import type { Changes, Replica } from './replica.js'
import { equal, type Fields } from './value.js'
import type { Id } from './wire.js'

/** One record that shows differently from before. */
export interface RecordChange {
  readonly collection: string
  readonly id: Id
  readonly record: Fields | undefined
  readonly before: Fields | undefined
  /** Made by a call on this room; else by the server's word. */
  readonly mine: boolean
}

/** What shows: the confirmed state with our own pending edits over it, record by record. */
export class Document {
  readonly #collections = new Map<string, Map<Id, Fields>>()
  readonly #replica: Replica
  readonly #pending: Pending

  constructor(replica: Replica, pending: Pending) {
    this.#replica = replica
    this.#pending = pending
  }

  get(collection: string, id: Id): Fields | undefined {
    return this.#collections.get(collection)?.get(id)
  }

  /** Every record of a collection, by id. */
  all(collection: string): ReadonlyMap<Id, Fields> {
    return this.#collections.get(collection) ?? NONE
  }

  /** Looks at one record again; tells what is different, or nothing where it shows as before. */
  refresh(collection: string, id: Id, mine: boolean): RecordChange | undefined {
    const before = this.get(collection, id)
    const record = this.#pending.lay(collection, id, this.#replica.record(collection, id))
    if (equal(before, record)) return undefined
    this.#show(collection, id, record)
    return { collection, id, record, before, mine }
  }

  /** After a frame: the records that it touched and those in `also`, each once. */
  refreshTouched(changes: Changes, also: Iterable<readonly [string, Id]>): RecordChange[] {
    const touched = changes.everything ? this.#everything() : this.#named(changes)
    for (const [collection, id] of also) idsOf(touched, collection).add(id)
    const different: RecordChange[] = []
    for (const [collection, ids] of touched) {
      for (const id of ids) {
        const change = this.refresh(collection, id, false)
        if (change !== undefined) different.push(change)
      }
    }
    return different
  }

  #named(changes: Changes): Map<string, Set<Id>> {
    const touched = new Map<string, Set<Id>>()
    for (const [number, ids] of changes.touched) {
      const name = this.#replica.names.collection(number)?.definition.name
      if (name !== undefined) touched.set(name, ids)
    }
    return touched
  }

  /** Every record that shows and every one that should. */
  #everything(): Map<string, Set<Id>> {
    const touched = new Map<string, Set<Id>>()
    for (const [name, records] of this.#collections) touched.set(name, new Set(records.keys()))
    for (const name of this.#replica.names.collectionNames()) {
      const ids = idsOf(touched, name)
      for (const id of this.#replica.ids(name)) ids.add(id)
    }
    for (const [name, ids] of touched) for (const id of this.#pending.coveredIds(name)) ids.add(id)
    return touched
  }

  #show(collection: string, id: Id, record: Fields | undefined): void {
    if (record === undefined) {
      this.#collections.get(collection)?.delete(id)
      return
    }
    let records = this.#collections.get(collection)
    if (records === undefined) this.#collections.set(collection, (records = new Map()))
    records.set(id, record)
  }
}

const NONE: ReadonlyMap<Id, Fields> = new Map()

function idsOf(touched: Map<string, Set<Id>>, collection: string): Set<Id> {
  let ids = touched.get(collection)
  if (ids === undefined) touched.set(collection, (ids = new Set()))
  return ids
}
