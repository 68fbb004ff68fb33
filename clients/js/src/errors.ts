/** The statuses of the wire, by their numbers. */
const STATUSES = [
  'ok',
  'truncated',
  'malformed',
  'limit',
  'not found',
  'deleted',
  'exists',
  'stale',
  'denied',
  'type',
  'range',
  'kind',
  'full',
  'memory',
  'refused',
  'locked',
  'incomplete',
] as const

/** Why something did not happen: the statuses of the wire, then those that only a client knows. */
export type Status =
  | Exclude<(typeof STATUSES)[number], 'ok'>
  /** it may or may not have been applied: the room no longer remembers this client */
  | 'uncertain'
  /** the room was left, or the connection ended for good */
  | 'closed'
  /** another connection with the same key has taken this seat */
  | 'replaced'
  /** what was saved of the room is damaged, and it is closed until someone has looked at it */
  | 'quarantined'
  /** the server speaks another version of the protocol */
  | 'version'
  /** the server does not let this page or name in */
  | 'forbidden'
  /** a call that makes no sense here */
  | 'misuse'

/**
 * The one error that this library throws, rejects with and reports.
 *
 * ```js
 * try { await shapes.put(id, { x: 1 }, { ifNew: true }).done }
 * catch (error) { if (error.status === 'exists') … }
 * ```
 */
export class TuttiError extends Error {
  override readonly name = 'TuttiError'

  constructor(
    readonly status: Status,
    message: string,
    /** The WebSocket close code or HTTP status, where one was the reason. */
    readonly code?: number,
  ) {
    super(message)
  }
}

/** The name of a status on the wire. Later versions may add some: they count as `refused`. */
export function statusName(number: number): Status {
  const name = STATUSES[number]
  return name === undefined || name === 'ok' ? 'refused' : name
}

const SENTENCES: Partial<Record<Status, string>> = {
  limit: 'a limit of the room or the server is reached',
  'not found': 'there is no such record, collection, field or member',
  deleted: 'the record was deleted',
  exists: 'the record exists already',
  stale: 'someone else has changed it since',
  denied: 'this member may not write there',
  type: 'the value does not fit the type or merge of the field',
  range: 'the value is outside the range of the field',
  memory: 'the server has no memory left for this',
  refused: 'the rules of the room refused it',
  uncertain:
    'the room no longer remembers this client: the change may or may not have been applied',
  closed: 'the room was closed before this was done',
}

export function refusal(status: Status): TuttiError {
  return new TuttiError(status, SENTENCES[status] ?? status)
}

/** What the end of a connection means. */
export interface Ending {
  readonly status: Status
  /** No further try makes sense. */
  readonly final: boolean
  /** For the person in front of the screen, where the server gave no reason. */
  readonly text: string
}

const again = (status: Status, text: string): Ending => ({ status, final: false, text })
const never = (status: Status, text: string): Ending => ({ status, final: true, text })

const ENDINGS = new Map<number, Ending>([
  [1002, never('malformed', 'the bytes broke RFC 6455')],
  [1003, never('malformed', 'the server takes no text messages')],
  [1009, never('limit', 'a message was too large')],
  [4000, never('malformed', 'a message was malformed')],
  [4001, again('closed', 'the server is restarting')],
  [4002, never('version', 'the server speaks another version')],
  [4008, never('malformed', 'the server missed the greeting')],
  [4009, never('replaced', 'another connection has taken this seat')],
  [4010, again('full', 'the room is full')],
  [4011, again('limit', 'too many messages')],
  [4012, never('kind', 'the room is of another kind')],
  [4013, again('closed', 'no sign of life')],
  [4014, never('closed', 'the room was ended')],
  [4015, again('full', 'the server is full')],
  [4016, again('closed', 'this client stopped reading for too long')],
  [4017, again('memory', 'the server failed')],
  [4018, never('quarantined', 'what was saved of this room is damaged')],
])

const BROKEN = again('closed', 'the connection broke')

export function endingOfClose(code: number): Ending {
  return ENDINGS.get(code) ?? BROKEN
}

/** An HTTP status in place of the upgrade. Browsers do not show it to a page, Node does. */
export function endingOfUpgrade(status: number): Ending {
  switch (status) {
    case 400:
      return never('malformed', 'the server refused the request')
    case 401:
    case 403:
      return never('forbidden', 'the server does not let this page in')
    case 404:
      return never('not found', 'there is no such room')
    case 429:
      return again('limit', 'too many connections from this address')
    case 503:
      return again('full', 'the server is full or shutting down')
    default:
      return BROKEN
  }
}
