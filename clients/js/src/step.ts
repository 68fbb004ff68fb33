/** One step of undo: what changes did, the oldest first. */
import type { UndoStep } from './api.js'
import type { Operation } from './operation.js'
import type { Fields, Value } from './value.js'

/**
 * A write of ours to one field, and the operation that the server holds for its author. Undoing a
 * later write puts this one's value back, so its author is from then on the undoing operation:
 * everyone who holds this write sees that.
 */
export interface Write {
  by: Operation
  /** In place is someone else's value, or part of it: put back by undo, or added to aside. */
  foreign?: boolean
}

export interface FieldChange {
  readonly what: 'field'
  readonly collection: string
  readonly id: string
  readonly field: string
  /** What the next undo or redo puts in place; null unsets. */
  value: Value
  readonly write: Write
  /** Our write whose value was in place before; null where that value was not ours. */
  readonly prior: Write | null
  undone: boolean
}

export interface AddChange {
  readonly what: 'add'
  readonly collection: string
  readonly id: string
  readonly field: string
  amount: number
  readonly write: Write
  readonly prior: Write | null
  undone: boolean
}

/** A record that we made or deleted. */
export interface RecordMark {
  readonly what: 'record'
  /** Made, at first; else deleted. */
  readonly made: boolean
  readonly collection: string
  readonly id: string
  /** It exists; the next undo or redo deletes it. */
  exists: boolean
  /** Of a record that does not exist: what it held, and which of it we had written. */
  fields: Fields
  writes: ReadonlyMap<string, Write>
  /** The operation that made or deleted it last. */
  by: Operation
}

/** What knows by itself how it is taken back. */
export interface OwnMark {
  readonly what: 'own'
  readonly step: UndoStep
  undone: boolean
}

export type EditMark = FieldChange | AddChange | RecordMark
export type Mark = EditMark | OwnMark

/**
 * A step may be thousands of changes. What it did to one record is found without going over all of
 * it, and a change is put behind the others where they are.
 */
export class Step {
  #marks: Mark[]
  /** Record → its marks; made when it is asked for. */
  #byRecord: Map<string, Mark[]> | null = null
  /** It was taken back, or put back: nothing joins it any more. */
  isOver = false

  constructor(marks: readonly Mark[] = []) {
    this.#marks = [...marks]
  }

  get marks(): readonly Mark[] {
    return this.#marks
  }

  get isEmpty(): boolean {
    return this.#marks.length === 0
  }

  replace(marks: readonly Mark[]): void {
    this.#marks = [...marks]
    this.#byRecord = null
  }

  push(mark: Mark): void {
    this.#marks.push(mark)
    if (this.#byRecord !== null) index(this.#byRecord, mark)
  }

  /** Without these; the rest stays in its order. */
  drop(marks: ReadonlySet<Mark>): void {
    this.replace(this.#marks.filter((mark) => !marks.has(mark)))
  }

  /** What it did to a record. */
  of(collection: string, id: string): readonly Mark[] {
    if (this.#byRecord === null) {
      this.#byRecord = new Map()
      for (const mark of this.#marks) index(this.#byRecord, mark)
    }
    return this.#byRecord.get(keyOf(collection, id)) ?? []
  }
}

function index(byRecord: Map<string, Mark[]>, mark: Mark): void {
  if (mark.what === 'own') return
  const key = keyOf(mark.collection, mark.id)
  const others = byRecord.get(key)
  if (others === undefined) byRecord.set(key, [mark])
  else others.push(mark)
}

export function keyOf(collection: string, id: string | number): string {
  return `${collection}\n${id}`
}
