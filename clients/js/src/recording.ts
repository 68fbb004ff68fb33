/** What a server keeps of a room's past, asked for and ordered over HTTP. */
import { httpAddress, roomAddress } from './address.js'
import { TuttiError, type Status } from './errors.js'
import { momentNumbers, type Moment } from './moment.js'
import { readFork, readMarked, readRecording } from './recording_read.js'
import type { Value } from './value.js'

/** What there is of a room. Ticks are the room's. */
export interface Recording {
  readonly kind: string
  /** Ticks per second; null where the server has no such kind any more. */
  readonly hz: number | null
  /** The newest. */
  readonly incarnation: number
  /** Its first and its last tick. */
  readonly first: number
  readonly last: number
  /** When those were; null where nobody knows. */
  readonly began: Date | null
  readonly ended: Date | null
  /** Where the room's life was broken off by a crash: from `first` on it is this one. */
  readonly incarnations: readonly { readonly incarnation: number; readonly first: number }[]
  /** By their first ticks. */
  readonly sessions: readonly RecordedSession[]
  readonly markers: readonly Marker[]
  readonly gaps: readonly Gap[]
  readonly activity: Activity
  readonly people: readonly RecordedPerson[]
}

/** A stretch of it: from a room's waking to its sleeping. */
export interface RecordedSession {
  readonly id: string
  readonly incarnation: number
  readonly first: number
  readonly last: number
  readonly began: Date | null
  readonly ended: Date | null
  /** Empty for none. */
  readonly title: string
  /** It is kept for ever. */
  readonly pinned: boolean
  /** On the server's disk. */
  readonly bytes: number
}

/** A moment that somebody has marked. */
export interface Marker {
  readonly tick: number
  readonly incarnation: number
  readonly title: string
  /** Empty for none. */
  readonly colour: string
  /** Who marked it; empty where nobody knows. */
  readonly by: string
}

/** Ticks, both within it, of which there is nothing. */
export interface Gap {
  readonly from: number
  readonly to: number
  /**
   * `dropped`: too old, or there was no room for it. `hole`: the disk took nothing at that time.
   * `presence`: a crash took what members' presence was, and nothing else.
   */
  readonly kind: 'dropped' | 'hole' | 'presence'
}

/** How much happened, in stretches of as many ticks each; the first begins with the recording. */
export interface Activity {
  readonly ticks: number
  readonly operations: readonly number[]
  readonly presence: readonly number[]
}

export interface RecordedPerson {
  readonly member: number
  readonly user: Value
  /** When it was there: ticks from and to; `to` is null while it is. */
  readonly spans: readonly (readonly [from: number, to: number | null])[]
}

export interface RequestOptions {
  /** Ends it. */
  readonly signal?: AbortSignal
}

export interface MarkerInput extends Pick<Moment, 'tick' | 'incarnation'> {
  /** At most 200 bytes of UTF-8. */
  readonly title: string
  /** At most 32 bytes. */
  readonly colour?: string
  /** Who marks it, at most 256 bytes: whatever the page says. */
  readonly by?: string
}

export interface ForkInput extends Pick<Moment, 'tick' | 'incarnation'> {
  /** The new room's name. Left out, the server makes one that nobody guesses. */
  readonly as?: string
}

export interface Fork {
  /** The new room's name. */
  readonly room: string
  /** What it is from: the moment that was meant, where the one asked for was outside of what is kept. */
  readonly from: Moment
}

/**
 * What is kept of a room; the room need not be awake. All of these reject with a {@link TuttiError}:
 * `not found` where nothing is kept of it, `forbidden` where this page may not, `limit` where this
 * address asks too much, `full` where the server cannot now, `quarantined` where what was saved is
 * damaged, `malformed`, `misuse`, and `closed` where no answer comes; or with the signal's reason.
 */
export async function recording(
  server: string,
  room: string,
  options?: RequestOptions,
): Promise<Recording> {
  return readRecording(
    await ask('GET', roomAddress(server, room), '/recording', undefined, options),
  )
}

/**
 * Marks a moment, in the place of a marker that it has; gives the moment. A room has 1,000 markers at
 * most. Rejects as {@link recording} does.
 */
