/** What a person has just done to a text, out of how it was and how it is. */
import type { TextRun } from './text.js'

export interface Difference {
  readonly at: number
  /** How many letters went from there. */
  readonly removed: number
  /** What came in their place. */
  readonly inserted: string
}

/**
 * The shortest one replacement that leads from `before` to `after`. Where several do, as when one
 * `l` is typed beside another, it is the one that ends at the `caret` of `after`.
 */
export function differenceOf(before: string, after: string, caret: number): Difference {
  const suffixMost = Math.min(before.length, after.length, after.length - caret)
  let suffix = 0
  while (suffix < suffixMost && before.at(-1 - suffix) === after.at(-1 - suffix)) suffix++
  const prefixMost = Math.min(before.length, after.length) - suffix
  let prefix = 0
  while (prefix < prefixMost && before[prefix] === after[prefix]) prefix++
  const isGreedy = suffix === suffixMost
  while (
    isGreedy &&
    suffix < Math.min(before.length, after.length) - prefix &&
    before.at(-1 - suffix) === after.at(-1 - suffix)
  ) {
    suffix++
  }
  if (splitsPair(before, prefix) || splitsPair(after, prefix)) prefix--
  if (splitsPair(before, before.length - suffix) || splitsPair(after, after.length - suffix)) {
    suffix--
  }
  return {
    at: prefix,
    removed: before.length - suffix - prefix,
    inserted: after.slice(prefix, after.length - suffix),
  }
}

/** Where a place among the letters is after the runs: between the same neighbours. */
export function moved(index: number, runs: readonly TextRun[]): number {
  let at = 0
  for (const { retain, delete: gone, insert } of runs) {
    if (at > index) break
    if (retain !== undefined) at += retain
    else if (gone !== undefined) index -= Math.min(gone, Math.max(0, index - at))
    else if (typeof insert === 'string') {
      // At the very place, letters of others go behind it: it stays with what was typed before it.
      if (at < index) index += insert.length
      at += insert.length
    }
  }
  return index
}

/** Between the two halves of one character. */
function splitsPair(text: string, at: number): boolean {
  const isHigh = (unit: number) => unit >= 0xd800 && unit < 0xdc00
  return at > 0 && at < text.length && isHigh(text.charCodeAt(at - 1))
}
