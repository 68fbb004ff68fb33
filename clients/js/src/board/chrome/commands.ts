/**
 * All that a person can ask of the board besides drawing on it. One table drives the keys, the
 * menus and the help.
 */
import { align, distribute, reorder, type Alignment, type Reordering } from '../edit/arrange.js'
import { duplicate } from '../edit/content.js'
import { isLocked } from '../edit/edit.js'
import { group, toggleLock, ungroup } from '../edit/group.js'
import type { App } from './app.js'
import { ariaKeys, sayKeys } from './keys.js'
import type { IconName } from './icons.js'

export const SECTIONS = ['View', 'Edit', 'Arrange', 'Talk', 'Help'] as const

export interface Command {
  readonly label: string
  readonly section: (typeof SECTIONS)[number]
  readonly icon?: IconName
  /** See `keys.ts`; the first is shown. */
  readonly keys?: readonly string[]
  /** It changes the board: not for who only looks. */
  readonly changes?: true
  /** Where it can do something now; left out, always. */
  readonly when?: (app: App) => boolean
  readonly run: (app: App) => void
}

/** Where the buttons stop on their way. */
const STEPS_OF_ZOOM = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 8, 16]

/** A copy lies a little beside what it was made of. */
const BESIDE = 20

const command = (command: Command): Command => command
const has = (least: number) => (app: App) => app.editor.selection.size >= least

const isAnyFree = ({ editor }: App) => editor.selection.objects.some((object) => !isLocked(object))
const isAllLocked = (app: App) => app.editor.selection.size > 0 && !isAnyFree(app)

function aligns(label: string, icon: IconName, to: Alignment, keys: string): Command {
  return {
    label,
    section: 'Arrange',
    icon,
    keys: [keys],
    changes: true,
    when: has(2),
    run: ({ editor }) => {
      const { scene, selection } = editor
      editor.apply(align(scene, selection, to, selection.entered))
    },
  }
}

function spreads(label: string, icon: IconName, axis: 'x' | 'y', keys: string): Command {
  return {
    label,
    section: 'Arrange',
    icon,
    keys: [keys],
    changes: true,
    when: has(3),
    run: ({ editor }) => {
      const { scene, selection } = editor
      editor.apply(distribute(scene, selection, axis, selection.entered))
    },
  }
}

function reorders(label: string, icon: IconName, how: Reordering, keys: string): Command {
  return {
    label,
    section: 'Arrange',
    icon,
    keys: [keys],
    changes: true,
    when: isAnyFree,
    run: ({ editor }) => void editor.apply(reorder(editor.scene, editor.selection, how)),
  }
}

