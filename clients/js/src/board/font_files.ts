/**
 * Letters measured in Node, by the font files of this machine, as a browser on it measures them:
 * fontconfig says which fonts a family means, HarfBuzz how wide they write.
 */
import { Blob, Buffer, Face, Font, shape } from 'harfbuzzjs'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { familyOf } from './style.js'
import { MEASURED_SIZE, type Metrics } from './text_layout.js'

/** What Chromium looks for first by these names. */
const GENERIC: { readonly [family: string]: string } = {
  serif: 'Times New Roman',
  'sans-serif': 'Arial',
  monospace: 'Monospace',
  cursive: 'Comic Sans MS',
}
const LAST_RESORT = 'sans-serif'
const ASKING_MS = 10_000

/** Null where this machine has no fontconfig, or no fonts. */
export function metricsOfFiles(font: number): Metrics | null {
  const files = familyOf(font)
    .split(',')
    .map((name) => name.trim().replace(/^'|'$/g, ''))
    .flatMap((name) => fileOf(name) ?? [])
  const last = matched(LAST_RESORT)
  if (last !== null) files.push(last[0])
  const [first] = files
  if (first === undefined) return null
  const letters = new Letters(files)
  return { ...edgesOf(faceOf(first)), width: (text) => letters.width(text) }
}

// --- Which files -----------------------------------------------------------------------------------

/** A font file and which of its faces, as `fc-match` tells it. */
type FontFile = string

/** The file of a family, or null where another one would take its place. */
function fileOf(name: string): FontFile | null {
  const generic = GENERIC[name]
  if (generic === undefined) return named(name)
  return named(generic) ?? (name === 'cursive' ? null : (matched(name)?.[0] ?? null))
}

function named(name: string): FontFile | null {
  const match = matched(name)
  return match !== null && isMeant(name, match[1].split(',')) ? match[0] : null
}

/** What fontconfig takes for a family, and what that calls itself. */
function matched(name: string): [FontFile, families: string] | null {
  const [file, families] = ask('fc-match', '-f', '%{file}|%{index}\n%{family}', escaped(name))
  return file === undefined || families === undefined ? null : [file, families]
}

/** By its own name, or by one that fontconfig takes for the same. */
function isMeant(name: string, families: readonly string[]): boolean {
  const pattern = ask('fc-pattern', '-c', escaped(name), 'family').join('\n')
  const same = [...pattern.matchAll(/"([^"]*)"\([s=]\)/g)].map(([, family]) => family!)
  return [name, ...same].some((one) => families.some((other) => isSame(one, other)))
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** A font that has a letter which the family's have not. */
function fileWith(letter: string): FontFile | null {
  const charset = letter.codePointAt(0)!.toString(16)
  return ask('fc-match', '-f', '%{file}|%{index}', `sans-serif:charset=${charset}`)[0] ?? null
}

/** Of a pattern these are signs. */
function escaped(name: string): string {
  return name.replace(/[\\,:-]/g, '\\$&')
}

function ask(program: string, ...rest: string[]): string[] {
  try {
    const out = execFileSync(program, rest, {
      encoding: 'utf8',
      timeout: ASKING_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return out.split('\n').filter((line) => line !== '')
  } catch {
    return []
  }
}

// --- How wide --------------------------------------------------------------------------------------

const faces = new Map<FontFile, Font>()

function faceOf(file: FontFile): Font {
  let font = faces.get(file)
  if (font === undefined) {
    const at = file.lastIndexOf('|')
    const bytes = readFileSync(file.slice(0, at))
    const data = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
    font = new Font(new Face(new Blob(data), Number(file.slice(at + 1))))
    faces.set(file, font)
  }
  return font
}

/** Whole pixels, none of them cut off at the foot: as Chromium has them. */
function edgesOf(font: Font): Pick<Metrics, 'ascent' | 'descent'> {
  const { ascender, descender } = font.hExtents()
  const scale = MEASURED_SIZE / font.face.upem
  const [ascent, descent] = [Math.round(ascender * scale), Math.round(-descender * scale)]
  const isCut = descent < -descender * scale
  return isCut ? { ascent: ascent - 1, descent: descent + 1 } : { ascent, descent }
}

class Letters {
  readonly #files: FontFile[]
  readonly #found = new Map<string, Font>()

  constructor(files: readonly FontFile[]) {
    this.#files = [...new Set(files)]
  }

  width(text: string): number {
    let width = 0
    let run = ''
    let font: Font | null = null
    for (const letter of text) {
      const next = this.#fontFor(letter, font)
      if (next !== font && font !== null) {
        width += widthIn(font, run)
        run = ''
      }
      font = next
      run += letter
    }
    return font === null ? 0 : width + widthIn(font, run)
  }

  /** Signs that join letters stay with the letters before. */
  #fontFor(letter: string, before: Font | null): Font {
    if (before !== null && /[\p{M}\u200c\u200d\ufe00-\ufe0f]/u.test(letter)) return before
    let font = this.#found.get(letter)
    if (font === undefined) this.#found.set(letter, (font = this.#find(letter)))
    return font
  }

  #find(letter: string): Font {
    const has = (file: FontFile) => faceOf(file).nominalGlyph(letter.codePointAt(0)!) !== undefined
    let file = this.#files.find(has)
    if (file === undefined) {
      const other = fileWith(letter)
      if (other !== null && has(other)) this.#files.push((file = other))
    }
    return faceOf(file ?? this.#files[0]!)
  }
}

function widthIn(font: Font, text: string): number {
  const buffer = new Buffer()
  buffer.addText(text)
  buffer.guessSegmentProperties()
  shape(font, buffer)
  const advances = buffer.getGlyphPositions().map(({ xAdvance }) => xAdvance)
  return (advances.reduce((sum, advance) => sum + advance, 0) * MEASURED_SIZE) / font.face.upem
}
