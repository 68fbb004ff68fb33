import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Connection,
  retryDelay,
  type RoomStatus,
  type WebSocketConstructor,
} from '../../src/connection.js'
import { Session } from '../../src/session.js'
import { frame, welcome } from './messages.js'
import { FakeSocket } from './server.js'

/** A connection whose sockets and timers are in the test's hand. */
class Bench {
  now = 0
  random = 0.5
  readonly sockets: FakeSocket[] = []
  readonly told: RoomStatus[] = []
  readonly connection: Connection
  readonly session: Session
  #timers: { at: number; run: () => void }[] = []

  constructor({ keepsSeat = false } = {}) {
    this.session = new Session(
      {
        key: new Uint8Array(16),
        roomKind: null,
        user: null,
        queue: { operations: 9, bytes: 999 },
      },
      {
        changed: () => {},
        live: () => this.connection.live(),
        noticed: () => {},
        savingTold: () => {},
        forgotten: () => {},
      },
    )
    const { sockets } = this
    const WebSocket = class extends FakeSocket {
      constructor(url: string) {
        super(url, () => {})
        sockets.push(this)
      }
    }
    this.connection = new Connection(
      () => 'ws://test',
      WebSocket as unknown as WebSocketConstructor,
      this.session,
      {
        now: () => this.now,
        random: () => this.random,
        setTimer: (run, ms) => {
          const timer = { at: this.now + ms, run }
          this.#timers.push(timer)
          return timer
        },
        clearTimer: (timer) => {
          this.#timers = this.#timers.filter((other) => other !== timer)
        },
      },
      (status) => this.told.push(status),
      keepsSeat,
    )
    this.connection.connect()
  }

  get socket(): FakeSocket {
    return this.sockets[this.sockets.length - 1]!
  }

  get status(): RoomStatus['status'] {
    return this.connection.status.status
  }

  live(): this {
    this.socket.open()
    this.socket.receive(welcome())
    this.socket.receive(frame(0))
    return this
  }

  pass(ms: number): void {
    const end = this.now + ms
    for (;;) {
      const next = this.#timers.reduce<{ at: number; run: () => void } | null>(
        (first, timer) => (timer.at <= end && timer.at < (first?.at ?? Infinity) ? timer : first),
        null,
      )
      if (next === null) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.now = Math.max(this.now, next.at)
      next.run()
    }
    this.now = end
  }
}

test('tries double their reach, with full jitter, up to 8 s', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 50].map((attempt) => retryDelay(attempt, 1)),
    [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000],
  )
  assert.equal(retryDelay(4, 0), 0)
  assert.equal(retryDelay(4, 0.5), 2_000)
})

test('connects, loses, says so, comes back', () => {
  const bench = new Bench().live()
  assert.equal(bench.status, 'live')
  bench.socket.end(1006)
  const { status, reason, retryAt } = bench.connection.status
  assert.deepEqual([status, reason], ['offline', 'the connection broke'])
  assert.ok(retryAt !== null && retryAt > Date.now() - 1_000)
  bench.pass(200)
  assert.equal(bench.sockets.length, 2)
  assert.equal(bench.status, 'connecting')
  bench.live()
  assert.equal(bench.status, 'live')
})

test('a server that is away is asked less and less often', () => {
  const bench = new Bench()
  const at: number[] = []
  for (let i = 0; i < 8; i++) {
    bench.socket.end(1006)
    const { length } = bench.sockets
    while (bench.sockets.length === length) bench.pass(1)
    at.push(bench.now)
  }
  const waits = at.map((time, i) => time - (at[i - 1] ?? 0))
  assert.deepEqual(waits, [125, 250, 500, 1_000, 2_000, 4_000, 4_000, 4_000])
})

test('only a connection that lasted makes the next try quick again', () => {
  const bench = new Bench()
  for (let i = 0; i < 5; i++) {
    bench.live()
    bench.socket.end(1006)
    bench.pass(8_000)
  }
  bench.live()
  bench.socket.end(1006)
  bench.pass(3_999)
  assert.equal(bench.sockets.length, 6)
  bench.pass(1)
  bench.live()
  // Lasts: the clock of the session finds it alive by what comes.
  for (let s = 0; s < 6; s++) {
    bench.pass(1_000)
    bench.socket.receive(frame(20))
  }
  bench.socket.end(1006)
  bench.pass(125)
  assert.equal(bench.sockets.length, 8)
})

const RETRIED = [1000, 1001, 1005, 1006, 1011, 4001, 4010, 4011, 4013, 4015, 4016, 4017, 4999]
const FINAL: [number, string][] = [
  [1002, 'malformed'],
  [1003, 'malformed'],
  [1009, 'limit'],
  [4000, 'malformed'],
  [4002, 'version'],
  [4008, 'malformed'],
  [4009, 'replaced'],
  [4012, 'kind'],
  [4014, 'closed'],
]

