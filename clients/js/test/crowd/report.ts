/** What a crowd did and what came of it, as a table. */
import type { CrowdResult } from './crowd.js'
import type { Likeness } from './pictures.js'

export function report(result: CrowdResult): string {
  const head = ['who', 'in', 'acts', 'letters', 'back', 'cuts', 'refused', 'records']
  const rows = result.people.map(({ person, hash, cuts }) => {
    const { seat, kind, tally } = person
    const sum = (what: string) => tally.under(what).reduce((all, [, count]) => all + count, 0)
    return [
      seat.name,
      kind,
      sum('act '),
      tally.get('written'),
      tally.get('taken back'),
      cuts,
      sum('refused '),
      hash,
    ].map(String)
  })
  rows.push(['a newcomer', 'Node', '', '', '', '', '', result.late])
  rows.push(['after a restart', 'Node', '', '', '', '', '', result.restarted])
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd()
  const sumOf = (pictures: readonly Likeness[], key: 'pixels' | 'inked' | 'different' | 'spots') =>
    pictures.reduce((sum, picture) => sum + picture[key], 0)
  const [anew, mended] = [true, false].map((isAnew) =>
    result.pictures.filter((picture) => picture.isAnew === isAnew),
  )
  return [
    line(head),
    ...rows.map(line),
    '',
    `${result.objects} objects, ${result.remarks} comments and replies`,
    `letters that have to be there: ${result.letters}; lost ${result.lost}, doubled ${result.doubled}`,
    `pictures drawn anew: ${anew!.length}, ${sumOf(anew!, 'pixels')} pixels, ` +
      `${sumOf(anew!, 'inked')} of them inked, ${sumOf(anew!, 'different')} different`,
    `pictures mended all the time: ${mended!.length}, ${sumOf(mended!, 'pixels')} pixels, ` +
      `${sumOf(mended!, 'different')} smoothed otherwise, ${sumOf(mended!, 'spots')} spots wrong`,
    ...result.pictures
      .filter(({ different }) => different > 0)
      .map(
        ({ view, different, most, folder }) =>
          `  ${different} pixels by up to ${most} at ${view.x},${view.y} zoom ${view.zoom}: ${folder}`,
      ),
    ...result.differences.map((line) => `  ${line}`),
    '',
    `acts: ${sums(result, 'act ')}`,
    `refused: ${sums(result, 'refused ')}`,
    `not done: ${sums(result, 'not ')}`,
    `else: ${['fault ', 'trouble ', 'uncertain'].map((what) => sums(result, what)).join(' ')}`,
    result.isEqual ? 'all are equal, and nothing is lost' : 'NOT EQUAL',
  ].join('\n')
}

/** Each thing with its count, of all people together. */
function sums({ people }: CrowdResult, what: string): string {
  const all = new Map<string, number>()
  for (const { person } of people) {
    for (const [name, count] of person.tally.under(what)) {
      all.set(name, (all.get(name) ?? 0) + count)
    }
  }
  const parts = [...all].sort().map(([name, count]) => `${name.slice(what.length)} ${count}`)
  return parts.length === 0 ? 'none' : parts.join(', ')
}
