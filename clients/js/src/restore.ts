/**
 * Records of one room, or of a moment of one, brought back into a live room: by ordinary changes, one
 * step of undo. What would be done is known before it is, and whose work that would undo.
 */
import type { Authors } from './authors.js'
import type { FieldsInput } from './collection.js'
import { TuttiError } from './errors.js'
import { Restoration, type RestorationOptions } from './restoration.js'
import type { Room } from './room.js'
import { equal, setKey, type Fields, type Value } from './value.js'

export interface RestoreOptions {
  /**
   * Collection → which of its records: their ids, or `true` for all. Collections are brought back in
   * this order: what others cannot be without comes first.
   */
  readonly records: { readonly [collection: string]: Iterable<string> | true }
  /**
   * Which of those. Judges records as they are to be, and those that are to be removed as they are.
   * Left out, all.
   */
  readonly where?: (collection: string, id: string, record: Fields) => boolean
  /** Whether those that there were not then are removed. Default: they stay. */
  readonly removes?: boolean
  /**
   * Who has done what in the live room: `await authors(room)`. What somebody else has changed since is
   * contested then: it stays, unless `overwrite` is asked for.
   */
  readonly now?: Authors
  /**
   * Only what these members had made or changed by that moment, which `then`, the authors of it, says:
   * what they had made and is gone comes back, and their fields are as they had left them. Contested is
   * what others have set since.
   */
  readonly work?: { readonly of: Iterable<number>; readonly then: Authors }
  /**
   * Only what these members have done since, as `now` says, is taken back: what they have removed comes
   * back, what they have changed is as it was, what they have made goes. Contested is what others have
   * gone on with, and what is gone so long that the room does not remember who removed it.
   */
  readonly doneBy?: Iterable<number>
}

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
  /** Who has done what this takes back, as far as `now` says. */
  readonly by: readonly number[]
  /** That would overwrite what others have done: it is done only where that is asked for. */
  readonly contested: boolean
}

export interface ApplyOptions extends RestorationOptions {
  /** Does what is contested, too. */
  readonly overwrite?: boolean
}

/** A room, or what shows one. */
export type Shown = Room | { readonly room: Room; readonly tick?: number }

/**
 * Brings chosen records from one room into another, as one step of undo: {@link planRestore}, and
 * `apply()` at once.
 *
 * ```js
 * await restore(then, room, { records: { shapes: [id] } }).done
 * room.undo()
 * ```
 */
export function restore(
  from: Shown,
  to: Room,
  options: RestoreOptions & ApplyOptions,
): Restoration {
  return planRestore(from, to, options).apply(options)
}

/**
 * What it takes to make chosen records of `to` what they are in `from`, now. Both are as they show;
 * neither is changed. Throws `misuse` where the authors of `work` are those of another moment than a
 * replay shows, and where `doneBy` comes without `now`.
 */
export function planRestore(from: Shown, to: Room, options: RestoreOptions): RestorePlan {
  checkOptions(from, options)
  return new RestorePlan('room' in from ? from.room : from, to, options)
}

function checkOptions(from: Shown, { work, doneBy, now }: RestoreOptions): void {
  if (doneBy !== undefined && (now === undefined || work !== undefined)) {
    throw new TuttiError('misuse', 'doneBy goes with now, and not with work')
  }
  const isOther = 'tick' in from && !('collection' in from) && from.tick !== work?.then.tick
  if (work !== undefined && isOther) {
    throw new TuttiError('misuse', `the authors are those of tick ${work.then.tick}`)
  }
}

/** See {@link planRestore}. It is good for once. */
export class RestorePlan {
  /** In the order in which they are made. */
  readonly changes: readonly PlannedChange[]
  /** Chosen records that are what they were. */
  readonly unchanged: number
  readonly #to: Room
  readonly #stamp: number | undefined

