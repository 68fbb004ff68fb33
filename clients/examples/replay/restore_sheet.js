// A part of a board's past brought back into the live room: what is selected, all of it, one person's
// work, or what one person has done since undone. What others have done stays, unless one says otherwise.
import { authors, join, planRestore } from '/tutti/tutti.js'
import { arrange, make } from '/shared/dom.js'
import { identityOf, nameOf } from './people.js'
import { livePage, onPress, openSheet, say } from './sheets.js'
import { count, listed, sentence } from './words.js'

/** Fewer are there before one has seen that they are on their way. */
const SLOW_COUNT = 200
const UNDO = 'Undo'
const REDO = 'Do it again'

const $ = (id) => document.getElementById(id)

/**
 * `chosen` gives the ids of what is selected, by collection; `whole` lists the collections that are all
 * of the board; `colourOf(user, member)` is what somebody has there.
 */
export function restoreSheet(replay, room, { kind, chosen, whole, colourOf }) {
  const sheet = new RestoreSheet(replay, room, { kind, chosen, whole, colourOf })
  $('restore').hidden = false
  $('restore').addEventListener('click', () => sheet.open())
}

class RestoreSheet {
  #sheet = $('restore-sheet')
  #replay
  #room
  #board
  /** The live room, as long as the sheet is open, and who has done what in it. */
  #live = null
  #now = null
  /** Who had done what by the moment that shows; null until it is asked for. */
  #then = null
  #plan = null

  constructor(replay, room, board) {
    this.#replay = replay
    this.#room = room
    this.#board = board
    $('restore-open').href = livePage(board.kind, room)
    this.#sheet.addEventListener('change', () => this.#trying(() => this.#show()))
    this.#sheet.addEventListener('close', () => this.#close())
    onPress($('restore-do'), this.#sheet, () => this.#apply())
    onPress($('restore-undo'), this.#sheet, () => this.#flip())
  }

  async open() {
    const number = Object.values(this.#board.chosen()).reduce((sum, ids) => sum + ids.length, 0)
    $('restore-chosen').textContent =
      number === 0
        ? 'What is selected: choose it on the board first'
        : `The ${count(number, 'selected thing')}`
    this.#choice('chosen').disabled = number === 0
    this.#choice(number === 0 ? 'all' : 'chosen').checked = true
    $('restore-overwrite').checked = false
    $('restore-undo').hidden = $('restore-open').hidden = true
    $('restore-people').hidden = true
    this.#forget()
    openSheet(this.#sheet, this.#replay)
    await this.#trying(async () => {
      const { kind } = this.#board
      this.#live ??= await join('/', this.#room, { kind, user: this.#replay.room.user })
      await this.#show()
    })
  }

  /** Who left the sheet is no longer in the room; a step that was not undone stays. */
  #close() {
    this.#live?.leave()
    this.#live = null
    this.#forget()
  }

  /** What was known of the live room is so no longer. */
  #forget() {
    this.#now = this.#then = this.#plan = null
    $('restore-do').disabled = true
    $('restore-plan').replaceChildren()
  }

  async #trying(work) {
    try {
      await work()
    } catch (error) {
      say(this.#sheet, `${sentence(error.message)}.`, true)
    }
  }

