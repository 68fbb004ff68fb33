import { TEMPLATES, type Template } from '../templates.js'
import type { App } from './app.js'
import { button, el } from './dom.js'

const SVG = 'http://www.w3.org/2000/svg'

/** What stands on an empty board, until something is drawn. */
export function welcome(app: App): HTMLElement {
  const { editor } = app
  const element = el('section', { class: 'welcome', 'aria-label': 'Begin' })
  if (editor.readOnly) {
    element.append(
      el('h2', {}, 'Nothing here yet.'),
      el('p', {}, 'What others draw shows at once.'),
    )
  } else {
    const templates = el('div', { class: 'templates', role: 'group', 'aria-label': 'Templates' })
    for (const template of TEMPLATES) templates.append(templateButton(app, template))
    element.append(
      el('h2', {}, 'Draw something.'),
      el('p', {}, 'Everyone with the link sees it as you draw. Or begin with one of these:'),
      templates,
    )
  }
  const tell = () => (element.hidden = editor.scene.size > 0)
  app.onEnd(editor.scene.on('change', tell))
  tell()
  return element
}

function templateButton(app: App, template: Template): HTMLButtonElement {
  const element = button({
    label: `Begin with: ${template.name}`,
    text: template.name,
    class: 'panel template',
    onClick: () => insertTemplate(app, template),
  })
  element.prepend(pictureOf(template))
  return element
}

/** Puts a template into the middle of what shows, and shows all of it. */
export function insertTemplate(app: App, template: Template): void {
  const { editor } = app
  const { x, y, w, h } = editor.camera.box
  app.clipboard.insert(template.make(), { x: x + w / 2, y: y + h / 2 })
  editor.zoomToFit(editor.selection.objects)
  editor.selection.clear()
  app.stage.focus({ preventScroll: true })
}

function pictureOf({ lines, accents }: Template): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', '0 0 60 42')
  svg.setAttribute('aria-hidden', 'true')
  for (const [paths, name] of [
    [lines, ''],
    [accents, 'a'],
  ] as const) {
    for (const d of paths) {
      const path = document.createElementNS(SVG, 'path')
      path.setAttribute('d', d)
      if (name !== '') path.classList.add(name)
      svg.append(path)
    }
  }
  return svg
}
