import type { App } from './app.js'
import { el } from './dom.js'

/** Lets the person choose pictures, and puts them on the board. */
export function choosePictures({ editor, board }: App): void {
  // Some browsers forget a field that is nowhere on the page before anything is chosen.
  board.querySelector('.pictures')?.remove()
  const field = el('input', {
    class: 'pictures',
    type: 'file',
    accept: 'image/*',
    multiple: true,
    hidden: true,
  })
  field.addEventListener('change', () => {
    field.remove()
    void editor.addPictures([...(field.files ?? [])])
  })
  field.addEventListener('cancel', () => field.remove())
  board.append(field)
  field.click()
}
