/** Planned changes as they are made: as many at a time as the queue takes, all of them one step of undo. */
import type { GrowingStep } from './api.js'
import { TuttiError } from './errors.js'
import { Writer } from './msgpack.js'
import { EDITS_MAX, type Change } from './operation.js'
import type { PlannedChange } from './restore.js'
import type { Room } from './room.js'
import { equal, type Fields, type Value } from './value.js'

export interface RestorationOptions {
  /** Told as the room decides: how many of the planned changes are, and how many there are. */
  readonly onProgress?: (decided: number, all: number) => void
}

/** What became of it. */
export interface RestoreOutcome {
  readonly applied: readonly PlannedChange[]
  /** Left as it is: contested, or changed after it was planned. */
  readonly conflicts: readonly PlannedChange[]
  /** What the room's rules do not let us do, and why. */
  readonly refused: readonly RefusedChange[]
  /** `stop` was called, or the step undone, before all was made: the rest was not. */
  readonly isStopped: boolean
}

export interface RefusedChange {
  readonly change: PlannedChange
  readonly error: TuttiError
}

/** The part of one operation that is not values, of one record. */
const RECORD_BYTES = 96
/** Of one operation; a record that alone is more goes alone. */
const OPERATION_BYTES = 32_768

/** Somebody else was quicker. */
const OVERTAKEN: ReadonlySet<string> = new Set(['stale', 'exists', 'deleted', 'not found'])
/** What it names may come back after it. */
const EARLY: ReadonlySet<string> = new Set(['deleted', 'not found'])
/** Nobody will say any more. */
const FINAL: ReadonlySet<string> = new Set(['closed', 'uncertain'])

/**
 * Records that are being brought back. An operation that the room refuses is tried in halves: what
 * cannot be is found out, and all else is done.
 */
export class Restoration {
  /**
   * Resolves when all is decided. Rejects with `closed` or `uncertain` where the room does not say
   * what became of it.
   */
  readonly done: Promise<RestoreOutcome>
  /** Resolves when all that was applied is saved; rejects as `done` does. */
  readonly saved: Promise<void>

  readonly #room: Room
  readonly #guard: number | true
  readonly #onProgress: RestorationOptions['onProgress']
  readonly #step: GrowingStep
  readonly #all: number
  readonly #applied: PlannedChange[] = []
  readonly #conflicts: PlannedChange[]
  readonly #refused: RefusedChange[] = []
  readonly #saving: Promise<void>[] = []
  #waiting: PlannedChange[][]
  /** Refused since what they need was not there; and whether anything was made since. */
  #early: RefusedChange[] = []
  #hasMade = false
  #flying = 0
  /** Changes in what is flying. */
  #undecided = 0
  #isBusy = false
  #isOver = false
  #isStopped = false
  #unwatch: () => void
  #settle!: { resolve: (outcome: RestoreOutcome) => void; reject: (error: unknown) => void }

