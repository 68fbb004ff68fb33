export { join, Room } from './room.js'
export type {
  ClockView,
  EmitOptions,
  GestureHistory,
  GrowingStep,
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
export type { Other, OtherChange, OthersEvents } from './others.js'
export { Motion } from './motion.js'
export type { FieldMotion, InterpolationOptions, MovingFields } from './motion.js'
export type { Position, Turns } from './position.js'
export { Inputs } from './inputs.js'
export type { InputsOptions } from './inputs.js'
export { Prediction } from './prediction.js'
export type { Authority, Correction, Corrections, PredictionOptions } from './prediction.js'
export { SimulatedLink } from './simulated_link.js'
export type { LinkConditions } from './simulated_link.js'
export { Traffic } from './traffic.js'
export type { Spending } from './traffic.js'
export { Replay, replay, SPEED_MAX, SPEED_MIN } from './replay.js'
export type { Loop, ReplayEvents, ReplayOptions } from './replay.js'
export { Ghost, ghost } from './ghost.js'
export type { GhostOptions } from './ghost.js'
export {
  addMarker,
  editSession,
  fork,
  recording,
  removeMarker,
  removeSession,
  tickAt,
} from './recording.js'
export type {
  Activity,
  Fork,
  ForkInput,
  Gap,
  Marker,
  MarkerInput,
  RecordedPerson,
  RecordedSession,
  Recording,
  RequestOptions,
} from './recording.js'
export { momentLink, MOMENT_TITLE_MAX, parseMoment } from './moment.js'
export type { Moment } from './moment.js'
export { planRestore, restore, RestorePlan } from './restore.js'
export type { ApplyOptions, PlannedChange, RestoreOptions, Shown } from './restore.js'
export { Restoration } from './restoration.js'
export type { RefusedChange, RestorationOptions, RestoreOutcome } from './restoration.js'
export { Authors, authors } from './authors.js'
export type { Asked, AuthorsOptions, Person } from './authors.js'
export { Emitter } from './emitter.js'
export { TuttiError } from './errors.js'
export type { Status } from './errors.js'
export type { RoomStatus, WebSocketConstructor, WebSocketLike } from './connection.js'
export type { FieldDefinition } from './names.js'
export type { Change, ChangeState, Edit, EventEdit, RecordEdit } from './operation.js'
export type { QueueLimits } from './pending.js'
export type { Fields, Value } from './value.js'
export type { Durability, Saving } from './wire.js'
