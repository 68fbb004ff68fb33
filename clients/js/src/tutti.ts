export { join, Room } from './room.js'
export type {
  ClockView,
  EmitOptions,
  GestureHistory,
  JoinOptions,
  PresenceView,
  RoomEvent,
  RoomEvents,
  Stats,
  UndoStep,
} from './api.js'
export { Collection } from './collection.js'
export type { CollectionChange, CollectionEvents, EditOptions, FieldsInput } from './collection.js'
export { Others } from './others.js'
export type { InterpolationOptions, Other, OtherChange, OthersEvents } from './others.js'
export { Emitter } from './emitter.js'
export { TuttiError } from './errors.js'
export type { Status } from './errors.js'
export type { RoomStatus, WebSocketConstructor, WebSocketLike } from './connection.js'
export type { FieldDefinition } from './names.js'
export type { Change, ChangeState, Edit, EventEdit, RecordEdit } from './operation.js'
export type { QueueLimits } from './pending.js'
export type { Fields, Value } from './value.js'
export type { Durability, Saving } from './wire.js'
