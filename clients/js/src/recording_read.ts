/** The JSON of answers about recordings, as the types say it is; else a TuttiError `malformed`. */
import type { Authored, AuthorsTold } from './authors.js'
import { TuttiError } from './errors.js'
import type { Moment } from './moment.js'
import type { Fork, Gap, Recording, RecordedSession } from './recording.js'
import type { Value } from './value.js'

const GAPS: readonly Gap['kind'][] = ['dropped', 'hole', 'presence']

export function readRecording(json: unknown): Recording {
  const all = new Json(json)
  const activity = all.of('activity')
  return {
    kind: all.of('kind').text,
    hz: all.of('hz').countOrNull,
    incarnation: all.of('incarnation').count,
    ...readSpan(all),
    incarnations: all.of('incarnations').list.map((life) => {
      const [incarnation, first] = life.pair
      return { incarnation: incarnation.count, first: first.count }
    }),
    sessions: all.of('sessions').list.map(readSession),
    markers: all.of('markers').list.map((marker) => ({
      tick: marker.of('tick').count,
      incarnation: marker.of('incarnation').count,
      title: marker.of('title').text,
      colour: marker.of('colour').text,
      by: marker.of('by').text,
    })),
    gaps: all.of('gaps').list.map((gap) => ({
      from: gap.of('from').count,
      to: gap.of('to').count,
      kind: gap.of('kind').oneOf(GAPS),
    })),
    activity: {
      ticks: activity.of('ticks').count,
      operations: activity.of('operations').list.map(({ count }) => count),
      presence: activity.of('presence').list.map(({ count }) => count),
    },
    people: all.of('people').list.map((person) => ({
      member: person.of('member').count,
      user: person.of('user').any,
      spans: person.of('spans').list.map((span) => {
        const [from, to] = span.pair
        return [from.count, to.countOrNull] as const
      }),
    })),
  }
}

export function readAuthors(json: unknown): AuthorsTold {
  const all = new Json(json)
  const collections = all.of('collections').list.map(({ text }) => text)
  const nameOf = (index: Json) => collections[index.count] ?? index.missing
  const records = new Map<string, Map<string, Authored>>()
  for (const row of all.of('records').list) {
    const [collection, id, member, fields] = row.row(3)
    placed(records, nameOf(collection!), id!.text, {
      member: member!.count,
      fields: new Map(fields?.entries.map(([field, by]) => [field, by.count])),
    })
  }
  const removed = new Map<string, Map<string, number>>()
  for (const row of all.of('removed').list) {
    const [collection, id, member] = row.row(3)
    placed(removed, nameOf(collection!), id!.text, member!.count)
  }
  return {
    tick: all.of('tick').count,
    incarnation: all.of('incarnation').count,
    stamp: all.of('stamp').count,
    records,
    removed,
  }
}

function placed<T>(
  all: Map<string, Map<string, T>>,
  collection: string,
  id: string,
  value: T,
): void {
  const ids = all.get(collection)
  if (ids === undefined) all.set(collection, new Map([[id, value]]))
  else ids.set(id, value)
}

export function readFork(json: unknown): Fork {
  const fork = new Json(json)
  const from = fork.of('from')
  return {
    room: fork.of('room').text,
    from: {
      room: from.of('room').text,
      tick: from.of('tick').count,
      incarnation: from.of('incarnation').count,
    },
  }
}

export function readMarked(room: string, json: unknown): Moment {
  const marked = new Json(json)
  return { room, tick: marked.of('tick').count, incarnation: marked.of('incarnation').count }
}

function readSession(session: Json): RecordedSession {
  return {
    id: session.of('id').text,
    incarnation: session.of('incarnation').count,
    ...readSpan(session),
    title: session.of('title').text,
    pinned: session.of('pinned').bool,
    bytes: session.of('bytes').count,
  }
}

function readSpan(json: Json): Pick<Recording, 'first' | 'last' | 'began' | 'ended'> {
  return {
    first: json.of('first').count,
    last: json.of('last').count,
    began: json.of('began_ms').date,
    ended: json.of('ended_ms').date,
  }
}

/** A part of a document, and where it is, for whoever has to mend it. */
class Json {
  readonly #value: unknown
  readonly #place: string

  constructor(value: unknown, place = '') {
    this.#value = value
    this.#place = place
  }

  of(name: string): Json {
    const value = this.#value
    const isMap = typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    if (!isMap) throw this.#fault(`has no ${name}`)
    return new Json((value as { [name: string]: unknown })[name], `${this.#place}/${name}`)
  }

  get list(): Json[] {
    if (!Array.isArray(this.#value)) throw this.#fault('is no list')
    return this.#value.map((item, i) => new Json(item, `${this.#place}/${i}`))
  }

  get pair(): [Json, Json] {
    const [a, b] = this.list
    if (a === undefined || b === undefined) throw this.#fault('is no pair')
    return [a, b]
  }

  /** Of so many at least. */
  row(length: number): Json[] {
    const { list } = this
    if (list.length < length) throw this.#fault(`has less than ${length} parts`)
    return list
  }

  get entries(): [string, Json][] {
    const value = this.#value
    if (typeof value !== 'object' || value === null) throw this.#fault('is no map')
    return Object.entries(value).map(([key, item]) => [
      key,
      new Json(item, `${this.#place}/${key}`),
    ])
  }

  get missing(): never {
    throw this.#fault('names what is not there')
  }

  get count(): number {
    const value = this.#value
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw this.#fault('is no count')
    return value as number
  }

  get countOrNull(): number | null {
    return this.#value === null ? null : this.count
  }

  get text(): string {
    if (typeof this.#value !== 'string') throw this.#fault('is no text')
    return this.#value
  }

  get bool(): boolean {
    if (typeof this.#value !== 'boolean') throw this.#fault('is neither true nor false')
    return this.#value
  }

  /** Milliseconds since 1970; 0 where nobody knows. */
  get date(): Date | null {
    return this.count === 0 ? null : new Date(this.count)
  }

  oneOf<T extends string>(choices: readonly T[]): T {
    const found = choices.find((choice) => choice === this.#value)
    if (found === undefined) throw this.#fault('is none of those that there are')
    return found
  }

  get any(): Value {
    return this.#value as Value
  }

  #fault(what: string): TuttiError {
    return new TuttiError(
      'malformed',
      `in what the server told of a recording, ${this.#place || 'all of it'} ${what}`,
    )
  }
}
