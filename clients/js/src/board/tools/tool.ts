import type { Point } from '../geometry.js'

/** The pointer at one moment. */
export interface Pointer {
  /** On the board. */
  readonly at: Point
  /** On the screen, from the upper left corner of the board's element. */
  readonly screen: Point
  /** 0..1; null where the device cannot tell. */
  readonly pressure: number | null
  readonly type: 'mouse' | 'touch' | 'pen'
  readonly shift: boolean
  readonly alt: boolean
  /** Control, or command on a Mac. */
  readonly ctrl: boolean
  /** The second of two quick clicks, or more. */
  readonly clicks: number
  /** Milliseconds, on the clock of `performance.now()`. */
  readonly time: number
}

/** What a pointer does to the board. One at a time has it. */
export interface Tool {
  /** Number of this tool in presence. */
  readonly number: number
  readonly cursor: string
  /** The tool is taken up, or laid down. */
  enter?(): void
  leave?(): void
  down(pointer: Pointer): void
  /** `trail`: all that happened since the last move, oldest first, the last being `pointer`. */
  move(pointer: Pointer, trail: readonly Pointer[]): void
  up(pointer: Pointer): void
  /** Without a button pressed. */
  hover?(pointer: Pointer): void
  /** What was begun has not happened: a second finger came down, Escape was pressed. */
  cancel(): void
  /** A modifier has changed, or a key is meant for what is under way; true where it is used. */
  key?(event: KeyboardEvent): boolean
}
