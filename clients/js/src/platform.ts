import type { WebSocketConstructor } from './connection.js'

/** What a browser has and an old Node has not: the entry for Node puts its own in here. */
export const platform: {
  WebSocket: WebSocketConstructor | undefined
  crypto: Pick<Crypto, 'getRandomValues'>
} = {
  WebSocket: globalThis.WebSocket as WebSocketConstructor | undefined,
  crypto: globalThis.crypto,
}

export function randomBytes(count: number): Uint8Array {
  return platform.crypto.getRandomValues(new Uint8Array(count))
}
