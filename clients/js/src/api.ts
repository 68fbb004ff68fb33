/** What pages hand to a room and get from it: options, events, views of its parts. */
import type { FieldsInput } from './collection.js'
import type { RoomStatus, WebSocketConstructor } from './connection.js'
import type { Status, TuttiError } from './errors.js'
import type { FieldDefinition } from './names.js'
import type { Change } from './operation.js'
import type { QueueLimits } from './pending.js'
import type { Room } from './room.js'
import type { Fields, Value } from './value.js'
import type { Saving } from './wire.js'

export interface JoinOptions {
  /** The rules of the room: `open`, `cursors`, … Left out, whatever the room has, or `open`. */
  readonly kind?: string
  /** Shown to the others as `user`; at most 1,024 bytes encoded. */
  readonly user?: unknown
  /**
   * 16 secret random bytes that name this client for ever. Keep them, in `sessionStorage` say,
   * and a page that is loaded again comes back as the member that it was. Left out: new ones.
   */
  readonly key?: Uint8Array
  /**
   * A page that goes away gives its seat up, but with this: then it is away, as with a broken
   * connection, and whoever comes back with its `key` within the room's grace is that member still.
   */
  readonly keepSeat?: boolean
  /** False: where this makes the room, nothing of its past is kept but what brings it back. */
  readonly record?: boolean
  /** Ends the attempt; a room that was joined is left with `leave`. */
  readonly signal?: AbortSignal
  /**
   * Told from the first attempt on. The room that comes with it may be one that is not joined yet:
   * it can be listened to, left, and told to `reconnect`.
   */
  readonly onStatus?: (status: RoomStatus, room: Room) => void
  /**
   * How many changes may wait for the server's word. Default: 1,000 of them, 1 MiB on the wire.
   * Beside them, 2,048 and 1 MiB are kept until they are saved.
   */
  readonly queue?: Partial<QueueLimits>
  /** Another WebSocket than the platform's. */
  readonly WebSocket?: WebSocketConstructor
}

/** Something that happened once, in a room. */
export interface RoomEvent {
  readonly name: string
  /** The member's number, 0 for the server itself. */
  readonly from: number
  readonly value: Value
}

export interface RoomEvents {
  /** What the room is doing, and why. */
  status: RoomStatus
  /**
   * Someone emitted something, perhaps ourselves. `history`: it is told again, because all that
   * the room remembers was loaded anew; `room.events(name)` has them all.
   */
  event: RoomEvent & { readonly history: boolean }
  /** Changes of ours are safe, as is all up to the end of `tick`; `unsaved` others are not. */
  saved: { readonly tick: number; readonly unsaved: number }
  /** As many changes of ours are not safe now: see `room.unsaved`. */
  unsaved: number
  /** The server's disk is well again, or not: see `room.saving`. */
  saving: Saving
  /**
   * The room refused a change of ours, and it shows no longer. It may be one that was applied: a
   * server that crashed before it was saved gets it again, and may find that it fits no longer.
   */
  refused: { readonly change: Change; readonly error: TuttiError }
  /** These may or may not have been applied; what shows now is what the room has. */
  uncertain: readonly Change[]
  /** The server has something to say to the person. */
  notice: { readonly status: Status; readonly text: string }
  /** There is something else to undo or redo. */
  history: { readonly canUndo: boolean; readonly canRedo: boolean }
  /** A frame has come and shows. */
  frame: { readonly tick: number; readonly bytes: number }
}

export interface EmitOptions {
  /** A member's number; left out, everyone. */
  readonly to?: number
}

/** Our own presence: what the others see of us in `others`. */
export interface PresenceView {
  /**
   * Sets some fields; `null` unsets. Shows in {@link get} at once and goes out with the room's
   * frame rate, the newest values only. Throws a {@link TuttiError} `type` or `range` where a
   * value does not fit its field.
   */
  set(fields: FieldsInput): void
  /** What was set, as the room will hold it. */
  get(): Fields
  /** How the room declares a field, with its range; undefined where it takes any value. */
  field(name: string): FieldDefinition | undefined
}

/** The server's time. */
export interface ClockView {
  /** Milliseconds since 1970 by the server's clock, as well as is known. Never goes back. */
  now(): number
  /** The last round trip in milliseconds; null before the first. */
  readonly rtt: number | null
  /** By how many milliseconds late frames come later than the quickest ones of late. */
  readonly jitter: number
  /** What to add to `Date.now()`. */
  readonly offset: number
}

/** A step of undo that takes itself back. Neither function may throw. */
export interface UndoStep {
  /** Takes back what is still ours of it; false where there is nothing left to take back. */
  readonly undo: () => boolean
  readonly redo: () => boolean
}

/** A step of undo that is not complete before it is taken back. */
export interface GrowingStep {
  /**
   * Changes within `change` are part of the step, whatever else was changed, or undone, since it was
   * begun. Throws `misuse` where it is over.
   */
  within<Result>(change: () => Result): Result
  /** It was taken back: there is nothing more to be done in it. */
  readonly isOver: boolean
}

/** What is one step of undo, beyond one change or one group. */
export interface GestureHistory {
  /** From here on, all changes are one step. Does nothing within a gesture. */
  begin(): void
  /** The step is complete. So it is with an undo. */
  end(): void
  /** Takes back what was changed since `begin`, as far as it is still ours; no step is left of it. */
  cancel(): void
  /** Begins a step that takes its time: it is there with its first change, gesture or not. */
  grow(): GrowingStep
  /**
   * Adds a step that takes itself back, such as the typing in a text that merges by itself; part
   * of the gesture, where there is one. What it changes when asked to is no step again.
   */
  add(step: UndoStep): void
  /** Changes within `change` are no step. Gives what `change` gives. */
  aside<Result>(change: () => Result): Result
  /**
   * Undo and redo leave fields as they are of which `judge` says so, looking at the record as it
   * shows: the room would refuse to change them, and with them everything in the same operation.
   */
  leaveOut(judge: (collection: string, record: Fields, field: string) => boolean): void
}

/** Counted since the room was joined; bytes are those of messages, without WebSocket framing. */
export interface Stats {
  readonly messagesIn: number
  readonly bytesIn: number
  readonly messagesOut: number
  readonly bytesOut: number
  readonly framesIn: number
  readonly lastFrameBytes: number
}
