/**
 * Where letters stand: broken into lines as a browser breaks them in a `pre-wrap` field, so that
 * the canvas, an exported picture and the field in which people type show the same.
 */
import { familyOf, FONTS } from './style.js'

export const LINE_HEIGHT = 1.3
/** An arrow's words, in pixels of the board. */
export const LABEL_WIDTH_MAX = 220
/** Between an arrow's words and its line. */
export const LABEL_PADDING = 4
/** Letters of a note become no smaller than this, in pixels of the board. */
export const FITTED_SIZE_MIN = 8

export interface Line {
  readonly text: string
  /** Where it begins and ends among the letters; what ends it, a break or blanks, is not in it. */
  readonly from: number
  readonly to: number
  readonly width: number
}

export interface Layout {
  readonly lines: readonly Line[]
  readonly font: number
  readonly size: number
  /** From one line to the next. */
  readonly lineHeight: number
  /** From a line's upper edge to where its letters stand. */
  readonly baseline: number
  /** Of the widest line. */
  readonly width: number
  readonly height: number
  /** It had to break within a word. */
  readonly isForced: boolean
}

/** Of letters of {@link MEASURED_SIZE}. */
export interface Metrics {
  readonly ascent: number
  readonly descent: number
  width(text: string): number
}

/** Letters are measured once, at this size. They are drawn without hinting, so they grow evenly. */
export const MEASURED_SIZE = 100
const WORDS_KEPT = 20_000
/** Longer ones come once. */
const KEPT_LENGTH_MAX = 64
const LAYOUTS_KEPT = 2_000

export function fontOf(font: number, size: number): string {
  return `${size}px ${familyOf(font)}`
}

/** In lines of at most `width`; null where only the writer breaks lines. */
export function layOut(text: string, font: number, size: number, width: number | null): Layout {
  const key = `${font} ${size} ${width} ${text}`
  return layouts.get(key) ?? layouts.put(key, makeLayout(text, font, size, width))
}

/** In letters of at most `size`, as much smaller as it takes to fit the height, and words whole. */
export function layOutFitted(
  text: string,
  font: number,
  size: number,
  width: number,
  height: number,
): Layout {
  const fits = (layout: Layout) => layout.height <= height && !layout.isForced
  const whole = layOut(text, font, size, width)
  if (fits(whole)) return whole
  let [low, high] = [Math.min(size, FITTED_SIZE_MIN), size]
  while (high - low > 0.5) {
    const middle = (low + high) / 2
    if (fits(layOut(text, font, middle, width))) low = middle
    else high = middle
  }
  return layOut(text, font, low, width)
}

/** Which line a place among the letters is in, and how far along. */
export function placeOf(layout: Layout, index: number): { line: number; x: number } {
  let line = 0
  while (line + 1 < layout.lines.length && layout.lines[line + 1]!.from <= index) line++
  const { from, to, text } = layout.lines[line]!
  const before = text.slice(0, Math.min(index, to) - from)
  return { line, x: metricsOf(layout.font).width(before) * (layout.size / MEASURED_SIZE) }
}

function makeLayout(text: string, font: number, size: number, width: number | null): Layout {
  const metrics = metricsOf(font)
  const scale = size / MEASURED_SIZE
  const limit = width === null ? Infinity : width / scale
  const breaker = new Breaker(metrics, limit)
  let from = 0
  for (const paragraph of text.split('\n')) {
    breaker.paragraph(paragraph, from)
    from += paragraph.length + 1
  }
  const lines = breaker.lines.map((line) => ({ ...line, width: line.width * scale }))
  const lineHeight = size * LINE_HEIGHT
  const { ascent, descent } = metrics
  return {
    lines,
    font,
    size,
    lineHeight,
    baseline: (lineHeight - (ascent + descent) * scale) / 2 + ascent * scale,
    width: Math.max(...lines.map((line) => line.width)),
    height: lines.length * lineHeight,
    isForced: breaker.isForced,
  }
}

/**
 * What stays together on a line: words, up to their hyphens; long dashes; blanks; characters of
 * Chinese and Japanese, each alone but for the punctuation that must not begin or end a line.
 */
const CJK = String.raw`\p{Ideo}\p{sc=Hira}\p{sc=Kana}`
const PIECES = new RegExp(
  [
    String.raw`[\p{Ps}\p{Pi}]*[${CJK}][\p{Pe}\p{Pf}、。，．！？：；ー…]*`,
    String.raw`[^\s—${CJK}]*?[\p{L}\p{N}][-–]+(?=\p{L})`,
    String.raw`[^\s—${CJK}]+`,
    '—+',
    String.raw`\s+`,
  ].join('|'),
  'gu',
)

class Breaker {
  readonly lines: Line[] = []
  isForced = false
  readonly #metrics: Metrics
  readonly #limit: number
  #text = ''
  #from = 0
  #width = 0
  /** Blanks at the end of a line hang over its edge, and count only where letters follow. */
  #blanks = ''

