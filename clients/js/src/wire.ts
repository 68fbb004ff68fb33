/**
 * The messages of tutti.v1, both ways, and nothing about what they mean for a room. Whatever a
 * server sends comes out as one of the types below or as a TuttiError `malformed`.
 */
import { Elements, MESSAGE_BYTES_MAX } from './elements.js'
import { decode, malformed, Writer } from './msgpack.js'
import { MERGES, TYPES, type Definition, type FieldDefinition } from './names.js'
import type { Value } from './value.js'

export const SUBPROTOCOL = 'tutti.v1'
export const VERSION = 1
export const KEY_BYTES = 16
export { MESSAGE_BYTES_MAX }

export type Id = string | number

/** What it takes to lose what is saved: the end of the server, of its machine, of the disk. */
export type Durability = (typeof DURABILITIES)[number]
const DURABILITIES = ['memory', 'os', 'disk'] as const

/** How the server's disk is. */
export type Saving = (typeof SAVINGS)[number]
const SAVINGS = ['ok', 'interrupted', 'paused'] as const

export type Run =
  | { form: 'delete'; slots: number[] }
  | {
      form: 'put'
      collection: number
      fields: readonly number[]
      rows: { slot: number; id: Id; values: Value[] }[]
    }
  | {
      form: 'set' | 'moved'
      collection: number
      fields: readonly number[]
      rows: { slot: number; values: Value[] }[]
    }
  | {
      form: 'append'
      collection: number
      field: number
      slot: number
      start: number
      items: Value[]
    }
  | { form: 'event'; event: number; from: number; value: Value }

export interface Section {
  readonly scope: number
  readonly more: boolean
  readonly restart: boolean
  readonly lost: boolean
  readonly advance: number
  readonly definitions: readonly Definition[]
  readonly runs: readonly Run[]
}

export interface Refusal {
  readonly number: number
  readonly status: number
}

export interface News {
  readonly decided: number
  /** By how many ticks the durable tick moved. */
  readonly durable: number
  /** `number`: how many operations before the newest decided one. */
  readonly refusals: readonly Refusal[]
}

/** What became of our inputs since the frame before that told. */
export interface InputsTold {
  /** The least number of ticks that one of those that arrived had left to wait; null for none. */
  readonly margin: number | null
  /** Ticks for which there was none. */
  readonly missed: number
}

/** What inputs the room takes. */
export interface InputRules {
  readonly definition: FieldDefinition
  /** For how many ticks one stays in force where the next is missing. */
  readonly hold: number
  /** How many ticks ahead of the room's own one may be. */
  readonly ahead: number
}

export interface Limits {
  readonly messageBytes: number
  readonly messagesPerSecond: number
  readonly messageBurst: number
  readonly bytesPerSecond: number
  readonly byteBurst: number
  readonly operationsInFlight: number
  readonly recordBytes: number
}

export interface Frame {
  readonly kind: 'frame'
  readonly ticks: number
  readonly news: News | null
  readonly inputs: InputsTold | null
  readonly sections: readonly Section[]
}

export interface Welcome {
  readonly kind: 'welcome'
  readonly member: number
  readonly incarnation: number
  readonly tick: number
  readonly tickRate: number
  readonly frameRate: number
  readonly roomKind: string
  readonly sequence: number
  readonly keyKnown: boolean
  readonly seatKept: boolean
  readonly scopesKept: readonly number[]
  readonly durability: Durability
  readonly limits: Limits
  /** `number`: the sequence. */
  readonly refusals: readonly Refusal[]
  /** By how many ticks the durable tick is behind. */
  readonly unsaved: number
  /** Null where it takes no inputs, or none that we know. */
  readonly input: InputRules | null
  /** What a fork goes on from; null where the room was made new. */
  readonly forked: {
    readonly room: string
    readonly incarnation: number
    readonly tick: number
  } | null
  /** What happens in the room is kept, to be watched again. */
  readonly recorded: boolean
}

