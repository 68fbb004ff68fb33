import type { Arrivals } from './arrivals.js'
import { TuttiError } from './errors.js'
import { Emitter } from './emitter.js'
import { Motion, type InterpolationOptions, type MovingFields, type Things } from './motion.js'
import { checkItems, settle, type FieldDefinition, type Merge, type Names } from './names.js'
import { checkId, checkName, type Change, type Edit, type RecordEdit } from './operation.js'
import { randomBytes } from './platform.js'
import { copyValue, setKey, type Fields, type Value } from './value.js'

/** Fields as a page gives them: plain values, copied at once. `null` unsets a field. */
export type FieldsInput = { readonly [field: string]: unknown }

export interface EditOptions {
  /**
   * Refused with `stale` where someone has changed the record since what shows now. Own changes
   * that are still on their way count as such. A number: since that stamp of the room. A put with it
   * makes a record again that was deleted before that; without, it is refused with `deleted`.
   */
  readonly ifUnchanged?: boolean | number
}

export interface PutOptions extends EditOptions {
  /** Refused with `exists` where the record exists. */
  readonly ifNew?: boolean
}

export interface CollectionChange {
  readonly kind: 'add' | 'change' | 'delete'
  readonly id: string
  /** As it is now; undefined where it was deleted. */
  readonly record: Fields | undefined
  /** As it was; undefined where it is new. */
  readonly before: Fields | undefined
  /** Made by a call on this room, else by the server's word. */
  readonly mine: boolean
}

export interface CollectionEvents {
  /** A record is new. */
  add: CollectionChange
  /** Any of it: a record is new, different or gone. */
  change: CollectionChange
  /** A record is gone. */
  delete: CollectionChange
}

/** What a collection needs of its room. */
export interface Records {
  readonly names: Names
  readonly arrivals: Arrivals
  now(): number
  all(collection: string): ReadonlyMap<string, Fields>
  /** The stamp up to which this collection shows. */
  stamp(collection: string): number
  apply(edit: Edit): Change
}

const ID_BYTES = 9

/**
 * Records by id. Own changes show at once, and the room's word replaces them as it comes. Records
 * are never changed in place, so they can be kept and compared by identity.
 *
 * ```js
 * const shapes = room.collection('shapes')
 * const id = shapes.newId()
 * shapes.put(id, { kind: 'rect', x: 10, y: 20 })
 * shapes.set(id, { x: 11 })
 * for (const [id, { x, y }] of shapes) draw(id, x, y)
 * shapes.on('change', ({ kind, id, record }) => …)
 * ```
 */
export class Collection extends Emitter<CollectionEvents> implements Iterable<[string, Fields]> {
  readonly #records: Records

  /** @internal */
  constructor(
    readonly name: string,
    records: Records,
  ) {
    super()
    this.#records = records
  }

  /** An id that no other record has: 12 random characters. */
  newId(): string {
    return btoa(String.fromCharCode(...randomBytes(ID_BYTES)))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
  }

  /** How many records there are. */
  get size(): number {
    return this.#all.size
  }

  /** The record as it shows now; undefined where there is none. */
  get(id: string): Fields | undefined {
    return this.#all.get(id)
  }

  /** Whether there is such a record. */
  has(id: string): boolean {
    return this.#all.has(id)
  }

  /** The ids, in the order in which this client learnt of them. */
  ids(): IterableIterator<string> {
    return this.#all.keys()
  }

  /** The records, in the order of {@link ids}. */
  records(): IterableIterator<Fields> {
    return this.#all.values()
  }

  [Symbol.iterator](): IterableIterator<[string, Fields]> {
    return this.#all.entries()
  }

  /**
   * Smooths these number fields: what comes back gives the records as they are between frames.
   *
   * ```js
   * const cars = room.collection('cars').interpolate(['x', 'y'], { extrapolate: 0.1 })
   * const { x, y } = cars.at(id, now)
   * ```
   */
  interpolate(fields: MovingFields, options: InterpolationOptions = {}): Motion<string, Fields> {
    const things: Things<string, Fields> = {
      get: (id) => this.get(id),
      ids: () => this.ids(),
      watch: (changed) => this.on('change', ({ id, record }) => changed(id, record)),
    }
    const { arrivals, now } = this.#records
    return new Motion(things, arrivals, now, fields, options)
  }

