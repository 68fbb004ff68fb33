/** Someone at a board without a screen: the client library and the board's own modules. */
import '../../src/node.js'
import { align, distribute, reorder } from '../../src/board/edit/arrange.js'
import { created, duplicate, remove, restyle } from '../../src/board/edit/content.js'
import { leaveLockedOut, sets, submit, withHeld, type Edit } from '../../src/board/edit/edit.js'
import { cutsOf } from '../../src/board/edit/erase.js'
import { framed, group, toggleLock, ungroup } from '../../src/board/edit/group.js'
import { moved, resized, rotated, type Patches } from '../../src/board/edit/move.js'
import { Comments, unpinned } from '../../src/board/comments.js'
import { middleOf, union, type Point } from '../../src/board/geometry.js'
import { TYPES, type BoardObject, type Patch } from '../../src/board/model.js'
import { Scene } from '../../src/board/scene.js'
import { textItems, textOf, Texts } from '../../src/board/text.js'
import { join, TuttiError, type Room } from '../../src/tutti.js'
// @ts-expect-error plain JavaScript
import { wander } from '../bench/hands.mjs'
import { Chance, chanceOf, countOf, pause, recordsOf, Tally } from './person.js'
import type { Person, Seat } from './person.js'

const FIELD = { w: 2_400, h: 1_600 }
const FRAME_MS = 50

const WEIGHTS = {
  draw: 6,
  shape: 4,
  note: 2,
  arrow: 3,
  move: 6,
  resize: 3,
  turn: 2,
  restyle: 4,
  group: 2,
  ungroup: 1,
  arrange: 2,
  rub: 5,
  erase: 2,
  duplicate: 1,
  write: 10,
  comment: 3,
  lock: 1,
  undo: 4,
  redo: 2,
}
type Act = keyof typeof WEIGHTS

export class NodePerson implements Person {
  readonly kind = 'Node'
  readonly tally = new Tally()
  readonly letters = new Map<string, number>()
  readonly #scene: Scene
  readonly #texts: Texts
  readonly #comments: Comments
  #number = 0

  static async enter(seat: Seat): Promise<NodePerson> {
    const { wire, room, name } = seat
    return new NodePerson(seat, await join(wire.url, room, { kind: 'board', user: { name } }))
  }

  private constructor(
    readonly seat: Seat,
    readonly room: Room,
  ) {
    leaveLockedOut(room)
    this.#scene = new Scene(room)
    this.#texts = new Texts(room)
    this.#comments = new Comments(room, this.#scene, () => ({ name: seat.name, colour: '#336699' }))
    room.on('refused', ({ error }) => this.tally.add(`refused ${error.status}`))
    room.on('uncertain', (changes) => this.tally.add('uncertain', changes.length))
    for (const id of seat.shared) {
      this.letters.set(id, 0)
      this.#texts.open(id).on('trouble', ({ status }) => this.tally.add(`trouble ${status}`))
    }
  }

