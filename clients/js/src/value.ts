import { TuttiError } from './errors.js'

/** What a field can hold and an event can carry. Numbers are finite. */
export type Value =
  null | boolean | number | string | Uint8Array | Value[] | { [key: string]: Value }

/** The fields of a record by name. A field that is unset is not there. Never changed in place. */
export type Fields = { readonly [field: string]: Value }

/** A value alone is one level, what is in it the next. */
export const DEPTH_MAX = 8
export const MAP_KEYS_MAX = 64

/** Sets an own property even where the name is `__proto__`, which a stranger may well send. */
export function setKey<T>(target: { [key: string]: T }, key: string, value: T): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  } else {
    target[key] = value
  }
}

/**
 * A copy of a page's value that the page cannot change any more, in the form in which the server
 * keeps it: well-formed strings, no `undefined`.
 */
export function copyValue(value: unknown, depth = 1): Value {
  if (depth > DEPTH_MAX) throw new TuttiError('type', `a value nests deeper than ${DEPTH_MAX}`)
  switch (typeof value) {
    case 'boolean':
      return value
    case 'string':
      return value.replace(/\p{Surrogate}/gu, '\uFFFD')
    case 'number':
      if (!Number.isFinite(value)) throw new TuttiError('type', `${value} is no value of a field`)
      return value === 0 ? 0 : value
    case 'undefined':
      return null
    case 'object':
      return value === null ? null : copyObject(value, depth)
    default:
      throw new TuttiError('type', `a ${typeof value} is no value of a field`)
  }
}

function copyObject(value: object, depth: number): Value {
  if (value instanceof Uint8Array) return value.slice()
  if (Array.isArray(value)) return value.map((item) => copyValue(item, depth + 1))
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TuttiError('type', `a ${prototype.constructor?.name} is no value of a field`)
  }
  const copy: { [key: string]: Value } = {}
  for (const [key, item] of Object.entries(value)) {
    if (item !== undefined) setKey(copy, copyValue(key) as string, copyValue(item, depth + 1))
  }
  if (Object.keys(copy).length > MAP_KEYS_MAX) {
    throw new TuttiError('type', `a map takes ${MAP_KEYS_MAX} keys at most`)
  }
  return copy
}

export function equal(a: Value | Fields | undefined, b: Value | Fields | undefined): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    if (!(a instanceof Uint8Array && b instanceof Uint8Array) || a.length !== b.length) return false
    return a.every((byte, i) => byte === b[i])
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!(Array.isArray(a) && Array.isArray(b)) || a.length !== b.length) return false
    return a.every((item, i) => equal(item, b[i]))
  }
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
  )
}
