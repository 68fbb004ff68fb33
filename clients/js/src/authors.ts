/** Who did what in a room: who made each record, changed each field last, and removed what is gone. */
import { TuttiError } from './errors.js'
import { momentNumbers, type Moment } from './moment.js'
import { ask, type RecordedPerson, type RequestOptions } from './recording.js'
import { readAuthors, readRecording } from './recording_read.js'
import type { Room } from './room.js'
import { equal, type Value } from './value.js'

export interface AuthorsOptions extends RequestOptions {
  /**
   * What of a `user` tells people apart, its `name` say: who joins again is another member, and the
   * same person. Left out, all of it. Whoever has no user, and whose identity is null, is a person alone.
   */
  readonly identity?: (user: any) => unknown
}

/** Somebody, under every number that the room has given it. */
export interface Person {
  readonly members: readonly number[]
  /** As it was given last; null where nobody knows. */
  readonly user: Value
}

/** What a room answers. Collection → id → what there is to say. */
export interface AuthorsTold {
  readonly tick: number
  readonly incarnation: number
  readonly stamp: number
  readonly records: ReadonlyMap<string, ReadonlyMap<string, Authored>>
  readonly removed: ReadonlyMap<string, ReadonlyMap<string, number>>
}

export interface Authored {
  /** Who made it. */
  readonly member: number
  /** Who changed which field last, where that was somebody else. */
  readonly fields: ReadonlyMap<string, number>
}

/** What can be asked: a live room, or a replay of one. */
export type Asked = Room | { readonly room: Room; readonly moment: Moment }

/**
 * Who has done what, up to now, or up to the moment that a replay shows. Rejects as `recording` does.
 *
 * ```js
 * const was = await authors(then)
 * const now = await authors(room, { identity: (user) => user.name })
 * for (const { user, members } of now.people) offer(user.name, members)
 * ```
 */
export async function authors(of: Asked, options: AuthorsOptions = {}): Promise<Authors> {
  const [room, moment] = 'moment' in of ? [of.room, of.moment] : [of, null]
  if (moment === null && room.isReplay) {
    throw new TuttiError('misuse', 'of a replay, its moment says what is meant')
  }
  const path = moment === null ? '/authors' : `/authors/${momentNumbers(moment)}`
  const [told, people] = await Promise.all([
    ask('GET', room.url, path, undefined, options).then(readAuthors),
    Promise.all(addressesOf(room).map((address) => recordedPeople(address, options))),
  ])
  return new Authors(told, [...people.flat(), ...peopleHere(room)], options.identity)
}

/** Those who were in the room, behind those whose work it began with: their numbers are none of its own. */
function addressesOf({ url, forkedFrom }: Room): string[] {
  return forkedFrom === null ? [url] : [new URL(forkedFrom.room, url).href, url]
}

/** Those that the recording knows; none where there is none. */
async function recordedPeople(address: string, options: RequestOptions): Promise<Named[]> {
  try {
    const answer = await ask('GET', address, '/recording', undefined, options)
    return readRecording(answer).people.map(({ member, user }) => ({ member, user }))
  } catch (error) {
    if (error instanceof TuttiError && error.status === 'not found') return []
    throw error
  }
}

/** Who came so lately that the recording may not tell of it. */
function peopleHere(room: Room): Named[] {
  if (room.isReplay) return []
  const others = [...room.others].map(({ id, user }) => ({ member: id, user: user ?? null }))
  return [...others, { member: room.me, user: room.user }]
}

type Named = Pick<RecordedPerson, 'member' | 'user'>

/** See {@link authors}. Members are numbers; 0 is the room's rules. */
export class Authors {
  /** Up to which moment. */
  readonly tick: number
  readonly incarnation: number
  /** @internal What is done later has a higher one. */
  readonly stamp: number
  /** Those whose work is to be found in the room, or who have removed some of it. */
  readonly people: readonly Person[]
  readonly #told: AuthorsTold

  /** @internal */
  constructor(
    told: AuthorsTold,
    named: readonly Named[],
    identity: AuthorsOptions['identity'] = (user) => user,
  ) {
    this.tick = told.tick
    this.incarnation = told.incarnation
    this.stamp = told.stamp
    this.#told = told
    this.people = grouped(this.#active(), named, identity)
  }

  /** Who made a record; undefined where there was none. */
  maker(collection: string, id: string): number | undefined {
    return this.#record(collection, id)?.member
  }

  /** Who changed or unset a field of a record last; undefined where there was no such record. */
  changer(collection: string, id: string, field: string): number | undefined {
    const record = this.#record(collection, id)
    return record?.fields.get(field) ?? record?.member
  }

  /** Who has changed anything of a record last, beside who made it. */
  changers(collection: string, id: string): readonly number[] {
    return [...new Set(this.#record(collection, id)?.fields.values() ?? [])]
  }

  /** Who removed a record; undefined where nobody did, or the room does not remember any more. */
  remover(collection: string, id: string): number | undefined {
    return this.#told.removed.get(collection)?.get(id)
  }

  /** The person that this member is, or was. */
  personOf(member: number): Person {
    const found = this.people.find(({ members }) => members.includes(member))
    return found ?? { members: [member], user: null }
  }

  #record(collection: string, id: string): Authored | undefined {
    return this.#told.records.get(collection)?.get(id)
  }

  #active(): Set<number> {
    const active = new Set<number>()
    for (const records of this.#told.records.values()) {
      for (const { member, fields } of records.values()) {
        active.add(member)
        for (const other of fields.values()) active.add(other)
      }
    }
    for (const removed of this.#told.removed.values()) {
      for (const member of removed.values()) active.add(member)
    }
    active.delete(0)
    return active
  }
}

/** By who they are, in the order in which they came. */
function grouped(
  active: ReadonlySet<number>,
  named: readonly Named[],
  identity: (user: Value) => unknown,
): Person[] {
  const users = new Map(named.map(({ member, user }) => [member, user ?? null]))
  const groups: { identity: Value; user: Value; members: number[] }[] = []
  for (const member of [...new Set([...active, ...users.keys()])].sort((a, b) => a - b)) {
    const user = users.get(member) ?? null
    const who = user === null ? null : ((identity(user) ?? null) as Value)
    const group = who === null ? undefined : groups.find((each) => equal(each.identity, who))
    if (group === undefined) groups.push({ identity: who, user, members: [member] })
    else {
      group.members.push(member)
      group.user = user
    }
  }
  return groups
    .filter(({ members }) => members.some((member) => active.has(member)))
    .map(({ members, user }) => ({ members, user }))
}