export const COMMANDS = {
  'zoom-in': command({
    label: 'Larger',
    section: 'View',
    icon: 'plus',
    keys: ['mod+=', 'mod++', '+', '='],
    run: ({ editor }) => editor.camera.zoomTo(nextZoom(editor.camera.zoom, 1)),
  }),
  'zoom-out': command({
    label: 'Smaller',
    section: 'View',
    icon: 'minus',
    keys: ['mod+-', '-'],
    run: ({ editor }) => editor.camera.zoomTo(nextZoom(editor.camera.zoom, -1)),
  }),
  'zoom-100': command({
    label: 'True size',
    section: 'View',
    icon: 'true-size',
    keys: ['shift+0', 'mod+0'],
    run: ({ editor }) => editor.camera.zoomTo(1),
  }),
  'zoom-fit': command({
    label: 'Show all',
    section: 'View',
    icon: 'fit',
    keys: ['shift+1'],
    run: ({ editor }) => editor.zoomToFit(),
  }),
  'zoom-selection': command({
    label: 'Show selection',
    section: 'View',
    keys: ['shift+2'],
    when: has(1),
    run: ({ editor }) => editor.zoomToFit(editor.selection.objects),
  }),
  theme: command({
    label: 'Dark or light',
    section: 'View',
    icon: 'moon',
    keys: ['shift+d'],
    run: ({ theme }) => theme.choose(theme.theme === 'dark' ? 'light' : 'dark'),
  }),
  undo: command({
    label: 'Undo',
    section: 'Edit',
    icon: 'undo',
    keys: ['mod+z'],
    changes: true,
    when: ({ room }) => room.canUndo,
    run: ({ editor }) => void editor.undo(),
  }),
  redo: command({
    label: 'Redo',
    section: 'Edit',
    icon: 'redo',
    keys: ['mod+shift+z', 'mod+y'],
    changes: true,
    when: ({ room }) => room.canRedo,
    run: ({ editor }) => void editor.redo(),
  }),
  cut: command({
    label: 'Cut',
    section: 'Edit',
    icon: 'cut',
    keys: ['mod+x'],
    changes: true,
    when: has(1),
    run: (app) => void app.clipboard.cut(),
  }),
  copy: command({
    label: 'Copy',
    section: 'Edit',
    icon: 'copy',
    keys: ['mod+c'],
    when: has(1),
    run: (app) => void app.clipboard.copy(),
  }),
  paste: command({
    label: 'Paste',
    section: 'Edit',
    icon: 'paste',
    keys: ['mod+v'],
    changes: true,
    run: (app) => void app.clipboard.paste(),
  }),
  duplicate: command({
    label: 'Duplicate',
    section: 'Edit',
    icon: 'duplicate',
    keys: ['mod+d'],
    changes: true,
    when: isAnyFree,
    run: ({ editor }) => {
      const { scene, selection } = editor
      const newId = () => scene.collection.newId()
      const copies = duplicate(scene, selection, { dx: BESIDE, dy: BESIDE, newId })
      editor.apply(copies.edits)
      selection.set(copies.ids)
    },
  }),
  delete: command({
    label: 'Delete',
    section: 'Edit',
    icon: 'trash',
    keys: ['delete', 'backspace'],
    changes: true,
    when: isAnyFree,
    run: ({ editor }) => editor.deleteSelection(),
  }),
  'select-all': command({
    label: 'Select all',
    section: 'Edit',
    icon: 'select',
    keys: ['mod+a'],
    when: ({ editor }) => editor.scene.size > 0,
    run: ({ editor }) => {
      editor.setTool('select')
      editor.selection.set(
        editor.scene.all.filter((object) => !isLocked(object)).map(({ id }) => id),
      )
    },
  }),
  'copy-picture': command({
    label: 'Copy as a picture',
    section: 'Edit',
    icon: 'image',
    keys: ['alt+shift+c'],
    when: ({ editor }) => editor.scene.size > 0,
    run: (app) => void app.clipboard.copyPicture(),
  }),
  export: command({
    label: 'Save as a picture …',
    section: 'Edit',
    icon: 'download',
    keys: ['mod+shift+e'],
    when: ({ editor }) => editor.scene.size > 0,
    run: (app) => app.open('export'),
  }),
  front: reorders('To the front', 'front', 'front', ']'),
  forward: reorders('Forward', 'forward', 'forward', 'mod+]'),
  backward: reorders('Backward', 'backward', 'backward', 'mod+['),
  back: reorders('To the back', 'back', 'back', '['),
  group: command({
    label: 'Group',
    section: 'Arrange',
    icon: 'group',
    keys: ['mod+g'],
    changes: true,
    when: has(2),
    run: ({ editor }) => {
      const { scene, selection } = editor
      editor.apply(group(scene, selection, scene.collection.newId(), selection.entered))
    },
  }),
  ungroup: command({
    label: 'Ungroup',
    section: 'Arrange',
    icon: 'ungroup',
    keys: ['mod+shift+g'],
    changes: true,
    when: ({ editor }) => editor.selection.objects.some(({ groups }) => groups.length > 0),
    run: ({ editor }) => {
      const { scene, selection } = editor
      editor.apply(ungroup(scene, selection, selection.entered))
    },
  }),
  lock: command({
    label: 'Lock',
    section: 'Arrange',
    icon: 'lock',
    keys: ['mod+shift+l'],
    changes: true,
    when: isAnyFree,
    run: ({ editor }) => void editor.apply(toggleLock(editor.scene, editor.selection)),
  }),
  unlock: command({
    label: 'Unlock',
    section: 'Arrange',
    icon: 'unlock',
    keys: ['mod+shift+l'],
    changes: true,
    when: isAllLocked,
    run: ({ editor }) => void editor.apply(toggleLock(editor.scene, editor.selection)),
  }),
  'align-left': aligns('Align left', 'align-left', 'left', 'alt+a'),
  'align-center': aligns('Align in the middle, across', 'align-center', 'centre', 'alt+h'),
  'align-right': aligns('Align right', 'align-right', 'right', 'alt+d'),
  'align-top': aligns('Align at the top', 'align-top', 'top', 'alt+w'),
  'align-middle': aligns('Align in the middle, down', 'align-middle', 'middle', 'alt+v'),
  'align-bottom': aligns('Align at the bottom', 'align-bottom', 'bottom', 'alt+s'),
  'spread-across': spreads('Spread across', 'spread-across', 'x', 'alt+shift+h'),
  'spread-down': spreads('Spread down', 'spread-down', 'y', 'alt+shift+v'),
  comments: command({
    label: 'Comments',
    section: 'Talk',
    icon: 'comment',
    keys: ['shift+c'],
    when: ({ hides }) => !hides('talk'),
    run: (app) => app.talk('comments'),
  }),
  chat: command({
    label: 'Chat',
    section: 'Talk',
    icon: 'chat',
    keys: ['/'],
    when: ({ hides }) => !hides('talk'),
    run: (app) => app.talk('chat'),
  }),
  help: command({
    label: 'Keys and help',
    section: 'Help',
    icon: 'keyboard',
    keys: ['?'],
    run: (app) => app.open('help'),
  }),
}

export type CommandId = keyof typeof COMMANDS

/** Whether it can do something for this person now. */
export function isAvailable(app: App, id: CommandId): boolean {
  const { changes, when }: Command = COMMANDS[id]
  return !(changes && app.editor.readOnly) && (when?.(app) ?? true)
}

/** The shortcut, for people. */
export function keysOf(id: CommandId): string | undefined {
  const [keys]: readonly string[] = (COMMANDS[id] as Command).keys ?? []
  return keys === undefined ? undefined : sayKeys(keys)
}

export function ariaKeysOf(id: CommandId): string | undefined {
  const [keys]: readonly string[] = (COMMANDS[id] as Command).keys ?? []
  return keys === undefined ? undefined : ariaKeys(keys)
}

function nextZoom(zoom: number, direction: 1 | -1): number {
  const steps = direction === 1 ? STEPS_OF_ZOOM : [...STEPS_OF_ZOOM].reverse()
  const isBeyond = (step: number) => (direction === 1 ? step > zoom * 1.01 : step < zoom * 0.99)
  return steps.find(isBeyond) ?? zoom
}
