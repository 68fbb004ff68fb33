// A real server under test, and a wire to it that can be cut, stalled and refused.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const START_MS = 60_000
const WAIT_MS = 60_000

/**
 * Starts TUTTI_SERVER on a free port of this machine. It begins with nothing saved and leaves
 * nothing, unless it is given `data`, a folder.
 */
export async function startServer({ data: lent, flags = [] } = {}) {
  const binary = process.env.TUTTI_SERVER
  if (!binary) throw new Error('TUTTI_SERVER must name the server to test')
  const data = lent ?? mkdtempSync(join(tmpdir(), 'tutti-test-'))
  const child = spawn(binary, ['--listen', '127.0.0.1:0', '--data', data, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const port = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no server in time:\n${log}`)), START_MS)
    const read = (chunk) => {
      log = (log + chunk).slice(-100_000)
      const address = /\blistening\b.*\baddress="?[^\s"]*:(\d+)/.exec(log)
      if (!address) return
      clearTimeout(timer)
      resolve(Number(address[1]))
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${log}`)))
  })
  return {
    port,
    /** No file of its may grow beyond this: with 0, its disk takes nothing. */
    limitFiles(bytes) {
      execFileSync('prlimit', [`--pid=${child.pid}`, `--fsize=${bytes}:`])
    },
    /** Its process stands still, and goes on with `false`. */
    standStill(stands = true) {
      child.kill(stands ? 'SIGSTOP' : 'SIGCONT')
    },
    /** `SIGTERM` asks it to go, `SIGKILL` does not ask. Resolves when it is gone. */
    async stop(signal = 'SIGTERM') {
      child.kill(signal)
      const timer = setTimeout(() => child.kill('SIGKILL'), START_MS)
      const code = await ended
      clearTimeout(timer)
      if (lent === undefined) rmSync(data, { recursive: true, force: true })
      return code
    },
  }
}

/** A TCP proxy in front of a server. */
export async function startWire(port) {
  const pairs = new Set()
  const wire = { upstream: port, refuses: false, stalls: false, up: 0, down: 0, connections: 0 }

  const listener = createServer((near) => {
    wire.connections++
    near.on('error', () => {})
    if (wire.refuses) {
      near.destroy()
      return
    }
    const far = connect(wire.upstream, '127.0.0.1')
    const pair = { near, far }
    pairs.add(pair)
    far.on('error', () => near.destroy())
    near.on('data', (chunk) => {
      wire.up += chunk.length
      if (!wire.stalls) far.write(chunk)
    })
    far.on('data', (chunk) => {
      wire.down += chunk.length
      if (!wire.stalls) near.write(chunk)
    })
    near.on('close', () => {
      pairs.delete(pair)
      far.destroy()
    })
    far.on('close', () => near.destroy())
  })
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve))

  wire.url = `ws://127.0.0.1:${listener.address().port}`
  /** Breaks every connection without a word. */
  wire.cut = () => {
    for (const { near, far } of pairs) {
      near.destroy()
      far.destroy()
    }
  }
  wire.close = () => {
    wire.cut()
    return new Promise((resolve) => listener.close(resolve))
  }
  return wire
}

/** Waits until `condition` gives something, or its promise does; fails with `what` if it never does. */
export async function until(condition, what) {
  const end = Date.now() + WAIT_MS
  for (;;) {
    const result = await condition()
    if (result) return result
    if (Date.now() > end) {
      throw new Error(`waited in vain until ${typeof what === 'function' ? what() : what}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
