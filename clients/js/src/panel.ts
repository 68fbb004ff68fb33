/**
 * What the line and the netcode are doing, in a corner of the page:
 *
 * ```js
 * import panel from 'tutti/panel'
 * const close = panel(room, { inputs, prediction: own, motion: cars })
 * ```
 */
import { element } from './panel/element.js'
import { keepKeys } from './panel/keys.js'
import { linkControls } from './panel/link_controls.js'
import { Plot } from './panel/plot.js'
import { STYLE } from './panel/style.js'
import { TrafficTable } from './panel/traffic_table.js'
import type { Corrections, Room } from './tutti.js'

export interface PanelOptions {
  /** What `room.inputs` gave: lead, margin, missed ticks. */
  readonly inputs?: {
    readonly lead: number
    readonly margin: number | null
    readonly missed: number
  }
  /** What `room.predict` gave: corrections. */
  readonly prediction?: { readonly corrections: Corrections }
  /** What `interpolate` gave, or `room.others`: the buffer. */
  readonly motion?: { readonly delay: number }
  /** What a size of a correction counts in, `px` say. Default: nothing. */
  readonly unit?: string
  /** Left out, that of the person's system. */
  readonly theme?: 'light' | 'dark'
  /** Told when the person closes it. */
  readonly onClose?: () => void
}

const UPDATE_MS = 250

/** What closes the panel of a room, where it has one. */
const open = new WeakMap<Room, () => void>()

/** Opens the panel, in place of one that this room has already; what comes back closes it. */
export default function panel(room: Room, options: PanelOptions = {}): () => void {
  open.get(room)?.()
  const host = element('tutti-panel' as 'div')
  if (options.theme !== undefined) host.dataset['theme'] = options.theme
  const root = host.attachShadow({ mode: 'open' })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(STYLE)
  root.adoptedStyleSheets = [sheet]
  const view = new View(room, options, () => {
    close()
    options.onClose?.()
  })
  const close = () => {
    view.stop()
    host.remove()
    if (open.get(room) === close) open.delete(room)
  }
  open.set(room, close)
  root.append(view.element)
  keepKeys(root)
  document.documentElement.append(host)
  return close
}

/** Reads the figures four times a second. */
class View {
  readonly element: HTMLElement
  readonly #room: Room
  readonly #options: PanelOptions
  readonly #values = new Map<string, HTMLElement>()
  readonly #list = element('dl')
  readonly #corrections: Plot | null
  readonly #traffic: TrafficTable
  readonly #timer: ReturnType<typeof setInterval>
  #before: { bytesIn: number; bytesOut: number; now: number; count: number } | null = null

  constructor(room: Room, options: PanelOptions, close: () => void) {
    this.#room = room
    this.#options = options
    this.#traffic = new TrafficTable(room)
    this.#corrections = options.prediction ? new Plot('Corrections', options.unit ?? '') : null
    const body = element('div', {}, this.#list)
    if (this.#corrections !== null) body.append(this.#corrections.element)
    body.append(this.#traffic.element, linkControls(room))
    this.element = element('section', {}, heading(body, close), body)
    this.element.setAttribute('aria-label', 'Netcode')
    this.#timer = setInterval(() => this.#update(), UPDATE_MS)
    this.#update()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#traffic.stop()
  }

  #update(): void {
    const now = performance.now()
    const { inputs, prediction, motion } = this.#options
    const { clock } = this.#room
    this.#show('Round trip', clock.rtt === null ? '–' : milliseconds(clock.rtt))
    this.#show('Jitter', milliseconds(clock.jitter))
    if (motion !== undefined) this.#show('Buffer', milliseconds(motion.delay))
    if (inputs !== undefined) {
      const { lead, margin, missed } = inputs
      this.#show('Lead', milliseconds(lead))
      this.#show('Margin', margin === null ? '–' : `${margin} ticks`, margin !== null && margin < 0)
      this.#show('Missed', `${missed} ticks`)
    }
    this.#showRates(now, prediction?.corrections)
    this.#traffic.update(now)
  }

  #showRates(now: number, corrections: Corrections | undefined): void {
    const { bytesIn, bytesOut } = this.#room.stats
    const before = this.#before
    this.#before = { bytesIn, bytesOut, now, count: corrections?.count ?? 0 }
    if (corrections !== undefined) {
      const { count, compared, largest } = corrections
      this.#show('Corrected', `${count} of ${compared}`)
      this.#show('Largest', `${largest.toFixed(1)} ${this.#options.unit ?? ''}`)
      const isNew = before === null ? 0 : count - before.count
      const sizes = isNew > 0 ? corrections.recent.slice(-isNew).map(({ size }) => size) : []
      this.#corrections!.push(Math.max(0, ...sizes))
    }
    if (before === null || now <= before.now) return
    const perSecond = 1000 / (now - before.now)
    this.#show('In', bytes((bytesIn - before.bytesIn) * perSecond))
    this.#show('Out', bytes((bytesOut - before.bytesOut) * perSecond))
  }

  #show(name: string, text: string, isBad = false): void {
    let value = this.#values.get(name)
    if (value === undefined) {
      value = element('dd')
      this.#values.set(name, value)
      this.#list.append(element('div', {}, element('dt', { textContent: name }), value))
    }
    if (value.textContent !== text) value.textContent = text
    value.classList.toggle('bad', isBad)
  }
}

function heading(body: HTMLElement, close: () => void): HTMLElement {
  const fold = element('button', { type: 'button', textContent: '–' })
  const unfolded = () => {
    fold.setAttribute('aria-expanded', String(!body.hidden))
    fold.setAttribute('aria-label', body.hidden ? 'Unfold' : 'Fold')
  }
  unfolded()
  fold.addEventListener('click', () => {
    body.hidden = !body.hidden
    fold.textContent = body.hidden ? '+' : '–'
    unfolded()
  })
  const end = element('button', { type: 'button', textContent: '×' })
  end.setAttribute('aria-label', 'Close')
  end.addEventListener('click', close)
  return element('header', {}, element('h2', { textContent: 'Netcode' }), fold, end)
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(0)} ms`
}

function bytes(perSecond: number): string {
  return perSecond < 10_000
    ? `${perSecond.toFixed(0)} B/s`
    : `${(perSecond / 1000).toFixed(1)} kB/s`
}
