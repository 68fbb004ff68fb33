/**
 * Our own operations on their way: queued until they may be sent, sent until their outcome is
 * known, decided until their effect has arrived. Up to there they lie over the confirmed state.
 * Then they are kept until they are acknowledged, for a server that crashes and loses them.
 */
import { statusName, TuttiError } from './errors.js'
import { malformed } from './msgpack.js'
import type { Operation, Outcome, RecordEdit } from './operation.js'
import { setKey, type Fields, type Value } from './value.js'
import type { Id, News, Refusal, Welcome } from './wire.js'

export interface QueueLimits {
  /** Operations that are not decided. */
  readonly operations: number
  /** Their bytes on the wire. */
  readonly bytes: number
}

/** As much is kept while the server cannot save; beyond that, no more changes are taken. */
export const KEPT_MAX: QueueLimits = { operations: 2_048, bytes: 1_048_576 }

export class Pending {
  #queued: Operation[] = []
  #sent: Operation[] = []
  #decided: Operation[] = []
  /** Applied, shown by the confirmed state, and not acknowledged when last looked at. */
  #kept: Operation[] = []
  /** Of those queued and sent. */
  #bytes = 0
  /** Of those decided and kept. */
  #keptBytes = 0
  /** Of the last operation that has a number. */
  #sequence = 0
  #highestSent = 0
  #highestDecided = 0
  #durable = Infinity
  readonly #limits: QueueLimits
  /** `collection\nid` → edits of that record, oldest first. */
  readonly #overlay = new Map<string, { readonly operation: Operation; edit: RecordEdit }[]>()
  /** Kept ones are queued again, and will lie over the next whole state: this one has them. */
  #overlayIsBehind = false

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  /** Own operations of which the outcome is not known. */
  get count(): number {
    return this.#queued.length + this.#sent.length
  }

  /** Own operations that the page has not been told to be saved. */
  get unsaved(): number {
    return this.count + this.#keptCount
  }

  get #keptCount(): number {
    return this.#decided.length + this.#kept.length
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

  /** All up to the end of this tick is safe; Infinity where to be decided is as safe as it gets. */
  get durable(): number {
    return this.#durable
  }

  /** Throws `limit` where the queue cannot take this many bytes more, or too much is kept. */
  checkRoomFor(bytes: number, operations = 1): void {
    const count = this.count + operations
    if (count > this.#limits.operations || this.#bytes + bytes > this.#limits.bytes) {
      throw new TuttiError(
        'limit',
        `${this.count} changes wait for the server already, and no more are queued`,
      )
    }
    if (this.#keptCount >= KEPT_MAX.operations || this.#keptBytes + bytes > KEPT_MAX.bytes) {
      throw new TuttiError(
        'limit',
        `the server has not saved ${this.#keptCount} changes yet, and no more are taken`,
      )
    }
  }

