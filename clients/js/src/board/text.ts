/**
 * Text that several people write at once. A record carries it as a list of Yjs updates: typing
 * appends, appends of all people stay, and whoever holds the same updates reads the same letters.
 * An empty list is an empty text, so two who begin the same text at once lose nothing.
 */
import {
  applyUpdate,
  Doc,
  encodeStateAsUpdate,
  equalSnapshots,
  mergeUpdates,
  snapshot,
  UndoManager,
  type Text,
  type YTextEvent,
} from 'yjs'
import { Emitter } from '../emitter.js'
import type { Change, Collection, Room, Status, TuttiError, Value } from '../tutti.js'
import { ROOT, updateOf } from './text_updates.js'

/** What a text may hold, in bytes of UTF-8. */
export const TEXT_BYTES_MAX = 12_288
/** What its updates may take of a record, beside all else in it. */
const UPDATES_BYTES_MAX = 28_672
/**
 * A text that takes this much as one update takes no more letters: it was written by many in many
 * places. What others write at the same time still has to fit.
 */
const WHOLE_BYTES_MAX = 22_528
/** Measuring takes a while: it is done again after so much has come. */
const MEASURED_AGAIN_BYTES = 1_024
/** A list is replaced by one update when it takes this many times what that would, and this more. */
const COMPACT_FACTOR = 2
const COMPACT_SLACK_BYTES = 1_024
/** And at this length in any case, as long as it saves something. */
const LONG_BYTES = UPDATES_BYTES_MAX - 3_072
/** Who was not first to replace a list tries again within this time. */
const RETRY_MS = 300
/** Offline, what is typed goes into the queue less often: it holds 1,000 changes. */
const OFFLINE_FLUSH_MS = 1_000
/** A pause that begins another step of undo inside the editor. */
const PAUSE_MS = 600

const FIELD = 'text'
const REMOTE = Symbol('remote')

/** One run of Quill's delta: letters that stay, go or come. */
export interface TextRun {
  readonly retain?: number
  readonly delete?: number
  readonly insert?: string
}

export interface SharedTextEvents {
  /** Letters changed otherwise than by `replace`: by others, by undo. */
  change: readonly TextRun[]
  /** What was typed does not fit any more (`limit`), or the room does not want it. */
  trouble: TuttiError
}

const decoded = new WeakMap<readonly Value[], string>()

/** The letters in a record's list of updates. */
export function textOf(items: unknown): string {
  if (!Array.isArray(items)) return ''
  const list = items as readonly Value[]
  let text = decoded.get(list)
  if (text === undefined) decoded.set(list, (text = rootOf(docOf(list)).toString()))
  return text
}

/** The list for a record that is made with this text in it; undefined for none. */
export function textItems(text: string): Uint8Array[] | undefined {
  if (text === '') return undefined
  const doc = emptyDoc()
  rootOf(doc).insert(0, clipped(text, TEXT_BYTES_MAX))
  return [encodeStateAsUpdate(doc)]
}

/** The texts of a room's objects that this person has touched, each held once. */
export class Texts {
  readonly #room: Room
  readonly #objects: Collection
  readonly #texts = new Map<string, SharedText>()
  readonly #unlisten: () => void

  constructor(room: Room, collection = 'objects') {
    this.#room = room
    this.#objects = room.collection(collection)
    this.#unlisten = this.#objects.on('change', ({ id }) => this.#texts.get(id)?.receive())
  }

  open(id: string): SharedText {
    let text = this.#texts.get(id)
    if (text === undefined || text.isBarred) {
      this.#texts.set(id, (text = new SharedText(this.#room, this.#objects, id)))
    }
    return text
  }

  /** Sends what waits to be sent. */
  flush(): void {
    for (const text of this.#texts.values()) text.flush()
  }

  /** Likewise. The steps of undo keep working no longer. */
  destroy(): void {
    this.#unlisten()
    this.flush()
    this.#texts.clear()
  }
}

/** The text of one record. */
export class SharedText extends Emitter<SharedTextEvents> {
  readonly #doc = emptyDoc()
  readonly #text: Text = rootOf(this.#doc)
  readonly #room: Room
  readonly #objects: Collection
  /** The record's list as it was last applied. */
  #applied: readonly Value[] = []
  /** Own updates that are in no change yet. */
  #unsent: Uint8Array[] = []
  #inFlight = 0
  #lastSent: Uint8Array | null = null
  /** The room took a list that grew no more: the next change replaces it. */
  #isFull = false
  #isBarred = false
  #isHeld = false
  /** What it takes as one update, at most, and what it was when it was measured. */
  #size = { now: 0, measured: 0 }
  /** The list was replaced: it may lack what is here. */
  #mayLack = false
  #timer: ReturnType<typeof setTimeout> | null = null