export interface ClockAnswer {
  readonly kind: 'clock'
  readonly echo: number
  /** Milliseconds since 1970. */
  readonly wall: number
  readonly tick: number
}

export interface Notice {
  readonly kind: 'notice'
  readonly status: number
  readonly text: string
}

export interface SavingMessage {
  readonly kind: 'saving'
  readonly state: Saving
}

export type ServerMessage = Frame | Welcome | ClockAnswer | Notice | SavingMessage

export function decodeServerMessage(bytes: Uint8Array): ServerMessage {
  if (bytes.length > MESSAGE_BYTES_MAX) throw malformed('too large')
  const message = decode(bytes)
  if (!Array.isArray(message)) throw malformed('no array')
  const elements = new Elements(message)
  switch (elements.count()) {
    case 0:
      return readFrame(elements, false)
    case 1:
      return readFrame(elements, true)
    case 2:
      return readWelcome(elements)
    case 3:
      return readClock(elements)
    case 4:
      return readNotice(elements)
    case 5:
      return readSaving(elements)
    case 6:
      return readFrameWithInputs(elements)
    default:
      throw malformed('an unknown kind')
  }
}

function readFrame(elements: Elements, hasNews: boolean): Frame {
  return {
    kind: 'frame',
    ticks: elements.count(),
    inputs: null,
    news: hasNews ? readNews(elements.array()) : null,
    sections: elements.rest((rest) => readSection(rest.array())),
  }
}

function readFrameWithInputs(elements: Elements): Frame {
  return {
    kind: 'frame',
    ticks: elements.count(),
    inputs: { margin: elements.orNil(() => elements.integer()), missed: elements.count() },
    news: elements.orNil(() => readNews(elements.array())),
    sections: elements.rest((rest) => readSection(rest.array())),
  }
}

function readNews(elements: Elements): News {
  return {
    decided: elements.count(),
    durable: elements.count(),
    refusals: elements.rest(readRefusal),
  }
}

function readRefusal(elements: Elements): Refusal {
  return { number: elements.count(), status: elements.count() }
}

function readWelcome(elements: Elements): Welcome {
  return {
    kind: 'welcome',
    member: elements.count(),
    incarnation: elements.count(),
    tick: elements.count(),
    tickRate: elements.count(),
    frameRate: elements.count(),
    roomKind: elements.string(),
    sequence: elements.count(),
    keyKnown: elements.bool(),
    seatKept: elements.bool(),
    scopesKept: elements.array().rest((rest) => rest.count()),
    durability: elements.choice(DURABILITIES),
    limits: readLimits(elements.array()),
    refusals: elements.array().rest(readRefusal),
    unsaved: elements.more ? elements.count() : 0,
    input: elements.more ? elements.orNil(() => readInputRules(elements.array())) : null,
    forked: elements.more ? elements.orNil(() => readForked(elements.array())) : null,
    recorded: elements.more ? elements.bool() : false,
  }
}

function readForked(elements: Elements): Welcome['forked'] {
  return { room: elements.string(), incarnation: elements.count(), tick: elements.count() }
}

/** Null as well where they are of a type that a later version brought: we have none to send. */
function readInputRules(elements: Elements): InputRules | null {
  const type = TYPES[elements.count()]
  const minimum = elements.integer()
  const maximum = elements.integer()
  const steps = Math.max(1, elements.count())
  const hold = elements.count()
  const ahead = elements.count()
  if (type === undefined) return null
  const ranges = { minimum, maximum, steps }
  const names = { collection: 0, number: 0, name: 'input' }
  return { definition: { what: 'field', ...names, type, merge: 'set', ...ranges }, hold, ahead }
}

function readLimits(elements: Elements): Limits {
  return {
    messageBytes: elements.count(),
    messagesPerSecond: elements.count(),
    messageBurst: elements.count(),
    bytesPerSecond: elements.count(),
    byteBurst: elements.count(),
    operationsInFlight: elements.count(),
    recordBytes: elements.count(),
  }
}