  async act(): Promise<void> {
    const chance = chanceOf(this.seat, this.#number++)
    const act = chance.weighed(WEIGHTS)
    const x = chance.between(-FIELD.w / 2, FIELD.w / 2)
    const y = chance.between(-FIELD.h / 2, FIELD.h / 2)
    this.room.presence.set({ x, y })
    this.room.history.begin()
    try {
      await this.#acts[act](chance, { x, y })
      this.tally.add(`act ${act}`)
    } catch (error) {
      if (!(error instanceof TuttiError)) throw error
      this.tally.add(`not ${error.status}`)
    } finally {
      this.room.history.end()
    }
    await pause(chance.between(40, 500))
  }

  async finish(): Promise<void> {
    for (const id of this.seat.shared) this.#texts.open(id).flush()
    if (this.room.status !== 'live') this.room.reconnect()
  }

  async isQuiet(): Promise<boolean> {
    return this.room.status === 'live' && this.room.unsaved === 0
  }

  async records(): Promise<string> {
    return recordsOf(this.room)
  }

  async leave(): Promise<void> {
    this.#comments.destroy()
    this.#texts.destroy()
    this.#scene.destroy()
    await this.room.leave()
  }

  readonly #acts: { readonly [act in Act]: (chance: Chance, at: Point) => void | Promise<void> } = {
    draw: async (chance, at) => {
      const items: number[] = wander(() => chance.share, chance.whole(8, 60))
      const look = {
        colour: chance.whole(0, 15),
        size: chance.whole(1, 8),
        tool: chance.whole(0, 2),
      }
      const id = this.#make({ type: 'stroke', ...at, ...look, points: items.slice(0, 3) })
      for (let i = 3; i < items.length; i += 9) {
        await pause(FRAME_MS)
        if (!this.#scene.collection.has(id)) return
        this.#scene.collection.append(id, 'points', items.slice(i, i + 9))
      }
    },
    shape: (chance, at) => {
      const type = chance.pick(TYPES.filter((_, i) => [1, 2, 3, 9].includes(i)))
      const [w, h] = [chance.between(40, 300), chance.between(40, 220)]
      const fill = chance.share < 0.5 ? chance.whole(0, 15) : null
      const look = { size: chance.whole(1, 8), dash: chance.whole(0, 2), fill }
      this.#make({ type, ...at, w, h, colour: chance.whole(0, 15), ...look })
    },
    note: (chance, at) => {
      const text = textItems(`${this.seat.name} ${chance.whole(1, 99)}`)!
      this.#make({ type: 'note', ...at, w: 140, h: 140, colour: chance.whole(1, 15), text })
    },
    arrow: (chance, at) => {
      const [from, to] = [this.#pick(chance), this.#pick(chance)]
      if (from === undefined || to === undefined || from.id === to.id) return
      const points = [chance.whole(-900, 900), chance.whole(-900, 900)]
      const start = from.type === 'stroke' ? {} : { start: from.id, startAt: side(chance) }
      const end = to.type === 'stroke' ? {} : { end: to.id, endAt: side(chance) }
      const bend = chance.share < 0.3 ? chance.between(-80, 80) : 0
      this.#make({ type: 'arrow', ...at, points, bend, size: 2, colour: 0, ...start, ...end })
    },
    move: async (chance, to) => {
      const objects = withHeld(this.#scene, this.#pickUnits(chance, 3))
      const [first] = objects
      if (first === undefined) return
      const [dx, dy] = [(to.x - first.x) / 4, (to.y - first.y) / 4]
      for (let step = 1; step <= 6; step++) {
        this.#patch(moved(objects, (dx * step) / 6, (dy * step) / 6))
        await pause(FRAME_MS)
      }
      const patches = moved(objects, dx, dy) as Map<string, Patch>
      framed(this.#scene, objects, patches)
      this.#patch(patches)
    },
    resize: (chance) => {
      const objects = withHeld(this.#scene, this.#pickUnits(chance, 2))
      const from = union(objects.flatMap(({ id }) => this.#scene.bounds(id) ?? []))
      const by = chance.between(0.6, 1.5)
      if (from === null || from.w * by > 800 || from.h * by > 800) return
      const to = { ...from, w: from.w * by, h: from.h * chance.between(0.8, 1.2) }
      this.#patch(resized(objects, from, to, this.#scene, 'se'))
    },
    turn: (chance) => {
      const objects = withHeld(this.#scene, this.#pickUnits(chance, 2))
      const box = union(objects.flatMap(({ id }) => this.#scene.bounds(id) ?? []))
      if (box === null) return
      this.#patch(rotated(objects, middleOf(box), chance.between(-1, 1), this.#scene))
    },
    restyle: (chance) => {
      const style = chance.pick<Patch>([
        { colour: chance.whole(0, 15) },
        { fill: chance.whole(0, 15) },
        { size: chance.whole(1, 12), dash: chance.whole(0, 2) },
        { opacity: chance.between(0.3, 1) },
        { fontSize: chance.whole(12, 40), font: chance.whole(0, 3) },
        { align: chance.whole(0, 8) },
      ])
      this.#edit(restyle(this.#scene, this.#pickUnits(chance, 4), style))
    },
    group: (chance) => {
      const ids = this.#pickUnits(chance, 3)
      this.#edit(group(this.#scene, ids, this.#scene.collection.newId()))
    },
    ungroup: (chance) => this.#edit(ungroup(this.#scene, this.#pickUnits(chance, 2))),
    arrange: (chance) => {
      const ids = this.#pickUnits(chance, 4)
      const how = chance.whole(0, 3)
      if (how === 0) this.#edit(reorder(this.#scene, ids, chance.pick(['front', 'back'])))
      if (how === 1) this.#edit(reorder(this.#scene, ids, chance.pick(['forward', 'backward'])))
      if (how === 2) this.#edit(align(this.#scene, ids, chance.pick(['left', 'middle', 'bottom'])))
      if (how === 3) this.#edit(distribute(this.#scene, ids, chance.pick(['x', 'y'])))
    },
    rub: async (chance) => {
      const stroke = this.#pick(chance, ({ type }) => type === 'stroke')
      if (stroke === undefined) return
      const middle = middleOf(this.#scene.bounds(stroke.id)!)
      const [dx, dy] = [chance.between(-60, 60), chance.between(-60, 60)]
      for (let step = 0; step < 5; step++) {
        const a = { x: middle.x + dx * (step / 5 - 0.5), y: middle.y + dy * (step / 5 - 0.5) }
        const object = this.#scene.find(stroke.id)
        if (object === undefined || object.lock !== 0) return
        const cuts = cutsOf(object, a, { x: a.x + dx / 5, y: a.y + dy / 5 }, 10)
        if (cuts.length > 0) this.#scene.collection.append(stroke.id, 'cuts', cuts)
        await pause(FRAME_MS)
      }
    },
    erase: (chance) => {
      const ids = this.#pickUnits(chance, 2)
      const isShared = withHeld(this.#scene, ids).some(({ id }) => this.seat.shared.includes(id))
      if (isShared) return
      const edits = remove(this.#scene, ids)
      this.#edit([...unpinned(this.room, this.#scene, edits), ...edits])
    },
    duplicate: (chance) => {
      const ids = this.#pickUnits(chance, 2).filter((id) => !this.seat.shared.includes(id))
      if (ids.length > 12) return
      const newId = () => this.#scene.collection.newId()
      this.#edit(duplicate(this.#scene, ids, { dx: 40, dy: 40, newId }).edits)
    },
    write: async (chance) => {
      const id = chance.pick(this.seat.shared)
      const { letter } = this.seat
      const text = this.#texts.open(id)
      if (!text.isThere) return
      const session = text.edit()
      for (let left = chance.whole(3, 14); left > 0; left--) {
        const [share, takesBack] = [chance.share, chance.share < 0.15]
        const now = String(text)
        const own = now.indexOf(letter, Math.floor(share * now.length))
        if (takesBack && own >= 0) {
          session.replace(own, 1, '')
          this.#count(id, -1, 'taken back')
        } else {
          const at = Math.floor(share * (now.length + 1))
          this.#count(id, session.replace(at, 0, letter), 'written')
        }
        await pause(chance.between(10, 90))
      }
      session.end()
    },
    comment: (chance, at) => {
      const threads = this.#comments.threads
      const thread = threads.length === 0 ? undefined : chance.pick(threads)
      const how = chance.whole(0, 5)
      if (thread === undefined || how === 0) this.#comments.pin(at, `${this.seat.name} asks`)
      else if (how === 1) this.#comments.pin({ x: 10, y: 10 }, 'On this', this.#pick(chance))
      else if (how === 2) this.#comments.reply(thread.id, `${this.seat.name} says`)
      else if (how === 3) this.#comments.resolve(thread.id, !thread.isResolved)
      else if (thread.isMine && how === 4) this.#comments.move(thread.id, at, this.#pick(chance))
      else if (thread.isMine) this.#comments.remove(thread.id)
    },
    lock: (chance) => {
      const ids = this.#pickUnits(chance, 1).filter((id) => !this.seat.shared.includes(id))
      this.#edit(toggleLock(this.#scene, ids))
    },
    undo: (chance) => this.#turn(chance, () => this.room.undo()),
    redo: (chance) => this.#turn(chance, () => this.room.redo()),
  }

  /** What a step of undo does to the own letters is meant: no letter is lost by it. */
  #turn(chance: Chance, turn: () => boolean): void {
    this.room.history.end()
    for (let left = chance.whole(1, 3); left > 0; left--) {
      const before = this.#ownLetters()
      turn()
      for (const [id, count] of this.#ownLetters()) {
        const more = count - before.get(id)!
        if (more !== 0) this.#count(id, more, more < 0 ? 'taken back' : 'written')
      }
    }
  }

  #ownLetters(): Map<string, number> {
    const own = (id: string) =>
      countOf(this.seat.letter, textOf(this.#scene.collection.get(id)?.['text']))
    return new Map(this.seat.shared.map((id) => [id, own(id)]))
  }

  #count(id: string, more: number, what: string): void {
    this.letters.set(id, this.letters.get(id)! + more)
    this.tally.add(what, Math.abs(more))
  }

  #make(fields: Patch): string {
    const id = this.#scene.collection.newId()
    submit(this.room, [created(this.#scene, id, fields)])
    return id
  }

  #edit(edits: readonly Edit[]): void {
    if (edits.length > 0) submit(this.room, edits)
  }

  #patch(patches: Patches): void {
    this.#edit(sets(patches).filter(({ id }) => this.#scene.find(id) !== undefined))
  }

  #pick(chance: Chance, fits = (_: BoardObject) => true): BoardObject | undefined {
    const all = this.#scene.all.filter((object) => object.lock === 0 && fits(object))
    return all[Math.floor(chance.share * all.length)]
  }

  /** Some objects, each with all of its group. */
  #pickUnits(chance: Chance, most: number): string[] {
    const ids = new Set<string>()
    for (let left = chance.whole(1, most); left > 0; left--) {
      const object = this.#pick(chance)
      if (object === undefined) continue
      const [outermost] = object.groups
      const unit = outermost === undefined ? [object] : this.#scene.inGroup(outermost)
      for (const { id } of unit) ids.add(id)
    }
    return [...ids]
  }
}

function side(chance: Chance): [number, number] {
  return chance.pick<[number, number]>([
    [0, 0.5],
    [1, 0.5],
    [0.5, 0],
    [0.5, 1],
  ])
}
