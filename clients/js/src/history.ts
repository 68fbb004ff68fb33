/**
 * Undo and redo, per person: a step restores what we changed and nothing that someone else has
 * changed since. Who did is known twice over: here, so that a step leaves such fields out; and by
 * the server, which checks every edit of a step against the operation that it takes back.
 */
import { TuttiError } from './errors.js'
import { Operation, type Edit, type RecordEdit } from './operation.js'
import {
  keyOf,
  Step,
  type AddChange,
  type EditMark,
  type FieldChange,
  type Mark,
  type OwnMark,
  type RecordMark,
  type Write,
} from './step.js'
import { equal, setKey, type Fields, type Value } from './value.js'
import type { RecordChange } from './document.js'
import type { GrowingStep, UndoStep } from './api.js'

/** What undo needs of a room. */
export interface Editor {
  get(collection: string, id: string): Fields | undefined
  /** Applies the edits as one operation or as several, none larger than may be sent. */
  submit(operation: Operation, edits: readonly Edit[]): void
  /** How many edits from the first on fit one operation. */
  fit(edits: readonly Edit[]): number
}

export const STEPS_MAX = 500

export class History {
  readonly #undoable: Step[] = []
  readonly #redoable: Step[] = []
  readonly #steps = new Map<Operation, Step>()
  #gesture: Step | null = null
  #isAside = false
  /** Fields that undo and redo are to leave as they are, since the room would refuse it. */
  leavesOut: (collection: string, record: Fields, field: string) => boolean = () => false
  /** Which fields' last change is ours, as far as we know: `collection\nid` → field → write. */
  readonly #ours = new Map<string, Map<string, Write>>()
  /** How to take back what an operation did to this history, should the room refuse it. */
  readonly #trails = new Map<Operation, (() => void)[]>()
  readonly #editor: Editor
  readonly #onChange: () => void

  constructor(editor: Editor, onChange: () => void) {
    this.#editor = editor
    this.#onChange = onChange
  }

  get canUndo(): boolean {
    return this.#undoable.length > 0 || this.#gesture?.isEmpty === false
  }

  get canRedo(): boolean {
    return this.#redoable.length > 0
  }

  /** From here to `end`, all changes are one step. */
  begin(): void {
    this.#gesture ??= new Step()
  }

  end(): void {
    const gesture = this.#gesture
    this.#gesture = null
    if (gesture !== null && !gesture.isEmpty) this.#push(gesture)
  }

  /** Takes back what was changed since `begin`, as far as it is still ours: it is no step then. */
  cancel(): void {
    const gesture = this.#gesture
    this.#gesture = null
    if (gesture === null) return
    this.#flipStep(gesture, this.#undoable, [])
    this.#onChange()
  }

  /** A step that changes join at any time. It stands where the first of them put it. */
  grow(): GrowingStep {
    const step = new Step()
    return {
      within: (change) => this.#within(step, change),
      get isOver() {
        return step.isOver
      },
    }
  }

  #within<Result>(step: Step, change: () => Result): Result {
    if (step.isOver) throw new TuttiError('misuse', 'that step has been taken back')
    const gesture = this.#gesture
    this.#gesture = step
    try {
      return change()
    } finally {
      this.#gesture = gesture
      if (!step.isEmpty && !this.#undoable.includes(step)) this.#push(step)
    }
  }

