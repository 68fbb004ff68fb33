/** Which of a board's records name others, for those that come back under new ids. */
import type { AsNew } from '../restore.js'
import { COMMENTS, REPLIES } from './comments.js'
import { OBJECTS } from './model.js'

/** Collection → its fields that name a record, and of which collection. */
const REFERENCES: { readonly [collection: string]: { readonly [field: string]: string } } = {
  [OBJECTS]: { start: OBJECTS, end: OBJECTS, frame: OBJECTS },
  [COMMENTS]: { on: OBJECTS },
  [REPLIES]: { comment: COMMENTS },
}

/**
 * What `restore` needs to know of a board, as its `asNew`: what comes back is attached to what comes
 * back with it, and to what is there. A reply to a comment that is gone stays away.
 *
 * ```js
 * restore(then, room, { records: { objects: ids }, asNew: boardReferences })
 * ```
 */
export const boardReferences: AsNew = (collection, fields, idOf) => {
  const found = { ...fields }
  for (const [field, target] of Object.entries(REFERENCES[collection] ?? {})) {
    const named = fields[field]
    if (typeof named !== 'string') continue
    const id = idOf(target, named)
    if (id !== undefined) found[field] = id
    else if (target === COMMENTS) return null
    else delete found[field]
  }
  return found
}