  /** @internal `guard`: what is newer than that stamp stays, or than what shows. */
  constructor(
    room: Room,
    changes: readonly PlannedChange[],
    contested: readonly PlannedChange[],
    guard: number | true,
    { onProgress }: RestorationOptions,
  ) {
    this.#room = room
    this.#guard = guard
    this.#onProgress = onProgress
    this.#conflicts = [...contested]
    this.#all = changes.length
    this.#step = room.history.grow()
    this.#waiting = [...batched(changes)]
    this.done = new Promise((resolve, reject) => (this.#settle = { resolve, reject }))
    this.saved = this.done.then(async () => {
      await Promise.all(this.#saving)
    })
    for (const promise of [this.done, this.saved]) promise.catch(() => {})
    this.#unwatch = room.on('unsaved', () => this.#goOn())
    this.#goOn()
  }

  /** What has not been sent is not made any more. What was stays, as a step of undo. */
  stop(): void {
    this.#isStopped = true
    this.#waiting = []
    this.#goOn()
  }

  #goOn(): void {
    // The queue tells of what is put into it.
    if (this.#isBusy || this.#isOver) return
    if (this.#step.isOver && this.#waiting.length > 0) {
      this.#isStopped = true
      this.#waiting = []
    }
    this.#isBusy = true
    while (this.#takeNext());
    this.#isBusy = false
    if (this.#flying === 0 && this.#waiting.length === 0) this.#conclude()
  }

  /** False where nothing waits, or has to go on waiting. */
  #takeNext(): boolean {
    const [batch] = this.#waiting
    if (batch === undefined) return false
    const standing = batch.filter((change) => this.#stands(change))
    if (!this.#hasRoom(standing)) return false
    this.#waiting.shift()
    this.#conflicts.push(...batch.filter((change) => !standing.includes(change)))
    if (standing.length > 0) this.#make(standing)
    return true
  }

  #stands({ collection, id, before }: PlannedChange): boolean {
    return equal(this.#room.collection(collection).get(id), before)
  }

  /** What it never has room for is tried all the same, to be refused. */
  #hasRoom(batch: readonly PlannedChange[]): boolean {
    if (this.#room.unsaved === 0) return true
    return this.#room.hasRoomToSpare(batch.reduce((sum, change) => sum + bytesOf(change), 0))
  }

  #make(batch: readonly PlannedChange[]): void {
    let change: Change
    try {
      change = this.#step.within(() =>
        this.#room.group(() => batch.forEach((each) => this.#edit(each))),
      )
    } catch (error) {
      if (statusOf(error) === 'closed') this.#fail(error)
      else this.#takeRefusal(batch, error as TuttiError)
      return
    }
    this.#flying++
    this.#undecided += batch.length
    this.#saving.push(change.saved)
    const landed = (take: () => void) => {
      this.#flying--
      this.#undecided -= batch.length
      take()
      this.#tellProgress()
      this.#goOn()
    }
    change.done.then(
      () => landed(() => this.#take(batch)),
      (error: TuttiError) =>
        landed(() => {
          this.#saving.splice(this.#saving.indexOf(change.saved), 1)
          if (FINAL.has(error.status)) this.#fail(error)
          else this.#takeRefusal(batch, error)
        }),
    )
  }

  #take(batch: readonly PlannedChange[]): void {
    this.#applied.push(...batch)
    this.#hasMade = true
  }

  #tellProgress(): void {
    const waiting = this.#waiting.reduce((sum, batch) => sum + batch.length, this.#early.length)
    this.#onProgress?.(this.#all - waiting - this.#undecided, this.#all)
  }

  #edit({ kind, collection, id, fields }: PlannedChange): void {
    const records = this.#room.collection(collection)
    const guarded = { ifUnchanged: this.#guard }
    if (kind === 'put') records.put(id, fields, { ...guarded, ifNew: true })
    else if (kind === 'set') records.set(id, fields, guarded)
    else records.delete(id, guarded)
  }

  #takeRefusal(batch: readonly PlannedChange[], error: TuttiError): void {
    const [change] = batch
    if (batch.length > 1) {
      const half = batch.length >> 1
      this.#waiting.unshift(batch.slice(0, half), batch.slice(half))
    } else if (EARLY.has(error.status)) {
      this.#early.push({ change: change!, error })
    } else {
      this.#giveUp({ change: change!, error })
    }
  }

  #giveUp(refused: RefusedChange): void {
    if (OVERTAKEN.has(refused.error.status)) this.#conflicts.push(refused.change)
    else this.#refused.push(refused)
  }

  #conclude(): void {
    if (this.#early.length > 0 && this.#hasMade && !this.#isStopped) {
      this.#hasMade = false
      this.#waiting = this.#early.splice(0).map(({ change }) => [change])
      this.#goOn()
      return
    }
    for (const each of this.#early.splice(0)) this.#giveUp(each)
    this.#end()
    this.#settle.resolve({
      applied: this.#applied,
      conflicts: this.#conflicts,
      refused: this.#refused,
      isStopped: this.#isStopped,
    })
  }

  #fail(error: unknown): void {
    this.#waiting = []
    this.#early = []
    this.#end()
    this.#settle.reject(error)
  }

  #end(): void {
    this.#isOver = true
    this.#unwatch()
  }
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

function statusOf(error: unknown): string | undefined {
  return error instanceof TuttiError ? error.status : undefined
}
