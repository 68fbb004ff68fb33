// The entry for Node, whose own WebSocket is younger than Node 18 and hides why it was refused.
import { webcrypto } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'
import { WebSocket } from 'ws'
import type { WebSocketConstructor } from './connection.js'
import { platform } from './platform.js'

platform.WebSocket = WebSocket as unknown as WebSocketConstructor
platform.crypto = webcrypto as Crypto
platform.inflate = (bytes, size) => inflateRawSync(bytes, { maxOutputLength: size })

export * from './tutti.js'
