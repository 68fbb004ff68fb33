/** Keys: to tools, to commands, and from object to object for who has no pointer. */
import { isLocked } from '../edit/edit.js'
import { takesText, type BoardObject } from '../model.js'
import { textOf } from '../text.js'
import type { App } from './app.js'
import { COMMANDS, isAvailable, type CommandId } from './commands.js'
import { isTextField, setAttribute } from './dom.js'
import { namesOf } from './keys.js'
import { pickTool } from './toolbar.js'
import { facesFor, TOOL_FACES } from './tools.js'

/** What the board does itself with the clipboard comes as an event, which may read it. */
const LEFT_TO_EVENTS: ReadonlySet<CommandId> = new Set<CommandId>(['copy', 'cut', 'paste'])
const NAME_LENGTH_MAX = 40

/** `isOurs`: whether a key is meant for this board. */
export function listenForKeys(app: App, isOurs: (event: Event) => boolean): void {
  const { signal } = app
  // A ring shows who comes by the Tab key that the keys are for the board now.
  let isTabbing = false
  app.stage.addEventListener('focus', () => setAttribute(app.stage, 'data-ring', isTabbing), {
    signal,
  })
  addEventListener('keydown', ({ key }) => (isTabbing = key === 'Tab'), { capture: true, signal })
  addEventListener(
    'keydown',
    (event) => {
      if (!isOurs(event)) return
      if (event.defaultPrevented || isTextField(event.composedPath()[0])) return
      if (press(app, event)) event.preventDefault()
    },
    { signal },
  )
}

function press(app: App, event: KeyboardEvent): boolean {
  const names = namesOf(event)
  return (
    walk(app, event) ||
    names.some((name) => runCommand(app, name)) ||
    names.some((name) => takeTool(app, name))
  )
}

function runCommand(app: App, name: string): boolean {
  const ids = Object.keys(COMMANDS) as CommandId[]
  const id = ids.find((id) => {
    const keys: readonly string[] = (COMMANDS[id] as { keys?: readonly string[] }).keys ?? []
    return keys.includes(name) && isAvailable(app, id)
  })
  if (id === undefined || LEFT_TO_EVENTS.has(id)) return false
  COMMANDS[id].run(app)
  return true
}

function takeTool(app: App, name: string): boolean {
  const face = TOOL_FACES.find(
    ({ keys }, number) => keys.includes(name) || String(number + 1) === name,
  )
  if (face === undefined || !facesFor(app).includes(face)) return false
  pickTool(app, face)
  app.say(`${face.label} tool`)
  return true
}

/**
 * Enter takes hold of the first object, Tab of the next; Enter writes in it. Escape lets go, and Tab
 * leaves.
 */
function walk(app: App, event: KeyboardEvent): boolean {
  const { editor, stage } = app
  const isOnStage = (stage.getRootNode() as ShadowRoot).activeElement === stage
  if (!isOnStage || event.ctrlKey || event.metaKey || event.altKey) return false
  const { selection } = editor
  if (event.key === 'Escape') {
    if (selection.size === 0 && editor.toolName === 'select') return false
    if (selection.size > 0) selection.clear()
    else editor.setTool('select')
    return true
  }
  if (event.key === 'Enter') return selection.size === 0 ? goTo(app, 0) : edit(app)
  if (event.key !== 'Tab' || selection.size === 0) return false
  const order = readingOrder(app)
  const at = order.findIndex(({ id }) => selection.has(id))
  const step = event.shiftKey ? -1 : 1
  return goTo(app, (at + step + order.length) % order.length)
}

/** The words of what is chosen, where that is one thing that takes some. */
function edit({ editor }: App): boolean {
  const [object] = editor.selection.objects
  const isOne = editor.selection.size === 1 && object !== undefined
  if (!isOne || editor.readOnly || isLocked(object) || !takesText(object)) return false
  editor.tell('edit', { id: object.id })
  return true
}

function goTo(app: App, number: number): boolean {
  const { editor } = app
  const order = readingOrder(app)
  const object = order[number]
  if (object === undefined) return false
  editor.setTool('select')
  editor.selection.set(editor.selection.unit(object))
  bringIntoView(app, object)
  app.say(`${describe(object)}, ${number + 1} of ${order.length}`)
  return true
}

/** From the top to the bottom, and in a line from left to right. */
function readingOrder({ editor }: App): BoardObject[] {
  const LINE = 48
  const row = ({ y }: BoardObject) => Math.floor(y / LINE)
  return [...editor.scene.all].sort((a, b) => row(a) - row(b) || a.x - b.x)
}

function bringIntoView({ editor }: App, { id }: BoardObject): void {
  const { camera, scene } = editor
  const box = scene.bounds(id)
  const view = camera.box
  if (box === undefined) return
  const shows =
    box.x >= view.x &&
    box.y >= view.y &&
    box.x + box.w <= view.x + view.w &&
    box.y + box.h <= view.y + view.h
  if (!shows) {
    camera.glide(camera.viewOf(box, camera.zoom))
  }
}

/** An object in words. */
export function describe(object: BoardObject): string {
  const names: { readonly [type in BoardObject['type']]: string } = {
    stroke: 'Drawing',
    rectangle: 'Rectangle',
    ellipse: 'Ellipse',
    diamond: 'Diamond',
    line: 'Line',
    arrow: 'Arrow',
    text: 'Text',
    note: 'Note',
    image: 'Picture',
    frame: 'Frame',
  }
  const words = textOf(object.text).replace(/\s+/g, ' ').trim().slice(0, NAME_LENGTH_MAX)
  const lock = object.lock === 0 ? '' : ', locked'
  return words === '' ? names[object.type] + lock : `${names[object.type]} “${words}”${lock}`
}
