/**
 * A server in a few lines, for tests that need two people in a room: it applies operations by the
 * protocol's rules when told to, and sends each touched record whole. It speaks through sockets
 * that are objects in this process.
 */
import '../../src/node.js'
import type { JoinOptions } from '../../src/api.js'
import { Room } from '../../src/room.js'
import type { WebSocketConstructor, WebSocketLike } from '../../src/connection.js'
import { bytesOf, DEFINITIONS, jsonOf, welcome, type Json } from './messages.js'

const STATUS = { 'not found': 4, deleted: 5, exists: 6, stale: 7 }
type Refusal = keyof typeof STATUS

interface Author {
  readonly member: number
  readonly sequence: number
}

interface Cell extends Author {
  readonly value: Json
}

interface Row {
  readonly id: string
  readonly slot: number
  readonly fields: Map<number, Cell>
  made: Author
  deleted: Author | null
  changedAt: number
}

interface Seat {
  readonly socket: FakeSocket
  readonly key: string
  readonly member: number
  readonly incoming: Json[][]
  decided: number
  /** What the member was told of: its operations, the durable tick, the state. */
  told: { decided: number; durable: number }
  place: number
}

/** What a room knows, in memory or on its disk. */
interface Memory {
  readonly rows: Map<string, Row>
  /** By client key. */
  readonly members: Map<string, { readonly member: number; readonly decided: number }>
  readonly happenings: Json[]
  readonly tick: number
  readonly stamp: number
}

export class FakeSocket implements WebSocketLike {
  binaryType = ''
  bufferedAmount = 0
  readyState = 1
  onopen: ((event: never) => void) | null = null
  onmessage: ((event: never) => void) | null = null
  onclose: ((event: never) => void) | null = null
  onerror: ((event: never) => void) | null = null
  readonly sent: Json[] = []
  closedWith: number | undefined
  readonly #arrived: (message: Json) => void

  constructor(
    readonly url: string,
    arrived: (socket: FakeSocket, message: Json) => void,
  ) {
    this.#arrived = (message) => arrived(this, message)
  }

  send(data: Uint8Array): void {
    const message = jsonOf(data)
    this.sent.push(message)
    this.#arrived(message)
  }

  close(code?: number): void {
    this.closedWith = code
  }

  open(): void {
    this.onopen?.({} as never)
  }

  receive(message: Json): void {
    const { buffer, byteOffset, length } = bytesOf(message)
    this.onmessage?.({ data: buffer.slice(byteOffset, byteOffset + length) } as never)
  }

  end(code: number, reason = ''): void {
    this.onclose?.({ code, reason } as never)
  }
}

const SHAPES = 1

export class TinyServer {
  readonly seats: Seat[] = []
  /** 2: what is applied is safe once it is saved; 0: it is so at once. */
  durability = 0
  /** What inputs the room takes, as a welcome says it. */
  input: Json = null
  readonly #rows = new Map<string, Row>()
  #members: Memory['members'] = new Map()
  #incarnation = 7
  #tick = 1000
  #stamp = 0
  #slots = 0
  #touched = new Set<Row>()
  #happenings: Json[] = []

  /** Joins a room here, as a page would. */
  async join(options: JoinOptions = {}): Promise<Room> {
    const room = new Room('ws://test/v1/rooms/test', { ...options, WebSocket: this.WebSocket })
    this.open()
    await room.ready
    return room
  }

