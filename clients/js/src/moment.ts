/** Links to a moment of a room's recording, for people to hand on. */
import { isRoomName } from './address.js'
import { TuttiError } from './errors.js'

/** The end of a tick of a room: what a recording can be asked for. */
export interface Moment {
  readonly room: string
  /** 0 to 2^53 - 1. 0 is the first that is kept; one beyond the last counts as the last. */
  readonly tick: number
  /** Of the room at that tick. Left out, the newest that has the tick. */
  readonly incarnation?: number
  /** For people, one line of at most {@link MOMENT_TITLE_MAX} characters. */
  readonly title?: string
}

export const MOMENT_TITLE_MAX = 200

const ROOM = 'room'
const AT = 'at'
const TITLE = 'title'
const NUMBERS = /^(\d{1,16})(?:\.(\d{1,16}))?$/
/** Line breaks and what else does not print, and the letters that turn a line round. */
const UNPRINTED = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu

/**
 * The address of `page` with the moment in its query, beside what stands there already:
 * `?room=plans&at=1234.7&title=…`. Whoever opens it reads it with {@link parseMoment}. Throws
 * `malformed` where the room has no such name, `range` where a number is none of a moment's, `misuse`
 * where `page` is no whole address.
 *
 * ```js
 * const link = momentLink(location.href, { room: 'plans', tick: 1234, title: 'Before the mistake' })
 * ```
 */
export function momentLink(page: string | URL, moment: Moment): string {
  const { room, title = '' } = moment
  if (!isRoomName(room)) throw new TuttiError('malformed', `${room} is no name of a room`)
  const link = addressOf(page)
  if (link === null) throw new TuttiError('misuse', `${String(page)} is no address`)
  link.searchParams.set(ROOM, room)
  link.searchParams.set(AT, momentNumbers(moment))
  const line = titleOf(title)
  if (line === '') link.searchParams.delete(TITLE)
  else link.searchParams.set(TITLE, line)
  return link.href
}

/**
 * The moment that a link says, or null where it says none that can be. The title is a stranger's
 * words: one line, cut where it is too long, to be shown as text.
 */
export function parseMoment(link: string | URL): Moment | null {
  const query = addressOf(link)?.searchParams
  const room = query?.get(ROOM) ?? ''
  const [, tick, incarnation] = NUMBERS.exec(query?.get(AT) ?? '') ?? []
  if (tick === undefined || !isRoomName(room) || !isCount(Number(tick))) return null
  if (incarnation !== undefined && !isCount(Number(incarnation))) return null
  const title = titleOf(query?.get(TITLE) ?? '')
  return {
    room,
    tick: Number(tick),
    ...(incarnation !== undefined && { incarnation: Number(incarnation) }),
    ...(title !== '' && { title }),
  }
}

/** @internal `TICK` or `TICK.INCARNATION`. Throws `range`. */
export function momentNumbers({ tick, incarnation }: Pick<Moment, 'tick' | 'incarnation'>): string {
  for (const number of [tick, incarnation ?? 0]) {
    if (!isCount(number)) throw new TuttiError('range', `${number} is no tick and no incarnation`)
  }
  return incarnation === undefined ? String(tick) : `${tick}.${incarnation}`
}

function isCount(number: number): boolean {
  return Number.isSafeInteger(number) && number >= 0
}

function titleOf(text: string): string {
  const line = text.replace(UNPRINTED, ' ').trim()
  return [...line].slice(0, MOMENT_TITLE_MAX).join('')
}

function addressOf(text: string | URL): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}
