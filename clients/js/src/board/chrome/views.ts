/** Where one looked last, kept for this tab; a board that is new to it begins with all there is. */
import type { Editor } from '../editor.js'

const KEPT_UNDER = 'tutti board view'
const ZOOM_MIN = 0.15
const LATER_MS = 500

export function keepView(editor: Editor, name: string): () => void {
  const key = `${KEPT_UNDER} ${name}`
  begin(editor, key)
  let timer: ReturnType<typeof setTimeout> | undefined
  const end = editor.camera.on('change', () => {
    clearTimeout(timer)
    timer = setTimeout(() => keep(editor, key), LATER_MS)
  })
  return () => {
    clearTimeout(timer)
    end()
  }
}

function begin({ camera, scene }: Editor, key: string): void {
  const view = kept(key)
  if (view !== null) {
    camera.set(view)
    return
  }
  if (scene.extent === null) return
  const fitting = camera.viewOf(scene.extent)
  // Too far away nothing can be told: then the middle of it all.
  if (fitting.zoom >= ZOOM_MIN) camera.set(fitting)
  else camera.set({ zoom: ZOOM_MIN, ...middle(scene.extent, camera, ZOOM_MIN) })
}

function middle(
  { x, y, w, h }: { x: number; y: number; w: number; h: number },
  camera: { width: number; height: number },
  zoom: number,
) {
  return { x: x + w / 2 - camera.width / 2 / zoom, y: y + h / 2 - camera.height / 2 / zoom }
}

function kept(key: string): { x: number; y: number; zoom: number } | null {
  try {
    const { x, y, zoom } = JSON.parse(sessionStorage.getItem(key) ?? 'null') ?? {}
    return [x, y, zoom].every(Number.isFinite) ? { x, y, zoom } : null
  } catch {
    return null
  }
}

function keep({ camera: { x, y, zoom } }: Editor, key: string): void {
  try {
    sessionStorage.setItem(key, JSON.stringify({ x, y, zoom }))
  } catch {
    // Then the next visit begins with all there is.
  }
}
