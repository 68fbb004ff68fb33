/** Numbers by field name, in straight lines and round circles. */
export type Position = { [field: string]: number }

/** The fields that go round, an angle say, and how much is once round: 360, 2 × π, 65,536. */
export type Turns = { readonly [field: string]: number }

/** `to` less `from`; the shorter way, where it goes round. */
export function difference(from: number, to: number, turn: number | undefined): number {
  const straight = to - from
  return turn === undefined ? straight : straight - turn * Math.round(straight / turn)
}

/** The same place on the circle, 0 ≤ n < turn. */
export function wrapped(value: number, turn: number | undefined): number {
  return turn === undefined ? value : value - turn * Math.floor(value / turn)
}

/** From `a` (0) to `b` (1). A field that `a` has not is where `b` has it. */
export function between(
  a: Readonly<Position>,
  b: Readonly<Position>,
  share: number,
  turns: Turns,
): Position {
  const position: Position = {}
  for (const field in b) {
    const from = a[field] ?? b[field]!
    const turn = turns[field]
    position[field] = wrapped(from + difference(from, b[field]!, turn) * share, turn)
  }
  return position
}

/** How far apart two are, as the crow flies; what goes round does not count. */
export function distance(a: Readonly<Position>, b: Readonly<Position>, turns: Turns): number {
  let sum = 0
  for (const field in b) {
    if (field in turns || a[field] === undefined) continue
    sum += (b[field]! - a[field]!) ** 2
  }
  return Math.sqrt(sum)
}
