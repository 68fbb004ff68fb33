import { picked } from '../clipboard.js'
import { download, fileName, pictureBox, pngOf, scaleFor, svgOfBoard } from '../export.js'
import type { BoardObject } from '../model.js'
import type { Theme } from '../style.js'
import type { App } from './app.js'
import { openDialog } from './dialog.js'
import { button, el, setAttribute, setText } from './dom.js'

const PREVIEW_SIDE = 720

interface Wish {
  part: 'all' | 'selection'
  scale: number
  background: boolean
  theme: Theme
}

/** Asks what picture it shall be, shows it, and hands it over as a file. */
export function openExport(app: App): void {
  const { editor, title } = app
  const hasSelection = editor.selection.size > 0
  const wish: Wish = {
    part: hasSelection ? 'selection' : 'all',
    scale: 2,
    background: true,
    theme: app.theme.theme,
  }
  const image = el('img', { alt: 'The picture' })
  const size = el('output', { class: 'row-label' })
  const objects = (): readonly BoardObject[] =>
    wish.part === 'selection' ? picked(editor) : editor.scene.all
  const show = async () => {
    const box = pictureBox(editor.scene, objects())
    if (box === null) return
    const scale = scaleFor(box, wish.scale)
    setText(size, `${Math.round(box.w * scale)} × ${Math.round(box.h * scale)} pixels`)
    const small = Math.min(1, PREVIEW_SIDE / Math.max(box.w, box.h))
    const preview = await pngOf(editor, objects(), { ...wish, scale: small })
    URL.revokeObjectURL(image.src)
    image.src = URL.createObjectURL(preview)
  }
  const save = async (ending: 'png' | 'svg') => {
    try {
      const make = ending === 'svg' ? svgOfBoard : pngOf
      const blob = await make(editor, objects(), wish)
      download(blob, fileName(title, ending))
    } catch (error) {
      app.tell(`No picture was made: ${error instanceof Error ? error.message : error}`)
    }
  }
  const choose = <Key extends keyof Wish>(
    label: string,
    key: Key,
    choices: readonly (readonly [Wish[Key], string])[],
  ) =>
    choiceOf(label, choices, wish[key], (value) => {
      wish[key] = value
      void show()
    })
  const rows = [
    hasSelection &&
      choose('What', 'part', [
        ['selection', 'Selection'],
        ['all', 'All'],
      ]),
    choose('Size of a PNG', 'scale', [
      [1, '1×'],
      [2, '2×'],
      [3, '3×'],
    ]),
    choose('Paper', 'background', [
      [true, 'With paper'],
      [false, 'Without'],
    ]),
    choose('Colours', 'theme', [
      ['light', 'Light'],
      ['dark', 'Dark'],
    ]),
  ]
  const file = (ending: 'png' | 'svg') =>
    button({
      label: `Save as ${ending.toUpperCase()}`,
      text: `Save as ${ending.toUpperCase()}`,
      icon: 'download',
      class: ending === 'png' ? 'button strong wide' : 'button wide',
      onClick: () => void save(ending),
    })
  const body = el(
    'div',
    { class: 'body options' },
    el('div', { class: 'picture' }, image),
    size,
    ...rows,
    el('div', { class: 'row' }, file('png'), file('svg')),
  )
  openDialog(app.board, 'Save as a picture', body, {
    isSmall: true,
    onClose: () => URL.revokeObjectURL(image.src),
  })
  void show()
}

function choiceOf<Value>(
  label: string,
  choices: readonly (readonly [Value, string])[],
  chosen: Value,
  choose: (value: Value) => void,
): HTMLElement {
  const buttons = choices.map(([value, text]) =>
    button({
      label: text,
      text,
      attributes: { 'aria-pressed': String(value === chosen) },
      onClick: ({ currentTarget }) => {
        for (const other of buttons) {
          setAttribute(other, 'aria-pressed', String(other === currentTarget))
        }
        choose(value)
      },
    }),
  )
  return el(
    'div',
    { role: 'group', 'aria-label': label },
    el('span', { class: 'row-label', 'aria-hidden': 'true' }, label),
    el('div', { class: 'tabs' }, ...buttons),
  )
}