function readClock(elements: Elements): ClockAnswer {
  const answer = {
    kind: 'clock' as const,
    echo: elements.count(),
    wall: elements.count(),
    tick: elements.count(),
  }
  elements.end()
  return answer
}

function readNotice(elements: Elements): Notice {
  const notice = { kind: 'notice' as const, status: elements.count(), text: elements.string() }
  elements.end()
  return notice
}

function readSaving(elements: Elements): SavingMessage {
  const saving = { kind: 'saving' as const, state: elements.choice(SAVINGS) }
  elements.end()
  return saving
}

const MORE = 1
const RESTART = 2
const LOST = 4

/** How many scopes there are: names, everyone, presence, mine, and four roles. */
const SCOPES = 8

function readSection(elements: Elements): Section {
  const head = elements.count()
  const scope = Math.floor(head / 8)
  const flags = head % 8
  if (scope >= SCOPES) throw malformed('an unknown scope')
  const lost = (flags & LOST) !== 0
  const advance = lost ? 0 : elements.count()
  const content = elements.inflated()
  const section = {
    scope,
    more: (flags & MORE) !== 0,
    restart: (flags & RESTART) !== 0,
    lost,
    advance,
    definitions: scope === 0 ? content.rest((rest) => readDefinition(rest.array())) : [],
    runs: scope !== 0 ? content.rest(readRun) : [],
  }
  if (lost && (section.runs.length > 0 || scope === 0 || flags !== LOST)) {
    throw malformed('a lost scope with more to it')
  }
  if (scope === 0 && section.definitions.length !== section.advance) {
    throw malformed('a place that is not the number of definitions')
  }
  return section
}

function readDefinition(elements: Elements): Definition {
  switch (elements.count()) {
    case 0:
      return {
        what: 'collection',
        number: elements.count(),
        name: readName(elements),
        ofMembers: elements.choice([false, true]),
        scope: elements.count(),
      }
    case 1:
      return {
        what: 'field',
        collection: elements.count(),
        number: elements.choice(FIELD_NUMBERS),
        name: readName(elements),
        type: elements.choice(TYPES),
        merge: elements.choice(MERGES),
        minimum: elements.integer(),
        maximum: elements.integer(),
        steps: Math.max(1, elements.count()),
      }
    case 2:
      return {
        what: 'event',
        number: elements.count(),
        name: readName(elements),
        kept: elements.count(),
      }
    default:
      throw malformed('an unknown definition')
  }
}

const NAME_BYTES_MAX = 32
const encoder = new TextEncoder()

function readName(elements: Elements): string {
  const name = elements.string()
  const bytes = encoder.encode(name).length
  if (bytes < 1 || bytes > NAME_BYTES_MAX) throw malformed('a name of no such length')
  return name
}

function readRun(elements: Elements): Run {
  const head = elements.count()
  const collection = Math.floor(head / 8)
  switch (head % 8) {
    case 0:
      if (collection !== 0) throw malformed('a delete of one collection')
      return { form: 'delete', slots: readGaps(elements) }
    case 1:
      return readPut(elements, collection)
    case 2:
      return readChange(elements, collection, 'set', readGaps)
    case 3:
      return readChange(elements, collection, 'set', readBitmap)
    case 4:
      return readChange(elements, collection, 'moved', readGaps)
    case 5:
      return readChange(elements, collection, 'moved', readBitmap)
    case 6:
      return readAppend(elements, collection)
    default:
      return { form: 'event', event: collection, from: elements.count(), value: elements.value() }
  }
}

function readPut(elements: Elements, collection: number): Run {
  const fields = readMask(elements)
  const count = elements.count()
  const rows: { slot: number; id: Id; values: Value[] }[] = []
  for (let i = 0; i < count; i++) {
    const slot = elements.count()
    const id = readId(elements)
    rows.push({ slot, id, values: elements.values(fields.length) })
  }
  return { form: 'put', collection, fields, rows }
}

/** A member's number, or 1 to 24 printable bytes of ASCII. */
function readId(elements: Elements): Id {
  const id = elements.value()
  const fits = typeof id === 'string' ? /^[!-~]{1,24}$/.test(id) : Number.isInteger(id)
  if (!fits) throw malformed('an id is missing')
  return id as Id
}

