/**
 * Colour, fill, width and whatever else fits the selection, or the tool that is about to draw. A
 * change is for both: for what is selected, and for what is drawn next.
 */
import { restyle } from '../edit/content.js'
import type { Editor } from '../editor.js'
import { HEAD_AT_END, HEAD_AT_START, type ObjectType } from '../model.js'
import { FONTS, inkOf, noteOf, OWN_COLOUR, PALETTE, tintOf, type Theme } from '../style.js'
import type { App } from './app.js'
import { COMMANDS, isAvailable, keysOf, type CommandId } from './commands.js'
import { button, el, rove, setAttribute, setText } from './dom.js'
import { iconOf } from './icons.js'
import { faceOf, VARIANTS } from './tools.js'

/** What the panel sets; the names are those of an object's fields. */
type Feature =
  'colour' | 'fill' | 'size' | 'dash' | 'heads' | 'opacity' | 'font' | 'fontSize' | 'align'

const LINES = ['colour', 'size', 'dash', 'opacity'] as const
const LETTERS = ['font', 'fontSize', 'align'] as const
const FEATURES: { readonly [type in ObjectType]: readonly Feature[] } = {
  stroke: ['colour', 'size', 'opacity'],
  rectangle: [...LINES, 'fill', ...LETTERS],
  ellipse: [...LINES, 'fill', ...LETTERS],
  diamond: [...LINES, 'fill', ...LETTERS],
  line: LINES,
  arrow: [...LINES, 'heads', 'fontSize'],
  text: ['colour', 'opacity', ...LETTERS],
  note: ['colour', 'font', 'fontSize', 'align'],
  image: ['opacity'],
  frame: [],
}

export const SIZES = [1, 2, 4, 8] as const
const SIZE_NAMES = ['Fine', 'Thin', 'Medium', 'Bold']
const FONT_SIZES = [16, 20, 28, 44] as const
const FONT_SIZE_NAMES = ['Small', 'Medium', 'Large', 'Very large']

/** What the panel shows: a value, or undefined where those of the selection differ. */
interface Shown {
  readonly features: ReadonlySet<Feature>
  readonly values: { readonly [feature in Feature]?: number | null | undefined }
  readonly types: ReadonlySet<ObjectType>
  readonly selected: number
  readonly tool: string
  readonly theme: Theme
}

interface Row {
  readonly element: HTMLElement
  update(shown: Shown): void
}

type Setter = (feature: Feature, value: number | null) => void

export class StylePanel {
  readonly element: HTMLElement
  readonly #app: App
  readonly #rows: readonly Row[]
  #request = 0
  /** On a phone the panel is out of sight until it is asked for. */
  #isOpen = false
  readonly #told: (swatch: string) => void

  /** `told`: of the colour that is drawn with, whenever it may be another one. */
  constructor(app: App, told: (swatch: string) => void) {
    this.#app = app
    this.#told = told
    const set: Setter = (feature, value) => wear(app.editor, feature, value)
    this.#rows = [
      ...VARIANTS.map((variants) => variantRow(app, variants)),
      new Colours(app, set),
      choiceRow('Width', 'size', sizes(), set),
      choiceRow('Line', 'dash', dashes(), set),
      headsRow(set),
      choiceRow('Letters', 'font', fonts(), set),
      choiceRow('Size of letters', 'fontSize', fontSizes(), set),
      alignRow(set),
      opacityRow(app, set),
      new Actions(app),
    ]
    this.element = el(
      'aside',
      { class: 'panel style', 'aria-label': 'Style', hidden: true },
      ...this.#rows.map(({ element }) => element),
    )
    const { editor, theme } = app
    const later = () => this.#later()
    app.onEnd(editor.selection.on('change', later))
    app.onEnd(editor.on('tool', later))
    app.onEnd(editor.on('style', later))
    app.onEnd(editor.scene.on('change', ({ id }) => editor.selection.has(id) && later()))
    app.onEnd(theme.on('change', later))
    app.onEnd(() => cancelAnimationFrame(this.#request))
    this.#update()
  }

  toggle(isOpen = !this.#isOpen): void {
    this.#isOpen = isOpen
    this.#update()
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  #later(): void {
    if (this.#request !== 0) return
    this.#request = requestAnimationFrame(() => {
      this.#request = 0
      this.#update()
    })
  }

  #update(): void {
    const { editor, theme } = this.#app
    const shown = shownOf(editor, theme.theme)
    const isBare = shown.features.size === 0 && shown.selected === 0 && !hasVariants(shown.tool)
    this.element.hidden = editor.readOnly || isBare
    setAttribute(this.element, 'data-open', this.#isOpen)
    const isNote = isOnly(shown.types, 'note')
    const { colour, noteColour } = editor.style
    this.#told(
      (isNote ? noteOf : inkOf)(shown.values.colour ?? (isNote ? noteColour : colour), shown.theme),
    )
    for (const row of this.#rows) row.update(shown)
  }
}

