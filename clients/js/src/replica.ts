/**
 * The confirmed state: what the server has told, and nothing of our own. A section whose transfer
 * goes on is held back, and so is everything between a welcome and the whole state after it.
 */
import { malformed } from './msgpack.js'
import { fromWire, Names, PRESENCE_SCOPE } from './names.js'
import { setKey, type Fields, type Value } from './value.js'
import { unzigzag, type Id, type Run, type Section } from './wire.js'

interface Row {
  readonly collection: number
  readonly id: Id
  /** By field number; unset where undefined. */
  readonly values: (Value | undefined)[]
}

export interface Happening {
  readonly event: number
  readonly from: number
  readonly value: Value
}

/** What a frame changed. */
export interface Changes {
  /** Collection number → ids of records that may differ from before. */
  readonly touched: Map<number, Set<Id>>
  readonly happenings: { readonly happening: Happening; readonly history: boolean }[]
  /** Set where the whole state has been put in place of the one before: anything may differ. */
  everything: boolean
}

class Scope {
  place = 0
  /** A first load is under way: its events are history. */
  loading = false
  readonly rows = new Map<number, Row>()
  readonly collections = new Map<number, Map<Id, Row>>()
  readonly happenings = new Map<number, Happening[]>()

  put(slot: number, row: Row, changes: Changes): void {
    this.remove(slot, changes)
    this.rows.set(slot, row)
    let byId = this.collections.get(row.collection)
    if (byId === undefined) this.collections.set(row.collection, (byId = new Map()))
    byId.set(row.id, row)
    touch(changes, row)
  }

  remove(slot: number, changes: Changes): void {
    const row = this.rows.get(slot)
    if (row === undefined) return
    this.rows.delete(slot)
    const byId = this.collections.get(row.collection)
    if (byId?.get(row.id) === row) byId.delete(row.id)
    touch(changes, row)
  }

  row(slot: number): Row {
    const row = this.rows.get(slot)
    if (row === undefined) throw malformed('a change to a record that is not there')
    return row
  }
}

function touch(changes: Changes, row: Row): void {
  const ids = changes.touched.get(row.collection)
  if (ids === undefined) changes.touched.set(row.collection, new Set([row.id]))
  else ids.add(row.id)
}

export class Replica {
  readonly names = new Names()
  readonly #scopes = new Map<number, Scope>()
  #incarnation = 0
  /** Between a welcome and the whole state: what to keep of the state before, and where it is from. */
  #loading: { incarnation: number; kept: ReadonlySet<number> } | null = null
  #held: Section[] = []
  readonly #unfinished = new Set<number>()

  #trusted = true

  /** For the next hello: of the state that is held, which may be the one before the last welcome. */
  get incarnation(): number {
    return this.#trusted ? this.#incarnation : 0
  }