  /** A step that takes itself back; part of the gesture, where there is one. */
  add(step: UndoStep): void {
    const mark = { what: 'own', step, undone: false } as const
    this.#redoable.length = 0
    if (this.#gesture !== null) this.#gesture.push(mark)
    else this.#push(new Step([mark]))
  }

  /** Changes within are no step. What they leave of someone else's value is still foreign. */
  aside<Result>(change: () => Result): Result {
    const before = this.#isAside
    this.#isAside = true
    try {
      return change()
    } finally {
      this.#isAside = before
    }
  }

  clear(): void {
    this.#undoable.length = 0
    this.#redoable.length = 0
    this.#steps.clear()
    this.#trails.clear()
    this.#ours.clear()
    if (this.#gesture !== null) this.#gesture = new Step()
    this.#onChange()
  }

  /** An edit by the page, about to show. `before` is the record as it shows now. */
  note(operation: Operation, edit: RecordEdit, before: Fields | undefined): void {
    if (this.#isAside) {
      this.#noteAside(operation, edit, before)
      return
    }
    let step = this.#gesture ?? this.#steps.get(operation)
    if (step === undefined) this.#steps.set(operation, (step = new Step()))
    if (edit.verb === 'delete') {
      if (before !== undefined) this.#noteDelete(step, operation, edit, before)
    } else if (before === undefined) {
      if (edit.verb === 'put') this.#noteMade(step, operation, edit)
    } else if (!(edit.verb === 'put' && edit.ifNew)) {
      for (const field of Object.keys(edit.fields)) {
        this.#noteField(step, operation, edit, field, before)
      }
    }
  }

  /** All edits of an operation are noted. */
  commit(operation: Operation): void {
    const step = this.#steps.get(operation)
    this.#steps.delete(operation)
    if ((step ?? this.#gesture)?.isEmpty === false) this.#redoable.length = 0
    if (step !== undefined && !step.isEmpty) this.#push(step)
    else this.#onChange()
  }

  /** The operation had no effect, as the room refused it or the page took it back. */
  rollBack(operation: Operation): void {
    const trail = this.#trails.get(operation)
    this.#steps.delete(operation)
    this.#trails.delete(operation)
    if (trail === undefined) return
    for (const undo of trail.reverse()) undo()
    removeEmpty(this.#undoable)
    removeEmpty(this.#redoable)
    this.#onChange()
  }

  /** The operation has its effect for good: it is saved. */
  settle(operation: Operation): void {
    this.#trails.delete(operation)
  }

  /** Someone else's change shows: what it touched is no longer ours to take back. */
  yield({ collection, id, before, record }: RecordChange): void {
    if (this.#ours.size === 0) return
    const key = keyOf(collection, id)
    const ours = this.#ours.get(key)
    if (ours === undefined) return
    if (record === undefined) {
      this.#ours.delete(key)
      return
    }
    for (const field of ours.keys()) {
      if (!equal(before?.[field], record[field])) ours.delete(field)
    }
  }

  /** Takes the newest step back that still has something to take back. */
  undo(): boolean {
    this.end()
    return this.#flip(this.#undoable, this.#redoable)
  }

  redo(): boolean {
    if (this.#gesture !== null) throw new TuttiError('misuse', 'no redo in the middle of a gesture')
    return this.#flip(this.#redoable, this.#undoable)
  }

  #flip(from: Step[], to: Step[]): boolean {
    for (let step = from.pop(); step !== undefined; step = from.pop()) {
      if (this.#flipStep(step, from, to)) {
        this.#onChange()
        return true
      }
    }
    this.#onChange()
    return false
  }

  /** Marks are flipped last to first, so that each finds what it left. */
  #flipStep(step: Step, from: Step[], to: Step[]): boolean {
    const marks = [...step.marks].reverse()
    step.isOver = true
    step.replace([])
    to.push(step)
    while (marks.length > 0) {
      const edits = marks.findIndex((mark) => mark.what === 'own')
      if (edits === 0) this.#flipOwn(step, marks.shift() as OwnMark)
      else this.#flipEdits(step, marks.splice(0, edits < 0 ? marks.length : edits), from)
    }
    if (!step.isEmpty) return true
    to.splice(to.indexOf(step), 1)
    return false
  }

  #flipOwn(step: Step, mark: OwnMark): void {
    const { undo, redo } = mark.step
    if (!this.aside(mark.undone ? redo : undo)) return
    step.push({ ...mark, undone: !mark.undone })
  }

  #flipEdits(step: Step, planned: readonly Mark[], from: Step[]): void {
    const plans: { mark: EditMark; edit: RecordEdit }[] = []
    for (const mark of planned as EditMark[]) {
      const edit = this.#plan(mark)
      if (edit !== null) plans.push({ mark, edit })
    }
    for (const { mark } of plans) step.push(mark)
    while (plans.length > 0) {
      const operation = new Operation()
      const fitting = plans.splice(0, this.#editor.fit(plans.map(({ edit }) => edit)))
      const edits = merged(fitting.map(({ edit }) => edit))
      const marks: Mark[] = fitting.map(({ mark }) => mark)
      for (const { mark } of fitting) this.#flipMark(mark, operation)
      this.#trail(operation, () => {
        step.drop(new Set(marks))
        from.push(new Step(marks.reverse()))
      })
      try {
        this.#editor.submit(operation, edits)
      } catch (error) {
        this.rollBack(operation)
        throw error
      }
    }
  }

  /** The edit that undoes or redoes this, or null where there is nothing of ours left to do. */
  #plan(mark: EditMark): RecordEdit | null {
    const { collection, id } = mark
    const record = this.#editor.get(collection, id)
    if (mark.what === 'record') {
      if (mark.exists !== (record !== undefined)) return null
      if (record === undefined) {
        return { verb: 'put', collection, id, fields: mark.fields, ifMine: mark.by }
      }
      const ours = this.#ours.get(keyOf(collection, id))
      const isOurs = (write: Write | undefined) => write && !(mark.made && write.foreign)
      if (!Object.keys(record).every((field) => isOurs(ours?.get(field)))) return null
      return { verb: 'delete', collection, id, fields: {}, ifMine: mark.by }
    }
    if (record === undefined || this.leavesOut(collection, record, mark.field)) return null
    const fields: { [field: string]: Value } = {}
    if (mark.what === 'add') {
      setKey(fields, mark.field, mark.undone ? mark.amount : -mark.amount)
      return { verb: 'add', collection, id, fields }
    }
    if (this.#write(mark) !== standing(mark)) return null
    setKey(fields, mark.field, mark.value)
    return { verb: 'set', collection, id, fields, ifMine: standing(mark).by }
  }

  #flipMark(mark: EditMark, by: Operation): void {
    if (mark.what === 'record') {
      this.#flipRecord(mark, by)
      return
    }
    const stands = this.#write(mark) === standing(mark)
    const restored = this.#swap(mark, by)
    mark.undone = !mark.undone
    this.#trail(by, () => (mark.undone = !mark.undone))
    this.#attribute(standing(mark), by)
    const { write, prior } = mark
    const wasForeign = write.foreign ?? false
    write.foreign = mark.undone && prior === null && restored !== null
    this.#trail(by, () => (write.foreign = wasForeign))
    if (stands) this.#own(mark.collection, mark.id, mark.field, standing(mark), by)
  }

  /** What the flip puts in place; what it replaces is kept for the next. */
  #swap(mark: FieldChange | AddChange, by: Operation): Value {
    const held = this.#editor.get(mark.collection, mark.id)?.[mark.field] ?? null
    if (mark.what === 'add') {
      return Number(held) + (mark.undone ? mark.amount : -mark.amount) || null
    }
    const restored = mark.value
    mark.value = held
    this.#trail(by, () => (mark.value = restored))
    return restored
  }

  #flipRecord(mark: RecordMark, by: Operation): void {
    const before = { ...mark }
    this.#trail(by, () => Object.assign(mark, before))
    mark.by = by
    if (mark.exists) {
      mark.fields = this.#editor.get(mark.collection, mark.id)!
      mark.writes = this.#disown(mark.collection, mark.id, by)
    } else {
      // Of the fields that are unset, too: to the server whoever made the record unset them.
      for (const field of new Set([...Object.keys(mark.fields), ...mark.writes.keys()])) {
        const write = mark.writes.get(field) ?? { by, foreign: true }
        this.#attribute(write, by)
        this.#own(mark.collection, mark.id, field, write, by)
      }
    }
    mark.exists = !mark.exists
  }