  #choice(what) {
    return this.#sheet.querySelector(`[name=what][value=${what}]`)
  }

  get #what() {
    return this.#sheet.querySelector('[name=what]:checked').value
  }

  async #show() {
    const live = this.#live
    if (live === null) return
    const what = this.#what
    this.#now ??= await authors(live, { identity: identityOf })
    // Who watches together with others may find that it has gone on.
    if (what === 'work' && this.#then?.tick !== this.#replay.tick)
      this.#then = await authors(this.#replay, { identity: identityOf })
    if (live !== this.#live || what !== this.#what) return
    const person = this.#showPeople(what)
    $('restore-removes-row').hidden = what !== 'all'
    this.#plan = person === undefined ? null : this.#planOf(what, person)
    this.#showPlan(what, person)
  }

  /** Gives who is chosen; null where nobody has to be, undefined where nobody is. */
  #showPeople(what) {
    const from = { work: this.#then, since: this.#now }[what]
    $('restore-people').hidden = from === undefined
    if (from === undefined) return null
    const people = from.people.map((person) => ({ ...person, id: person.members[0] }))
    arrange($('restore-faces'), people, {
      create: faceOf,
      update: (face, { user, id }) => {
        face.querySelector('i').style.background = this.#board.colourOf(user, id)
      },
    })
    const chosen = this.#sheet.querySelector('[name=who]:checked')?.value
    return people.find(({ id }) => String(id) === chosen)
  }

  #planOf(what, person) {
    const { chosen, whole } = this.#board
    const all = Object.fromEntries(whole.map((name) => [name, true]))
    const options = { records: what === 'chosen' ? chosen() : all, now: this.#now }
    if (what === 'all') options.removes = $('restore-removes').checked
    if (what === 'work') options.work = { of: person.members, then: this.#then }
    if (what === 'since') options.doneBy = person.members
    return planRestore(this.#replay, this.#live, options)
  }

  #showPlan(what, person) {
    const contested = this.#plan?.changes.filter((change) => change.contested) ?? []
    const overwrites = $('restore-overwrite').checked
    $('restore-overwrite-row').hidden = contested.length === 0
    const made = this.#plan?.changes.filter((change) => overwrites || !change.contested) ?? []
    const lines = person === undefined ? ['Choose who'] : plannedLines(made)
    if (contested.length > 0 && !overwrites) lines.push(this.#contestedLine(contested, person))
    const { unchanged = 0 } = this.#plan ?? {}
    if (person === null && unchanged > 0)
      lines.push(`${count(unchanged, 'thing')} ${unchanged === 1 ? 'is' : 'are'} still the same`)
    if (lines.length === 0) lines.push(nothingLine(what, person))
    $('restore-plan').replaceChildren(...lines.map((line) => make('li', '', line)))
    $('restore-do').disabled = made.length === 0
  }

  #contestedLine(contested, person) {
    const own = new Set((person ?? this.#now.personOf(this.#live.me)).members)
    const others = contested.flatMap(({ by }) => by).filter((member) => !own.has(member))
    const names = new Set(others.map((member) => nameOf(this.#now.personOf(member).user)))
    const number = contested.length
    const who = names.size === 0 ? 'others' : listed([...names])
    const have = names.size === 1 ? 'has' : 'have'
    return `${count(number, 'thing')} ${number === 1 ? 'stays' : 'stay'} as ${who} ${have} left ${number === 1 ? 'it' : 'them'}`
  }

  async #apply() {
    const progress = $('restore-progress')
    const overwrite = $('restore-overwrite').checked
    const onProgress = (decided, all) => {
      progress.hidden = all < SLOW_COUNT || decided === all
      Object.assign(progress, { value: decided, max: all })
    }
    const { applied, conflicts, refused } = await this.#plan.apply({ overwrite, onProgress }).done
    const left = [
      conflicts.length > 0 && `${conflicts.length} ${conflicts.length === 1 ? 'stays' : 'stay'}`,
      refused.length > 0 && `${refused.length} may not be changed`,
    ].filter(Boolean)
    $('restore-overwrite').checked = false
    this.#forget()
    await this.#show()
    const done = this.#what === 'since' ? 'put right' : 'brought back'
    say(this.#sheet, `${[`${count(applied.length, 'thing')} ${done}`, ...left].join('; ')}.`)
    $('restore-undo').textContent = UNDO
    $('restore-undo').hidden = $('restore-open').hidden = false
  }

  /** Takes it back, or does it again. Whatever it leaves is ours then, and no longer whose it was. */
  async #flip() {
    const undoes = $('restore-undo').textContent === UNDO
    if (undoes) this.#live.undo()
    else this.#live.redo()
    $('restore-undo').textContent = undoes ? REDO : UNDO
    this.#forget()
    await this.#show()
    say(this.#sheet, undoes ? 'Undone.' : 'Done again.')
  }
}

function faceOf({ id, user }) {
  const radio = Object.assign(make('input', ''), { type: 'radio', name: 'who', value: String(id) })
  return make('label', 'face', radio, make('i', ''), make('span', '', nameOf(user)))
}

function plannedLines(changes) {
  const of = (kind) => changes.filter((change) => change.kind === kind).length
  const [back, set, gone] = [of('put'), of('set'), of('delete')]
  return [
    back > 0 && `${count(back, 'thing')} ${back === 1 ? 'comes' : 'come'} back`,
    set > 0 &&
      `${count(set, 'thing')} ${set === 1 ? 'is set back to what it was' : 'are set back to what they were'}`,
    gone > 0 && `${count(gone, 'thing')} made since ${gone === 1 ? 'goes' : 'go'}`,
  ].filter(Boolean)
}

function nothingLine(what, person) {
  if (what === 'since') return `Nothing that ${nameOf(person.user)} has done since is left`
  return what === 'work'
    ? `All of ${nameOf(person.user)}’s work is there`
    : 'There was nothing here yet'
}
