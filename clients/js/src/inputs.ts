import type { Arrivals } from './arrivals.js'
import { TuttiError } from './errors.js'
import { fromWire, toWire } from './names.js'
import { TICKS_REMEMBERED, TickClock } from './tick_clock.js'
import { copyValue, type Value } from './value.js'
import { encodeInputs, INPUTS_MESSAGE_MAX, type InputRules, type InputsTold } from './wire.js'

export interface InputsOptions<Input extends Value = number> {
  /**
   * The input of this tick, asked for once when its time comes, ticks in their order: a value that
   * fits what the kind declares, such as pressed buttons in one number. `null`: there is none, and
   * the room goes on with the one before for as many ticks as its kind says. Where `read` throws, or
   * the value does not fit (`type`, `range`), the page's console has the error and the tick no input.
   */
  readonly read: (tick: number) => Input | null
  /** Ticks that go out in one message. Left out, 1, or 2 where there are more than 60 a second. */
  readonly ticksPerMessage?: number
  /** `false`: the lead stays as the round trip says at first; to compare. */
  readonly adaptive?: boolean
}

/** Longer ago than this, ticks whose time has come are left out: they would be late. */
const CATCH_UP_MS = 250
const TICK_RATE_OF_ONE = 60
/** Messages farther apart than they should be do not make the room speak all the time. */
const PAUSE_MS = 250

/** A connection, to the inputs that go over it. */
export interface InputsLine {
  /** The tick after the last whose input was sent over it. */
  next: number
  readonly tickRate: number
  readonly rules: InputRules
  readonly arrivals: Arrivals
  readonly rtt: () => number | null
}

/**
 * Our inputs (elsewhere user commands), one for each tick of the room. Our own ticks come ahead of
 * the room's by the {@link lead}, so that each input is there when the room plays its tick. Nothing
 * is read or sent while the page is hidden, there is no connection, or the room is silent: it stands
 * still then, or the line is out.
 *
 * ```js
 * const inputs = room.inputs({ read: () => steering + 32 * throttle })
 * ```
 */
export class Inputs<Input extends Value = number> {
  readonly #options: InputsOptions<Input>
  readonly #pump: () => void
  readonly #onStop: () => void
  readonly #players = new Set<(tick: number) => void>()
  readonly #values: (Input | null)[] = new Array(TICKS_REMEMBERED).fill(null)
  /** Which tick's the value in its place is. */
  readonly #ticks = new Float64Array(TICKS_REMEMBERED).fill(-1)
  #line: InputsLine | null = null
  #clock: TickClock | null = null
  #tick = -1
  /** What waits to be sent: values as on the wire, of ticks that rise. */
  #unsent: { readonly tick: number; readonly value: Value }[] = []
  #epoch = 0
  /** Since when there is one message after the other, and when the newest went out. */
  #sendingSince = -Infinity
  #sentAt = -Infinity
  /** No ticks come while the room does not answer. */
  #isHeld = false
  #sent = 0
  #late = 0
  #missed = 0
  #margin: number | null = null

  /** @internal */
  constructor(options: InputsOptions<Input>, pump: () => void, onStop: () => void) {
    const { ticksPerMessage = 1 } = options
    if (!(ticksPerMessage >= 1 && ticksPerMessage <= INPUTS_MESSAGE_MAX)) {
      throw new TuttiError(
        'misuse',
        `a message takes the inputs of 1 to ${INPUTS_MESSAGE_MAX} ticks`,
      )
    }
    this.#options = options
    this.#pump = pump
    this.#onStop = onStop
  }

  /** The newest tick of ours, whose input has been read; -1 before the first. */
  get tick(): number {
    return this.#tick
  }

