/** The tools as people see them, in the order of the toolbar. */
import type { ObjectType } from '../model.js'
import type { App, Part } from './app.js'
import type { IconName } from './icons.js'

export interface ToolFace {
  /** As the editor calls it. */
  readonly name: string
  readonly label: string
  readonly icon: IconName
  /** The first is shown. Beside these, its number in the toolbar. */
  readonly keys: readonly string[]
  /** Of someone who only looks, too. */
  readonly looks?: boolean
  /** In a narrow toolbar: always there, or behind a button. */
  readonly place: 'bar' | 'shapes' | 'more'
  /** It belongs to this part of the board. */
  readonly part?: Part
  /** The first of its group in the toolbar. */
  readonly begins?: true
  /** What it draws, which says what there is to set. */
  readonly draws: ObjectType | null
}

export const TOOL_FACES: readonly ToolFace[] = [
  {
    name: 'select',
    label: 'Select',
    icon: 'select',
    keys: ['v'],
    looks: true,
    place: 'bar',
    draws: null,
  },
  {
    name: 'hand',
    label: 'Hand',
    icon: 'hand',
    keys: ['h'],
    looks: true,
    place: 'more',
    draws: null,
  },
  { name: 'pen', label: 'Draw', icon: 'pen', keys: ['d', 'p'], place: 'bar', draws: 'stroke' },
  { name: 'eraser', label: 'Erase', icon: 'eraser', keys: ['e'], place: 'bar', draws: null },
  {
    name: 'rectangle',
    label: 'Rectangle',
    icon: 'rectangle',
    keys: ['r'],
    begins: true,
    place: 'shapes',
    draws: 'rectangle',
  },
  {
    name: 'ellipse',
    label: 'Ellipse',
    icon: 'ellipse',
    keys: ['o'],
    place: 'shapes',
    draws: 'ellipse',
  },
  {
    name: 'diamond',
    label: 'Diamond',
    icon: 'diamond',
    keys: ['g'],
    place: 'shapes',
    draws: 'diamond',
  },
  { name: 'arrow', label: 'Arrow', icon: 'arrow', keys: ['a'], place: 'shapes', draws: 'arrow' },
  { name: 'line', label: 'Line', icon: 'line', keys: ['l'], place: 'shapes', draws: 'line' },
  {
    name: 'text',
    label: 'Text',
    icon: 'text',
    keys: ['t'],
    begins: true,
    place: 'bar',
    draws: 'text',
  },
  { name: 'note', label: 'Note', icon: 'note', keys: ['n'], place: 'bar', draws: 'note' },
  { name: 'image', label: 'Picture', icon: 'image', keys: ['i'], place: 'more', draws: null },

  { name: 'frame', label: 'Frame', icon: 'frame', keys: ['f'], place: 'more', draws: 'frame' },
  {
    name: 'laser',
    label: 'Laser',
    icon: 'laser',
    keys: ['k'],
    looks: true,
    place: 'more',
    draws: null,
  },
  {
    name: 'comment',
    label: 'Comment',
    icon: 'comment',
    keys: ['c'],
    part: 'talk',
    place: 'more',
    draws: null,
  },
]

/** Those that this person can take up. */
export function facesFor({ editor, hides }: App): ToolFace[] {
  return TOOL_FACES.filter(
    ({ looks, part }) => (looks || !editor.readOnly) && !(part !== undefined && hides(part)),
  )
}

/** Kinds of one tool, of which the toolbar shows the first: it takes up the one used last. */
export const VARIANTS: readonly (readonly {
  readonly name: string
  readonly label: string
  readonly icon: IconName
}[])[] = [
  [
    { name: 'pen', label: 'Pen', icon: 'pen' },
    { name: 'marker', label: 'Marker', icon: 'marker' },
    { name: 'highlighter', label: 'Highlighter', icon: 'highlighter' },
  ],
  [
    { name: 'eraser', label: 'Erase whole things', icon: 'eraser' },
    { name: 'rubber', label: 'Erase parts of strokes', icon: 'eraser-part' },
  ],
]

/** The button of a tool: of one with kinds, the button of all of them. */
export function faceOf(tool: string): ToolFace | undefined {
  const variants = VARIANTS.find((variants) => variants.some(({ name }) => name === tool))
  const name = variants?.[0]!.name ?? tool
  return TOOL_FACES.find((face) => face.name === name)
}
