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
