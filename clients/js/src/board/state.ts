/** The field `state` of presence: what a person is doing beside pointing and drawing. */
import type { Fields, Room, Value } from '../tutti.js'

export interface State {
  /** Writing in this object, with what is chosen there: from, to. */
  readonly caret: readonly [id: string, from: number, to: number] | null
  /** Writing a line of chat. */
  readonly isTyping: boolean
  /** Sees what this member sees. */
  readonly follows: number | null
}

/** Says something of it anew, and leaves the rest. */
export function tellState(room: Room, news: Partial<State>): void {
  if (room.status === 'closed') return
  const next = { ...stateOf(room.presence.get()['state']), ...news }
  const isIdle = next.caret === null && !next.isTyping && next.follows === null
  room.presence.set({ state: isIdle ? null : (next as unknown as Value) })
}

/** As far as someone else's is one. */
export function stateOf(value: Value | undefined): State {
  const { caret, isTyping, follows } = (
    typeof value === 'object' && value !== null ? value : {}
  ) as Fields
  const [id, from, to] = Array.isArray(caret) ? caret : []
  const isCaret = typeof id === 'string' && Number.isInteger(from) && Number.isInteger(to)
  return {
    caret: isCaret ? [id, from as number, to as number] : null,
    isTyping: isTyping === true,
    follows: Number.isInteger(follows) ? (follows as number) : null,
  }
}
