import type { App } from './app.js'

/** Lets the person choose pictures, and puts them on the board. */
export function choosePictures({ editor }: App): void {
  const input = document.createElement('input')
  input.type = 'file'
  input.accept = 'image/*'
  input.multiple = true
  input.addEventListener('change', () => void editor.addPictures([...(input.files ?? [])]))
  input.click()
}
