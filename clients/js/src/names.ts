import { TuttiError } from './errors.js'
import type { Value } from './value.js'

export type Type = 'any' | 'bool' | 'int' | 'fixed' | 'string' | 'binary' | 'ints'
export const TYPES: readonly Type[] = ['any', 'bool', 'int', 'fixed', 'string', 'binary', 'ints']

export type Merge = 'set' | 'append' | 'add'
export const MERGES: readonly Merge[] = ['set', 'append', 'add']

export const PRESENCE = 0
export const PRESENCE_SCOPE = 2

export interface CollectionDefinition {
  readonly what: 'collection'
  readonly number: number
  readonly name: string
  readonly ofMembers: boolean
  readonly scope: number
}

export interface FieldDefinition {
  readonly what: 'field'
  readonly collection: number
  readonly number: number
  readonly name: string
  readonly type: Type
  readonly merge: Merge
  readonly minimum: number
  readonly maximum: number
  readonly steps: number
}

export interface EventDefinition {
  readonly what: 'event'
  readonly number: number
  readonly name: string
  readonly kept: number
}

export type Definition = CollectionDefinition | FieldDefinition | EventDefinition

/** A collection with the fields that are known of it. */
export class Collected {
  readonly fields: (FieldDefinition | undefined)[] = []
  readonly byName = new Map<string, FieldDefinition>()

  constructor(readonly definition: CollectionDefinition) {}

  add(field: FieldDefinition): void {
    this.fields[field.number] = field
    this.byName.set(field.name, field)
  }
}

/** What the numbers on the wire stand for: the definitions of a room. */
export class Names {
  readonly #collections = new Map<number, Collected>()
  readonly #collectionsByName = new Map<string, Collected>()
  readonly #events = new Map<number, EventDefinition>()
  readonly #eventsByName = new Map<string, EventDefinition>()

  constructor() {
    this.clear()
  }

  clear(): void {
    this.#collections.clear()
    this.#collectionsByName.clear()
    this.#events.clear()
    this.#eventsByName.clear()
    // Every room has this one, whether or not its definition has arrived.
    this.add({
      what: 'collection',
      number: PRESENCE,
      name: 'presence',
      ofMembers: true,
      scope: PRESENCE_SCOPE,
    })
  }

  add(definition: Definition): void {
    switch (definition.what) {
      case 'collection': {
        const collected = new Collected(definition)
        this.#collections.set(definition.number, collected)
        this.#collectionsByName.set(definition.name, collected)
        break
      }
      case 'field':
        this.#collections.get(definition.collection)?.add(definition)
        break
      case 'event':
        this.#events.set(definition.number, definition)
        this.#eventsByName.set(definition.name, definition)
        break
    }
  }

  collection(key: number | string): Collected | undefined {
    return typeof key === 'string' ? this.#collectionsByName.get(key) : this.#collections.get(key)
  }

  field(collection: string, name: string): FieldDefinition | undefined {
    return this.#collectionsByName.get(collection)?.byName.get(name)
  }

  event(key: number | string): EventDefinition | undefined {
    return typeof key === 'string' ? this.#eventsByName.get(key) : this.#events.get(key)
  }

  collectionNames(): Iterable<string> {
    return this.#collectionsByName.keys()
  }
}

/** A value as the wire has it → as the page sees it. */
export function fromWire(field: FieldDefinition, value: Value): Value {
  return typeof value === 'number' && isScaled(field) ? value / field.steps : value
}

/** A page's value → as the wire has it. Throws `type` or `range` where the room would refuse it. */
export function toWire(field: FieldDefinition | undefined, value: Value): Value {
  if (field === undefined || value === null) return value
  if (field.merge === 'append') {
    if (!Array.isArray(value)) throw misfit(field, 'a list')
    checkItems(value)
    return value
  }
  switch (field.type) {
    case 'any':
      return value
    case 'bool':
      if (typeof value !== 'boolean') throw misfit(field, 'true or false')
      return value
    case 'int':
      if (!Number.isInteger(value)) throw misfit(field, 'an integer')
      return within(field, value as number)
    case 'fixed':
      if (typeof value !== 'number') throw misfit(field, 'a number')
      return within(field, scale(field, value) as number)
    case 'string':
      if (typeof value !== 'string') throw misfit(field, 'a string')
      checkLength(field, new TextEncoder().encode(value).length)
      return value
    case 'binary':
      if (!(value instanceof Uint8Array)) throw misfit(field, 'a Uint8Array')
      checkLength(field, value.length)
      return value
    case 'ints':
      if (!Array.isArray(value) || !value.every(isInt32)) throw misfit(field, 'a list of integers')
      checkLength(field, value.length)
      return value
  }
}

/** As `toWire`, for what has been checked, or need not be: an amount, say. */
export function scale(field: FieldDefinition | undefined, value: Value): Value {
  const scales = typeof value === 'number' && field !== undefined && isScaled(field)
  return scales ? Math.round(value * field.steps) : value
}

/** The value that the room will hold once it has taken `value`: fixed point rounds. */
export function settle(field: FieldDefinition | undefined, value: Value): Value {
  const wire = toWire(field, value)
  return field === undefined ? wire : fromWire(field, wire)
}

/** Throws `type` where these cannot be items of a list that is appended to. */
export function checkItems(items: readonly Value[]): void {
  for (const item of items) {
    const isScalar = item !== null && (typeof item !== 'object' || item instanceof Uint8Array)
    if (!isScalar) throw new TuttiError('type', 'the items of such a list are no lists or maps')
  }
}

/** A number that the room counts in: differences of it may travel instead of whole values. */
export function isNumeric(field: FieldDefinition | undefined): boolean {
  return field !== undefined && (field.type === 'int' || field.type === 'fixed')
}

function isScaled(field: FieldDefinition): boolean {
  return field.type === 'fixed' && field.merge !== 'append'
}

function isInt32(value: Value): boolean {
  return typeof value === 'number' && (value | 0) === value
}

function within(field: FieldDefinition, steps: number): number {
  if (steps < field.minimum || steps > field.maximum) {
    const { minimum, maximum } = field
    throw new TuttiError(
      'range',
      `${field.name} takes ${minimum / field.steps} to ${maximum / field.steps}`,
    )
  }
  return steps
}

function checkLength(field: FieldDefinition, length: number): void {
  if (length > field.maximum) {
    throw new TuttiError('range', `${field.name} takes a length of ${field.maximum} at most`)
  }
}

function misfit(field: FieldDefinition, wanted: string): TuttiError {
  return new TuttiError('type', `${field.name} takes ${wanted}`)
}
