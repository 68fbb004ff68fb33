import { duplicate } from '../edit/content.js'
import { isLocked, withHeld } from '../edit/edit.js'
import { framed } from '../edit/group.js'
import { moved, settledArrow, type Patches } from '../edit/move.js'
import type { Editor } from '../editor.js'
import { boxOf, distance, holds, union, type Box, type Point } from '../geometry.js'
import { cursorOf, handleAt, holdOf, type Handle, type Hold } from '../handles.js'
import { takesText, type BoardObject } from '../model.js'
import { Snap, toGrid, type Guide } from '../snap.js'
import { LiveEdit } from './live_edit.js'
import { beginPull, pull, type Pulling } from './pull.js'
import type { Pointer, Tool } from './tool.js'

/** A hand that clicks is not quite still. */
const STILL_PIXELS = 4
const NUDGE = 1
const NUDGE_FAR = 10

type Act =
  | { readonly what: 'press'; readonly from: Pointer; readonly object: BoardObject | null }
  | { readonly what: 'area'; readonly from: Point; readonly kept: ReadonlySet<string> }
  | DragAct
  | { readonly what: 'pull'; readonly pulling: Pulling; readonly edit: LiveEdit }

interface DragAct {
  readonly what: 'drag'
  readonly from: Point
  readonly objects: readonly BoardObject[]
  readonly box: Box
  readonly snap: Snap
  readonly edit: LiveEdit
}

/** Takes hold of objects, moves, resizes and turns them. */
export class Select implements Tool {
  readonly number = 0
  readonly #editor: Editor
  #act: Act | null = null
  #cursor = 'default'
  #pointer: Pointer | null = null
  #area: Box | null = null
  #guides: readonly Guide[] = []
  #target: BoardObject | null = null
  #hovered: string | null = null

  constructor(editor: Editor) {
    this.#editor = editor
  }

  get cursor(): string {
    return this.#cursor
  }

  /** What is being marked out, for the overlay. */
  get area(): Box | null {
    return this.#area
  }

  get guides(): readonly Guide[] {
    return this.#guides
  }

  /** What the pulled end of an arrow would be attached to. */
  get target(): BoardObject | null {
    return this.#target
  }

  get hovered(): string | null {
    return this.#act === null ? this.#hovered : null
  }

  /** Handles would be in the way of what is moved. */
  get isMoving(): boolean {
    return this.#act?.what === 'drag'
  }

  leave(): void {
    this.#hover(null)
    this.#cursor = 'default'
  }

