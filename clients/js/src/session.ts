/**
 * The client's side of the protocol as a pure state machine: bytes and the time go in, bytes and
 * news come out. It knows no socket, no timer and no randomness.
 */
import { Arrivals } from './arrivals.js'
import { Clock } from './clock.js'
import { TuttiError } from './errors.js'
import type { InputsLine } from './inputs.js'
import { encodeOperation, type Operation } from './operation.js'
import { Pacing } from './pacing.js'
import { Pending, type QueueLimits } from './pending.js'
import { OwnPresence } from './presence.js'
import { Replica, type Changes } from './replica.js'
import type { Meter } from './traffic.js'
import type { Value } from './value.js'
import {
  decodeServerMessage,
  encodeClock,
  encodeHello,
  encodeLeave,
  encodeOperations,
  MESSAGE_BYTES_MAX,
  type Frame,
  type InputsTold,
  type Notice,
  type Saving,
  type ServerMessage,
  type Welcome,
} from './wire.js'

/** The way to the server, for as long as one connection lasts. */
export interface Link {
  send(message: Uint8Array): void
  /** Bytes handed to `send` that have not left yet. */
  readonly bufferedAmount: number
  /** Nothing can be sent any more; `closed()` follows. */
  readonly isClosing: boolean
  /** Gives the connection up; the session hears no more of it. */
  drop(reason: string): void
}

/** Who plays the member's part: its inputs, tick by tick. */
export interface Player {
  /** A connection to a room that takes inputs. */
  begin(line: InputsLine): void
  /** No connection, or nobody looks. */
  interrupted(): void
  /** A frame has told what became of the inputs. */
  told(tick: number, told: InputsTold, now: number): void
  /** Reads what is due; when there is more to read. */
  advance(now: number): number
  readonly isUnsent: boolean
  /** The next message. */
  take(now: number): Uint8Array
}

/** What the session tells the room. */
export interface Audience {
  /** A frame, with what it changed and the operations whose outcome now shows, or is safe now. */
  changed(changes: Changes, released: readonly Operation[], saved: readonly Operation[]): void
  /** The whole state is here. */
  live(): void
  noticed(notice: Notice): void
  /** The server's disk is well, or not: see `saving`. */
  savingTold(): void
  /** The room forgot this client. */
  forgotten(): void
}

export interface SessionOptions {
  readonly key: Uint8Array
  readonly roomKind: string | null
  readonly user: Value
  readonly queue: QueueLimits
}

export const PROBE_MS = 4_000
export const PROBE_HIDDEN_MS = 30_000
export const DEAD_MS = 8_000
/** The clock is set quickly at first. */
const FIRST_PROBES_MS = [200, 600]
/** A timer this late means that the machine slept or the page was frozen: nothing is dead yet. */
const OVERSLEPT_MS = 2_000
/** What may wait in the socket before inputs, presence and operations are held back. */
const INPUTS_BUFFER_MAX = 4_096
const PRESENCE_BUFFER_MAX = 4_096
const OPERATIONS_BUFFER_MAX = 65_536
/** Operations are sent in batches of this much, so that presence gets its turn. */
const BATCH_BYTES = 16_384
/** The header of the array and its kind. */
const BATCH_OVERHEAD = 8

type Phase = 'apart' | 'greeting' | 'loading' | 'live'

export class Session {
  readonly replica = new Replica()
  readonly pending: Pending
  readonly presence: OwnPresence
  readonly clock = new Clock()
  readonly arrivals = new Arrivals()
  /** Where the page counts who costs what. */
  meter: Meter | null = null
  welcome: Welcome | null = null
  /** The tick of the newest frame. */
  tick = 0
  /** How the server's disk is, as it said last on this connection. */
  saving: Saving = 'ok'
  readonly stats = {
    messagesIn: 0,
    bytesIn: 0,
    messagesOut: 0,
    bytesOut: 0,
    framesIn: 0,
    lastFrameBytes: 0,
  }

  readonly #options: SessionOptions
  readonly #audience: Audience
  #phase: Phase = 'apart'
  #link: Link | null = null
  #player: Player | null = null
  /** Null where there is no connection, or the room takes no inputs. */
  #inputsLine: InputsLine | null = null
  #pacing: Pacing | null = null
  #visible = true
  #heardAt = 0
  #probes = 0
  #probeAt = 0
  /** When the oldest unanswered probe was sent. */
  #askedAt: number | null = null
  #presenceSlot = 0
  #presenceWentLast = false
  #wakeAt = Infinity

  constructor(options: SessionOptions, audience: Audience) {
    this.#options = options
    this.#audience = audience
    this.pending = new Pending(options.queue)
    this.presence = new OwnPresence(this.replica.names)
  }

  get isLive(): boolean {
    return this.#phase === 'live'
  }

  /** All up to the end of this tick is safe. */
  get durableTick(): number {
    return Math.min(this.pending.durable, this.tick)
  }