/** What there is to set for a selection, or else for the tool. */
function shownOf(editor: Editor, theme: Theme): Shown {
  const selection = editor.selection.objects
  const tool = editor.toolName
  const drawn = faceOf(tool)?.draws ?? null
  const drawnTypes: readonly ObjectType[] = drawn === null ? [] : [drawn]
  const types = new Set(selection.length > 0 ? selection.map(({ type }) => type) : drawnTypes)
  const features = new Set([...types].flatMap((type) => FEATURES[type]))
  const { style } = editor
  const next = drawn === 'note' ? { ...style, colour: style.noteColour } : style
  const values: { [feature in Feature]?: number | null | undefined } = {}
  for (const feature of features) {
    const having = selection.filter(({ type }) => FEATURES[type].includes(feature))
    const all = new Set(having.map((object) => object[feature]))
    const common = all.size === 1 ? [...all][0] : undefined
    values[feature] =
      selection.length > 0 ? common : feature === 'heads' ? undefined : next[feature]
  }
  return { features, values, types, selected: selection.length, tool, theme }
}

/** For what is selected, as one step, and for what is drawn next. */
function wear(editor: Editor, feature: Feature, value: number | null): void {
  const { selection, scene, toolName } = editor
  const types = new Set(selection.objects.map(({ type }) => type))
  const isNote = types.size > 0 ? isOnly(types, 'note') : faceOf(toolName)?.draws === 'note'
  if (feature === 'colour' && isNote) {
    editor.setStyle({ noteColour: value! })
    editor.apply(restyle(scene, selection, { colour: value }))
  } else if (feature === 'heads') {
    editor.apply(restyle(scene, selection, { heads: value }))
  } else {
    editor.restyle({ [feature]: value })
  }
}

function isOnly(types: ReadonlySet<ObjectType>, type: ObjectType): boolean {
  return types.size === 1 && types.has(type)
}

function hasVariants(tool: string): boolean {
  return VARIANTS.some((variants) => variants.some(({ name }) => name === tool))
}

/** Line and fill share one palette, so that the panel stays small. */
class Colours implements Row {
  readonly element = el('div', {})
  readonly #line: HTMLButtonElement
  readonly #area: HTMLButtonElement
  readonly #tabs: HTMLElement
  readonly #swatches: HTMLButtonElement[]
  readonly #none: HTMLButtonElement
  readonly #own: HTMLInputElement
  readonly #settle: () => void
  #isArea = false
  #shown: Shown | null = null