function readChange(
  elements: Elements,
  collection: number,
  form: 'set' | 'moved',
  readSlots: (elements: Elements) => number[],
): Run {
  const fields = readMask(elements)
  const rows = readSlots(elements).map((slot) => ({
    slot,
    values: elements.values(fields.length),
  }))
  return { form, collection, fields, rows }
}

function readAppend(elements: Elements, collection: number): Run {
  return {
    form: 'append',
    collection,
    field: elements.choice(FIELD_NUMBERS),
    slot: elements.count(),
    start: elements.count(),
    items: elements.values(elements.count()),
  }
}

function readGaps(elements: Elements): number[] {
  const count = elements.count()
  const slots: number[] = []
  for (let i = 0, next = 0; i < count; i++) {
    const slot = next + elements.count()
    slots.push(slot)
    next = slot + 1
  }
  return slots
}

function readBitmap(elements: Elements): number[] {
  const first = elements.count()
  const bitmap = elements.binary()
  const slots: number[] = []
  bitmap.forEach((byte, i) => {
    for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) slots.push(first + 8 * i + bit)
  })
  return slots
}

const FIELD_NUMBERS: readonly number[] = Array.from({ length: 32 }, (_, i) => i)

/** The field numbers of a mask, lowest first. */
function readMask(elements: Elements): number[] {
  const mask = elements.count()
  if (mask >= 2 ** 32) throw malformed('a mask of more than 32 fields')
  return FIELD_NUMBERS.filter((i) => (mask & (1 << i)) !== 0)
}

export function unzigzag(n: number): number {
  return n % 2 === 0 ? n / 2 : -(n + 1) / 2
}

export function zigzag(n: number): number {
  return n < 0 ? -2 * n - 1 : 2 * n
}

export interface Hello {
  readonly key: Uint8Array
  readonly roomKind: string | null
  readonly user: Value
  readonly sequence: number
  readonly decided: number
  readonly incarnation: number
  /** scope, place, scope, place, … */
  readonly places: readonly number[]
}

/** We can inflate sections. */
const ACCEPTS_DEFLATED = 1

export function encodeHello(hello: Hello): Uint8Array {
  return new Writer()
    .array(10)
    .value(0)
    .value(VERSION)
    .binary(hello.key)
    .value(hello.roomKind)
    .value(hello.user)
    .value(hello.sequence)
    .value(hello.decided)
    .value(hello.incarnation)
    .value([...hello.places])
    .value(ACCEPTS_DEFLATED)
    .finish()
}

/** `operations`: each encoded already. */
export function encodeOperations(operations: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer().array(1 + operations.length).value(1)
  for (const operation of operations) writer.raw(operation)
  return writer.finish()
}

export function encodePresence(fields: readonly (readonly [number | string, Value])[]): Uint8Array {
  const writer = new Writer().array(1 + 2 * fields.length).value(2)
  for (const [field, value] of fields) writer.value(field).value(value)
  return writer.finish()
}

/** The highest mask that still makes a kind of one byte. */
export const MOVED_MASK_MAX = 111

export function encodePresenceMoved(mask: number, differences: readonly number[]): Uint8Array {
  const writer = new Writer().array(1 + differences.length).value(16 + mask)
  for (const difference of differences) writer.value(zigzag(difference))
  return writer.finish()
}

export function encodeClock(echo: number): Uint8Array {
  return new Writer().value([3, echo]).finish()
}

export const INPUTS_MESSAGE_MAX = 32

/** For consecutive ticks. `gap`: how many are left out before the first. */
export function encodeInputs(gap: number, inputs: readonly Value[]): Uint8Array {
  const writer = new Writer()
    .array(2 + inputs.length)
    .value(5)
    .value(gap)
  for (const input of inputs) writer.value(input)
  return writer.finish()
}

export function encodeLeave(): Uint8Array {
  return new Writer().value([4]).finish()
}
