/**
 * The order among objects: each has a key, compared as ASCII, and between any two keys there is
 * another. A key is six digits of base 62 that count upwards, with more digits behind them where
 * something was put in between.
 */

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BASE = DIGITS.length
const COUNT_DIGITS = 6
const COUNT_MAX = BASE ** COUNT_DIGITS - 1
/** Two people who add at once rarely meet: each takes one of so many next places. */
const STEPS = 32

/** The engine's limit of the field. */
export const KEY_LENGTH_MAX = 64

/** What comes of it where a stranger sent other characters is some place, and never a failure. */
function countOf(key: string): number {
  let count = 0
  for (let i = 0; i < COUNT_DIGITS; i++) count = count * BASE + digitAt(key, i)
  return count
}

function keyOf(count: number): string {
  let key = ''
  for (let i = 0; i < COUNT_DIGITS; i++) {
    key = DIGITS[count % BASE]! + key
    count = Math.floor(count / BASE)
  }
  return key
}

function digitAt(key: string, i: number): number {
  return i < key.length ? Math.max(0, DIGITS.indexOf(key[i]!)) : 0
}

/**
 * A key above `below` and under `above`; null stands for either end. Between equal keys there is
 * none: then it is one right above `below`. It may be longer than KEY_LENGTH_MAX.
 */
export function keyBetween(
  below: string | null,
  above: string | null,
  random: () => number = Math.random,
): string {
  const step = 1 + Math.floor(random() * STEPS)
  if (below === null && above === null) return keyOf(Math.floor(COUNT_MAX / 2))
  const low = below === null ? -1 : countOf(below)
  const high = above === null ? COUNT_MAX + 1 : countOf(above)
  if (above === null && low + step <= COUNT_MAX) return keyOf(low + step)
  if (below === null && high - step >= 0) return keyOf(high - step)
  if (high - low > 1) return keyOf(low + Math.floor((high - low) / 2))
  const isSame = above !== null && low === high
  return (
    keyOf(Math.max(0, low)) +
    fractionBetween((below ?? '').slice(COUNT_DIGITS), isSame ? above.slice(COUNT_DIGITS) : null)
  )
}

/** `count` keys in ascending order between two. */
export function keysBetween(below: string | null, above: string | null, count: number): string[] {
  if (count <= 0) return []
  if (above === null || below === null) {
    const keys: string[] = []
    for (let i = 0; i < count; i++) {
      if (above === null) keys.push(keyBetween(keys.at(-1) ?? below, null))
      else keys.unshift(keyBetween(null, keys[0] ?? above))
    }
    return keys
  }
  const half = count >> 1
  const middle = keyBetween(below, above)
  return [
    ...keysBetween(below, middle, half),
    middle,
    ...keysBetween(middle, above, count - half - 1),
  ]
}

/**
 * The same for what is new, which moves nothing aside: where a key would be too long it is `below`
 * itself, and ids decide.
 */
export function newKeysBetween(
  below: string | null,
  above: string | null,
  count: number,
): string[] {
  return keysBetween(below, above, count).map((key) =>
    key.length <= KEY_LENGTH_MAX ? key : (below ?? key.slice(0, KEY_LENGTH_MAX)),
  )
}

/** The shortest digits, the last not the lowest, between two such; null is above all. */
function fractionBetween(low: string, high: string | null): string {
  let ceiling = high !== null && low < high ? high : null
  let digits = ''
  for (let i = 0; ; i++) {
    const from = digitAt(low, i)
    const to = ceiling === null ? BASE : digitAt(ceiling, i)
    if (to - from > 1) return digits + DIGITS[from + ((to - from) >> 1)]
    digits += DIGITS[from]
    if (from !== to) ceiling = null
  }
}

/** Ascending; ids decide between equal keys. */
export function compareOrder(
  a: { readonly z: string; readonly id: string },
  b: { readonly z: string; readonly id: string },
): number {
  if (a.z !== b.z) return a.z < b.z ? -1 : 1
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}
