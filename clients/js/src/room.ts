import { roomAddress, unrecordedAddress } from './address.js'
import type {
  ClockView,
  EmitOptions,
  GestureHistory,
  JoinOptions,
  PresenceView,
  RoomEvent,
  RoomEvents,
  Stats,
} from './api.js'
import type { Arrivals } from './arrivals.js'
import { Collection, type Records } from './collection.js'
import { Connection, type RoomStatus, type Surroundings } from './connection.js'
import { Document, type RecordChange } from './document.js'
import { Emitter } from './emitter.js'
import { refusal, statusName, TuttiError } from './errors.js'
import { History, type Editor } from './history.js'
import { Inputs, type InputsOptions } from './inputs.js'
import { Writer } from './msgpack.js'
import {
  checkName,
  EDITS_MAX,
  encodeOperation,
  EVENT_BYTES_MAX,
  Operation,
  type Change,
  type Edit,
} from './operation.js'
import type { Moment } from './moment.js'
import { Others } from './others.js'
import type { QueueLimits } from './pending.js'
import { platform, randomBytes } from './platform.js'
import type { Position } from './position.js'
import { Prediction, type PredictionOptions } from './prediction.js'
import type { Changes } from './replica.js'
import { Session, type Audience } from './session.js'
import type { SimulatedLink } from './simulated_link.js'
import { Traffic } from './traffic.js'
import { copyValue, equal, type Fields, type Value } from './value.js'
import { clockView, presenceView } from './views.js'
import { KEY_BYTES, type Durability, type Notice, type Saving } from './wire.js'

const QUEUE: QueueLimits = { operations: 1_000, bytes: 1_048_576 }
const USER_BYTES_MAX = 1_024
/** One operation of an undo step is at most this large, where its edits can be spread. */
const STEP_BYTES = 32_768

/**
 * Joins a room. Resolves when its whole state is here; tries again and again until then. Rejects
 * with a {@link TuttiError} once the server has said no for good, or with the signal's reason.
 *
 * ```js
 * const room = await join('ws://localhost:7777', 'lobby', { user: { name: 'Ada' } })
 * ```
 */
export async function join(url: string, name: string, options: JoinOptions = {}): Promise<Room> {
  options.signal?.throwIfAborted()
  return joined(new Room(roomAddress(url, name), options), options)
}

