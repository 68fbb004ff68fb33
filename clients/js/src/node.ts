// The entry for Node, whose own WebSocket is younger than Node 18 and hides why it was refused.
import { webcrypto } from 'node:crypto'
import { WebSocket } from 'ws'
import type { WebSocketConstructor } from './connection.js'
import { platform } from './platform.js'

platform.WebSocket = WebSocket as unknown as WebSocketConstructor
platform.crypto = webcrypto as Crypto

export * from './tutti.js'
