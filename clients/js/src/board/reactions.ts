/** Small pictures that fly up from a place of the board, for everyone who sees that place. */
import { emojiPicture } from '../emoji.js'
import type { Fields } from '../tutti.js'
import type { Editor } from './editor.js'
import type { Point } from './geometry.js'
import type { Pointer, Tool } from './tools/tool.js'

export const REACTIONS = ['👍', '❤️', '🎉', '😂', '👏', '🤔'] as const

const EVENT = 'reaction'
const LIFE_MS = 2_200
const RISE = 120
const SWAY = 14
const SIZE = 34
const SHOWN_MAX = 60
const EMOJI_BYTES_MAX = 32
/** So many a second are a storm, and only wear out the others. */
const GAP_MS = 120

interface Flying extends Point {
  readonly emoji: string
  readonly from: number
  /** So that no two fly alike. */
  readonly turn: number
}

export class Reactions {
  readonly #editor: Editor
  #flying: Flying[] = []
  #lastAt = 0
  readonly #ends: (() => void)[]

  constructor(editor: Editor) {
    this.#editor = editor
    const { room, renderer } = editor
    this.#ends = [
      renderer.overlay((ask, now) => this.#draw(ask, now)),
      room.on('event', ({ name, value, history }) => {
        if (name === EVENT && !history) this.#fly(value as Fields | null)
      }),
    ]
  }

  destroy(): void {
    for (const end of this.#ends) end()
  }

  /** Lets one fly, for everyone. */
  react(emoji: string, { x, y }: Point): void {
    const { room } = this.#editor
    const now = performance.now()
    if (room.status !== 'live' || now - this.#lastAt < GAP_MS) return
    this.#lastAt = now
    room.emit(EVENT, { x: Math.round(x), y: Math.round(y), emoji })
  }

  #fly(value: Fields | null): void {
    const { x, y, emoji } = value ?? {}
    const isOne =
      typeof emoji === 'string' && new TextEncoder().encode(emoji).length <= EMOJI_BYTES_MAX
    if (typeof x !== 'number' || typeof y !== 'number' || !isOne) return
    const from = performance.now()
    this.#flying = [
      ...this.#flying,
      { x, y, emoji, from, turn: Math.random() * 2 * Math.PI },
    ].slice(-SHOWN_MAX)
    this.#editor.renderer.refresh()
  }

  #draw(ask: () => CanvasRenderingContext2D, now: number): void {
    this.#flying = this.#flying.filter(({ from }) => now - from < LIFE_MS)
    if (this.#flying.length === 0) return
    const context = ask()
    const { camera, renderer } = this.#editor
    const wantsRest = matchMedia('(prefers-reduced-motion: reduce)').matches
    context.textAlign = 'center'
    context.textBaseline = 'middle'
    context.font = `${SIZE}px sans-serif`
    for (const { x, y, emoji, from, turn } of this.#flying) {
      const t = Math.max(0, (now - from) / LIFE_MS)
      const at = camera.toScreen({ x, y })
      const rise = wantsRest ? 0 : RISE * (1 - (1 - t) ** 2)
      const sway = wantsRest ? 0 : SWAY * Math.sin(turn + t * 7)
      const grown = Math.min(1, t * 8)
      context.save()
      context.globalAlpha = Math.min(1, (1 - t) * 2.5)
      context.translate(at.x + sway, at.y - rise)
      context.scale(grown, grown)
      const picture = emojiPicture(emoji)
      if (picture === null) context.fillText(emoji, 0, 0)
      else context.drawImage(picture, -SIZE / 2, -SIZE / 2, SIZE, SIZE)
      context.restore()
    }
    renderer.refresh()
  }
}

/** Each click lets one fly. */
export class Reacting implements Tool {
  readonly number = 16
  readonly cursor = 'pointer'
  emoji: string = REACTIONS[0]
  readonly #reactions: Reactions

  constructor(reactions: Reactions) {
    this.#reactions = reactions
  }

  down({ at }: Pointer): void {
    this.#reactions.react(this.emoji, at)
  }

  move(): void {}
  up(): void {}
  cancel(): void {}
}