  /** @internal */
  constructor(
    room: Room,
    objects: Collection,
    readonly id: string,
  ) {
    super()
    this.#room = room
    this.#objects = objects
    this.#doc.on('update', (update: Uint8Array, origin: unknown) => {
      this.#size.now += update.length
      if (origin !== REMOTE) this.#keep(update)
    })
    this.#text.observe((event) => this.#tellChange(event))
    this.receive()
  }

  /** The room has refused what is in it: only the record's own text can be gone on with. */
  get isBarred(): boolean {
    return this.#isBarred
  }

  /** There is a record that takes what is written. */
  get isThere(): boolean {
    return !this.#isBarred && this.#objects.has(this.id)
  }

  override toString(): string {
    return this.#text.toString()
  }

  /** Bytes of letters that may still be typed. */
  get space(): number {
    const letters = TEXT_BYTES_MAX - utf8Bytes(this.toString())
    if (
      this.#size.now > Math.max(WHOLE_BYTES_MAX / 2, this.#size.measured + MEASURED_AGAIN_BYTES)
    ) {
      const measured = compacted(this.#doc).length
      this.#size = { now: measured, measured }
    }
    return Math.max(0, Math.min(letters, WHOLE_BYTES_MAX - this.#size.now))
  }

  /** Begins what will be one step of the board's undo. */
  edit(): TextSession {
    return new TextSession(this, this.#room, this.#doc, this.#text)
  }

  /**
   * Until `release`, letters of others wait: an input method writes into what shows, and must find
   * it there.
   */
  hold(): void {
    this.#isHeld = true
  }

  release(): void {
    this.#isHeld = false
    this.receive()
  }

  /** Applies what the record has and this text has not. */
  receive(): void {
    if (this.#isHeld) return
    const record = this.#objects.get(this.id)
    if (record === undefined) return
    const items = listOf(record[FIELD])
    if (items === this.#applied) return
    const known = samePrefix(items, this.#applied)
    apply(this.#doc, items.slice(known))
    const before = this.#applied
    this.#applied = items
    if (known < before.length) this.#mayLack = true
    this.#settle()
  }

  /** Makes a change of what was typed since the last one. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#unsent.length === 0 || !this.isThere) return
    const update = this.#unsent.length === 1 ? this.#unsent[0]! : mergeUpdates(this.#unsent)
    const isTooLong = bytesOf(this.#applied) + update.length > UPDATES_BYTES_MAX
    try {
      if (this.#isFull || isTooLong) this.#replace()
      else this.#watch(this.#append(update), update)
      this.#unsent = []
    } catch (error) {
      if (statusOf(error) === 'limit') this.#schedule(OFFLINE_FLUSH_MS)
      else if (statusOf(error) !== 'closed') throw error
    }
  }

  #keep(update: Uint8Array): void {
    this.#unsent.push(update)
    this.#schedule(this.#room.status === 'live' ? 1_000 / this.#room.frameRate : OFFLINE_FLUSH_MS)
  }

  #schedule(ms: number): void {
    this.#timer ??= setTimeout(() => this.flush(), ms)
  }

  #append(update: Uint8Array): Change {
    return this.#room.history.aside(() => this.#objects.append(this.id, FIELD, [update]))
  }

  /** Where someone else has changed the record meanwhile, this is refused and nothing is lost. */
  #replace(): void {
    const whole = compacted(this.#doc)
    const set = () => this.#objects.set(this.id, { [FIELD]: [whole] }, { ifUnchanged: true })
    this.#watch(this.#room.history.aside(set), whole)
  }

  #watch(change: Change, update: Uint8Array): void {
    this.#inFlight++
    this.#lastSent = update
    change.done.then(
      () => this.#sent(),
      (error: TuttiError) => this.#refused(error),
    )
  }

  #sent(): void {
    this.#inFlight--
    this.#isFull = false
    this.#settle()
  }

  #refused(error: TuttiError): void {
    this.#inFlight--
    switch (error.status) {
      case 'closed':
      case 'deleted':
      case 'not found':
        return
      case 'limit':
        // A whole list that does not fit will not fit again before something is taken out.
        if (this.#isFull) this.tell('trouble', error)
        else this.#mayLack = true
        this.#isFull = true
        break
      case 'stale':
      case 'uncertain':
        this.#mayLack = true
        break
      default:
        this.#isBarred = true
        this.tell('trouble', error)
        return
    }
    this.#settle()
  }

  /** Nothing is on its way: what the list lacks is sent again, and a long one made short. */
  #settle(): void {
    if (this.#inFlight > 0 || this.#isHeld || this.#isBarred) return
    if (this.#mayLack) this.#giveBack()
    if (this.#unsent.length === 0) this.#compact()
  }

  /** What is here and not in the list goes (back) into it. Twice does no harm. */
  #giveBack(): void {
    this.#mayLack = false
    const held = docOf(this.#applied)
    apply(held, this.#unsent)
    if (equalSnapshots(snapshot(held), snapshot(this.#doc))) return
    this.#unsent = [encodeStateAsUpdate(this.#doc)]
    this.#schedule(RETRY_MS * Math.random())
  }

  /** Whoever wrote the list's last item makes it short: of ten people, one. */
  #compact(): void {
    const last = this.#applied[this.#applied.length - 1]
    if (this.#lastSent === null || !sameBytes(last, this.#lastSent)) return
    const length = bytesOf(this.#applied)
    const isLong = (bytes: number) =>
      length > Math.min(COMPACT_FACTOR * bytes, Math.max(bytes, LONG_BYTES)) + COMPACT_SLACK_BYTES
    // The second measure is the true one, and the first is quick.
    if (!isLong(utf8Bytes(this.toString())) || !isLong(compacted(this.#doc).length)) return
    try {
      this.#replace()
    } catch (error) {
      if (statusOf(error) === undefined) throw error
    }
  }

  #tellChange(event: YTextEvent): void {
    if (event.transaction.origin instanceof TextSession) return
    this.tell('change', event.delta as readonly TextRun[])
  }
}

/** From the opening of an editor to its end: what is typed in between is one step of undo. */
export class TextSession {
  readonly #undo: UndoManager
  readonly #shared: SharedText
  readonly #room: Room
  readonly #doc: Doc
  readonly #text: Text

  /** @internal */
  constructor(shared: SharedText, room: Room, doc: Doc, text: Text) {
    this.#shared = shared
    this.#room = room
    this.#doc = doc
    this.#text = text
    this.#undo = new UndoManager(text, {
      trackedOrigins: new Set([this]),
      captureTimeout: PAUSE_MS,
    })
  }

  /**
   * Puts `inserted` in the place of `removed` letters from `at` on. What does not fit is left out:
   * gives how many letters went in.
   */
  replace(at: number, removed: number, inserted: string): number {
    const freed = utf8Bytes(this.#shared.toString().slice(at, at + removed))
    const fitting = inserted === '' ? '' : clipped(inserted, this.#shared.space + freed)
    this.#doc.transact(() => {
      if (removed > 0) this.#text.delete(at, removed)
      if (fitting !== '') this.#text.insert(at, fitting)
    }, this)
    return fitting.length
  }

  undo(): boolean {
    return this.#undo.undo() !== null
  }

  redo(): boolean {
    return this.#undo.redo() !== null
  }

  /** All that was typed is sent; `isKept`: and is a step of the board's undo from here on. */
  end(isKept = true): void {
    this.#shared.flush()
    this.#undo.clear(false, true)
    if (!isKept || this.#undo.undoStack.length === 0) {
      this.#undo.destroy()
      return
    }
    this.#room.history.add({
      undo: () => this.#flip(() => this.#undo.undo()),
      redo: () => this.#flip(() => this.#undo.redo()),
    })
  }

  #flip(turn: () => unknown): boolean {
    if (!this.#shared.isThere) return false
    this.#shared.receive()
    let turned = false
    while (turn() !== null) turned = true
    this.#shared.flush()
    return turned
  }
}

/** Nothing asks for its name, and making up one takes longer than reading most texts. */
function emptyDoc(): Doc {
  return new Doc({ guid: ROOT })
}

function rootOf(doc: Doc): Text {
  return doc.getText(ROOT)
}

/** A text of its own with these updates, as far as they are any. */
function docOf(items: readonly Value[]): Doc {
  const doc = emptyDoc()
  apply(doc, items)
  return doc
}

/** What Yjs does not take, although it reads, is no text either. */
function apply(doc: Doc, items: readonly Value[]): void {
  try {
    applyUpdate(doc, updateOf(items), REMOTE)
  } catch {
    return
  }
}

/** Without the letters that are deleted here and only kept for undo. */
function compacted(doc: Doc): Uint8Array {
  return encodeStateAsUpdate(docOf([encodeStateAsUpdate(doc)]))
}

function statusOf(error: unknown): Status | undefined {
  return error instanceof Error ? (error as Partial<TuttiError>).status : undefined
}

function listOf(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? value : []
}

function samePrefix(a: readonly Value[], b: readonly Value[]): number {
  let count = 0
  while (count < a.length && count < b.length && sameBytes(a[count], b[count])) count++
  return count
}

function sameBytes(a: Value | undefined, b: Value | undefined): boolean {
  if (a === b) return true
  if (!(a instanceof Uint8Array && b instanceof Uint8Array) || a.length !== b.length) return false
  return a.every((byte, i) => byte === b[i])
}

function bytesOf(items: readonly Value[]): number {
  return items.reduce<number>((sum, item) => {
    return sum + (item instanceof Uint8Array ? item.length + 3 : 9)
  }, 0)
}

const encoder = new TextEncoder()

export function utf8Bytes(text: string): number {
  return encoder.encode(text).length
}

/** As much of the text's beginning as fits, in whole characters. */
function clipped(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text
  const { read } = encoder.encodeInto(text, new Uint8Array(bytes))
  return text.slice(0, read)
}
