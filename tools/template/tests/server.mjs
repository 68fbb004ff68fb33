// The real server with this kind, for one test file, and players in its rooms.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'

const { TUTTI, TUTTI_SERVER = `${TUTTI}/build/release/tutti-server` } = process.env
const { join } = await import(`${TUTTI}/clients/js/dist/tutti.node.js`)

export const here = (path) => fileURLToPath(new URL(path, import.meta.url))

/** `address` is where it is, `pid` its process; `stop()` ends it, and all who came by `enter()` leave. */
export async function startServer() {
  const data = mkdtempSync(`${tmpdir()}/game-`)
  const kinds = here('../out/kinds')
  const server = spawn(TUTTI_SERVER, ['--listen', '127.0.0.1:0', '--data', data, '--kinds', kinds])
  const rooms = []
  let said = ''
  const address = await new Promise((resolve, reject) => {
    server.stderr.on('data', (bytes) => {
      said += bytes
      const found = /listening .*url=(http:\/\/\S+)\//.exec(said)
      if (found !== null) resolve(found[1])
    })
    server.on('exit', () => reject(new Error(`the server ended: ${said}`)))
  })
  return {
    address,
    pid: server.pid,
    async enter(name, user = {}) {
      const room = await join(address, name, { kind: '@NAME@', user })
      rooms.push(room)
      return room
    },
    stop() {
      for (const room of rooms) room.leave()
      server.kill()
      rmSync(data, { recursive: true })
    },
  }
}

/** Asks again at each frame until the answer is there. */
export function until(room, ask) {
  return new Promise((resolve) => {
    const look = () => {
      const answer = ask()
      if (!answer) return
      end()
      resolve(answer)
    }
    const end = room.on('frame', look)
    look()
  })
}