  /**
   * How far the time from {@link tick} to the next has run at this time of the page's: up to 1, where
   * it stays while no ticks come, and below 0 where that is before the tick, as an animation frame's
   * own time may be. 0 before the first tick.
   */
  phase(now: number): number {
    if (this.#clock === null || this.#line === null || this.#tick < 0) return 0
    const since = now - this.#clock.at(this.#tick)
    return Math.min(1, (since * this.#line.tickRate) / 1000)
  }

  /**
   * Milliseconds by which our ticks come before the quickest frames that tell of them: the round trip,
   * and as much as inputs may be late. 0 before the first tick.
   */
  get lead(): number {
    return this.#clock?.lead ?? 0
  }

  /**
   * How many ticks the last inputs waited, the least of them, as the room told last. 0: just in
   * time; below: late; null: none has been told yet.
   */
  get margin(): number | null {
    return this.#margin
  }

  /** In how many frames the room told that an input had come too late. */
  get late(): number {
    return this.#late
  }

  /** For how many ticks the room had no input of ours, late or lost or none. */
  get missed(): number {
    return this.#missed
  }

  /** How many inputs were sent. */
  get sent(): number {
    return this.#sent
  }

  /** The input that is in force at this tick, as far as we know: that of the tick, or held. */
  at(tick: number): Input | null {
    const hold = Math.min(this.#line?.rules.hold ?? 0, TICKS_REMEMBERED - 1)
    for (let back = 0; back <= hold && tick - back >= 0; back++) {
      const place = (tick - back) % TICKS_REMEMBERED
      if (this.#ticks[place] === tick - back) return this.#values[place]!
    }
    return null
  }

  /** Ends it: nothing is read or sent any more. */
  stop(): void {
    this.interrupted()
    this.#players.clear()
    this.#onStop()
  }

  /** @internal Another number for each connection: ticks of one are not those of another. */
  get epoch(): number {
    return this.#epoch
  }

  /** @internal Calls `play` with each tick whose input has been read. */
  follow(play: (tick: number) => void): () => void {
    this.#players.add(play)
    return () => this.#players.delete(play)
  }

  /** @internal Plays what is due, and sends it. */
  catchUp(): void {
    this.#pump()
  }

  /** @internal */
  begin(line: InputsLine): void {
    this.#line = line
    this.#clock = new TickClock(
      {
        tickMs: 1000 / line.tickRate,
        ahead: line.rules.ahead,
        adaptive: this.#options.adaptive ?? true,
      },
      line.arrivals,
    )
    this.#tick = -1
    this.#ticks.fill(-1)
    this.#unsent = []
    this.#sendingSince = this.#sentAt = -Infinity
    this.#isHeld = false
    this.#epoch++
  }

  /** @internal No connection, or nobody looks: what has not been sent would come too late. */
  interrupted(): void {
    this.#unsent = []
    this.#clock?.restart()
  }

  /** @internal A frame has told what became of our inputs. */
  told(tick: number, { margin, missed }: InputsTold, now: number): void {
    this.#missed += missed
    if (margin === null) return
    this.#margin = margin
    if (margin < 0) this.#late++
    this.#clock?.told(tick, margin, now)
  }

  /** @internal Reads the inputs of the ticks whose time has come; when the next one does. */
  advance(now: number): number {
    const clock = this.#clock!
    const { next, tickRate, rtt: lastRtt } = this.#line!
    const rtt = lastRtt()
    // The answer to the clock's first question is on its way.
    if (rtt === null) return Infinity
    const until = this.#heldUntil(now, rtt)
    if (until > now) {
      this.#isHeld = true
      return until
    }
    const due = clock.due(now, rtt)
    const catchUp = this.#isHeld ? 0 : Math.ceil((CATCH_UP_MS * tickRate) / 1000)
    this.#isHeld = false
    if (due < this.#tick) this.#goBack(due)
    if (this.#tick < 0 || due - this.#tick > catchUp) {
      this.#tick = Math.max(this.#tick, next - 1, due - 1)
    }
    while (this.#tick < due) this.#play(this.#tick + 1)
    return clock.at(this.#tick + 1)
  }

  /** @internal A message's worth of ticks, or more, waits to be sent. */
  get isUnsent(): boolean {
    const first = this.#unsent[0]
    return first !== undefined && this.#tick - first.tick + 1 >= this.#ticksPerMessage
  }

  /** @internal The next message: as many ticks without a gap as there are. */
  take(now: number): Uint8Array {
    if (now - this.#sentAt > PAUSE_MS + this.#waitMs) this.#sendingSince = now
    this.#sentAt = now
    const first = this.#unsent[0]!.tick
    let count = 1
    while (this.#unsent[count]?.tick === first + count && count < INPUTS_MESSAGE_MAX) count++
    const line = this.#line!
    const gap = first - line.next
    line.next = first + count
    this.#sent += count
    return encodeInputs(
      gap,
      this.#unsent.splice(0, count).map(({ value }) => value),
    )
  }

  /**
   * Until when no tick comes, where inputs are under way and the room, which they make speak in each
   * frame, is silent: it stands still, or the line is out. Inputs for later ticks would only put us
   * farther ahead of it.
   */
  #heldUntil(now: number, rtt: number): number {
    const { arrivals } = this.#line!
    const patience = arrivals.patience + this.#waitMs
    if (arrivals.age(now) <= patience) return now
    // The room cannot answer what has not been sent.
    if (this.#unsent.length > 0 && !this.isUnsent) return now
    // Frames that come late will tell which of the two it was.
    if (this.#sentAt <= arrivals.heardAt) return this.#isHeld ? arrivals.heardAt + patience : now
    // A room in which nothing happened says nothing until it has the first of them.
    return now - this.#sendingSince > rtt + patience ? Infinity : now
  }

  /**
   * The room has stood still, and its ticks come later than we thought. Those whose inputs it may
   * have taken stay as they are, since it takes none twice; the others are read again.
   */
  #goBack(due: number): void {
    const { next, rules } = this.#line!
    const taken = Math.min(next - 1, this.#clock!.heard + rules.ahead)
    const tick = Math.min(this.#tick, Math.max(due, taken))
    const oldest = Math.max(tick + 1, this.#tick - TICKS_REMEMBERED + 1)
    for (let gone = oldest; gone <= this.#tick; gone++) this.#ticks[gone % TICKS_REMEMBERED] = -1
    this.#unsent = this.#unsent.filter((input) => input.tick <= tick)
    this.#tick = tick
  }

  #play(tick: number): void {
    this.#tick = tick
    this.#clock!.played(tick)
    try {
      this.#note(tick, this.#options.read(tick))
      for (const play of this.#players) play(tick)
    } catch (error) {
      // A page's mistake must reach its console, and must not stop the ticks.
      queueMicrotask(() => {
        throw error
      })
    }
  }

  #note(tick: number, input: Input | null): void {
    if (input === null) return
    const { definition } = this.#line!.rules
    const value = toWire(definition, typeof input === 'number' ? input : copyValue(input))
    const place = tick % TICKS_REMEMBERED
    this.#values[place] = fromWire(definition, value) as Input
    this.#ticks[place] = tick
    // Where the line takes none, the oldest are too late already.
    if (this.#unsent.length === INPUTS_MESSAGE_MAX) this.#unsent.shift()
    this.#unsent.push({ tick, value })
  }

  /** Milliseconds for which a message waits until it is full. */
  get #waitMs(): number {
    return ((this.#ticksPerMessage - 1) * 1000) / this.#line!.tickRate
  }

  get #ticksPerMessage(): number {
    const usual = this.#line!.tickRate > TICK_RATE_OF_ONE ? 2 : 1
    return this.#options.ticksPerMessage ?? usual
  }
}
