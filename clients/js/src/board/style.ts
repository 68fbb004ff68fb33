/**
 * What the board looks like: the palette that records name by number, and the tokens of both
 * themes. Canvas, exported pictures and the panels around the canvas all take their colours here.
 */

export type Theme = 'light' | 'dark'

/** One colour of the palette in one theme. */
export interface Shade {
  /** Lines, letters and strokes. */
  readonly ink: string
  /** What fills a shape: quiet enough that ink of any colour can be read on it. */
  readonly tint: string
  /** The paper of a sticky note. */
  readonly note: string
}

export interface Swatch {
  readonly name: string
  readonly light: Shade
  readonly dark: Shade
}

/** `colour` and `fill` of an object: 0..15 is one of these, 16 + 0xRRGGBB a colour of its own. */
export const PALETTE: readonly Swatch[] = [
  {
    name: 'Ink',
    light: { ink: '#1d1b18', tint: '#e9e5dd', note: '#e4dfd5' },
    dark: { ink: '#f4efe6', tint: '#37342f', note: '#504b44' },
  },
  {
    name: 'Graphite',
    light: { ink: '#6d6861', tint: '#f1eeea', note: '#eeebe6' },
    dark: { ink: '#9f9b95', tint: '#2c2a28', note: '#454340' },
  },
  {
    name: 'Vermilion',
    light: { ink: '#c7301c', tint: '#ffe2dc', note: '#fdc9bf' },
    dark: { ink: '#f77762', tint: '#4a241d', note: '#703228' },
  },
  {
    name: 'Coral',
    light: { ink: '#e77564', tint: '#feece9', note: '#fddcd6' },
    dark: { ink: '#feb1a3', tint: '#3b2420', note: '#5e3831' },
  },
  {
    name: 'Orange',
    light: { ink: '#db7206', tint: '#fee4d2', note: '#ffd2b3' },
    dark: { ink: '#feb583', tint: '#452914', note: '#693a16' },
  },
  {
    name: 'Amber',
    light: { ink: '#e5a915', tint: '#f9e7c7', note: '#fde08f' },
    dark: { ink: '#f2be59', tint: '#3d2e10', note: '#5c4309' },
  },
  {
    name: 'Moss',
    light: { ink: '#80a42c', tint: '#e2efcf', note: '#d6ec9f' },
    dark: { ink: '#b4d677', tint: '#2b3519', note: '#3e4f1e' },
  },
  {
    name: 'Green',
    light: { ink: '#2e7c35', tint: '#daf1da', note: '#bdebbd' },
    dark: { ink: '#6ead70', tint: '#233623', note: '#305131' },
  },
  {
    name: 'Teal',
    light: { ink: '#0d7c77', tint: '#d5f0ee', note: '#b1e9e4' },
    dark: { ink: '#5dafa9', tint: '#1d3534', note: '#26504d' },
  },
  {
    name: 'Sky',
    light: { ink: '#3aa0d4', tint: '#d8f0ff', note: '#b9e3ff' },
    dark: { ink: '#85d2ff', tint: '#1c3341', note: '#234d63' },
  },
  {
    name: 'Blue',
    light: { ink: '#1a67c2', tint: '#ddebfe', note: '#c3dcff' },
    dark: { ink: '#609dee', tint: '#1e314a', note: '#294872' },
  },
  {
    name: 'Violet',
    light: { ink: '#6b40c9', tint: '#e9e6fe', note: '#dad3ff' },
    dark: { ink: '#997ef3', tint: '#312a4c', note: '#493d74' },
  },
  {
    name: 'Lilac',
    light: { ink: '#a583df', tint: '#f2ebff', note: '#e9deff' },
    dark: { ink: '#d1b9ff', tint: '#342b43', note: '#4d3f67' },
  },
  {
    name: 'Magenta',
    light: { ink: '#b62877', tint: '#fee0ec', note: '#fecbe0' },
    dark: { ink: '#e76fa9', tint: '#472333', note: '#6b314d' },
  },
  {
    name: 'Brown',
    light: { ink: '#7b4b23', tint: '#f7e6d9', note: '#f1d3bb' },
    dark: { ink: '#ab7e5d', tint: '#3b2d23', note: '#594231' },
  },
  {
    name: 'Paper',
    light: { ink: '#ffffff', tint: '#ffffff', note: '#ffffff' },
    dark: { ink: '#141311', tint: '#1d1b18', note: '#2a2724' },
  },
]

/** The numbers of the palette. */
export const COLOUR = {
  ink: 0,
  graphite: 1,
  vermilion: 2,
  coral: 3,
  orange: 4,
  amber: 5,
  moss: 6,
  green: 7,
  teal: 8,
  sky: 9,
  blue: 10,
  violet: 11,
  lilac: 12,
  magenta: 13,
  brown: 14,
  paper: 15,
} as const

