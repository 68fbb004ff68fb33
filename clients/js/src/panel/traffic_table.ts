import type { Room, Spending, Traffic } from '../tutti.js'
import { element } from './element.js'

const ROWS_MAX = 12

/** Bytes per second by collection and field, the dearest first. Counts only while it is open. */
export class TrafficTable {
  readonly element: HTMLDetailsElement
  readonly #room: Room
  readonly #body = element('tbody')
  #traffic: Traffic | null = null
  #before: { in: Spending; out: Spending; now: number } | null = null

  constructor(room: Room) {
    this.#room = room
    const head = element('tr', {}, ...['Spent on', 'in B/s', 'out B/s'].map(columnHead))
    const table = element('table', {}, element('thead', {}, head), this.#body)
    const summary = element('summary', { textContent: 'Bytes by collection and field' })
    this.element = element('details', {}, summary, table)
    this.element.addEventListener('toggle', () => this.#toggled())
  }

  stop(): void {
    this.#traffic?.stop()
    this.#traffic = null
  }

  update(now: number): void {
    if (this.#traffic === null) return
    const after = { in: { ...this.#traffic.in }, out: { ...this.#traffic.out }, now }
    const before = this.#before
    this.#before = after
    if (before === null || now <= before.now) return
    const perSecond = 1000 / (now - before.now)
    const rate = (way: 'in' | 'out', what: string) =>
      ((after[way][what] ?? 0) - (before[way][what] ?? 0)) * perSecond
    const names = new Set([...Object.keys(after.in), ...Object.keys(after.out)])
    const rows = [...names]
      .map((what) => ({ what, in: rate('in', what), out: rate('out', what) }))
      .filter((row) => row.in + row.out >= 0.5)
      .sort((a, b) => b.in + b.out - a.in - a.out)
    this.#body.replaceChildren(...rows.slice(0, ROWS_MAX).map(rowOf))
  }

  #toggled(): void {
    this.stop()
    this.#before = null
    if (this.element.open) this.#traffic = this.#room.traffic()
  }
}

function columnHead(textContent: string): HTMLElement {
  return element('th', { textContent, scope: 'col' })
}

function rowOf(row: { what: string; in: number; out: number }): HTMLElement {
  const cells = [row.in, row.out].map((rate) => element('td', { textContent: rate.toFixed(0) }))
  return element('tr', {}, element('th', { textContent: row.what, scope: 'row' }), ...cells)
}
