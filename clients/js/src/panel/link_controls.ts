import type { LinkConditions, Room } from '../tutti.js'
import { element } from './element.js'

const SLIDERS = [
  { name: 'latency', label: 'Latency', max: 500, step: 10 },
  { name: 'jitter', label: 'Jitter', max: 200, step: 5 },
  { name: 'stall', label: 'Stalls', max: 1_000, step: 50 },
] as const

/** Sliders that make the line worse. */
export function linkControls(room: Room): HTMLElement {
  const rows = SLIDERS.map(({ name, label, max, step }) => {
    const value = room.link.conditions?.[name] ?? 0
    const input = element('input', { type: 'range', min: '0', max: `${max}`, step: `${step}` })
    input.value = `${value}`
    const output = element('output', { textContent: `${value} ms` })
    input.addEventListener('input', () => {
      output.textContent = `${input.value} ms`
      simulate()
    })
    return { name, input, row: element('label', {}, label, input, output) }
  })
  const simulate = () => {
    const conditions: LinkConditions = Object.fromEntries(
      rows.map(({ name, input }) => [name, input.valueAsNumber]),
    )
    const isNone = rows.every(({ input }) => input.valueAsNumber === 0)
    room.link.simulate(isNone ? null : conditions)
  }
  const summary = element('summary', { textContent: 'Simulated line' })
  return element('details', {}, summary, ...rows.map(({ row }) => row))
}