export async function addMarker(
  server: string,
  room: string,
  { tick, incarnation, title, colour, by }: MarkerInput,
  options?: RequestOptions,
): Promise<Moment> {
  momentNumbers({ tick, incarnation })
  const marker = { tick, incarnation, title, colour, by }
  return readMarked(room, await ask('POST', roomAddress(server, room), '/markers', marker, options))
}

/** Takes a marker away; `not found` where nobody had marked that. */
export async function removeMarker(
  server: string,
  room: string,
  marker: Pick<Moment, 'tick' | 'incarnation'>,
  options?: RequestOptions,
): Promise<void> {
  await ask(
    'DELETE',
    roomAddress(server, room),
    `/markers/${momentNumbers(marker)}`,
    undefined,
    options,
  )
}

/** Gives a session a title, or keeps it for ever, or no longer. */
export async function editSession(
  server: string,
  room: string,
  id: string,
  edit: Partial<Pick<RecordedSession, 'title' | 'pinned'>>,
  options?: RequestOptions,
): Promise<void> {
  const { title, pinned } = edit
  await ask(
    'POST',
    roomAddress(server, room),
    `/sessions/${encodeURIComponent(id)}`,
    { title, pinned },
    options,
  )
}

/** Takes a session off the list; what was recorded in it stays as long as what is beside it. */
export async function removeSession(
  server: string,
  room: string,
  id: string,
  options?: RequestOptions,
): Promise<void> {
  await ask(
    'DELETE',
    roomAddress(server, room),
    `/sessions/${encodeURIComponent(id)}`,
    undefined,
    options,
  )
}

/**
 * A new live room that begins as this one was at that moment. The one that it is from stays as it is.
 * Rejects as {@link recording} does, and with `exists` where there is a room of that name, or the
 * recording is of other rules than the server has.
 *
 * ```js
 * const { room: name } = await fork('ws://localhost:7777', 'plans', then.moment)
 * const room = await join('ws://localhost:7777', name)
 * ```
 */
export async function fork(
  server: string,
  room: string,
  { tick, incarnation, as }: ForkInput,
  options?: RequestOptions,
): Promise<Fork> {
  momentNumbers({ tick, incarnation })
  const wish = { tick, incarnation, room: as }
  return readFork(await ask('POST', roomAddress(server, room), '/forks', wish, options))
}

/** The tick at which it was that time, as well as is known: between sessions, that of the next. */
export function tickAt({ sessions, ...whole }: Recording, time: Date): number {
  const ms = time.getTime()
  for (const { began, ended, first, last } of [...sessions, whole]) {
    if (began === null || ended === null || ended.getTime() < ms) continue
    const share = (ms - began.getTime()) / Math.max(1, ended.getTime() - began.getTime())
    return first + Math.round(Math.max(0, share) * (last - first))
  }
  return whole.last
}

const STATUSES: { readonly [status: number]: Status } = {
  400: 'malformed',
  401: 'forbidden',
  403: 'forbidden',
  404: 'not found',
  405: 'version',
  409: 'exists',
  411: 'malformed',
  413: 'limit',
  429: 'limit',
  500: 'quarantined',
  503: 'full',
  507: 'limit',
}

/** @internal The answer's JSON; null where there is none. `room` is its address. */
export async function ask(
  method: string,
  room: string,
  path: string,
  wish: object | undefined,
  { signal }: RequestOptions = {},
): Promise<unknown> {
  const url = httpAddress(room, path)
  const body = wish === undefined ? null : JSON.stringify(wish)
  let answer: Response
  let text: string
  try {
    answer = await fetch(url, { method, body, cache: 'no-store', signal: signal ?? null })
    text = await answer.text()
  } catch {
    signal?.throwIfAborted()
    throw new TuttiError('closed', 'the server does not answer')
  }
  if (!answer.ok) {
    const status = STATUSES[answer.status] ?? 'refused'
    throw new TuttiError(status, text.trim() || answer.statusText, answer.status)
  }
  try {
    return text === '' ? null : JSON.parse(text)
  } catch {
    throw new TuttiError('malformed', 'the server answered what is no JSON')
  }
}