  constructor(app: App, set: Setter) {
    const choose = (value: number | null) => set(this.#isArea ? 'fill' : 'colour', value)
    const tab = (text: string, isArea: boolean) => {
      const tab = button({
        label: text,
        text,
        onClick: () => {
          this.#isArea = isArea
          this.#paint()
        },
      })
      tab.prepend(el('i', { class: isArea ? 'chip area' : 'chip' }))
      return tab
    }
    this.#line = tab('Line', false)
    this.#area = tab('Fill', true)
    this.#tabs = el(
      'div',
      { class: 'tabs', role: 'group', 'aria-label': 'What to colour' },
      this.#line,
      this.#area,
    )
    this.#swatches = PALETTE.map(({ name }, number) =>
      button({ label: name, class: 'swatch', onClick: () => choose(number) }),
    )
    this.#none = button({
      label: 'No fill',
      class: 'swatch none area',
      onClick: () => choose(null),
    })
    this.#own = el('input', { type: 'color', 'aria-label': 'Another colour' })
    this.#own.addEventListener('change', () => {
      choose(OWN_COLOUR + parseInt(this.#own.value.slice(1), 16))
    })
    const own = el('span', { class: 'swatch own', title: 'Another colour' }, this.#own)
    const grid = el(
      'div',
      { class: 'swatches', role: 'group', 'aria-label': 'Colour' },
      ...this.#swatches,
      this.#none,
      own,
    )
    this.element.append(this.#tabs, grid)
    this.#settle = rove(grid, app.signal)
  }

  update(shown: Shown): void {
    this.#shown = shown
    this.element.hidden = !shown.features.has('colour')
    this.#tabs.hidden = !shown.features.has('fill')
    if (this.#tabs.hidden) this.#isArea = false
    this.#paint()
  }

  #paint(): void {
    const shown = this.#shown
    if (shown === null) return
    const { theme, values, types } = shown
    const isNote = isOnly(types, 'note')
    const paint = this.#isArea ? tintOf : isNote ? noteOf : inkOf
    const value = this.#isArea ? values.fill : values.colour
    for (const [number, swatch] of this.#swatches.entries()) {
      swatch.style.setProperty('--swatch', paint(number, theme))
      swatch.classList.toggle('area', this.#isArea || isNote)
      setAttribute(swatch, 'aria-pressed', String(value === number))
    }
    this.#none.hidden = !this.#isArea
    setAttribute(this.#none, 'aria-pressed', String(value === null))
    const isOwn = typeof value === 'number' && value >= OWN_COLOUR
    this.#own.parentElement!.classList.toggle('chosen', isOwn)
    if (isOwn) this.#own.value = inkOf(value, theme)
    setAttribute(this.#line, 'aria-pressed', String(!this.#isArea))
    setAttribute(this.#area, 'aria-pressed', String(this.#isArea))
    const chip = (tab: HTMLElement, colour: string) => tab.style.setProperty('--shown', colour)
    chip(
      this.#line,
      typeof values.colour === 'number' ? inkOf(values.colour, theme) : 'transparent',
    )
    chip(this.#area, typeof values.fill === 'number' ? tintOf(values.fill, theme) : 'transparent')
    this.#settle()
  }
}

interface Choice {
  readonly label: string
  readonly value: number
  readonly face: Element | string
}

function choiceRow(label: string, feature: Feature, choices: readonly Choice[], set: Setter): Row {
  const buttons = choices.map(({ label, value, face }) => {
    const choice = button({ label, onClick: () => set(feature, value) })
    choice.append(face)
    return choice
  })
  const element = labelled(
    label,
    el('div', { class: 'row', role: 'group', 'aria-label': label }, ...buttons),
  )
  return {
    element,
    update({ features, values }) {
      element.hidden = !features.has(feature)
      for (const [i, { value }] of choices.entries()) {
        setAttribute(buttons[i]!, 'aria-pressed', String(values[feature] === value))
      }
    },
  }
}

function labelled(label: string, content: HTMLElement): HTMLElement {
  return el('div', {}, el('span', { class: 'row-label', 'aria-hidden': 'true' }, label), content)
}

/** Kinds of one tool: three pens, two erasers. */
function variantRow(app: App, variants: (typeof VARIANTS)[number]): Row {
  const buttons = variants.map(({ name, label, icon }) =>
    button({ icon, label, onClick: () => app.editor.setTool(name) }),
  )
  const element = el('div', { class: 'row', role: 'group', 'aria-label': 'Kind' }, ...buttons)
  return {
    element,
    update({ tool, selected }) {
      element.hidden = selected > 0 || !variants.some(({ name }) => name === tool)
      variants.forEach(({ name }, i) => {
        setAttribute(buttons[i]!, 'aria-pressed', String(name === tool))
      })
    },
  }
}

function sizes(): Choice[] {
  return SIZES.map((value, i) => ({
    label: SIZE_NAMES[i]!,
    value,
    face: el('i', { class: 'bars', style: `height: ${[1.5, 3, 5, 8][i]}px` }),
  }))
}

function dashes(): Choice[] {
  return ['Solid', 'Dashed', 'Dotted'].map((label, value) => ({
    label,
    value,
    face: el('i', { class: `dash ${label.toLowerCase()}` }),
  }))
}

function fonts(): Choice[] {
  return FONTS.map(({ name, family }, value) => ({
    label: name,
    value,
    face: el(
      'span',
      { class: 'letter', 'aria-hidden': 'true', style: `font-family: ${family}` },
      'Ag',
    ),
  }))
}

function fontSizes(): Choice[] {
  return FONT_SIZES.map((value, i) => ({
    label: FONT_SIZE_NAMES[i]!,
    value,
    face: el(
      'span',
      { 'aria-hidden': 'true', style: 'font-size: 12px' },
      ['S', 'M', 'L', 'XL'][i]!,
    ),
  }))
}

/** Each end of a line has a head or none. */
function headsRow(set: Setter): Row {
  let heads = 0
  const end = (label: string, bit: number, path: string) => {
    const choice = button({ label, onClick: () => set('heads', heads ^ bit) })
    const icon = iconOf('line')
    icon.firstElementChild!.setAttribute('d', path)
    choice.append(icon)
    return choice
  }
  const start = end('Head at the start', HEAD_AT_START, 'M20 12H5M10 6.5L4.5 12l5.5 5.5')
  const finish = end('Head at the end', HEAD_AT_END, 'M4 12h15M14 6.5l5.5 5.5-5.5 5.5')
  const row = el('div', { class: 'row', role: 'group', 'aria-label': 'Heads' }, start, finish)
  const element = labelled('Heads', row)
  return {
    element,
    update({ features, values, selected }) {
      element.hidden = !features.has('heads') || selected === 0
      heads = values.heads ?? 0
      setAttribute(start, 'aria-pressed', String((heads & HEAD_AT_START) !== 0))
      setAttribute(finish, 'aria-pressed', String((heads & HEAD_AT_END) !== 0))
    },
  }
}

/** `align` counts three columns across, and three rows of them down. */
function alignRow(set: Setter): Row {
  let align = 0
  const parts = [
    { step: 1, of: (align: number) => align % 3, faces: ACROSS },
    { step: 3, of: (align: number) => Math.floor(align / 3), faces: DOWN },
  ] as const
  const buttons = parts.map(({ step, of, faces }) =>
    faces.map(([label, icon], to) =>
      button({ icon, label, onClick: () => set('align', align + (to - of(align)) * step) }),
    ),
  )
  const [across, down] = buttons as [HTMLButtonElement[], HTMLButtonElement[]]
  const divider = el('span', { class: 'divider', 'aria-hidden': 'true' })
  const element = el(
    'div',
    { class: 'row', role: 'group', 'aria-label': 'Place of the letters' },
    ...across,
    divider,
    ...down,
  )
  return {
    element,
    update({ features, values, types, selected }) {
      element.hidden = !features.has('align') || selected === 0
      // A text is as high as its letters are.
      for (const part of [divider, ...down]) part.hidden = isOnly(types, 'text')
      align = values.align ?? 0
      parts.forEach(({ of }, i) => {
        buttons[i]!.forEach((button, to) => {
          setAttribute(
            button,
            'aria-pressed',
            String(values.align !== undefined && of(align) === to),
          )
        })
      })
    },
  }
}

const ACROSS = [
  ['Left', 'text-left'],
  ['Centre', 'text-center'],
  ['Right', 'text-right'],
] as const
const DOWN = [
  ['Top', 'text-top'],
  ['Middle', 'text-middle'],
  ['Bottom', 'text-bottom'],
] as const

/** All of a drag at the slider is one step. */
function opacityRow(app: App, set: Setter): Row {
  const slider = el('input', { type: 'range', min: 10, max: 100, step: 5, 'aria-label': 'Opacity' })
  const output = el('output', {})
  let isDragging = false
  slider.addEventListener('input', () => {
    if (!isDragging) app.editor.begin()
    isDragging = true
    setText(output, `${slider.value}%`)
    set('opacity', Number(slider.value) / 100)
  })
  const end = () => {
    if (isDragging) app.editor.end()
    isDragging = false
  }
  // A drag back to where it began, or of a slider that is hidden meanwhile, ends without a change.
  for (const name of ['change', 'pointerup', 'pointercancel', 'lostpointercapture', 'blur']) {
    slider.addEventListener(name, end)
  }
  app.onEnd(end)
  const element = labelled('Opacity', el('div', { class: 'slider' }, slider, output))
  return {
    element,
    update({ features, values }) {
      element.hidden = !features.has('opacity')
      if (element.hidden) end()
      if (isDragging) return
      const percent = Math.round((values.opacity ?? 1) * 100)
      slider.value = String(percent)
      setText(output, `${percent}%`)
    },
  }
}

/** What else can be done with the selection. */
class Actions implements Row {
  readonly element: HTMLElement
  readonly #app: App
  readonly #buttons: (readonly [CommandId, HTMLButtonElement])[] = []

  constructor(app: App) {
    this.#app = app
    const row = (...ids: CommandId[]) =>
      el('div', { class: 'row' }, ...ids.map((id) => this.#button(id)))
    this.element = el(
      'div',
      { role: 'group', 'aria-label': 'Selection' },
      el('div', { class: 'hr' }),
      row('align-left', 'align-center', 'align-right', 'align-top', 'align-middle', 'align-bottom'),
      row('duplicate', 'group', 'ungroup', 'front', 'back', 'lock', 'unlock', 'delete'),
    )
  }

  update({ selected }: Shown): void {
    this.element.hidden = selected === 0
    for (const [id, button] of this.#buttons) button.hidden = !isAvailable(this.#app, id)
    for (const row of this.element.querySelectorAll<HTMLElement>('.row')) {
      row.hidden = [...row.children].every((child) => (child as HTMLElement).hidden)
    }
  }

  #button(id: CommandId): HTMLButtonElement {
    const { label, icon, run } = COMMANDS[id]
    const element = button({ icon: icon!, label, keys: keysOf(id), onClick: () => run(this.#app) })
    this.#buttons.push([id, element])
    return element
  }
}