  #noteAside(by: Operation, edit: RecordEdit, before: Fields | undefined): void {
    const { collection, id } = edit
    if (edit.verb === 'delete') {
      this.#disown(collection, id, by)
      return
    }
    if (before === undefined && edit.verb !== 'put') return
    for (const field of Object.keys(edit.fields)) {
      const held = this.#ours.get(keyOf(collection, id))?.get(field)
      const foreign = held?.foreign ?? (held === undefined && before?.[field] !== undefined)
      this.#own(collection, id, field, { by, foreign }, by)
    }
  }

  #noteMade(step: Step, by: Operation, { collection, id, fields }: RecordEdit): void {
    this.#mark(step, by, {
      what: 'record',
      made: true,
      collection,
      id,
      exists: true,
      fields: {},
      writes: new Map(),
      by,
    })
    for (const field of Object.keys(fields)) {
      if (fields[field] !== null) this.#own(collection, id, field, { by }, by)
    }
  }

  #noteField(step: Step, by: Operation, edit: RecordEdit, field: string, before: Fields): void {
    const { collection, id } = edit
    const held = this.#ours.get(keyOf(collection, id))?.get(field) ?? null
    const marks = step.of(collection, id)
    if (marks.some(({ what }) => what === 'record')) {
      this.#own(collection, id, field, { by }, by)
      return
    }
    const earlier = marks.filter((mark) => 'field' in mark && mark.field === field).at(-1)
    const write = { by }
    const common = { collection, id, field, prior: held, undone: false }
    if (earlier?.what === 'field' && earlier.write === held) {
      this.#attribute(earlier.write, by)
    } else if (edit.verb === 'add') {
      const amount = edit.fields[field] as number
      if (earlier?.what === 'add' && earlier.write === held) {
        earlier.amount += amount
        this.#trail(by, () => (earlier.amount -= amount))
        this.#attribute(earlier.write, by)
      } else {
        this.#mark(step, by, { what: 'add', ...common, amount, write })
        this.#own(collection, id, field, write, by)
      }
    } else {
      const value = Object.hasOwn(before, field) ? before[field]! : null
      if (edit.verb !== 'append' && equal(value, edit.fields[field])) {
        if (held !== null) this.#attribute(held, by)
        return
      }
      this.#mark(step, by, { what: 'field', ...common, value, write })
      this.#own(collection, id, field, write, by)
    }
  }

  /** What the same step did to the record before is folded in: undo makes it as it was before all. */
  #noteDelete(step: Step, by: Operation, { collection, id }: RecordEdit, record: Fields): void {
    const fields = { ...record }
    const writes = new Map(this.#disown(collection, id, by))
    const folded = [...step.of(collection, id)]
    if (folded.length > 0) {
      const marks = [...step.marks]
      this.#trail(by, () => step.replace(marks))
      step.drop(new Set(folded))
    }
    for (const mark of folded.reverse()) {
      if (mark.what === 'own') continue
      if (mark.what === 'record') return
      const stands = writes.get(mark.field) === mark.write
      if (mark.what === 'add') setKey(fields, mark.field, Number(fields[mark.field]) - mark.amount)
      else if (stands && mark.value === null) delete fields[mark.field]
      else if (stands) setKey(fields, mark.field, mark.value)
      if (!stands) continue
      if (mark.prior === null) writes.delete(mark.field)
      else writes.set(mark.field, mark.prior)
    }
    const common = { what: 'record', made: false, collection, id } as const
    this.#mark(step, by, { ...common, exists: false, fields, writes, by })
  }

  #push(step: Step): void {
    this.#undoable.push(step)
    if (this.#undoable.length > STEPS_MAX) this.#undoable.shift()
    this.#onChange()
  }

  #mark(step: Step, by: Operation, mark: Mark): void {
    step.push(mark)
    this.#trail(by, () => step.drop(new Set([mark])))
  }

  #trail(by: Operation, undo: () => void): void {
    const trail = this.#trails.get(by)
    if (trail === undefined) this.#trails.set(by, [undo])
    else trail.push(undo)
  }

  #write(mark: FieldChange | AddChange): Write | undefined {
    return this.#ours.get(keyOf(mark.collection, mark.id))?.get(mark.field)
  }

  #attribute(write: Write, by: Operation): void {
    const before = write.by
    write.by = by
    this.#trail(by, () => {
      if (write.by === by) write.by = before
    })
  }

  #own(collection: string, id: string, field: string, write: Write, by: Operation): void {
    const key = keyOf(collection, id)
    let ours = this.#ours.get(key)
    if (ours === undefined) this.#ours.set(key, (ours = new Map()))
    const before = ours.get(field)
    ours.set(field, write)
    this.#trail(by, () => {
      const now = this.#ours.get(key)
      const held = now?.get(field)
      if (held !== undefined && held !== write) return
      if (before === undefined) now?.delete(field)
      else this.#ours.set(key, (now ?? new Map()).set(field, before))
    })
  }

  #disown(collection: string, id: string, by: Operation): ReadonlyMap<string, Write> {
    const key = keyOf(collection, id)
    const ours = this.#ours.get(key) ?? new Map<string, Write>()
    this.#ours.delete(key)
    this.#trail(by, () => {
      if (!this.#ours.has(key)) this.#ours.set(key, ours)
    })
    return ours
  }
}

/** The write whose value is in place while this change is done, or undone. */
function standing(mark: FieldChange | AddChange): Write {
  return mark.undone ? (mark.prior ?? mark.write) : mark.write
}

function removeEmpty(steps: Step[]): void {
  const full = steps.filter(({ isEmpty }) => !isEmpty)
  steps.splice(0, steps.length, ...full)
}

/** Neighbouring edits of one record with the same guard become one. */
function merged(edits: readonly RecordEdit[]): RecordEdit[] {
  const all: RecordEdit[] = []
  for (const edit of edits) {
    const last = all[all.length - 1]
    const joins =
      last !== undefined &&
      edit.verb === 'set' &&
      last.verb === 'set' &&
      last.ifMine === edit.ifMine &&
      last.id === edit.id &&
      last.collection === edit.collection
    if (joins) all[all.length - 1] = { ...last, fields: { ...last.fields, ...edit.fields } }
    else all.push(edit)
  }
  return all
}
