/**
 * Our own operations on their way: queued until they may be sent, sent until their outcome is
 * known, decided until their effect has arrived. All of them lie over the confirmed state.
 */
import { statusName, TuttiError } from './errors.js'
import { malformed } from './msgpack.js'
import type { Operation, Outcome, RecordEdit } from './operation.js'
import { setKey, type Fields, type Value } from './value.js'
import type { Id, News, Welcome } from './wire.js'

export interface QueueLimits {
  /** Operations that are not decided. */
  readonly operations: number
  /** Their bytes on the wire. */
  readonly bytes: number
}

export class Pending {
  #queued: Operation[] = []
  #sent: Operation[] = []
  #decided: Operation[] = []
  #bytes = 0
  /** Of the last operation that has a number. */
  #sequence = 0
  #highestSent = 0
  #highestDecided = 0
  readonly #limits: QueueLimits
  /** `collection\nid` → edits of that record, oldest first. */
  readonly #overlay = new Map<string, { operation: Operation; edit: RecordEdit }[]>()

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  /** Own operations of which the outcome is not known. */
  get count(): number {
    return this.#queued.length + this.#sent.length
  }

  get inFlight(): number {
    return this.#sent.length
  }

  get next(): Operation | undefined {
    return this.#queued[0]
  }

  /** For the next hello. */
  get highestSent(): number {
    return this.#highestSent
  }

  get highestDecided(): number {
    return this.#highestDecided
  }

  /** Throws `limit` where the queue cannot take this many bytes more. */
  checkRoomFor(bytes: number): void {
    if (this.count >= this.#limits.operations || this.#bytes + bytes > this.#limits.bytes) {
      throw new TuttiError(
        'limit',
        `${this.count} changes wait for the server already, and no more are queued`,
      )
    }
  }

  cover(operation: Operation, edit: RecordEdit): void {
    const key = overlayKey(edit.collection, edit.id)
    const edits = this.#overlay.get(key)
    if (edits === undefined) this.#overlay.set(key, [{ operation, edit }])
    else edits.push({ operation, edit })
  }

  uncover(operation: Operation): void {
    for (const edit of operation.edits) {
      if (edit.verb === 'emit') continue
      const key = overlayKey(edit.collection, edit.id)
      const rest = this.#overlay.get(key)?.filter((entry) => entry.operation !== operation)
      if (rest === undefined || rest.length === 0) this.#overlay.delete(key)
      else this.#overlay.set(key, rest)
    }
  }

  enqueue(operation: Operation): void {
    this.#bytes += operation.bytes
    this.#queued.push(operation)
  }

  /** The next operation has a number from here on, and counts as sent. */
  send(): void {
    const operation = this.#queued.shift()!
    operation.sequence = ++this.#sequence
    this.#highestSent = Math.max(this.#highestSent, operation.sequence)
    this.#sent.push(operation)
  }

  /** What a new connection knows of what was sent over the one before. */
  resume(welcome: Welcome, sameIncarnation: boolean): void {
    const { sequence, keyKnown } = welcome
    const statuses = new Map(welcome.refusals.map(({ number, status }) => [number, status]))
    const arrived = (operation: Operation) => !keyKnown || operation.sequence <= sequence
    this.#conclude(this.#sent.filter(arrived), (operation) =>
      keyKnown ? outcomeOf(statuses.get(operation.sequence)) : 'uncertain',
    )
    this.#queued = [...this.#sent.filter((operation) => !arrived(operation)), ...this.#queued]
    this.#sent = []
    this.#sequence = sequence
    this.#highestDecided = sequence
    this.#highestSent = Math.max(this.#highestSent, sequence)
    if (!sameIncarnation) this.#refuseStale()
  }

  /** Stamps of another incarnation say nothing about this one. */
  #refuseStale(): void {
    const isStale = ({ edits }: Operation) =>
      edits.some((edit) => edit.verb !== 'emit' && edit.ifUnchanged !== undefined)
    this.#conclude(this.#queued.filter(isStale), () => 'stale')
    this.#queued = this.#queued.filter((operation) => !isStale(operation))
  }

  decide(news: News): void {
    const decided = this.#sent.splice(0, news.decided)
    if (decided.length < news.decided) throw malformed('more decided than was sent')
    if (decided.length === 0) return
    this.#highestDecided = decided[decided.length - 1]!.sequence
    const statuses = new Map(
      news.refusals.map(({ number, status }) => [this.#highestDecided - number, status]),
    )
    this.#conclude(decided, (operation) => outcomeOf(statuses.get(operation.sequence)))
  }

  #conclude(operations: Operation[], outcome: (operation: Operation) => Outcome): void {
    for (const operation of operations) {
      operation.outcome = outcome(operation)
      this.#bytes -= operation.bytes
      this.#decided.push(operation)
    }
  }

  /** The effects of all that is decided have arrived: nothing of it lies over the state any more. */
  release(): Operation[] {
    const released = this.#decided
    this.#decided = []
    for (const operation of released) this.uncover(operation)
    return released
  }

  /** The room is over: nothing will be decided any more. */
  abandon(): Operation[] {
    this.#conclude(this.#sent, () => 'uncertain')
    this.#conclude(this.#queued, () => 'closed')
    this.#sent = []
    this.#queued = []
    return this.release()
  }

  /** The record as it shows: the confirmed one with our own edits over it. */
  lay(collection: string, id: Id, confirmed: Fields | undefined): Fields | undefined {
    let record = confirmed
    for (const { operation, edit } of this.#overlay.get(overlayKey(collection, id)) ?? []) {
      const isRefused = operation.outcome !== null && operation.outcome !== 'applied'
      if (!isRefused) record = applied(edit, record)
    }
    return record
  }

  *coveredIds(collection: string): Iterable<string> {
    for (const entries of this.#overlay.values()) {
      const edit = entries[0]?.edit
      if (edit?.collection === collection) yield edit.id
    }
  }
}

function outcomeOf(status: number | undefined): Outcome {
  return status ? statusName(status) : 'applied'
}

function overlayKey(collection: string, id: Id): string {
  return `${collection}\n${id}`
}

/** What the room will make of an edit, as far as we can tell. */
function applied(edit: RecordEdit, record: Fields | undefined): Fields | undefined {
  if (edit.verb === 'delete') return undefined
  if (edit.verb === 'put' ? edit.ifNew && record !== undefined : record === undefined) return record
  const next: { [field: string]: Value } = { ...record }
  for (const [name, value] of Object.entries(edit.fields)) {
    const held = Object.hasOwn(next, name) ? next[name]! : null
    if (edit.verb === 'append') setKey(next, name, [...listOf(held), ...listOf(value)])
    else if (edit.verb === 'add') setKey(next, name, Number(held) + Number(value))
    else if (value === null) delete next[name]
    else setKey(next, name, value)
  }
  return next
}

function listOf(value: Value): Value[] {
  return Array.isArray(value) ? value : []
}