  /** @internal */
  constructor(from: Room, to: Room, options: RestoreOptions) {
    const { changes, unchanged } = new Comparison(from, to, options)
    this.changes = changes
    this.unchanged = unchanged
    this.#to = to
    this.#stamp = options.now?.stamp
  }

  /** How many records come back, change, and go; those of {@link conflicts} are not counted. */
  get counts(): { readonly put: number; readonly set: number; readonly delete: number } {
    const counts = { put: 0, set: 0, delete: 0 }
    for (const change of this.changes) if (!this.#isHeldUp(change)) counts[change.kind]++
    return counts
  }

  /** What `apply()` leaves as it is: what is contested, and what has changed since it was planned. */
  get conflicts(): PlannedChange[] {
    return this.changes.filter((change) => this.#isHeldUp(change))
  }

  /**
   * Makes the changes, but for {@link conflicts}. Some show at once; of many the others follow as the
   * room takes them, each looked at again. All are one step of undo.
   */
  apply({ overwrite = false, ...options }: ApplyOptions = {}): Restoration {
    const isLeft = (change: PlannedChange) => change.contested && !overwrite
    const done = this.changes.filter((change) => !isLeft(change))
    const left = this.changes.filter(isLeft)
    return new Restoration(this.#to, joined(done), left, this.#stamp ?? true, options)
  }

  #isHeldUp({ collection, id, before, contested }: PlannedChange): boolean {
    return contested || !equal(this.#to.collection(collection).get(id), before)
  }
}

/** Whose doing a change would be, and whose it would undo. */
interface Verdict {
  readonly by: readonly number[]
  readonly contested: boolean
}

/** What a plan is made for: a part of what is different. Null for what is no part of it. */
interface Purpose {
  put(collection: string, id: string): Verdict | null
  set(collection: string, id: string, field: string, isThere: boolean): Verdict | null
  delete(collection: string, id: string): Verdict | null
}

function purposeOf({ work, doneBy, now, removes = false }: RestoreOptions, me: number): Purpose {
  if (doneBy !== undefined) return takingBack(new Set(doneBy), now!)
  if (work !== undefined) return bringingBack(new Set(work.of), work.then, now)
  const own = new Set(now?.personOf(me).members)
  const verdict = verdicts(own, now)
  return {
    put: (collection, id) => ({ ...verdict([now?.remover(collection, id)]), contested: false }),
    set: (collection, id, field) => verdict([now?.changer(collection, id, field)]),
    delete: (collection, id) => (removes ? verdict(everyoneIn(now, collection, id)) : null),
  }
}

/** What `people` had done by then. */
function bringingBack(people: ReadonlySet<number>, then: Authors, now?: Authors): Purpose {
  const isTheirs = (member: number | undefined) => member !== undefined && people.has(member)
  const verdict = verdicts(people, now)
  return {
    put: (collection, id) => {
      if (!isTheirs(then.maker(collection, id))) return null
      return { ...verdict([now?.remover(collection, id)]), contested: false }
    },
    set: (collection, id, field, isThere) => {
      if (!isThere || !isTheirs(then.changer(collection, id, field))) return null
      return verdict([now?.changer(collection, id, field)])
    },
    delete: () => null,
  }
}

/** What `people` have done since. */
function takingBack(people: ReadonlySet<number>, now: Authors): Purpose {
  const verdict = verdicts(people, now)
  const ifTheirs = (member: number | undefined, others: readonly number[] = []) =>
    member !== undefined && people.has(member) ? verdict([member, ...others]) : null
  return {
    put: (collection, id) => {
      const remover = now.remover(collection, id)
      return remover === undefined ? verdict([undefined]) : ifTheirs(remover)
    },
    set: (collection, id, field) => ifTheirs(now.changer(collection, id, field)),
    delete: (collection, id) => ifTheirs(now.maker(collection, id), now.changers(collection, id)),
  }
}

/** Contested is what was done by others than those; where nobody knows, whatever was. */
function verdicts(people: ReadonlySet<number>, now: Authors | undefined) {
  return (members: readonly (number | undefined)[]): Verdict => ({
    by: [...new Set(members.filter((member) => member !== undefined))],
    contested:
      now !== undefined && members.some((member) => member === undefined || !people.has(member)),
  })
}

function everyoneIn(now: Authors | undefined, collection: string, id: string) {
  return now === undefined ? [] : [now.maker(collection, id), ...now.changers(collection, id)]
}

/** Compares two rooms, record by record. */
class Comparison {
  unchanged = 0
  readonly #puts: PlannedChange[] = []
  readonly #sets: PlannedChange[] = []
  readonly #deletes: PlannedChange[] = []
  readonly #purpose: Purpose

  constructor(from: Room, to: Room, { records, where, ...options }: RestoreOptions) {
    this.#purpose = purposeOf({ records, ...options }, to.me)
    for (const [name, asked] of Object.entries(records)) {
      const then = from.collection(name)
      const now = to.collection(name)
      for (const id of new Set(asked === true ? [...then.ids(), ...now.ids()] : asked)) {
        const [was, is] = [then.get(id), now.get(id)]
        const judged = was ?? is
        if (judged === undefined || where?.(name, id, judged) === false) continue
        this.#compare(name, id, was, is)
      }
    }
  }

  get changes(): PlannedChange[] {
    return [...this.#puts, ...this.#sets, ...this.#deletes]
  }

  #compare(collection: string, id: string, was: Fields | undefined, is: Fields | undefined): void {
    const record = { collection, id, before: is }
    if (was === undefined) {
      const verdict = this.#purpose.delete(collection, id)
      if (verdict !== null)
        this.#deletes.push({ kind: 'delete', ...record, fields: {}, ...verdict })
    } else if (is === undefined) {
      const verdict = this.#purpose.put(collection, id)
      if (verdict !== null) this.#puts.push({ kind: 'put', ...record, fields: was, ...verdict })
    } else {
      this.#setBack(collection, id, was, is)
    }
  }

  /** What is contested is a change of its own. */
  #setBack(collection: string, id: string, was: Fields, is: Fields): void {
    const parts = new Map<boolean, { fields: { [field: string]: Value }; by: Set<number> }>()
    const different = differenceOf(is, was)
    if (different.length === 0) this.unchanged++
    for (const [field, value] of different) {
      const verdict = this.#purpose.set(collection, id, field, Object.hasOwn(was, field))
      if (verdict === null) continue
      const part = parts.get(verdict.contested) ?? { fields: {}, by: new Set() }
      parts.set(verdict.contested, part)
      setKey(part.fields, field, value)
      for (const member of verdict.by) part.by.add(member)
    }
    for (const [contested, { fields, by }] of parts) {
      const common = { collection, id, before: is, fields, by: [...by] }
      this.#sets.push({ kind: 'set', ...common, contested })
    }
  }
}

/** What has to be set for a record to have these fields and no others. */
function differenceOf(record: Fields, fields: Fields): [string, Value][] {
  const difference: [string, Value][] = []
  for (const name of new Set([...Object.keys(record), ...Object.keys(fields)])) {
    const value = Object.hasOwn(fields, name) ? fields[name]! : null
    const held = Object.hasOwn(record, name) ? record[name]! : null
    if (!equal(held, value)) difference.push([name, value])
  }
  return difference
}

/** What is to be set of one record is set at once. */
function joined(changes: readonly PlannedChange[]): PlannedChange[] {
  const all = new Map<string, PlannedChange>()
  for (const change of changes) {
    const key = `${change.collection}\n${change.id}`
    const first = all.get(key)
    const both = first !== undefined && {
      ...first,
      fields: { ...first.fields, ...change.fields },
      by: [...new Set([...first.by, ...change.by])],
      contested: true,
    }
    all.set(key, both || change)
  }
  return [...all.values()]
}