  down(pointer: Pointer): void {
    const { scene, selection, reach } = this.#editor
    this.#pointer = pointer
    const object = scene.at(pointer.at, pointer.type === 'touch' ? reach * 2 : reach) ?? null
    const handle = this.#handleAt(pointer)
    const isDouble = pointer.clicks === 2 && (handle === null || object !== null)
    if (isDouble && this.#doubleClick(pointer, object)) return
    if (handle !== null) {
      const pulling = beginPull(this.#editor, this.#hold()!, handle, pointer.at)
      this.#act = { what: 'pull', pulling, edit: new LiveEdit(this.#editor) }
      return
    }
    const box = selection.size > 1 ? selection.box : null
    const isOnSelection = box !== null && holds(box, pointer.at)
    if (object === null && !isOnSelection) {
      if (!pointer.shift) selection.clear()
      this.#act = { what: 'area', from: pointer.at, kept: selection.ids }
    } else {
      this.#act = { what: 'press', from: pointer, object }
    }
  }

  move(pointer: Pointer): void {
    this.#pointer = pointer
    const act = this.#act
    if (act === null) return
    switch (act.what) {
      case 'press':
        if (distance(act.from.screen, pointer.screen) > STILL_PIXELS)
          this.#drag(act.from, act.object)
        if (this.#act?.what === 'drag') this.#dragTo(this.#act, pointer)
        break
      case 'area':
        this.#mark(act.from, act.kept, pointer)
        break
      case 'drag':
        this.#dragTo(act, pointer)
        break
      case 'pull': {
        const pulled = pull(this.#editor, act.pulling, pointer)
        act.edit.show(pulled.patches)
        this.#guides = pulled.guides
        this.#target = pulled.target
      }
    }
    this.#editor.renderer.refresh()
  }

  up(pointer: Pointer): void {
    const act = this.#act
    if (act?.what === 'press') this.#click(act.from, act.object)
    if (act?.what === 'drag') {
      const also: Patches = new Map()
      framed(this.#editor.scene, this.#chosen(act.objects), also)
      act.edit.finish(also)
    }
    if (act?.what === 'pull') act.edit.finish()
    this.#rest()
    this.hover(pointer)
  }

  cancel(): void {
    const act = this.#act
    if (act?.what === 'drag' || act?.what === 'pull') act.edit.cancel()
    if (act?.what === 'area') this.#editor.selection.set(act.kept)
    this.#rest()
  }

  hover(pointer: Pointer): void {
    this.#pointer = pointer
    const handle = this.#handleAt(pointer)
    const { scene, reach } = this.#editor
    const object = handle === null ? scene.at(pointer.at, reach) : undefined
    this.#hover(object?.id ?? null)
    const hold = this.#hold()
    if (handle !== null) this.#cursor = cursorOf(handle, hold!.angle)
    else this.#cursor = object !== undefined && !isLocked(object) ? 'move' : 'default'
  }

  key(event: KeyboardEvent): boolean {
    const isModifier = event.key === 'Shift' || event.key === 'Alt' || event.key === 'Control'
    if (isModifier && this.#pointer !== null && this.#act !== null && this.#act.what !== 'press') {
      const { shiftKey, altKey, ctrlKey, metaKey } = event
      this.move({ ...this.#pointer, shift: shiftKey, alt: altKey, ctrl: ctrlKey || metaKey })
      return true
    }
    if (event.type !== 'keydown') return false
    const by = NUDGES[event.key]
    if (by !== undefined && this.#editor.selection.size > 0 && !event.altKey && !event.ctrlKey) {
      const far = event.shiftKey ? NUDGE_FAR : NUDGE
      this.#editor.nudge(by.x * far, by.y * far)
      return true
    }
    if (event.key === 'Escape' && this.#editor.selection.size > 0) {
      this.#editor.selection.clear()
      return true
    }
    return false
  }

  #rest(): void {
    this.#act = null
    this.#area = null
    this.#guides = []
    this.#target = null
    this.#editor.renderer.refresh()
  }

  #hover(id: string | null): void {
    if (id === this.#hovered) return
    this.#hovered = id
    this.#editor.renderer.refresh()
  }

  #hold(): Hold | null {
    const { scene, selection, readOnly } = this.#editor
    return readOnly
      ? null
      : holdOf(
          scene,
          selection.objects.filter((object) => !isLocked(object)),
        )
  }

  #handleAt({ at, type }: Pointer): Handle | null {
    const hold = this.#hold()
    if (hold === null) return null
    const { scene, camera } = this.#editor
    return handleAt(hold, scene, at, camera.zoom, type === 'touch')
  }

  /** Into a group, or to the words of an object; a place where nothing is gets some. */
  #doubleClick(pointer: Pointer, object: BoardObject | null): boolean {
    const { selection, readOnly } = this.#editor
    if (object === null) {
      if (!readOnly && !pointer.shift) this.#editor.startText(pointer.at)
      return !readOnly
    }
    const group =
      object.groups[selection.entered === null ? 0 : object.groups.indexOf(selection.entered) + 1]
    if (group !== undefined) {
      selection.enter(group, object)
      return true
    }
    if (readOnly || isLocked(object) || !takesText(object)) return false
    selection.set([object.id])
    this.#editor.tell('edit', { id: object.id })
    return true
  }

  #click({ shift }: Pointer, object: BoardObject | null): void {
    const { selection } = this.#editor
    if (object === null) {
      if (!shift) selection.clear()
      return
    }
    const unit = selection.unit(object)
    if (!shift) selection.set(unit)
    else if (selection.has(object.id)) selection.remove(unit)
    else selection.add(unit)
  }

  #mark(from: Point, kept: ReadonlySet<string>, { at }: Pointer): void {
    const { scene, selection } = this.#editor
    this.#area = boxOf(from, at)
    const touched = scene.touchedBy(this.#area).filter((object) => !isLocked(object))
    selection.set([...kept, ...touched.flatMap((object) => selection.unit(object))])
  }

  #drag(from: Pointer, object: BoardObject | null): void {
    const { scene, selection, camera, readOnly } = this.#editor
    if (object !== null && !selection.has(object.id)) selection.set(selection.unit(object))
    if (readOnly || (object !== null && isLocked(object))) {
      this.#act = { what: 'area', from: from.at, kept: new Set() }
      return
    }
    const edit = new LiveEdit(this.#editor)
    if (from.alt) this.#leaveCopies(edit)
    const objects = withHeld(scene, selection).map((each) => settledArrow(each, scene))
    const box = union(objects.flatMap(({ id }) => scene.bounds(id) ?? []))
    if (box === null) {
      edit.finish()
      this.#act = null
      return
    }
    const snap = new Snap(scene, camera.box, camera.zoom, new Set(objects.map(({ id }) => id)))
    this.#act = { what: 'drag', from: from.at, objects, box, snap, edit }
  }

  /** The copies are what moves on. */
  #leaveCopies(edit: LiveEdit): void {
    const { scene, selection } = this.#editor
    const newId = () => scene.collection.newId()
    const { edits, ids } = duplicate(scene, selection, { dx: 0, dy: 0, newId })
    edit.make(edits)
    selection.set(ids)
  }

  #dragTo({ from, objects, box, snap, edit }: DragAct, { at, shift, ctrl }: Pointer): void {
    let [dx, dy] = [at.x - from.x, at.y - from.y]
    if (shift && Math.abs(dx) > Math.abs(dy)) dy = 0
    else if (shift) dx = 0
    this.#guides = []
    if (this.#editor.snapsToGrid && !ctrl) {
      ;[dx, dy] = [toGrid(box.x + dx) - box.x, toGrid(box.y + dy) - box.y]
    } else if (!ctrl) {
      const snapped = snap.box({ ...box, x: box.x + dx, y: box.y + dy })
      if (!shift || dx !== 0) dx += snapped.dx
      if (!shift || dy !== 0) dy += snapped.dy
      this.#guides = snapped.guides
    }
    edit.show(moved(objects, dx, dy))
  }

  /** What was taken by itself, and not by its frame. */
  #chosen(objects: readonly BoardObject[]): BoardObject[] {
    return objects.filter(({ id }) => this.#editor.selection.has(id))
  }
}

const NUDGES: { readonly [key: string]: Point } = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
}