  /** Opens the sockets that wait for it. */
  open(): void {
    for (const socket of this.#waiting.splice(0)) socket.open()
  }

  readonly #waiting: FakeSocket[] = []

  get WebSocket(): WebSocketConstructor {
    const server = this
    return class extends FakeSocket {
      constructor(url: string) {
        super(url, (socket, message) => server.#arrived(socket, message as Json[]))
        server.#waiting.push(this)
      }
    } as unknown as WebSocketConstructor
  }

  #arrived(socket: FakeSocket, message: Json[]): void {
    if (message[0] === 0) this.#greet(socket, message)
    if (message[0] === 1) {
      const seat = this.seats.find((seat) => seat.socket === socket)!
      seat.incoming.push(...(message.slice(1) as Json[][]))
    }
  }

  /** Whether it knows the keys of those who come back. */
  remembers = true

  #greet(socket: FakeSocket, hello: Json[]): void {
    const key = String(hello[2])
    const known = this.remembers ? this.#members.get(key) : undefined
    const sequence = known?.decided ?? (hello[5] as number)
    const member = known?.member ?? this.#members.size + this.seats.length + 1
    const durable = this.durability === 0 ? this.#tick : this.#disk.tick
    const told = { decided: sequence, durable }
    const seat = { socket, key, member, incoming: [], decided: sequence, told, place: this.#stamp }
    const taken = this.seats.findIndex((other) => known !== undefined && other.key === key)
    this.seats.splice(taken < 0 ? this.seats.length : taken, taken < 0 ? 0 : 1, seat)
    this.#members.set(key, { member, decided: sequence })
    const rows = [...this.#rows.values()].filter(({ deleted }) => deleted === null)
    socket.receive(
      welcome({
        member,
        sequence,
        keyKnown: known !== undefined,
        incarnation: this.#incarnation,
        tick: this.#tick,
        durability: this.durability,
        unsaved: this.#tick - durable,
        input: this.input,
      }),
    )
    const scope = [8 + 2, this.#stamp, ...rows.flatMap(putRun), ...this.#remembered]
    socket.receive([0, 0, [2, DEFINITIONS.length, ...DEFINITIONS], scope])
  }

  #disk: Memory = { rows: new Map(), members: new Map(), happenings: [], tick: 1000, stamp: 0 }
  /** Every event so far. */
  #remembered: Json[] = []

  /** All that was applied up to now survives a crash. The next tick tells. */
  save(): void {
    this.#disk = {
      rows: copyOfAll(this.#rows),
      members: new Map(this.#members),
      happenings: [...this.#remembered],
      tick: this.#tick,
      stamp: this.#stamp,
    }
  }

  /** Every connection breaks, and the room goes on from what was saved. */
  crash(): void {
    const { rows, members, happenings, tick, stamp } = this.#disk
    const sockets = this.seats.splice(0).map(({ socket }) => socket)
    this.#rows.clear()
    for (const [id, row] of copyOfAll(rows)) this.#rows.set(id, row)
    this.#members = new Map(members)
    this.#remembered = [...happenings]
    this.#tick = tick
    this.#stamp = stamp
    this.#incarnation++
    for (const socket of sockets) socket.end(1006)
  }

  /** Applies what has arrived and sends a frame to everyone. */
  tick(): void {
    this.#tick++
    const news = this.seats.map((seat) => this.#decide(seat))
    const rows = [...this.#touched]
    const gone = rows.filter(({ deleted }) => deleted !== null).sort((a, b) => a.slot - b.slot)
    const elements = [
      ...gone.flatMap(({ slot }) => [0, 1, slot]),
      ...rows.filter(({ deleted }) => deleted === null).flatMap(putRun),
      ...this.#happenings,
    ]
    this.seats.forEach((seat, i) => {
      const section = [8, this.#stamp - seat.place, ...elements]
      seat.place = this.#stamp
      seat.socket.receive([1, 1, news[i]!, section])
    })
    this.#touched.clear()
    this.#remembered.push(...this.#happenings)
    this.#happenings = []
  }

  #decide(seat: Seat): number[] {
    const refusals: [number, Refusal][] = []
    for (const edits of seat.incoming.splice(0) as Json[][][]) {
      seat.decided++
      const refusal = this.#apply({ member: seat.member, sequence: seat.decided }, edits)
      if (refusal !== null) refusals.push([seat.decided, refusal])
    }
    const { decided, durable } = seat.told
    seat.told = { decided: seat.decided, durable: this.durability === 0 ? 0 : this.#disk.tick }
    this.#members.set(seat.key, { member: seat.member, decided: seat.decided })
    const back = refusals.flatMap(([sequence, why]) => [seat.decided - sequence, STATUS[why]])
    const saved = this.durability === 0 ? 0 : seat.told.durable - durable
    return [seat.decided - decided, saved, ...back]
  }

  /** All edits or none. */
  #apply(by: Author, edits: readonly Json[][]): Refusal | null {
    const saved = copyOfAll(this.#rows)
    for (const edit of edits) {
      const refusal = this.#edit(by, edit)
      if (refusal !== null) {
        this.#rows.clear()
        for (const [id, row] of saved) this.#rows.set(id, row)
        this.#touched = new Set([...this.#touched].map(({ id }) => saved.get(id)!).filter(Boolean))
        return refusal
      }
    }
    return null
  }

  #edit(by: Author, edit: Json[]): Refusal | null {
    const head = edit[0] as number
    const [verb, guard] = [head % 8, Math.floor(head / 8)]
    if (verb === 5) {
      this.#happenings.push(8 * (edit[1] as number) + 7, by.member, edit[3]!)
      return null
    }
    const id = edit[2] as string
    let at = 3
    const stamp = guard & 2 ? (edit[at++] as number) : null
    const mine = guard & 4 ? (edit[at++] as number) : null
    let row = this.#rows.get(id)
    const exists = row !== undefined && row.deleted === null
    if (guard & 1 && exists) return 'exists'
    if (stamp !== null && row !== undefined && row.changedAt > stamp) return 'stale'
    if (verb === 0 && !exists) {
      if (row !== undefined && !(mine !== null && row.deleted!.member === by.member))
        return 'deleted'
      row = { id, slot: this.#slots++, fields: new Map(), made: by, deleted: null, changedAt: 0 }
      this.#rows.set(id, row)
    }
    if (row === undefined) return 'not found'
    if (row.deleted !== null) return 'deleted'
    if (verb === 4) {
      const isForeign = ({ member }: Author) => member !== by.member
      if (mine !== null && [...row.fields.values()].some(isForeign)) return 'stale'
      row.deleted = by
    } else {
      this.#write(by, row, verb, edit.slice(at), mine)
    }
    row.changedAt = ++this.#stamp
    this.#touched.add(row)
    return null
  }

  #write(by: Author, row: Row, verb: number, pairs: Json[], mine: number | null): void {
    if (verb === 2) {
      const [field, ...items] = pairs as [number, ...Json[]]
      const list = (row.fields.get(field)?.value ?? []) as Json[]
      row.fields.set(field, { ...by, value: [...list, ...items] })
      return
    }
    for (let i = 0; i < pairs.length; i += 2) {
      const field = pairs[i] as number
      const held = row.fields.get(field)
      const author = held ?? row.made
      const isMine = author.member === by.member && author.sequence === mine
      if (mine !== null && !isMine && row.made !== by) continue
      const value =
        verb === 3 ? ((held?.value ?? 0) as number) + (pairs[i + 1] as number) : pairs[i + 1]!
      row.fields.set(field, { ...by, value })
    }
  }
}

function putRun({ id, slot, fields }: Row): Json[] {
  const numbers = [...fields.keys()].sort((a, b) => a - b)
  const mask = numbers.reduce((sum, number) => sum + 2 ** number, 0)
  return [8 * SHAPES + 1, mask, 1, slot, id, ...numbers.map((number) => fields.get(number)!.value)]
}

function copyOfAll(rows: ReadonlyMap<string, Row>): Map<string, Row> {
  return new Map([...rows].map(([id, row]) => [id, { ...row, fields: new Map(row.fields) }]))
}

export const settled = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await Promise.resolve()
}
