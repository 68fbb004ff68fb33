// The real server, started on a free port, and a line to it that a test can cut.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const binary = process.env.TUTTI_SERVER ?? `${root}build/release/tutti-server`
/** `tutti`, of the same build. */
export const tool = join(dirname(binary), 'tools/tutti')
const www = process.env.TUTTI_WWW ?? `${root}clients/examples`
const client = process.env.TUTTI_CLIENT ?? `${root}clients/js/dist`

const START_MS = 60_000
const OPERATOR_BYTES = 64 << 20
const PORT_FIRST = 10_000
const PORTS = 22_000 // up to ip_local_port_range

let chosen = process.pid * 16
const isFree = (port) =>
  new Promise((resolve) => {
    const probe = net.createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })

/** One that no connection takes while a server restarts. */
async function choosePort() {
  for (;;) {
    const port = PORT_FIRST + (chosen++ % PORTS)
    if (await isFree(port)) return port
  }
}

/**
 * Starts a server; `port` 0 takes any. Resolves once it listens. It begins with nothing saved and
 * leaves nothing, unless it is given `data`, a folder; on a `disk` (small_disk.mjs), all is there.
 */
export async function startServer({ port = 0, data, disk, flags = [] } = {}) {
  const isLent = data !== undefined || disk !== undefined
  if (port === 0) port = await choosePort()
  data ??= disk?.folder ?? mkdtempSync(join(tmpdir(), 'tutti-browser-'))
  const command = [binary, '--listen', `127.0.0.1:${port}`, '--data', data]
  const [program, ...args] = [...(disk?.entrance ?? []), ...command]
  const process = spawn(program, [...args, '--www', www, '--client', client, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = new Promise((resolve) => process.once('close', resolve))
  const log = []
  const address = await new Promise((resolve, reject) => {
    createInterface({ input: process.stderr }).on('line', (line) => {
      log.push(line)
      const listening = /\blistening\b.*\baddress=(\S+)/.exec(line)
      if (listening !== null) resolve(listening[1])
    })
    process.once('error', reject)
    exited.then((code) => reject(new Error(`the server ended with ${code}:\n${log.join('\n')}`)))
    const late = new Error('the server does not say that it listens')
    setTimeout(reject, START_MS, late).unref()
  })
  return {
    port: Number(address.split(':').at(-1)),
    address: `http://${address}`,
    www,
    data,
    log,
    /** SIGTERM ends it in order, SIGKILL does not. */
    async stop(signal = 'SIGTERM') {
      if (process.exitCode === null && process.signalCode === null) process.kill(signal)
      await exited
      if (!isLent) rmSync(data, { recursive: true, force: true })
    },
  }
}

/** What `tutti` says, an operator at a shell, of this server's data or of any. */
export function operator({ data }, ...words) {
  return execFileSync(tool, [...words, '--data', data], {
    encoding: 'utf8',
    maxBuffer: OPERATOR_BYTES,
    env: { ...process.env, TUTTI_CLIENT: client },
  })
}

/** A TCP line to `port`: what it carries can be cut at once, and be refused until it is mended. */
export async function startLine(port) {
  const sockets = new Set()
  const fromServer = new Set()
  let isCut = false
  const listener = net.createServer((near) => {
    if (isCut) {
      near.resetAndDestroy()
      return
    }
    const far = net.connect(port, '127.0.0.1')
    fromServer.add(far)
    far.on('close', () => fromServer.delete(far))
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    isCut = true
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return {
    address: `http://127.0.0.1:${listener.address().port}`,
    cut,
    /** The server still hears the pages; they hear nothing until the line is cut and mended. */
    deafen() {
      for (const far of fromServer) far.unpipe().pause()
    },
    mend() {
      isCut = false
    },
    async stop() {
      cut()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}
