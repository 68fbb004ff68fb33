import { Operation } from '../../src/operation.js'
import type { Changes } from '../../src/replica.js'
import { Session, type Link } from '../../src/session.js'
import type { Notice, Saving } from '../../src/wire.js'
import {
  bytesOf,
  frame,
  jsonOf,
  names,
  RESTART,
  run,
  section,
  SHAPES,
  welcome,
  type Json,
} from './messages.js'

/** A session with a hand on its link and its clock. */
export class Bench {
  now = 0
  readonly sent: Json[] = []
  dropped: string | null = null
  buffered = 0
  closing = false
  readonly released: Operation[] = []
  readonly saved: Operation[] = []
  readonly savings: Saving[] = []
  readonly changes: Changes[] = []
  readonly notices: Notice[] = []
  lives = 0
  forgets = 0
  readonly session: Session

  constructor(queue = { operations: 100, bytes: 100_000 }) {
    this.session = new Session(
      { key: new Uint8Array(16), roomKind: 'open', user: null, queue },
      {
        changed: (changes, released, saved) => {
          this.changes.push(changes)
          this.released.push(...released)
          this.saved.push(...saved)
        },
        live: () => this.lives++,
        noticed: (notice) => this.notices.push(notice),
        savingTold: () => this.savings.push(this.session.saving),
        forgotten: () => this.forgets++,
      },
    )
  }

  open(): this {
    const bench = this
    const link: Link = {
      send: (message) => this.sent.push(jsonOf(message)),
      drop: (reason) => (this.dropped = reason),
      get bufferedAmount() {
        return bench.buffered
      },
      get isClosing() {
        return bench.closing
      },
    }
    this.session.opened(link, this.now)
    return this
  }

  receive(...messages: Json[]): this {
    for (const message of messages) this.session.received(bytesOf(message), this.now)
    return this
  }

  /** With the whole state: the names and shape `a` in slot 0. */
  live(fields: Parameters<typeof welcome>[0] = {}): this {
    this.open().receive(welcome(fields), frame(0, names(), SHAPE_A))
    this.sent.length = 0
    return this
  }

  /** Lets time pass as a timer would: from wake to wake. */
  pass(ms: number): Json[] {
    const from = this.sent.length
    const end = this.now + ms
    for (let rounds = 0; rounds < 10_000; rounds++) {
      const wake = this.session.pump(this.now)
      if (this.dropped !== null || wake > end) break
      this.now = Math.max(wake, this.now)
    }
    this.now = end
    return this.sent.slice(from)
  }

  change(x: number, bytes = 10): Operation {
    const operation = new Operation()
    operation.edits.push({ verb: 'set', collection: 'shapes', id: 'a', fields: { x } })
    operation.bytes = bytes
    this.session.pending.enqueue(operation)
    return operation
  }

  outcomes(): (string | null)[] {
    return this.released.map(({ outcome }) => outcome)
  }

  x(): unknown {
    return this.session.replica.record('shapes', 'a')?.x
  }
}

export const SHAPE_A = section(1, RESTART, 10, run(SHAPES, 1), 1, 1, 0, 'a', 5)
export const setX = (x: number, flags = 0) => section(1, flags, 1, run(SHAPES, 2), 1, 1, 0, x)

export const operationsOf = (messages: Json[]) => messages.filter((m) => (m as Json[])[0] === 1)
export const presenceOf = (messages: Json[]) =>
  messages.filter((m) => (m as number[])[0] === 2 || (m as number[])[0]! >= 16)
export const clocksOf = (messages: Json[]) => messages.filter((m) => (m as Json[])[0] === 3)
