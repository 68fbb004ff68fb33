// What can be done with the moment that shows: hand it on, go on from it, bring a part of it back.
import { addMarker, fork, join, momentLink, planRestore } from '/tutti/tutti.js'
import { copy } from '/shared/place.js'
import { clockText, count, dateText, sentence } from './words.js'

const TOGETHER_LETTERS = 8

const $ = (id) => document.getElementById(id)

/** Opens a sheet about this moment, which stands still meanwhile. */
function openSheet(sheet, replay) {
  if (replay.playing) replay.pause()
  const time = clockText((replay.tick - replay.first) / replay.hz, { tenths: true })
  const date = dateText(replay.wall)
  for (const element of sheet.querySelectorAll('[data-moment]')) {
    element.textContent = date === '' ? time : `${time}, ${date}`
  }
  say(sheet, '')
  sheet.showModal()
}

function say(sheet, text, isTrouble = false) {
  const said = sheet.querySelector('.said')
  said.textContent = text
  said.classList.toggle('bad', isTrouble)
}

/** Runs what a button asks for, once at a time, and says what goes wrong. */
function onPress(button, sheet, work) {
  button.addEventListener('click', async () => {
    button.disabled = true
    say(sheet, '')
    try {
      await work()
    } catch (error) {
      say(sheet, `${sentence(error.message)}.`, true)
    } finally {
      button.disabled = false
    }
  })
}

/** `marked` is called when there is another marker. */
export function shareSheet(replay, room, marked) {
  const sheet = $('share-sheet')
  const page = new URL('/replay/', location.href)
  const title = () => $('share-name').value.trim()
  const showLink = () => {
    $('share-link').value = momentLink(page, { ...replay.moment, title: title() })
  }
  $('share').addEventListener('click', () => {
    openSheet(sheet, replay)
    showLink()
  })
  $('share-name').addEventListener('input', showLink)
  $('share-link').addEventListener('focus', ({ target }) => target.select())
  onPress($('share-copy'), sheet, async () => {
    if ($('share-mark').checked) {
      await addMarker('/', room, { ...replay.moment, title: title() || 'A moment' })
      $('share-mark').checked = false
      marked()
    }
    await copy($('share-copy'), $('share-link').value)
  })
  onPress($('share-together'), sheet, async () => {
    const link = new URL(momentLink(page, { ...replay.moment, title: title() }))
    link.searchParams.set('together', togetherName())
    await copy($('share-together'), link.href)
    location.assign(link)
  })
}

function togetherName() {
  const bytes = crypto.getRandomValues(new Uint8Array(TOGETHER_LETTERS))
  return Array.from(bytes, (byte) => (byte & 31).toString(32)).join('')
}

export function forkSheet(replay, room, kind) {
  const sheet = $('fork-sheet')
  $('fork').addEventListener('click', () => openSheet(sheet, replay))
  onPress($('fork-do'), sheet, async () => {
    const { tick, incarnation } = replay.moment
    const made = await fork('/', room, { tick, incarnation })
    // Embedded in another page, that is where the live room belongs.
    window.open(livePage(kind, made.room), window === top ? '_self' : '_blank')
  })
}

/** Where a room of this kind is lived in. */
export function livePage(kind, room) {
  const page = ['board', 'race', 'cursors'].includes(kind) ? `/${kind}/` : '/'
  return `${page}?room=${room}`
}

/**
 * Brings records of a board back. `chosen` gives the ids of those that are selected, by collection;
 * `whole` lists the collections that are all of it.
 */
export function restoreSheet(replay, room, { kind, chosen, whole }) {
  const sheet = $('restore-sheet')
  const [ofChosen, ofAll] = sheet.querySelectorAll('[name=what]')
  let live = null
  let plan = null

  const showPlan = () => {
    if (live === null) return
    const isAll = ofAll.checked
    const records = isAll ? Object.fromEntries(whole.map((name) => [name, true])) : chosen()
    const removes = isAll && $('restore-removes').checked
    $('restore-removes-row').hidden = !isAll
    plan = planRestore(replay, live, { records, removes })
    const { put, set, delete: gone } = plan.counts
    const lines = [
      put > 0 && `${count(put, 'thing')} ${put === 1 ? 'comes' : 'come'} back`,
      set > 0 &&
        `${count(set, 'thing')} ${set === 1 ? 'is' : 'are'} set back to what ${set === 1 ? 'it was' : 'they were'}`,
      gone > 0 && `${count(gone, 'thing')} made since ${gone === 1 ? 'goes' : 'go'}`,
      plan.unchanged > 0 &&
        `${count(plan.unchanged, 'thing')} ${plan.unchanged === 1 ? 'is' : 'are'} still the same`,
    ].filter(Boolean)
    if (lines.length === 0) lines.push('There was nothing here yet')
    $('restore-plan').replaceChildren(
      ...lines.map((line) => Object.assign(document.createElement('li'), { textContent: line })),
    )
    $('restore-do').disabled = plan.changes.length === 0
  }

  const enter = async () => {
    live ??= await join('/', room, { kind, user: replay.room.user })
    showPlan()
  }

  $('restore').hidden = false
  $('restore-open').href = livePage(kind, room)
  $('restore').addEventListener('click', async () => {
    const number = Object.values(chosen()).reduce((sum, ids) => sum + ids.length, 0)
    $('restore-chosen').textContent =
      number === 0
        ? 'What is selected: choose it on the board first'
        : `The ${count(number, 'selected thing')}`
    ofChosen.disabled = number === 0
    ;(number === 0 ? ofAll : ofChosen).checked = true
    $('restore-undo').hidden = $('restore-open').hidden = true
    $('restore-plan').replaceChildren()
    $('restore-do').disabled = true
    openSheet(sheet, replay)
    await enter().catch((error) => say(sheet, `${sentence(error.message)}.`, true))
  })
  sheet.addEventListener('change', showPlan)
  sheet.addEventListener('close', () => {
    // Who left the sheet is no longer in the room; a step that was not undone stays.
    live?.leave()
    live = plan = null
  })
  onPress($('restore-do'), sheet, async () => {
    const { applied, conflicts, refused } = await plan.apply().done
    const stay = conflicts.length > 0 ? `; ${conflicts.length} changed meanwhile and stay` : ''
    const left = refused.length > 0 ? `${stay}; ${refused.length} may not be changed` : stay
    showPlan()
    say(sheet, `${count(applied.length, 'thing')} brought back${left}.`)
    $('restore-undo').hidden = $('restore-open').hidden = false
  })
  onPress($('restore-undo'), sheet, async () => {
    live.undo()
    $('restore-undo').hidden = true
    showPlan()
    say(sheet, 'Undone.')
  })
}