/** From here on a colour is written as 16 + 0xRRGGBB. */
export const OWN_COLOUR = 16

/** The colour of lines and letters. What a stranger sent that is no colour is ink. */
export function inkOf(colour: number, theme: Theme): string {
  return shade(colour, theme)?.ink ?? own(colour)
}

/** The colour that fills a shape. */
export function tintOf(fill: number, theme: Theme): string {
  return shade(fill, theme)?.tint ?? own(fill)
}

/** The paper of a sticky note. */
export function noteOf(colour: number, theme: Theme): string {
  return shade(colour, theme)?.note ?? own(colour)
}

function shade(colour: number, theme: Theme): Shade | undefined {
  if (colour < OWN_COLOUR) return (PALETTE[colour] ?? PALETTE[COLOUR.ink]!)[theme]
  return undefined
}

function own(colour: number): string {
  return `#${(colour - OWN_COLOUR).toString(16).padStart(6, '0').slice(-6)}`
}

/** What the panels, the canvas' ground and its tools are painted in. */
export interface Tokens {
  /** The ground of the board. */
  readonly paper: string
  /** The dots on it. */
  readonly dot: string
  /** Panels that lie on the board. */
  readonly surface: string
  /** What is pointed at, pressed or set back in a panel. */
  readonly well: string
  readonly ink: string
  /** Text beside the main thing; 4.5 : 1 on paper and surface. */
  readonly soft: string
  readonly rule: string
  readonly strongRule: string
  /** What is chosen and what can be pulled at: tool, selection, handles, links. */
  readonly accent: string
  /** Letters on the accent. */
  readonly onAccent: string
  /** A breath of the accent: the marquee, a chosen row. */
  readonly accentWash: string
  /** Lines that objects snap to. */
  readonly guide: string
  readonly good: string
  readonly warn: string
  readonly bad: string
  /** Below panels, as CSS has it. */
  readonly shadow: string
  /** What a note casts on the paper. */
  readonly cast: string
}

export const TOKENS: { readonly [theme in Theme]: Tokens } = {
  light: {
    paper: '#fbf9f5',
    dot: '#dfd8cb',
    surface: '#ffffff',
    well: '#f3efe8',
    ink: '#1d1b18',
    soft: '#655f56',
    rule: '#e3ddd1',
    strongRule: '#948c7f',
    accent: '#c8321f',
    onAccent: '#ffffff',
    accentWash: 'rgb(200 50 31 / 9%)',
    guide: '#0b7771',
    good: '#2b7a39',
    warn: '#9a5b00',
    bad: '#b3261e',
    shadow:
      '0 0 0 1px rgb(60 45 20 / 9%), 0 1px 2px rgb(60 45 20 / 7%), 0 6px 20px rgb(60 45 20 / 9%)',
    cast: 'rgb(60 45 20 / 22%)',
  },
  dark: {
    paper: '#141311',
    dot: '#312e29',
    surface: '#211f1c',
    well: '#2e2b27',
    ink: '#f4efe6',
    soft: '#aaa295',
    rule: '#37342f',
    strongRule: '#7d766b',
    accent: '#f0664f',
    onAccent: '#1d0f0c',
    accentWash: 'rgb(240 102 79 / 14%)',
    guide: '#3fb8ae',
    good: '#6cc47a',
    warn: '#e3a94b',
    bad: '#ff8a7d',
    shadow:
      '0 0 0 1px rgb(255 245 225 / 9%), 0 2px 4px rgb(0 0 0 / 30%), 0 8px 24px rgb(0 0 0 / 40%)',
    cast: 'rgb(0 0 0 / 45%)',
  },
}

/** Type of the house, by system fonts alone. */
export const SERIF =
  "'Iowan Old Style', Palatino, 'Palatino Linotype', P052, 'Book Antiqua', Georgia, serif"
export const SANS =
  "Inter, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"
export const MONO =
  "ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"

/** `font` of an object is a number of these; system fonts, so that nothing has to be fetched. */
export const FONTS: readonly { readonly name: string; readonly family: string }[] = [
  { name: 'Sans', family: SANS },
  { name: 'Serif', family: SERIF },
  {
    name: 'Hand',
    family:
      "'Bradley Hand', 'Segoe Print', 'Comic Neue', 'Chalkboard SE', 'Marker Felt', Chilanka, cursive",
  },
  { name: 'Mono', family: MONO },
]

/** Of a font that is not known, the first. */
export function familyOf(font: number): string {
  return (FONTS[font] ?? FONTS[0]!).family
}

/** The tokens as CSS variables: `--paper`, `--strong-rule`, … */
export function tokensAsCss(theme: Theme): string {
  return Object.entries(TOKENS[theme])
    .map(([name, value]) => `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}: ${value};`)
    .join('\n')
}
