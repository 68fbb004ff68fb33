import type { App } from './app.js'
import { button } from './dom.js'

const LATER_MS = 300

/** The way back, while all that is drawn lies beyond what shows. */
export function wayBack(app: App): HTMLElement {
  const { camera, scene } = app.editor
  const back = button({
    label: 'Back to what is drawn',
    text: 'Back to what is drawn',
    icon: 'fit',
    class: 'button panel astray',
    onClick: () => {
      app.editor.zoomToFit()
      app.stage.focus({ preventScroll: true })
    },
  })
  let timer: ReturnType<typeof setTimeout> | undefined
  const look = () => {
    timer = undefined
    back.hidden = scene.size === 0 || scene.in(camera.box).length > 0
  }
  const later = () => (timer ??= setTimeout(look, LATER_MS))
  app.onEnd(camera.on('change', later))
  app.onEnd(scene.on('change', later))
  app.onEnd(() => clearTimeout(timer))
  back.hidden = true
  later()
  return back
}
