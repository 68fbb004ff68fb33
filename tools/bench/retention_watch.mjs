// retention_watch.mjs - somebody who watches a recording while others of it are dropped.
//
//   node retention_watch.mjs ws://ADDRESS ROOM TICK CLIENT
//
// Plays from the tick on, at 16 times, until its input ends. Then it goes back to the tick, and prints one line of
// JSON: how far it came, whether the recording was ever not to be had, and how many people and records it saw.
import { pathToFileURL } from 'node:url'

const [address, name, tick, library] = process.argv.slice(2)
const { replay } = await import(pathToFileURL(library))

const watched = await replay(address, name, { at: Number(tick) })
const began = watched.tick
const seen = { people: 0, failed: 0, closed: 0 }
watched.on('state', () => (seen.failed += watched.state === 'failed' ? 1 : 0))
watched.on('time', () => (seen.people = Math.max(seen.people, [...watched.room.others].length)))
watched.room.on('status', (status) => (seen.closed += status === 'live' ? 0 : 1))
watched.speed = 16
watched.play()
console.log('watching')
process.stdin.resume()
await new Promise((resolve) => process.stdin.once('end', resolve))
const played = watched.tick - began
watched.pause()
await watched.seek(began)
console.log(JSON.stringify({ began, played, back: watched.tick === began, ...seen }))
watched.leave()
