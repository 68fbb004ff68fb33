/** What people say to each other beside the board. The room keeps the newest 200 lines. */
import { Emitter } from '../emitter.js'
import type { Change, Fields, Room, RoomEvent, TuttiError } from '../tutti.js'
import { colourOf } from './person_colour.js'
import { timeOf, type Speaker } from './comments.js'
import { tellState } from './state.js'

const EVENT = 'chat'
export const LINE_BYTES_MAX = 3_900
const KEPT = 200
/** Who has not written for so long is not writing any more. */
const TYPING_MS = 3_000

export interface Said {
  /** The same while it is on its way and when it was said. */
  readonly key: string
  readonly text: string
  readonly name: string
  /** `#rrggbb`. */
  readonly colour: string
  /** Milliseconds since 1970; 0 where its author told none. */
  readonly time: number
  readonly isMine: boolean
  /** `sending`: the room has not said it yet. `failed`: it never will. */
  readonly state: 'said' | 'sending' | 'failed'
}

export interface ChatEvents {
  change: void
  /** Someone else has said something just now. */
  line: Said
}

export class Chat extends Emitter<ChatEvents> {
  readonly #room: Room
  readonly #speaker: () => Speaker
  #lines: Said[] = []
  #sending: Said[] = []
  #unread = 0
  #isRead = false
  #typing: ReturnType<typeof setTimeout> | null = null
  readonly #end: () => void

  constructor(room: Room, speaker: () => Speaker) {
    super()
    this.#room = room
    this.#speaker = speaker
    this.#readAgain()
    this.#end = room.on('event', (event) => {
      if (event.name !== EVENT) return
      if (event.history) this.#readAgain()
      else this.#heard(event)
    })
  }

  destroy(): void {
    this.#end()
    if (this.#typing !== null) clearTimeout(this.#typing)
  }

  /** The oldest first; what is on its way last. */
  get lines(): readonly Said[] {
    return [...this.#lines, ...this.#sending]
  }

  /** Lines of others that came while nobody read. */
  get unread(): number {
    return this.#unread
  }

  /** The lines show; what comes from now on is read as it comes. */
  read(isRead: boolean): void {
    this.#isRead = isRead
    if (!isRead || this.#unread === 0) return
    this.#unread = 0
    this.tell('change', undefined)
  }

  /** Throws as `room.emit` does. */
  say(text: string): void {
    const { name, colour } = this.#speaker()
    const time = Math.round(this.#room.clock.now())
    const change = this.#room.emit(EVENT, { text, name, color: colour, at: time })
    const key = keyOf(this.#room.me, time, text)
    const said: Said = { key, text, name, colour, time, isMine: true, state: 'sending' }
    this.#sending.push(said)
    this.#await(change, said)
    this.type(false)
    this.tell('change', undefined)
  }

  /** Forgets a line that failed. */
  drop(line: Said): void {
    this.#sending = this.#sending.filter((other) => other !== line)
    this.tell('change', undefined)
  }

  /** A line is being written, or no longer. */
  type(isTyping: boolean): void {
    if (this.#typing !== null) clearTimeout(this.#typing)
    this.#typing = isTyping ? setTimeout(() => this.type(false), TYPING_MS) : null
    tellState(this.#room, { isTyping })
  }

  #await(change: Change, said: Said): void {
    change.done.then(
      () => this.drop(said),
      ({ status }: TuttiError) => {
        const at = this.#sending.indexOf(said)
        // Nobody knows whether it was said: if it was, it stands among the lines.
        if (status === 'uncertain') this.drop(said)
        else if (at >= 0) this.#sending[at] = { ...said, state: 'failed' }
        this.tell('change', undefined)
      },
    )
  }

  #heard(event: RoomEvent): void {
    const line = this.#lineOf(event)
    if (line === null) return
    this.#lines = [...this.#lines, line].slice(-KEPT)
    if (line.isMine) this.#sending = this.#sending.filter(({ key }) => key !== line.key)
    else {
      if (!this.#isRead) this.#unread++
      this.tell('line', line)
    }
    this.tell('change', undefined)
  }

  #readAgain(): void {
    this.#lines = this.#room.events(EVENT).flatMap((event) => this.#lineOf(event) ?? [])
    this.tell('change', undefined)
  }

  /** What a stranger has sent, where it is a line. */
  #lineOf({ from, value }: RoomEvent): Said | null {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    const { text, name, color, at } = value as Fields
    if (typeof text !== 'string' || text.trim() === '') return null
    const time = timeOf(at)
    return {
      key: keyOf(from, time, text),
      text,
      name: typeof name === 'string' && name.trim() !== '' ? name.slice(0, 80) : 'Guest',
      colour: colourOf(color, from),
      time,
      isMine: from === this.#room.me,
      state: 'said',
    }
  }
}

function keyOf(from: number, time: number, text: string): string {
  return `${from} ${time} ${text}`
}
