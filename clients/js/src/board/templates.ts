/** Boards to begin with. A template is a clipping like any other, put into the middle of what shows. */
import type { Clipping, ClippedObject } from './clipping.js'
import { union, type Box } from './geometry.js'
import type { ObjectType } from './model.js'
import { COLOUR } from './style.js'

export interface Template {
  readonly name: string
  /** Its picture: paths in a box of 60 × 42; those of the second list are in the accent. */
  readonly lines: readonly string[]
  readonly accents: readonly string[]
  readonly make: () => Clipping
}

/** `align`: rows of left, middle, right. */
const MIDDLE = 4
/** Left, but in the middle of its height. */
const LEFT = 3

type Fields = Omit<Partial<ClippedObject>, 'id' | 'type'>

/** Objects as they are drawn, the lowest first; `add` gives the id that arrows name. */
class Sheet {
  readonly #objects: ClippedObject[] = []

  add(type: ObjectType, x: number, y: number, w: number, h: number, fields: Fields = {}): string {
    const id = `t${this.#objects.length}`
    this.#objects.push({ id, type, x, y, w, h, ...fields })
    return id
  }

  text(x: number, y: number, words: string, fontSize = 20, fields: Fields = {}): string {
    // Without a size of its own it is as large as its words.
    return this.add('text', x, y, 0, 0, { words, fontSize, colour: COLOUR.ink, ...fields })
  }

  note(x: number, y: number, colour: number, words = ''): string {
    return this.add('note', x, y, 180, 180, { colour, words, fontSize: 20, align: MIDDLE })
  }

  /** From one box to another, attached at places in 0..1 of their sides. */
  arrow(
    start: string,
    startAt: readonly [number, number],
    end: string,
    endAt: readonly [number, number],
    fields: Fields = {},
  ): string {
    const at = (id: string, [ax, ay]: readonly [number, number]) => {
      const { x, y, w = 0, h = 0 } = this.#objects.find((object) => object.id === id)!
      return { x: x + w * ax, y: y + h * ay }
    }
    const from = at(start, startAt)
    const to = at(end, endAt)
    const points = [Math.round((to.x - from.x) * 8), Math.round((to.y - from.y) * 8)]
    const ends = { start, end, startAt, endAt, points }
    return this.add('arrow', from.x, from.y, 0, 0, {
      colour: COLOUR.ink,
      size: 2,
      ...ends,
      ...fields,
    })
  }

