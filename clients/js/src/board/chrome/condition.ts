/** What to tell a person about the connection, and about whether what they drew is safe. */
import type { RoomStatus, Saving } from '../../tutti.js'
import type { Durability } from '../../wire.js'

/** What of a room decides it. */
export interface Condition {
  readonly condition: RoomStatus
  readonly unsaved: number
  readonly saving: Saving
  /** Null before the room was ever joined. */
  readonly durability: Durability | null
  /** Images of this person that are not sent yet: they are lost with the page. */
  readonly images: number
  /** This person only looks. */
  readonly readOnly: boolean
  /** Changes that fit while nothing goes out; see `JoinOptions.queue`. */
  readonly queue: number
}

/** The word beside the board's name. */
export interface Mark {
  readonly state: 'saved' | 'saving' | 'waiting' | 'trouble' | 'closed'
  readonly text: string
  /** The whole truth in a sentence. */
  readonly title: string
}

/** What stands above the board while something is wrong. */
export interface Notice {
  readonly tone: 'warn' | 'bad'
  readonly text: string
  readonly detail: string
  /** When the next try begins, as `Date.now()` tells the time. */
  readonly retryAt: number | null
  readonly action: 'retry' | 'reload' | null
}

/** From this share of the queue on, it is said how little more fits. */
const NEARLY_FULL = 0.8

/** Whether something of this person's would be lost if the page went now. */
export function isAtRisk({ condition, unsaved, saving, images }: Condition): boolean {
  if (images > 0) return true
  // What is on its way over a good line arrives though the page goes.
  const isOnItsWay = condition.status === 'live' && saving !== 'paused'
  return unsaved > 0 && !isOnItsWay
}

export function markOf(room: Condition): Mark {
  const { condition, unsaved, saving, durability, images } = room
  if (condition.status === 'closed') {
    return { state: 'closed', text: 'Closed', title: `This board is closed: ${condition.reason}` }
  }
  if (condition.status !== 'live') {
    const title =
      unsaved === 0
        ? 'All that you drew is saved.'
        : `${changes(unsaved)} of yours ${unsaved === 1 ? 'is' : 'are'} kept here and not saved yet.`
    return unsaved === 0
      ? { state: 'waiting', text: 'Offline', title }
      : { state: 'waiting', text: `${changes(unsaved)} to save`, title }
  }
  if (saving !== 'ok' && durability !== 'memory') return diskTrouble(saving, unsaved)
  if (unsaved > 0) {
    return { state: 'saving', text: 'Saving…', title: `${changes(unsaved)} on the way.` }
  }
  if (images > 0) {
    const what = images === 1 ? 'A picture' : `${images} pictures`
    return { state: 'saving', text: 'Sending…', title: `${what} of yours on the way.` }
  }
  return { state: 'saved', text: 'Saved', title: safety(durability) }
}

function diskTrouble(saving: Saving, unsaved: number): Mark {
  if (saving === 'paused') {
    return {
      state: 'trouble',
      text: 'Waiting for the disk',
      title: 'The server takes changes again as soon as its disk is well. Yours wait here.',
    }
  }
  return {
    state: 'trouble',
    text: unsaved > 0 ? 'Not saved' : 'Not saving',
    title:
      'The server’s disk fails. The board goes on; what is new is saved when the disk is well.',
  }
}

function safety(durability: Durability | null): string {
  switch (durability) {
    case 'disk':
      return 'All that you drew is on the server’s disk.'
    case 'os':
      return 'All that you drew outlives a crash of the server.'
    default:
      return 'The server has all that you drew; it keeps this board in memory only.'
  }
}

/** Null while all is well. */
export function noticeOf(room: Condition): Notice | null {
  const { condition, unsaved, queue, readOnly, durability } = room
  const { status, reason, retryAt } = condition
  if (status === 'live') return null
  if (status === 'closed') {
    return {
      tone: 'bad',
      text: 'This board is closed.',
      detail: reason,
      retryAt: null,
      action: 'reload',
    }
  }
  if (durability === null) {
    return {
      tone: 'warn',
      text: status === 'connecting' ? 'Connecting …' : 'The server does not answer.',
      detail: 'The board opens as soon as it is here.',
      retryAt,
      action: 'retry',
    }
  }
  if (unsaved > queue * NEARLY_FULL) {
    return {
      tone: 'bad',
      text: 'You are offline, and little more fits.',
      detail: `${changes(unsaved)} wait here; ${queue} is the most. Leave this page open.`,
      retryAt,
      action: 'retry',
    }
  }
  return {
    tone: 'warn',
    text: status === 'connecting' ? 'Connecting again.' : 'You are offline.',
    detail: readOnly ? 'What you see may be old.' : whatWaits(unsaved),
    retryAt,
    action: 'retry',
  }
}

function whatWaits(unsaved: number): string {
  if (unsaved === 0) return 'You can go on drawing; it goes out when you are back.'
  return `You can go on drawing: ${changes(unsaved)} ${unsaved === 1 ? 'waits' : 'wait'} here.`
}

function changes(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'change' : 'changes'}`
}