/** @internal The room, once its whole state is here. */
export async function joined(room: Room, { signal }: JoinOptions): Promise<Room> {
  const abort = () => room.leave()
  signal?.addEventListener('abort', abort)
  try {
    await room.ready
    return room
  } catch (error) {
    throw signal?.aborted ? signal.reason : error
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

const SURROUNDINGS: Surroundings = {
  now: () => performance.now(),
  random: Math.random,
  setTimer: (run, ms) => setTimeout(run, ms),
  clearTimer: (timer) => clearTimeout(timer as number),
}

/** A room that was joined; see {@link join}. State can be read at any time. */
export class Room extends Emitter<RoomEvents> {
  /** The other members and their presence. */
  readonly others: Others
  readonly presence: PresenceView
  readonly clock: ClockView
  readonly history: GestureHistory
  /** What this member gave as `user`. */
  readonly user: Value
  /** Its address, as in `ws://localhost:7777/v1/rooms/lobby`; of a replay, that of what it shows. */
  readonly url: string
  /**
   * What shows was recorded, in whole or in part: nobody but the player of a {@link Replay} writes
   * it, and changes are refused with `denied`. Presence is our own.
   */
  readonly isReplay: boolean
  /** @internal */
  readonly ready: Promise<void>

  readonly #session: Session
  readonly #connection: Connection
  readonly #document: Document
  readonly #history: History
  readonly #collections = new Map<string, Collection>()
  #settleReady!: { resolve: () => void; reject: (error: Error) => void }
  /** The operation that is being put together, and what it has made different so far. */
  #open: { operation: Operation; different: Map<string, RecordChange> } | null = null
  #pumpsSoon = false
  #unsaved = 0
  #saving: Saving = 'ok'

  /** @internal `replay`: where the replay of the room is, that is joined in its place. */
  constructor(url: string, options: JoinOptions, replay: (() => string) | null = null) {
    super()
    const { WebSocket = platform.WebSocket, key = randomBytes(KEY_BYTES) } = options
    if (WebSocket === undefined) throw new TuttiError('misuse', 'there is no WebSocket here')
    if (key.length !== KEY_BYTES) throw new TuttiError('misuse', `a key has ${KEY_BYTES} bytes`)
    this.url = url
    this.isReplay = replay !== null
    this.user = copyValue(options.user)
    if (new Writer().value(this.user).finish().length > USER_BYTES_MAX) {
      throw new TuttiError('limit', `user takes ${USER_BYTES_MAX} bytes at most`)
    }
    this.ready = new Promise((resolve, reject) => (this.#settleReady = { resolve, reject }))
    this.#session = new Session(
      {
        key,
        roomKind: options.kind ?? null,
        user: this.user,
        queue: { ...QUEUE, ...options.queue },
      },
      this.#audience(),
    )
    this.#document = new Document(this.#session.replica, this.#session.pending)
    this.#history = new History(this.#editor(), () => {
      this.tell('history', { canUndo: this.canUndo, canRedo: this.canRedo })
    })
    this.others = new Others(
      this.#document,
      this.#session.arrivals,
      SURROUNDINGS.now,
      this.isReplay,
    )
    this.presence = presenceView(this.#session, () => this.#pumpSoon())
    this.clock = clockView(this.#session, SURROUNDINGS.now)
    this.history = {
      begin: () => this.#history.begin(),
      end: () => this.#history.end(),
      cancel: () => this.#history.cancel(),
      grow: () => this.#history.grow(),
      add: (step) => this.#history.add(step),
      aside: (change) => this.#history.aside(change),
      leaveOut: (judge) => (this.#history.leavesOut = judge),
    }
    const onStatus = (status: RoomStatus) => {
      options.onStatus?.(status, this)
      this.#told(status)
    }
    const { keepSeat } = options
    this.#connection = new Connection(
      replay ?? (() => (options.record === false ? unrecordedAddress(url) : url)),
      WebSocket,
      this.#session,
      SURROUNDINGS,
      onStatus,
      keepSeat,
    )
    this.#connection.connect()
  }

  /** What it is doing: `connecting`, `live`, `offline` or `closed`. */
  get status(): RoomStatus['status'] {
    return this.#connection.status.status
  }

  /** {@link status} with the reason, the time of the next try and the error. */
  get condition(): RoomStatus {
    return this.#connection.status
  }

  /** Our own number in the room. Another one after we were away for longer than seats are kept. */
  get me(): number {
    return this.#session.welcome!.member
  }

  /** The rules of this room, as the server calls them. */
  get kind(): string {
    return this.#session.welcome!.roomKind
  }

  /** The moment that this room goes on from, of another one; null where it was made new. */
  get forkedFrom(): Moment | null {
    return this.#session.welcome!.forked
  }

  /** Whether what happens here is kept, to be watched again. */
  get isRecorded(): boolean {
    return this.#session.welcome!.recorded
  }

  /** Ticks per second. */
  get tickRate(): number {
    return this.#session.welcome!.tickRate
  }

  /** Frames per second, at most; presence goes out as often. */
  get frameRate(): number {
    return this.#session.welcome!.frameRate
  }

  /** The room's tick, as the newest frame tells it. */
  get tick(): number {
    return this.#session.tick
  }

  /**
   * What a saved change survives: `disk`: that the machine loses its power. `os`: that the server
   * crashes. `memory`: neither; there, saved means applied.
   */
  get durability(): Durability {
    return this.#session.welcome!.durability
  }

  /** Own changes that are not saved: on their way, or applied and not on the server's disk yet. */
  get unsaved(): number {
    return this.#session.pending.unsaved
  }

  /**
   * How the server's disk is, or was when we last heard of it. `interrupted`: the room goes on, and
   * nothing is saved. `paused`: nothing is applied either until the disk is well again.
   */
  get saving(): Saving {
    return this.#saving
  }

  /** Bytes that wait in the socket. */
  get bufferedAmount(): number {
    return this.#connection.bufferedAmount
  }

  /** What has been counted so far; a new object each time. */
  get stats(): Stats {
    return { ...this.#session.stats }
  }

  /**
   * The records under this name; the same object each time. Throws `malformed` where a name is
   * not 1 to 32 bytes, `misuse` for `presence`.
   */
  collection(name: string): Collection {
    let collection = this.#collections.get(name)
    if (collection === undefined) {
      checkName(name, 'a collection')
      if (name === 'presence') throw new TuttiError('misuse', 'presence is in room.others')
      this.#collections.set(name, (collection = new Collection(name, this.#records())))
    }
    return collection
  }

  /**
   * Makes all changes within `change` one operation, which applies whole or not at all, and one
   * step of undo. At most 64 changes, else it throws `limit`. Where `change` throws, nothing has
   * happened. A group within a group is part of it.
   *
   * ```js
   * room.group(() => { a.delete(id); b.put(id, fields) })
   * ```
   */
  group(change: () => void): Change {
    if (this.#open !== null) {
      change()
      return this.#open.operation
    }
    return this.#transact(new Operation(), change, true)
  }

  /**
   * Takes our newest step back, as far as nobody else has changed the same since. False where
   * there is nothing left to take back. Throws `misuse` within a group, `limit` where too much
   * waits already.
   */
  undo(): boolean {
    this.#checkMayFlip()
    return this.#history.undo()
  }

  /** Puts back what the last undo took; throws as {@link undo} does. */
  redo(): boolean {
    this.#checkMayFlip()
    return this.#history.redo()
  }

  /** Whether there is a step to take back, though others may have changed all of it since. */
  get canUndo(): boolean {
    return this.#history.canUndo
  }

  /** Whether there is a step to put back. */
  get canRedo(): boolean {
    return this.#history.canRedo
  }

  /**
   * Lets something happen once, for everyone or for one member. It comes back to us as an event
   * like to all, in its place among the others. Throws `limit` beyond 4,096 bytes.
   *
   * ```js
   * room.emit('chat', 'Hello!')
   * room.on('event', ({ name, from, value }) => …)
   * ```
   */
  emit(name: string, value: unknown = null, { to = 0 }: EmitOptions = {}): Change {
    checkName(name, 'an event')
    const copy = copyValue(value)
    if (new Writer().value(copy).finish().length > EVENT_BYTES_MAX) {
      throw new TuttiError('limit', `an event takes ${EVENT_BYTES_MAX} bytes at most`)
    }
    return this.#apply({ verb: 'emit', event: name, to, value: copy })
  }

  /** The newest events of this name that the room keeps, oldest first. */
  events(name: string): RoomEvent[] {
    const event = this.#session.replica.names.event(name)
    if (event === undefined) return []
    const happenings = this.#session.replica.happenings(event.number)
    return happenings.map(({ from, value }) => ({ name, from, value }))
  }

  /**
   * Plays our part: from here on the room gets an input of ours for each of its ticks. Throws
   * `denied` where it takes none, `misuse` where there are inputs already that were not stopped, or
   * `ticksPerMessage` is not 1 to 32. The first is read after this turn of the page's. What the room
   * refuses, as from one who may only watch, it tells by the event `notice`.
   */
  inputs<Input extends Value = number>(options: InputsOptions<Input>): Inputs<Input> {
    if (this.#session.welcome!.input === null) {
      throw new TuttiError('denied', `a room of the kind ${this.kind} takes no inputs`)
    }
    if (this.#session.plays) throw new TuttiError('misuse', 'there are inputs already')
    const pump = () => this.#connection.pump()
    const inputs = new Inputs<Input>(options, pump, () => this.#session.play(null))
    this.#session.play(inputs)
    this.#pumpSoon()
    return inputs
  }

  /**
   * Shows our own part of the state as our inputs will make it, ahead of the room's word. Throws
   * `misuse` where `halfLife` is not above 0.
   */
  predict<State, Input extends Value = number, Pose extends Position = Position>(
    options: PredictionOptions<State, Input, Pose>,
  ): Prediction<State, Input, Pose> {
    return new Prediction(options, {
      now: SURROUNDINGS.now,
      read: () => options.read(this),
      onFrame: (heard) => this.on('frame', heard),
    })
  }

  /** @internal The room's time as frames tell it, in milliseconds of ticks. */
  get arrivals(): Arrivals {
    return this.#session.arrivals
  }

  /** A bad line for trials: see {@link SimulatedLink}. */
  get link(): SimulatedLink {
    return this.#connection.link
  }

  /** Counts what bytes are spent on, from here on until it is stopped; one at a time. */
  traffic(): Traffic {
    const { names } = this.#session.replica
    const traffic = new Traffic(names, () => {
      if (this.#session.meter === traffic) this.#session.meter = null
    })
    this.#session.meter = traffic
    return traffic
  }

  /** @internal Whether the queue takes an operation of so many bytes, and half of it stays the page's. */
  hasRoomToSpare(bytes: number): boolean {
    return this.#session.pending.hasRoomToSpare(bytes)
  }

  /** Tries to connect now, where it waits for the time of the next try; else does nothing. */
  reconnect(): void {
    this.#connection.connect()
  }

  /** Gives the seat up. What waits is sent if it can be, and else rejected. */
  leave(): void {
    this.#connection.leave()
  }

  #apply(edit: Edit): Change {
    if (this.#open !== null) {
      this.#stage(edit, true)
      return this.#open.operation
    }
    return this.#join(edit) ?? this.#transact(new Operation(), () => this.#stage(edit, true), true)
  }

  /** An append to a list whose last change has not been sent goes with that change. */
  #join(edit: Edit): Change | undefined {
    if (edit.verb !== 'append' || edit.ifUnchanged !== undefined) return undefined
    const { pending, replica } = this.#session
    const operation = pending.writerOf(edit)
    if (operation === undefined) return undefined
    const alone = new Operation()
    alone.edits.push(edit)
    const bytes = encodeOperation(alone, replica.names).length
    if (operation.bytes + bytes > STEP_BYTES) return undefined
    pending.checkRoomFor(bytes, 0)
    this.#history.note(operation, edit, this.#document.get(edit.collection, edit.id))
    pending.join(operation, edit, bytes)
    this.#history.commit(operation)
    const change = this.#document.refresh(edit.collection, edit.id, true)
    if (change !== undefined) this.#show(change)
    return operation
  }

  /** Runs `body`, which stages edits, and sends them as one operation; or it has not happened. */
  #transact(operation: Operation, body: () => void, isNoted: boolean): Change {
    if (this.status === 'closed') throw new TuttiError('closed', 'the room is closed')
    const open = { operation, different: new Map<string, RecordChange>() }
    this.#open = open
    try {
      body()
      this.#weigh(operation, isNoted)
    } catch (error) {
      this.#takeBack(operation)
      throw error
    } finally {
      this.#open = null
    }
    if (operation.edits.length === 0) {
      operation.resolveDone()
      operation.resolveSaved()
      return operation
    }
    this.#session.pending.enqueue(operation)
    if (isNoted) this.#history.commit(operation)
    for (const change of open.different.values()) this.#show(change)
    this.#tellUnsaved()
    this.#pumpSoon()
    return operation
  }

  /** Adds an edit to the open operation; it shows from here on. */
  #stage(edit: Edit, isNoted: boolean): void {
    const { operation, different } = this.#open!
    if (operation.edits.length === EDITS_MAX) {
      throw new TuttiError('limit', `a group takes ${EDITS_MAX} changes at most`)
    }
    operation.edits.push(edit)
    if (edit.verb === 'emit') return
    const { collection, id } = edit
    if (isNoted) this.#history.note(operation, edit, this.#document.get(collection, id))
    this.#session.pending.cover(operation, edit)
    const change = this.#document.refresh(collection, id, true)
    if (change === undefined) return
    const key = `${collection}\n${id}`
    const before = different.has(key) ? different.get(key)!.before : change.before
    if (equal(before, change.record)) different.delete(key)
    else different.set(key, { ...change, before })
  }

  /** A step is taken back whole, however much that is: it was all here before. */
  #weigh(operation: Operation, isNew: boolean): void {
    const { pending, replica, operationBytesMax } = this.#session
    operation.bytes = encodeOperation(operation, replica.names).length
    if (operation.bytes > operationBytesMax) {
      throw new TuttiError('limit', `a change takes ${operationBytesMax} bytes at most`)
    }
    if (isNew) pending.checkRoomFor(operation.bytes)
  }

  #takeBack(operation: Operation): void {
    this.#session.pending.uncover(operation)
    for (const [collection, id] of recordsOf([operation])) {
      this.#document.refresh(collection, id, true)
    }
    this.#history.rollBack(operation)
  }

  #checkMayFlip(): void {
    if (this.#open !== null) throw new TuttiError('misuse', 'no undo in the middle of a group')
    this.#session.pending.checkRoomFor(0)
  }

  /** At the end of this turn of the page's, so that what it changes together goes together. */
  #pumpSoon(): void {
    if (this.#pumpsSoon) return
    this.#pumpsSoon = true
    queueMicrotask(() => {
      this.#pumpsSoon = false
      this.#connection.pump()
    })
  }

  #show({ collection, id, record, before, mine }: RecordChange): void {
    const listener = this.#collections.get(collection)
    if (listener === undefined) return
    const kind = before === undefined ? 'add' : record === undefined ? 'delete' : 'change'
    const change = { kind, id: id as string, record, before, mine } as const
    if (kind !== 'change') listener.tell(kind, change)
    listener.tell('change', change)
  }

  #changed(changes: Changes, released: readonly Operation[], saved: readonly Operation[]): void {
    const { welcome, tick, stats } = this.#session
    if (changes.everything) this.others.restart(welcome!.member)
    const different = this.#document.refreshTouched(changes, recordsOf(released))
    for (const change of different) this.#history.yield(change)
    for (const operation of released) {
      if (operation.outcome !== 'applied') this.#history.rollBack(operation)
    }
    // Not before: until then a crash may lose it, and the room refuse it at the second attempt.
    for (const operation of saved) this.#history.settle(operation)
    for (const change of different) {
      if (change.collection === 'presence') this.others.changed(change)
      else this.#show(change)
    }
    this.#tellEvents(changes)
    this.#tellOutcomes(released)
    this.#tellSaved(saved)
    this.tell('frame', { tick, bytes: stats.lastFrameBytes })
  }

  #tellEvents(changes: Changes): void {
    for (const { happening, history } of changes.happenings) {
      const name = this.#session.replica.names.event(happening.event)?.name
      if (name === undefined) continue
      this.tell('event', { name, from: happening.from, value: happening.value, history })
    }
  }

  #tellOutcomes(released: readonly Operation[]): void {
    for (const change of released) {
      if (change.outcome === 'applied') {
        change.resolveDone()
        continue
      }
      const error = refusal(change.outcome!)
      change.reject(error)
      if (change.outcome !== 'uncertain') this.tell('refused', { change, error })
    }
    const uncertain = released.filter(({ outcome }) => outcome === 'uncertain')
    if (uncertain.length > 0) this.tell('uncertain', uncertain)
  }

  #tellSaved(saved: readonly Operation[]): void {
    for (const operation of saved) operation.resolveSaved()
    if (saved.length > 0) {
      this.tell('saved', { tick: this.#session.durableTick, unsaved: this.unsaved })
    }
    this.#tellUnsaved()
  }

  #tellUnsaved(): void {
    const { unsaved } = this
    if (unsaved === this.#unsaved) return
    this.#unsaved = unsaved
    this.tell('unsaved', unsaved)
  }

  #tellSaving(): void {
    const { saving } = this.#session
    if (saving === this.#saving) return
    this.#saving = saving
    this.tell('saving', saving)
  }

  #told(status: RoomStatus): void {
    if (status.status === 'closed') {
      this.#settleReady.reject(status.error!)
      const { released, kept } = this.#session.pending.abandon()
      for (const [collection, id] of recordsOf(released)) {
        const change = this.#document.refresh(collection, id, false)
        if (change !== undefined) this.#show(change)
      }
      this.#tellOutcomes(released)
      for (const operation of kept) operation.reject(refusal('closed'))
      this.#tellUnsaved()
    }
    this.tell('status', status)
  }

  #audience(): Audience {
    return {
      changed: (changes, released, saved) => this.#changed(changes, released, saved),
      live: () => {
        this.#tellSaving()
        this.#connection.live()
        this.#settleReady.resolve()
      },
      noticed: ({ status, text }: Notice) => {
        this.tell('notice', { status: statusName(status), text })
      },
      savingTold: () => this.#tellSaving(),
      forgotten: () => this.#history.clear(),
    }
  }

  #editor(): Editor {
    return {
      get: (collection, id) => this.#document.get(collection, id),
      submit: (operation, edits) => {
        this.#transact(operation, () => edits.forEach((edit) => this.#stage(edit, false)), false)
      },
      fit: (edits) => {
        let bytes = 0
        for (const [count, edit] of edits.entries()) {
          const alone = new Operation()
          alone.edits.push(edit)
          bytes += encodeOperation(alone, this.#session.replica.names).length
          if (count === EDITS_MAX || (count > 0 && bytes > STEP_BYTES)) return count
        }
        return edits.length
      },
    }
  }

  #records(): Records {
    const { replica } = this.#session
    return {
      names: replica.names,
      arrivals: this.#session.arrivals,
      now: SURROUNDINGS.now,
      all: (collection) => this.#document.all(collection) as ReadonlyMap<string, Fields>,
      stamp: (collection) => {
        const definition = replica.names.collection(collection)?.definition
        return definition === undefined ? 0 : replica.place(definition.scope)
      },
      apply: (edit) => this.#apply(edit),
    }
  }
}

function recordsOf(operations: readonly Operation[]): (readonly [string, string])[] {
  return operations.flatMap(({ edits }) =>
    edits.flatMap((edit) => (edit.verb === 'emit' ? [] : [[edit.collection, edit.id] as const])),
  )
}