  get clipping(): Clipping {
    const box = union(this.#objects.map(({ x, y, w = 0, h = 0 }): Box => ({ x, y, w, h })))
    return { objects: this.#objects, box: box ?? { x: 0, y: 0, w: 0, h: 0 }, files: null }
  }
}

function retro(): Clipping {
  const sheet = new Sheet()
  const columns = [
    ['Went well', COLOUR.moss, 'What should we keep?'],
    ['Went badly', COLOUR.vermilion, 'What slowed us down?'],
    ['Try next', COLOUR.sky, 'What do we do differently?'],
  ] as const
  sheet.text(0, -96, 'Retrospective', 40)
  columns.forEach(([title, colour, question], number) => {
    const x = number * 456
    sheet.add('frame', x, 0, 432, 640, { words: title })
    sheet.note(x + 24, 24, colour, question)
    sheet.note(x + 228, 24, colour)
    sheet.note(x + 24, 228, colour)
  })
  return sheet.clipping
}

function kanban(): Clipping {
  const sheet = new Sheet()
  const columns = [
    ['To do', COLOUR.graphite, ['Write it down', 'Sketch the first screen', 'Ask three people']],
    ['Doing', COLOUR.blue, ['Drag a card here']],
    ['Waiting', COLOUR.brown, []],
    ['Done', COLOUR.green, ['Make a board']],
  ] as const
  columns.forEach(([title, colour, cards], number) => {
    const x = number * 304
    sheet.add('rectangle', x, 0, 288, 620, {
      colour: COLOUR.graphite,
      fill: COLOUR.graphite,
      size: 1,
      opacity: 1,
    })
    sheet.text(x + 20, 18, title, 24, { colour })
    cards.forEach((words, row) => {
      sheet.add('rectangle', x + 16, 72 + row * 104, 256, 88, {
        colour,
        fill: COLOUR.paper,
        size: 1.5,
        words,
        fontSize: 18,
        align: LEFT,
      })
    })
  })
  return sheet.clipping
}

function mindMap(): Clipping {
  const sheet = new Sheet()
  const middle = sheet.add('ellipse', 440, 250, 260, 140, {
    colour: COLOUR.vermilion,
    fill: COLOUR.vermilion,
    words: 'The idea',
    fontSize: 28,
    align: MIDDLE,
  })
  const branches = [
    ['Who for?', 40, 40, COLOUR.blue, [1, 0.5], [0.12, 0.2]],
    ['Why now?', 880, 40, COLOUR.teal, [0, 0.5], [0.88, 0.2]],
    ['What could go wrong?', 40, 520, COLOUR.magenta, [1, 0.5], [0.12, 0.8]],
    ['First step', 880, 520, COLOUR.moss, [0, 0.5], [0.88, 0.8]],
  ] as const
  for (const [words, x, y, colour, near, at] of branches) {
    const fields = { colour, fill: colour, words, fontSize: 20, align: MIDDLE }
    const branch = sheet.add('rectangle', x, y, 220, 80, fields)
    sheet.arrow(middle, at, branch, near, { colour, heads: 0, size: 3 })
  }
  return sheet.clipping
}

function flowChart(): Clipping {
  const sheet = new Sheet()
  const step = (type: ObjectType, x: number, y: number, words: string, colour: number) =>
    sheet.add(type, x, y, 220, type === 'diamond' ? 150 : 84, {
      colour,
      fill: colour,
      words,
      fontSize: 20,
      align: MIDDLE,
    })
  const start = step('ellipse', 0, 0, 'Start', COLOUR.green)
  const work = step('rectangle', 0, 164, 'Do the work', COLOUR.blue)
  const check = step('diamond', 0, 328, 'Good?', COLOUR.amber)
  const end = step('ellipse', 0, 560, 'Done', COLOUR.green)
  const again = step('rectangle', 340, 361, 'Find out why', COLOUR.vermilion)
  sheet.arrow(start, [0.5, 1], work, [0.5, 0])
  sheet.arrow(work, [0.5, 1], check, [0.5, 0])
  sheet.arrow(check, [0.5, 1], end, [0.5, 0], { words: 'yes', fontSize: 18 })
  sheet.arrow(check, [1, 0.5], again, [0, 0.5], { words: 'no', fontSize: 18 })
  sheet.arrow(again, [0.5, 0], work, [1, 0.5], { bend: 60 })
  return sheet.clipping
}

function wireframe(): Clipping {
  const sheet = new Sheet()
  const box = (
    x: number,
    y: number,
    w: number,
    h: number,
    words = '',
    colour: number = COLOUR.graphite,
  ) =>
    sheet.add('rectangle', x, y, w, h, {
      colour,
      fill: COLOUR.paper,
      size: 1,
      words,
      fontSize: 16,
      align: MIDDLE,
    })
  sheet.add('frame', 0, 0, 880, 600, { words: 'Web page' })
  box(0, 0, 880, 64)
  sheet.text(24, 18, 'Name', 22)
  sheet.text(560, 21, 'Products', 16)
  sheet.text(672, 21, 'About', 16)
  box(764, 14, 92, 36, 'Sign in', COLOUR.ink)
  box(24, 88, 832, 220)
  sheet.text(300, 150, 'One clear sentence', 30)
  box(380, 220, 120, 44, 'Begin', COLOUR.vermilion)
  for (let i = 0; i < 3; i++) {
    box(24 + i * 284, 332, 264, 150, 'Picture')
    sheet.text(24 + i * 284, 498, 'Headline', 20)
    sheet.text(24 + i * 284, 532, 'A few words about it', 15, { colour: COLOUR.graphite })
  }
  sheet.add('frame', 928, 0, 300, 600, { words: 'Phone' })
  box(928, 0, 300, 56, 'Name')
  box(948, 76, 260, 180, 'Picture')
  sheet.text(948, 276, 'One clear sentence', 22)
  box(948, 520, 260, 52, 'Begin', COLOUR.vermilion)
  return sheet.clipping
}

function lesson(): Clipping {
  const sheet = new Sheet()
  sheet.text(0, -84, 'Today', 40)
  sheet.add('frame', 0, 0, 640, 420, { words: 'The board' })
  sheet.add('frame', 664, 0, 420, 200, { words: 'Goals' })
  sheet.text(688, 28, '1. What we know', 20)
  sheet.text(688, 72, '2. What is new', 20)
  sheet.text(688, 116, '3. What we can do with it', 20)
  sheet.add('frame', 664, 244, 420, 176, { words: 'Words to remember' })
  sheet.add('frame', 0, 464, 1084, 232, { words: 'Questions' })
  const colours = [COLOUR.amber, COLOUR.sky, COLOUR.lilac, COLOUR.moss, COLOUR.orange]
  colours.forEach((colour, i) => sheet.note(24 + i * 208, 490, colour, i === 0 ? 'I wonder …' : ''))
  return sheet.clipping
}

export const TEMPLATES: readonly Template[] = [
  {
    name: 'Retro',
    lines: ['M3 4h16v34H3zM22 4h16v34H22zM41 4h16v34H41z'],
    accents: ['M6 8h10v7H6zM25 8h10v7H25zM44 8h10v7H44zM6 18h10v7H6z'],
    make: retro,
  },
  {
    name: 'Kanban',
    lines: ['M3 4h12v34H3zM17.7 4h12v34h-12zM32.3 4h12v34h-12zM45 4h12v34H45z'],
    accents: ['M5 9h8v6H5zM5 18h8v6H5zM19.7 9h8v6h-8z'],
    make: kanban,
  },
  {
    name: 'Mind map',
    lines: [
      'M25 17L15 10M35 17l10-7M25 25l-10 7M35 25l10 7',
      'M3 5h13v7H3zM44 5h13v7H44zM3 30h13v7H3zM44 30h13v7H44z',
    ],
    accents: ['M30 14c6 0 10 3 10 7s-4 7-10 7-10-3-10-7 4-7 10-7z'],
    make: mindMap,
  },
  {
    name: 'Flow chart',
    lines: ['M12 10v4M20 24h9M12 31v3', 'M4 14h16M29 20h22v8H29z', 'M4 3h16v7H4zM6 34h12v6H6z'],
    accents: ['M12 15l9 8-9 8-9-8z'],
    make: flowChart,
  },
  {
    name: 'Wireframe',
    lines: ['M3 4h38v34H3zM3 10h38M45 4h12v34H45zM7 28h9v7H7zM18 28h9v7h-9zM29 28h9v7h-9z'],
    accents: ['M7 14h31v10H7zM47 14h8v7h-8z'],
    make: wireframe,
  },
  {
    name: 'Lesson',
    lines: ['M3 4h32v20H3zM38 4h19v9H38zM38 15h19v9H38zM3 27h54v12H3z'],
    accents: ['M6 30h7v6H6zM16 30h7v6h-7zM26 30h7v6h-7z'],
    make: lesson,
  },
]
