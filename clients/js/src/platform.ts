import { inflateSync } from 'fflate'
import type { WebSocketConstructor } from './connection.js'

/** What a browser has and an old Node has not: the entry for Node puts its own in here. */
export const platform: {
  WebSocket: WebSocketConstructor | undefined
  crypto: Pick<Crypto, 'getRandomValues'>
  /** Throws, or returns another length than `size`, where it is not what these bytes hold. */
  inflate: (bytes: Uint8Array, size: number) => Uint8Array
} = {
  WebSocket: globalThis.WebSocket as WebSocketConstructor | undefined,
  crypto: globalThis.crypto,
  // With room for one byte too many: what does not fit is left out without a word.
  inflate: (bytes, size) => inflateSync(bytes, { out: new Uint8Array(size + 1) }),
}

export function randomBytes(count: number): Uint8Array {
  return platform.crypto.getRandomValues(new Uint8Array(count))
}