  /** Whether one operation of so many bytes goes into the half of it that does not have to wait for people. */
  hasRoomToSpare(bytes: number): boolean {
    const count =
      2 * this.count + 1 < this.#limits.operations && 2 * this.#keptCount < KEPT_MAX.operations
    const isShort = (held: number, limit: number) => 2 * (held + bytes) <= limit
    return (
      count && isShort(this.#bytes, this.#limits.bytes) && isShort(this.#keptBytes, KEPT_MAX.bytes)
    )
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

  /**
   * The newest operation, where it is not sent yet and its one edit writes the list that this
   * append would add to: what is drawn or written offline need not take a place for every motion.
   */
  writerOf(append: RecordEdit): Operation | undefined {
    const operation = this.#queued[this.#queued.length - 1]
    const edit = operation?.edits[0]
    if (operation?.edits.length !== 1 || edit === undefined || edit.verb === 'emit')
      return undefined
    const isSame = edit.id === append.id && edit.collection === append.collection
    const isPlain = edit.verb === 'append' || (edit.verb === 'put' && !edit.ifMine && !edit.ifNew)
    const writes = Object.keys(append.fields).every((field) => Array.isArray(edit.fields[field]))
    return isSame && isPlain && writes && edit.ifUnchanged === undefined ? operation : undefined
  }

  /** Adds the items of an append to what {@link writerOf} gave for it. */
  join(operation: Operation, append: RecordEdit, bytes: number): void {
    const edit = operation.edits[0] as RecordEdit
    const fields: { [field: string]: Value } = { ...edit.fields }
    for (const [field, items] of Object.entries(append.fields)) {
      setKey(fields, field, [...listOf(fields[field]!), ...listOf(items)])
    }
    const joined = { ...edit, fields }
    operation.edits[0] = joined
    operation.bytes += bytes
    this.#bytes += bytes
    for (const entry of this.#overlay.get(overlayKey(edit.collection, edit.id)) ?? []) {
      if (entry.edit === edit) entry.edit = joined
    }
  }

  /** The next operation has a number from here on, and counts as sent. */
  send(): void {
    const operation = this.#queued.shift()!
    operation.sequence = ++this.#sequence
    this.#highestSent = Math.max(this.#highestSent, operation.sequence)
    this.#sent.push(operation)
  }

  /** What a new connection knows of what was sent over the ones before. */
  resume(welcome: Welcome, sameIncarnation: boolean): void {
    const { sequence, tick } = welcome
    if (welcome.keyKnown) this.#compare(welcome, sameIncarnation)
    else this.#forget(tick)
    this.#sequence = sequence
    this.#highestDecided = sequence
    this.#highestSent = Math.max(this.#highestSent, sequence)
    if (!sameIncarnation) this.#refuseStale(tick)
    this.#durable = welcome.durability === 'memory' ? Infinity : tick - welcome.unsaved
    if (this.#durable < 0) throw malformed('less saved than nothing')
    this.#acknowledge()
  }

  /** The room knows ours up to a sequence, and nothing of what was sent after it. */
  #compare({ sequence, tick, refusals }: Welcome, sameIncarnation: boolean): void {
    const isLost = (operation: Operation) => mayBeLost(operation) && operation.sequence > sequence
    const lost = [...this.#kept, ...this.#decided].filter(isLost)
    this.#kept = this.#kept.filter((operation) => !isLost(operation))
    this.#decided = this.#decided.filter((operation) => !isLost(operation))
    if (!sameIncarnation) {
      for (const operation of [...this.#kept, ...this.#decided]) operation.decidedAt = tick
    }
    const arrived = this.#sent.filter((operation) => operation.sequence <= sequence)
    const unheard = this.#sent.slice(arrived.length)
    this.#sent = []
    this.#conclude(
      arrived,
      tick,
      outcomesOf(refusals, (number) => number),
    )
    this.#queueAgain(lost, unheard)
  }

  #queueAgain(lost: readonly Operation[], unheard: readonly Operation[]): void {
    for (const operation of lost) {
      operation.outcome = null
      this.#keptBytes -= operation.bytes
      this.#bytes += operation.bytes
    }
    if (lost.length > 0) this.#overlayIsBehind = true
    this.#queued.unshift(...lost, ...unheard)
  }

  /** The room remembers nothing of ours: whatever it may have lost is not sent again. */
  #forget(tick: number): void {
    const lost = this.#kept.filter(mayBeLost)
    this.#kept = this.#kept.filter((operation) => !mayBeLost(operation))
    this.#decided.unshift(...lost)
    for (const operation of this.#decided) {
      if (mayBeLost(operation)) operation.outcome = 'uncertain'
    }
    this.#conclude(this.#sent.splice(0), tick, () => 'uncertain')
  }

  /** Stamps of another incarnation say nothing about this one. */
  #refuseStale(tick: number): void {
    const isStale = ({ edits }: Operation) =>
      edits.some((edit) => edit.verb !== 'emit' && edit.ifUnchanged !== undefined)
    this.#conclude(this.#queued.filter(isStale), tick, () => 'stale')
    this.#queued = this.#queued.filter((operation) => !isStale(operation))
  }

  /** `tick`: of the frame that has the news. */
  decide(news: News, tick: number): void {
    const decided = this.#sent.splice(0, news.decided)
    if (decided.length < news.decided) throw malformed('more decided than was sent')
    if (decided.length > 0) {
      const newest = decided[decided.length - 1]!.sequence
      this.#highestDecided = newest
      this.#conclude(
        decided,
        tick,
        outcomesOf(news.refusals, (back) => newest - back),
      )
    }
    this.#durable += news.durable
    if (this.#durable !== Infinity && this.#durable > tick) throw malformed('saved ahead of time')
    this.#acknowledge()
  }

  #conclude(
    operations: readonly Operation[],
    tick: number,
    outcome: (operation: Operation) => Outcome,
  ): void {
    for (const operation of operations) {
      operation.outcome = outcome(operation)
      operation.decidedAt = tick
      // In another incarnation its number may be that of another one: no guard may name it.
      if (operation.outcome !== 'applied') operation.sequence = 0
      this.#bytes -= operation.bytes
      this.#keptBytes += operation.bytes
      this.#decided.push(operation)
    }
  }

  #acknowledge(): void {
    for (const operation of [...this.#kept, ...this.#decided]) {
      if (mayBeLost(operation)) operation.acknowledged = operation.decidedAt <= this.#durable
    }
  }

  /** The effects of all that is decided have arrived: nothing of it lies over the state any more. */
  release(): Operation[] {
    const released = this.#decided
    this.#decided = []
    for (const operation of released) {
      this.uncover(operation)
      if (operation.outcome === 'applied') this.#kept.push(operation)
      else this.#keptBytes -= operation.bytes
    }
    if (this.#overlayIsBehind) this.#coverAgain()
    return released
  }

  #coverAgain(): void {
    this.#overlayIsBehind = false
    this.#overlay.clear()
    for (const operation of [...this.#sent, ...this.#queued]) {
      for (const edit of operation.edits) if (edit.verb !== 'emit') this.cover(operation, edit)
    }
  }

  /** What is acknowledged and shows: it is kept no longer. */
  releaseSaved(): Operation[] {
    const saved = this.#kept.filter(({ acknowledged }) => acknowledged)
    if (saved.length === 0) return saved
    this.#kept = this.#kept.filter(({ acknowledged }) => !acknowledged)
    for (const { bytes } of saved) this.#keptBytes -= bytes
    return saved
  }

  /** The room is over: nothing will be decided or saved any more. `kept`: applied, and no more. */
  abandon(): { readonly released: readonly Operation[]; readonly kept: readonly Operation[] } {
    this.#conclude(this.#sent.splice(0), 0, () => 'uncertain')
    this.#conclude(this.#queued.splice(0), 0, () => 'closed')
    return { released: this.release(), kept: this.#kept.splice(0) }
  }

  /** The record as it shows: the confirmed one with our own edits over it. */
  lay(collection: string, id: Id, confirmed: Fields | undefined): Fields | undefined {
    // So it is when a whole room arrives.
    if (this.#overlay.size === 0) return confirmed
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

/** It is applied, and would be gone if the server crashed now. */
function mayBeLost({ outcome, acknowledged }: Operation): boolean {
  return outcome === 'applied' && !acknowledged
}

function outcomesOf(refusals: readonly Refusal[], sequenceOf: (number: number) => number) {
  const statuses = new Map(refusals.map(({ number, status }) => [sequenceOf(number), status]))
  return ({ sequence }: Operation): Outcome => {
    const status = statuses.get(sequence)
    return status ? statusName(status) : 'applied'
  }
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