  constructor(metrics: Metrics, limit: number) {
    this.#metrics = metrics
    this.#limit = limit
  }

  paragraph(text: string, from: number): void {
    this.#begin(from)
    for (const [piece] of text.matchAll(PIECES)) {
      if (/^\s/.test(piece)) this.#blanks += piece
      else this.#add(piece)
    }
    this.#width += this.#metrics.width(this.#blanks)
    this.#text += this.#blanks
    this.#end()
  }

  #begin(from: number): void {
    this.#from = from
    this.#text = ''
    this.#width = 0
    this.#blanks = ''
  }

  #end(): void {
    const [from, text] = [this.#from, this.#text]
    this.lines.push({ text, from, to: from + text.length, width: this.#width })
  }

  #add(piece: string): void {
    const blanks = this.#metrics.width(this.#blanks)
    const width = this.#metrics.width(piece)
    if (this.#width + blanks + width > this.#limit && this.#text + this.#blanks !== '') {
      const next = this.#from + this.#text.length + this.#blanks.length
      this.#end()
      this.#begin(next)
    } else {
      this.#text += this.#blanks
      this.#width += blanks
      this.#blanks = ''
    }
    if (width > this.#limit) this.#force(piece)
    else {
      this.#text += piece
      this.#width += width
    }
  }

  /** A word that is wider than a line fills as many as it takes. */
  #force(word: string): void {
    this.isForced = true
    const letters = [...word]
    for (let at = 0; at < letters.length;) {
      if (at > 0) {
        const next = this.#from + this.#text.length
        this.#end()
        this.#begin(next)
      }
      const count = this.#fitting(letters, at)
      this.#text = letters.slice(at, at + count).join('')
      this.#width = this.#metrics.width(this.#text)
      at += count
    }
  }

  /** How many letters from `at` on fill a line: found by halving, one at least. */
  #fitting(letters: readonly string[], at: number): number {
    const fits = (count: number) =>
      this.#metrics.width(letters.slice(at, at + count).join('')) <= this.#limit
    const left = letters.length - at
    let [low, high] = [1, 2]
    while (high <= left && fits(high)) [low, high] = [high, 2 * high]
    high = Math.min(high, left + 1)
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (fits(middle)) low = middle
      else high = middle
    }
    return low
  }
}

/** Keeps what was used last. */
class Kept<Thing> {
  readonly #things = new Map<string, Thing>()

  constructor(readonly most: number) {}

  get(key: string): Thing | undefined {
    const thing = this.#things.get(key)
    if (thing !== undefined) {
      this.#things.delete(key)
      this.#things.set(key, thing)
    }
    return thing
  }

  put(key: string, thing: Thing): Thing {
    this.#things.set(key, thing)
    if (this.#things.size > this.most) {
      for (const oldest of this.#things.keys()) {
        this.#things.delete(oldest)
        break
      }
    }
    return thing
  }
}

const layouts = new Kept<Layout>(LAYOUTS_KEPT)
const fonts = new Map<string, Metrics>()

/** Strangers name any number as a font: all that are none have one among them. */
function metricsOf(font: number): Metrics {
  const { family } = FONTS[font] ?? FONTS[0]!
  let metrics = fonts.get(family)
  if (metrics === undefined) fonts.set(family, (metrics = measured(font) ?? guessed))
  return metrics
}

let measured: (font: number) => Metrics | null = canvasMetrics

/** Where there is no canvas, something else may know how wide letters are; null: guess. */
export function measureBy(measure: (font: number) => Metrics | null): void {
  measured = measure
  fonts.clear()
}

/** How letters are drawn wherever they are measured: on the canvas, in the field. */
export function prepareLetters(context: CanvasRenderingContext2D, font: number, size: number) {
  context.font = fontOf(font, size)
  context.fontKerning = 'normal'
  if ('textRendering' in context) context.textRendering = 'geometricPrecision'
}

function canvasMetrics(font: number): Metrics | null {
  if (typeof document === 'undefined') return null
  const context = document.createElement('canvas').getContext('2d')
  if (context === null) return null
  prepareLetters(context, font, MEASURED_SIZE)
  const { fontBoundingBoxAscent: ascent, fontBoundingBoxDescent: descent } =
    context.measureText('x')
  const widths = new Kept<number>(WORDS_KEPT)
  const measure = (text: string) => context.measureText(text).width
  return {
    ascent,
    descent,
    width: (text) =>
      text.length > KEPT_LENGTH_MAX
        ? measure(text)
        : (widths.get(text) ?? widths.put(text, measure(text))),
  }
}

/** Where nothing draws, as in Node: widths as of a plain sans. */
const guessed: Metrics = {
  ascent: 95,
  descent: 25,
  width: (text) => [...text].reduce((sum, letter) => sum + (WIDTHS[letter] ?? 55), 0),
}

const WIDTHS: { readonly [letter: string]: number } = { i: 25, l: 25, ' ': 28, m: 85, w: 75 }
