// Joins a board and prints what came: `node board_join.mjs ws://127.0.0.1:7777 ROOM CLIENT`, CLIENT
// being the built library for Node. The first join of a process runs code that nobody has compiled
// yet; those after it are what a page that joins again sees.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [url, room, client] = process.argv.slice(2)
const { WebSocket } = createRequire(pathToFileURL(client))('ws')
const JOINS = 6
const spent = { decode: 0, cpu: 0, first: 0 }

const cpu = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

// All that is done with a message is done while it is handed over.
const { emit } = WebSocket.prototype
WebSocket.prototype.emit = function (event, ...values) {
  if (event !== 'message') return emit.call(this, event, ...values)
  const began = performance.now()
  const before = cpu()
  spent.first ||= began
  const result = emit.call(this, event, ...values)
  spent.cpu += cpu() - before
  spent.decode += performance.now() - began
  return result
}

const { join } = await import(pathToFileURL(client))
const joins = []
for (let i = 0; i < JOINS; i++) {
  Object.assign(spent, { decode: 0, cpu: 0, first: 0 })
  const joined = await join(url, room, { kind: 'board' })
  const whole = performance.now() - spent.first
  const { bytesIn, messagesIn } = joined.stats
  joins.push({
    bytes: bytesIn,
    messages: messagesIn,
    decode_ms: spent.decode,
    decode_cpu_ms: spent.cpu,
    state_ms: whole,
  })
  if (joined.collection('objects').size === 0) throw new Error('an empty board')
  await joined.leave()
}
console.log(JSON.stringify({ cold: joins[0], warm: joins.slice(1) }))