  /** The largest operation that the server takes. */
  get operationBytesMax(): number {
    const limit = this.welcome?.limits.messageBytes ?? MESSAGE_BYTES_MAX
    return Math.min(limit, MESSAGE_BYTES_MAX) - BATCH_OVERHEAD
  }

  opened(link: Link, now: number): void {
    this.#link = link
    this.#phase = 'greeting'
    this.#heardAt = now
    this.#askedAt = now
    const { key, roomKind, user } = this.#options
    this.#send(
      encodeHello({
        key,
        roomKind,
        user,
        sequence: this.pending.highestSent,
        decided: this.pending.highestDecided,
        incarnation: this.replica.incarnation,
        places: this.replica.places,
      }),
      now,
    )
  }

  closed(): void {
    this.#link = null
    this.#phase = 'apart'
    this.#pacing = null
    this.#askedAt = null
    this.replica.interrupt()
    this.clock.forget()
    this.#inputsLine = null
    this.#player?.interrupted()
  }

  get plays(): boolean {
    return this.#player !== null
  }

  /** From here on the room gets these inputs; null: none. */
  play(player: Player | null): void {
    this.#player = player
    if (this.#inputsLine !== null) player?.begin(this.#inputsLine)
  }

  /** The member gives its seat up. What may be sent yet goes first. */
  leave(now: number): void {
    this.pump(now)
    if (this.#phase === 'live' || this.#phase === 'loading') this.#send(encodeLeave(), now)
  }

  setVisible(visible: boolean): void {
    this.#visible = visible
    if (visible) this.probe()
    else this.#player?.interrupted()
  }

  /** Asks for a sign of life at the next `pump`. */
  probe(): void {
    this.#probeAt = 0
  }

  received(bytes: Uint8Array, now: number): void {
    this.#heardAt = now
    this.#askedAt = null
    this.stats.messagesIn++
    this.stats.bytesIn += bytes.length
    try {
      const message = decodeServerMessage(bytes)
      this.#handle(message, bytes.length, now)
      this.meter?.received(message, bytes.length)
    } catch (error) {
      if (!(error instanceof TuttiError)) throw error
      this.replica.distrust()
      this.#link?.drop(error.message)
    }
  }

  #handle(message: ServerMessage, bytes: number, now: number): void {
    switch (message.kind) {
      case 'welcome':
        this.#welcomed(message, now)
        break
      case 'frame':
        this.stats.framesIn++
        this.stats.lastFrameBytes = bytes
        this.#framed(message, now)
        break
      case 'clock':
        this.clock.answer(message.echo, message.wall, now)
        break
      case 'notice':
        this.presence.rebase()
        this.#audience.noticed(message)
        break
      case 'saving':
        this.saving = message.state
        this.#audience.savingTold()
        break
    }
  }

  #welcomed(welcome: Welcome, now: number): void {
    if (this.#phase !== 'greeting') throw new TuttiError('malformed', 'a second welcome')
    this.welcome = welcome
    this.tick = welcome.tick
    // Where it is anything else, that follows.
    this.saving = 'ok'
    this.#phase = 'loading'
    this.#pacing = new Pacing(welcome.limits, now)
    this.#probes = 0
    this.#probeAt = now
    this.#presenceSlot = now
    const sameIncarnation = welcome.incarnation === this.replica.incarnation
    this.replica.load(welcome.incarnation, welcome.scopesKept)
    this.pending.resume(welcome, sameIncarnation)
    this.presence.sayAgain()
    this.arrivals.restart(this.frameInterval, this.#time)
    this.#beginInputs(welcome)
    if (!welcome.keyKnown) this.#audience.forgotten()
  }

  #beginInputs({ tick, tickRate, input: rules }: Welcome): void {
    if (rules === null) return
    const { arrivals, clock } = this
    this.#inputsLine = { next: tick + 1, tickRate, rules, arrivals, rtt: () => clock.rtt }
    this.#player?.begin(this.#inputsLine)
  }

  #framed(frame: Frame, now: number): void {
    if (this.#phase !== 'loading' && this.#phase !== 'live') {
      throw new TuttiError('malformed', 'a frame before the welcome')
    }
    this.tick += frame.ticks
    this.arrivals.frame(this.#time, now)
    if (frame.inputs !== null) this.#player?.told(this.tick, frame.inputs, now)
    if (frame.news !== null) this.pending.decide(frame.news, this.tick)
    const changes = this.replica.receive(frame.sections)
    const becomesLive = this.#phase === 'loading' && this.replica.whole
    if (becomesLive) this.#phase = 'live'
    const released = this.replica.settled ? this.pending.release() : []
    this.#audience.changed(changes, released, this.pending.releaseSaved())
    if (becomesLive) this.#audience.live()
  }

  /** Sends what is due. Call it after everything that happens, and at the time that it returns. */
  pump(now: number): number {
    const overslept = now - this.#wakeAt > OVERSLEPT_MS
    const link = this.#link
    // What is given to a closing socket is lost without a word.
    const gone = link === null || link.isClosing
    this.#wakeAt = gone ? Infinity : this.#pumpLink(link, now, overslept)
    return this.#wakeAt
  }

  #pumpLink(link: Link, now: number, overslept: boolean): number {
    if (overslept && this.#askedAt !== null) this.#askedAt = now
    if (this.#askedAt !== null && now - Math.max(this.#askedAt, this.#heardAt) >= DEAD_MS) {
      link.drop('no sign of life')
      return Infinity
    }
    const probeAt = this.#phase === 'greeting' ? Infinity : this.#pumpClock(now)
    const wake = Math.min(probeAt, this.#askedAt === null ? Infinity : this.#askedAt + DEAD_MS)
    if (this.#phase !== 'live') return wake
    return Math.min(wake, this.#pumpInputs(link, now), this.#pumpChanges(link, now))
  }

  #pumpChanges(link: Link, now: number): number {
    // Where the room's rate is short, they take turns.
    return this.#presenceWentLast
      ? Math.min(this.#pumpOperations(link, now), this.#pumpPresence(link, now))
      : Math.min(this.#pumpPresence(link, now), this.#pumpOperations(link, now))
  }

  #pumpClock(now: number): number {
    if (now >= this.#probeAt) {
      this.#send(encodeClock(this.clock.ask(now)), now)
      this.#askedAt ??= now
      const next = FIRST_PROBES_MS[this.#probes++]
      const regular = this.#visible ? PROBE_MS : PROBE_HIDDEN_MS
      this.#probeAt = now + (next ?? regular)
    }
    return this.#probeAt
  }

  /** Before all else: the others are worth something later too. */
  #pumpInputs(link: Link, now: number): number {
    const player = this.#player
    if (player === null || this.#inputsLine === null || !this.#visible) return Infinity
    const next = player.advance(now)
    while (player.isUnsent) {
      const at = this.#pacing!.readyAt(0, now)
      if (at > now) return Math.min(at, next)
      if (link.bufferedAmount > INPUTS_BUFFER_MAX) break
      this.#send(player.take(now), now)
    }
    return next
  }

  /** At most one message in each frame interval; the newest values win. */
  #pumpPresence(link: Link, now: number): number {
    if (!this.presence.isUnsaid) return Infinity
    const interval = this.frameInterval
    let at = Math.max(this.#presenceSlot, this.#pacing!.readyAt(0, now))
    if (link.bufferedAmount > PRESENCE_BUFFER_MAX) at = Math.max(at, now + interval)
    if (at > now) return at
    const message = this.presence.take()
    if (message === null) return Infinity
    this.#send(message, now)
    this.#presenceWentLast = true
    // Slots lie on a grid, so that late timers do not make the rate lower than the room's.
    this.#presenceSlot = Math.max(this.#presenceSlot + interval, now)
    return Infinity
  }

  /** In order, in batches, within the window of operations in flight. */
  #pumpOperations(link: Link, now: number): number {
    const inFlightMax = this.welcome!.limits.operationsInFlight
    while (this.pending.next !== undefined && this.pending.inFlight < inFlightMax) {
      const { bytes } = this.pending.next
      const at = this.#pacing!.readyAt(bytes, now)
      if (at > now) return at
      if (link.bufferedAmount > OPERATIONS_BUFFER_MAX) return now + this.frameInterval
      this.#send(encodeOperations(this.#takeBatch(inFlightMax)), now)
      this.#presenceWentLast = false
    }
    return Infinity
  }

  #takeBatch(inFlightMax: number): Uint8Array[] {
    const batch: Uint8Array[] = []
    let total = 0
    for (
      let next = this.pending.next;
      next !== undefined && this.pending.inFlight < inFlightMax;
      next = this.pending.next
    ) {
      // Encoded only now: the room's numbers for names may have changed while it waited.
      const bytes = encodeOperation(next, this.replica.names)
      const most = batch.length === 0 ? this.operationBytesMax : BATCH_BYTES
      if (batch.length > 0 && total + bytes.length > most) break
      this.pending.send()
      batch.push(bytes)
      total += bytes.length
    }
    return batch
  }

  /** The room's time at {@link tick}, in milliseconds. */
  get #time(): number {
    return (this.tick * 1000) / Math.max(1, this.welcome!.tickRate)
  }

  /** Milliseconds from frame to frame. */
  get frameInterval(): number {
    return 1000 / Math.max(1, this.welcome?.frameRate ?? 20)
  }

  #send(message: Uint8Array, now: number): void {
    this.#pacing?.sent(message.length, now)
    this.stats.messagesOut++
    this.stats.bytesOut += message.length
    this.meter?.sent(message)
    this.#link?.send(message)
  }
}