  /** For the next hello: scope, place, scope, place, … */
  get places(): number[] {
    if (!this.#trusted) return []
    return [...this.#scopes].flatMap(([scope, { place }]) => [scope, place])
  }

  get whole(): boolean {
    return this.#loading === null
  }

  /** Nothing that operations can have changed is held back. */
  get settled(): boolean {
    return this.#loading === null && this.#held.every(({ scope }) => scope === PRESENCE_SCOPE)
  }

  place(scope: number): number {
    return this.#scopes.get(scope)?.place ?? 0
  }

  /** A new connection: what it does not keep is replaced once the whole state has arrived. */
  load(incarnation: number, kept: readonly number[]): void {
    this.interrupt()
    this.#loading = { incarnation, kept: new Set(kept) }
  }

  /** The connection is gone, and with it the rest of what it had begun to tell. */
  interrupt(): void {
    this.#held = []
    this.#unfinished.clear()
  }

  /** Trusts nothing any more: the next hello asks for the whole state. What is shown stays. */
  distrust(): void {
    this.#trusted = false
  }

  receive(sections: readonly Section[]): Changes {
    const changes: Changes = { touched: new Map(), happenings: [], everything: false }
    for (const section of sections) {
      this.#held.push(section)
      if (section.more) this.#unfinished.add(section.scope)
      else this.#unfinished.delete(section.scope)
    }
    if (this.#loading !== null) {
      if (this.#unfinished.size === 0) this.#finishLoading(this.#loading, changes)
    } else {
      this.#applyFinished(changes)
    }
    return changes
  }

  /**
   * Names wait for nothing, presence for names alone: no operation touches it, and cursors should
   * not stand still while a large state is on its way. All else waits for each other, so that an
   * operation's effects show together, and together with the news that it is decided.
   */
  #applyFinished(changes: Changes): void {
    const unfinished = [...this.#unfinished]
    const waits = (scope: number) =>
      unfinished.some((other) =>
        scope === 0 || scope === PRESENCE_SCOPE
          ? other === scope || other === 0
          : other !== PRESENCE_SCOPE,
      )
    const ready = this.#held.filter(({ scope }) => !waits(scope))
    this.#held = this.#held.filter(({ scope }) => waits(scope))
    for (const section of ready) this.#apply(section, changes)
  }

  #finishLoading(loading: { incarnation: number; kept: ReadonlySet<number> }, changes: Changes) {
    for (const scope of [...this.#scopes.keys()]) {
      if (!loading.kept.has(scope)) this.#drop(scope)
    }
    this.#incarnation = loading.incarnation
    this.#loading = null
    this.#trusted = true
    changes.everything = true
    const held = this.#held
    this.#held = []
    for (const section of held) this.#apply(section, changes)
  }

  #drop(scope: number): void {
    this.#scopes.delete(scope)
    if (scope === 0) this.names.clear()
  }

  #apply(section: Section, changes: Changes): void {
    if (section.restart || section.lost) {
      for (const row of this.#scopes.get(section.scope)?.rows.values() ?? []) touch(changes, row)
      this.#drop(section.scope)
    }
    if (section.lost) return
    let scope = this.#scopes.get(section.scope)
    if (scope === undefined) this.#scopes.set(section.scope, (scope = new Scope()))
    if (section.restart) scope.loading = true
    for (const definition of section.definitions) this.names.add(definition)
    for (const run of section.runs) this.#run(scope, run, changes)
    scope.place += section.advance
    if (!section.more) scope.loading = false
  }

  #run(scope: Scope, run: Run, changes: Changes): void {
    switch (run.form) {
      case 'delete':
        for (const slot of run.slots) scope.remove(slot, changes)
        break
      case 'put':
        for (const { slot, id, values } of run.rows) {
          const row = { collection: run.collection, id, values: byField(run.fields, values) }
          scope.put(slot, row, changes)
        }
        break
      case 'set':
      case 'moved':
        for (const { slot, values } of run.rows) {
          const row = scope.row(slot)
          const next = run.form === 'set' ? setTo : moveBy
          run.fields.forEach((field, i) => {
            row.values[field] = next(row.values[field], values[i]!)
          })
          touch(changes, row)
        }
        break
      case 'append': {
        const row = scope.row(run.slot)
        row.values[run.field] = appended(row.values[run.field], run.start, run.items)
        touch(changes, row)
        break
      }
      case 'event': {
        const happening = { event: run.event, from: run.from, value: run.value }
        this.#keep(scope, happening)
        changes.happenings.push({ happening, history: scope.loading })
        break
      }
    }
  }

  #keep(scope: Scope, happening: Happening): void {
    const kept = this.names.event(happening.event)?.kept ?? 0
    const all = [...(scope.happenings.get(happening.event) ?? []), happening]
    scope.happenings.set(happening.event, kept === 0 ? [] : all.slice(-kept))
  }

  /** The events of this number that the room keeps, oldest first, those to all before those to us. */
  happenings(event: number): Happening[] {
    return [...this.#scopes.values()].flatMap((scope) => scope.happenings.get(event) ?? [])
  }

  record(collection: string, id: Id): Fields | undefined {
    const collected = this.names.collection(collection)
    if (collected === undefined) return undefined
    const { number, scope } = collected.definition
    const row = this.#scopes.get(scope)?.collections.get(number)?.get(id)
    if (row === undefined) return undefined
    const record: { [field: string]: Value } = {}
    for (let i = 0; i < row.values.length; i++) {
      const value = row.values[i]
      const field = collected.fields[i]
      if (value !== undefined && field !== undefined) {
        setKey(record, field.name, fromWire(field, value))
      }
    }
    return record
  }

  *ids(collection: string): Iterable<Id> {
    const definition = this.names.collection(collection)?.definition
    if (definition === undefined) return
    const byId = this.#scopes.get(definition.scope)?.collections.get(definition.number)
    if (byId !== undefined) yield* byId.keys()
  }
}

/** `fields` ascend. */
function byField(fields: readonly number[], values: readonly Value[]): (Value | undefined)[] {
  const all = new Array<Value | undefined>((fields.at(-1) ?? -1) + 1)
  for (let i = 0; i < fields.length; i++) all[fields[i]!] = values[i] ?? undefined
  return all
}

function setTo(_: Value | undefined, value: Value): Value | undefined {
  return value ?? undefined
}

function moveBy(held: Value | undefined, difference: Value): Value {
  if (typeof held !== 'number' || typeof difference !== 'number' || difference < 0) {
    throw malformed('a difference to what is no number')
  }
  return held + unzigzag(difference)
}

function appended(held: Value | undefined, start: number, items: readonly Value[]): Value[] {
  const list = held ?? []
  if (!Array.isArray(list) || start > list.length) throw malformed('items after a gap')
  return [...list.slice(0, start), ...items]
}