test('close codes after which it tries again, when the server says so', () => {
  for (const code of RETRIED) {
    const bench = new Bench().live()
    bench.socket.end(code, 'because; retry_ms=1234')
    const { status, reason, error } = bench.connection.status
    assert.deepEqual([status, reason, error?.code], ['offline', 'because', code], `${code}`)
    bench.pass(1_233)
    assert.equal(bench.sockets.length, 1, `${code}`)
    bench.pass(1)
    assert.equal(bench.sockets.length, 2, `${code}`)
  }
})

test('close codes after which it does not', () => {
  for (const [code, expected] of FINAL) {
    const bench = new Bench().live()
    bench.socket.end(code, 'because')
    const { status, error, retryAt } = bench.connection.status
    assert.deepEqual(
      [status, error?.status, error?.code, retryAt],
      ['closed', expected, code, null],
    )
    bench.pass(60_000)
    assert.equal(bench.sockets.length, 1)
  }
})

test('an HTTP status that Node can see decides as well', () => {
  const refused = (status: number) => {
    const bench = new Bench()
    bench.socket.onerror?.({ message: `Unexpected server response: ${status}` } as never)
    bench.socket.end(1006)
    return [bench.status, bench.connection.status.error?.status]
  }
  assert.deepEqual(refused(400), ['closed', 'malformed'])
  assert.deepEqual(refused(403), ['closed', 'forbidden'])
  assert.deepEqual(refused(404), ['closed', 'not found'])
  assert.deepEqual(refused(429)[0], 'offline')
  assert.deepEqual(refused(503)[0], 'offline')
  assert.deepEqual(refused(502)[0], 'offline')
})

test('a socket that never opens is given up', () => {
  const bench = new Bench()
  bench.pass(10_000)
  assert.equal(bench.status, 'offline')
  assert.equal(bench.connection.status.reason, 'the server does not answer')
  bench.pass(125)
  assert.equal(bench.sockets.length, 2)
})

test('a dead line is dropped, keeps the seat, and is tried again', () => {
  const bench = new Bench().live()
  bench.pass(8_300)
  assert.equal(bench.connection.status.reason, 'no sign of life')
  assert.equal(bench.socket.closedWith, 4013)
  bench.pass(125)
  assert.equal(bench.sockets.length, 2)
})

test('text from the server ends the connection', () => {
  const bench = new Bench().live()
  bench.socket.onmessage?.({ data: 'hello' } as never)
  assert.equal(bench.connection.status.reason, 'the server sent text')
})

test('what an old socket still says is not heard', () => {
  const bench = new Bench().live()
  const old = bench.socket
  bench.connection.networkLost()
  bench.pass(125)
  bench.live()
  old.end(4009)
  old.receive(frame(1))
  assert.equal(bench.status, 'live')
})

test('the browser says: no network, network again', () => {
  const bench = new Bench().live()
  bench.connection.networkLost()
  assert.equal(bench.status, 'offline')
  assert.equal(bench.connection.status.reason, 'there is no network')
  bench.connection.wake(true)
  assert.equal(bench.sockets.length, 2)
  assert.equal(bench.status, 'connecting')
})

test('a page that goes away gives its seat up, and comes back when it is shown again', () => {
  const bench = new Bench().live()
  bench.connection.rest()
  assert.equal(bench.socket.closedWith, 1000)
  assert.deepEqual(bench.socket.sent[bench.socket.sent.length - 1], [4])
  bench.pass(60_000)
  assert.equal(bench.sockets.length, 1)
  bench.connection.wake(true)
  assert.equal(bench.live().status, 'live')
})

test('a page that keeps its seat is away while it is gone, and leaves when it says so', () => {
  const bench = new Bench({ keepsSeat: true }).live()
  bench.connection.rest()
  assert.equal(bench.socket.closedWith, 4013)
  assert.notDeepEqual(bench.socket.sent[bench.socket.sent.length - 1], [4])
  bench.connection.wake(true)
  assert.equal(bench.live().status, 'live')
  bench.connection.leave()
  assert.equal(bench.socket.closedWith, 1000)
  assert.deepEqual(bench.socket.sent[bench.socket.sent.length - 1], [4])
})

test('leaving ends it all', () => {
  const bench = new Bench().live()
  bench.connection.leave()
  assert.equal(bench.status, 'closed')
  bench.connection.wake(true)
  bench.pass(60_000)
  assert.equal(bench.sockets.length, 1)
})