  /**
   * Makes the record where there is none, and sets these fields. Throws a {@link TuttiError}
   * `type` or `range` where a value does not fit its field, `limit` where too much waits already.
   */
  put(id: string, fields: FieldsInput, options: PutOptions = {}): Change {
    const { ifNew = false } = options
    const settled = this.#settled(fields)
    return this.#apply({ verb: 'put', ...this.#edit(id, options), fields: settled, ifNew })
  }

  /** Sets fields of a record that exists; refused with `not found` or `deleted` where it does not. */
  set(id: string, fields: FieldsInput, options: EditOptions = {}): Change {
    return this.#apply({ verb: 'set', ...this.#edit(id, options), fields: this.#settled(fields) })
  }

  /**
   * Adds items to the tail of a list: what others add at the same time stays too. Items are no
   * lists or maps. Throws `type` where the room has the field for something else.
   */
  append(id: string, field: string, items: readonly unknown[], options: EditOptions = {}): Change {
    const fields: { [field: string]: Value } = {}
    this.#checkMerge(field, 'append')
    const copies = items.map((item) => copyValue(item))
    checkItems(copies)
    setKey(fields, field, copies)
    return this.#apply({ verb: 'append', ...this.#edit(id, options), fields })
  }

  /**
   * Adds to numbers: what others add at the same time counts too. A field that is unset counts as
   * 0. Whole numbers, unless the room declares the field as fixed point.
   *
   * ```js
   * votes.add(id, { yes: 1 })
   * ```
   */
  add(
    id: string,
    amounts: { readonly [field: string]: number },
    options: EditOptions = {},
  ): Change {
    const fields: { [field: string]: Value } = {}
    for (const [field, amount] of Object.entries(amounts)) {
      const isWhole = this.#checkMerge(field, 'add')?.type !== 'fixed'
      if (!(isWhole ? Number.isSafeInteger(amount) : Number.isFinite(amount))) {
        throw new TuttiError('type', `${amount} cannot be added to ${field}`)
      }
      setKey(fields, field, amount)
    }
    return this.#apply({ verb: 'add', ...this.#edit(id, options), fields })
  }

  /** Removes the record. Whatever others change of it meanwhile is refused. */
  delete(id: string, options: EditOptions = {}): Change {
    return this.#apply({ verb: 'delete', ...this.#edit(id, options), fields: {} })
  }

  get #all(): ReadonlyMap<string, Fields> & Map<string, Fields> {
    return this.#records.all(this.name) as Map<string, Fields>
  }

  #edit(id: string, { ifUnchanged = false }: EditOptions) {
    checkId(id)
    const shown = ifUnchanged === true ? this.#records.stamp(this.name) : undefined
    return {
      collection: this.name,
      id,
      ifUnchanged: typeof ifUnchanged === 'number' ? ifUnchanged : shown,
    }
  }

  /** Throws `type` where the room has this field for something else. */
  #checkMerge(name: string, merge: Merge): FieldDefinition | undefined {
    checkName(name, 'a field')
    const field = this.#records.names.field(this.name, name)
    if (field !== undefined && field.merge !== merge) {
      throw new TuttiError('type', `${name} is a field to ${field.merge}, not to ${merge}`)
    }
    return field
  }

  #settled(fields: FieldsInput): Fields {
    const settled: { [field: string]: Value } = {}
    for (const [name, value] of Object.entries(fields)) {
      checkName(name, 'a field')
      const field = this.#records.names.field(this.name, name)
      setKey(settled, name, settle(field, copyValue(value)))
    }
    return settled
  }

  #apply(edit: RecordEdit): Change {
    return this.#records.apply(edit)
  }
}
