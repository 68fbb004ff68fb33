import { TuttiError } from './errors.js'

const ROOM_NAME = /^[A-Za-z0-9_-]{1,64}$/

export function isRoomName(name: string): boolean {
  return ROOM_NAME.test(name)
}

/** Where the room of this name is. Throws `malformed` or `misuse` where there can be none. */
export function roomAddress(url: string, name: string): string {
  if (!isRoomName(name)) {
    throw new TuttiError('malformed', 'a room has a name of 1 to 64 characters of A-Z a-z 0-9 _ -')
  }
  let address: URL
  try {
    address = new URL(url, globalThis.location?.href)
  } catch {
    throw new TuttiError('misuse', `${url} is no address`)
  }
  address.protocol = address.protocol.replace('http', 'ws')
  address.pathname = `${address.pathname.replace(/\/$/, '')}/v1/rooms/${name}`
  address.hash = ''
  return address.href
}

/** The same, where a room that this makes is not to be recorded. */
export function unrecordedAddress(room: string): string {
  const address = new URL(room)
  address.searchParams.set('record', 'no')
  return address.href
}

const REPLAY_NAME = /^[A-Za-z0-9_-]{1,32}$/

/**
 * Where the replay of this name of a room is, which begins at `at`, a moment's numbers, unless it is
 * there already. Throws `malformed` or `misuse` where there can be none.
 */
export function replayAddress(room: string, name: string, at: string): string {
  if (!REPLAY_NAME.test(name)) {
    throw new TuttiError(
      'malformed',
      'a replay has a name of 1 to 32 characters of A-Z a-z 0-9 _ -',
    )
  }
  const address = new URL(room)
  address.pathname += `/replay/${name}`
  address.search = `?at=${at}`
  return address.href
}

/** The same server's, for `fetch`. `room`: the address of a room. */
export function httpAddress(room: string, path: string): string {
  const address = new URL(room)
  address.protocol = address.protocol.replace('ws', 'http')
  address.pathname += path
  address.search = ''
  return address.href
}
