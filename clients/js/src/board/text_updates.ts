/**
 * What is in a record's list of Yjs updates, which anybody may have written: bytes that are letters
 * of a text, and nothing that would cost more than its size to read.
 */
import { ContentDeleted, ContentString, decodeUpdate, GC, Item, mergeUpdates, Skip } from 'yjs'
import type { Value } from '../value.js'

/** The name under which a document has its text. */
export const ROOT = 'text'
/** Merging takes time by the square of how many it merges at once. */
const MERGED_AT_ONCE = 8
/** No writer comes this far, and numbers beyond this and a little more cannot be written again. */
const CLOCK_MAX = 2 ** 40
/** Merged with another one, what an update deletes is deleted once. */
const NOTHING = Uint8Array.of(0, 0)

/**
 * All items as one update, without those that are none. One, because Yjs goes over everything that
 * waits for letters it does not have each time that it is given an update.
 */
export function updateOf(items: readonly Value[]): Uint8Array {
  let updates = items.filter(isUpdate)
  try {
    do {
      const merged: Uint8Array[] = []
      for (let from = 0; from < updates.length; from += MERGED_AT_ONCE) {
        merged.push(mergeUpdates([NOTHING, ...updates.slice(from, from + MERGED_AT_ONCE)]))
      }
      updates = merged
    } while (updates.length > 1)
  } catch {
    return NOTHING
  }
  return updates[0] ?? NOTHING
}

/**
 * Whether it reads to its end, and writes and deletes letters alone. To apply it first would be to
 * trust it: Yjs makes room for as many parts as an update says it has.
 */
function isUpdate(item: Value): item is Uint8Array {
  if (!(item instanceof Uint8Array)) return false
  try {
    return decodeUpdate(item).structs.every(isOfText)
  } catch {
    return false
  }
}

function isOfText(struct: GC | Item | Skip): boolean {
  if (struct.id.clock + struct.length > CLOCK_MAX) return false
  if (!(struct instanceof Item)) return true
  const { content, parent, parentSub } = struct
  const isLetters = content instanceof ContentString || content instanceof ContentDeleted
  return isLetters && parentSub === null && (parent === null || (parent as unknown) === ROOT)
}
