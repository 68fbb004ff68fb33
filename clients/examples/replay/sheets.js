// What can be done with the moment that shows: hand it on, go on from it.
import { addMarker, fork, momentLink } from '/tutti/tutti.js'
import { copy } from '/shared/place.js'
import { clockText, count, dateText, sentence } from './words.js'

const NAME_LETTERS = 8

const $ = (id) => document.getElementById(id)

/** Opens a sheet about this moment, which stands still meanwhile. */
export function openSheet(sheet, replay) {
  if (replay.playing) replay.pause()
  const time = clockText((replay.tick - replay.first) / replay.hz, { tenths: true })
  const date = dateText(replay.wall)
  for (const element of sheet.querySelectorAll('[data-moment]')) {
    element.textContent = date === '' ? time : `${time}, ${date}`
  }
  say(sheet, '')
  sheet.showModal()
}

export function say(sheet, text, isTrouble = false) {
  const said = sheet.querySelector('.said')
  said.textContent = text
  said.classList.toggle('bad', isTrouble)
}

/** Runs what a button asks for, once at a time, and says what goes wrong. */
export function onPress(button, sheet, work) {
  button.addEventListener('click', async () => {
    if (button.ariaBusy === 'true') return
    button.ariaBusy = 'true'
    say(sheet, '')
    try {
      await work()
    } catch (error) {
      say(sheet, `${sentence(error.message)}.`, true)
    } finally {
      button.ariaBusy = 'false'
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
  const mark = async () => {
    if (!$('share-mark').checked) return
    await addMarker('/', room, { ...replay.moment, title: title() || 'A moment' })
    $('share-mark').checked = false
    say(sheet, 'It is marked on everyone’s timeline.')
    marked()
  }
  onPress($('share-copy'), sheet, async () => {
    await mark()
    await copy($('share-copy'), $('share-link').value)
  })
  onPress($('share-together'), sheet, async () => {
    await mark()
    const link = new URL(momentLink(page, { ...replay.moment, title: title() }))
    link.searchParams.set('together', unguessed())
    await copy($('share-together'), link.href)
    location.assign(link)
  })
}

function unguessed() {
  const bytes = crypto.getRandomValues(new Uint8Array(NAME_LETTERS))
  return Array.from(bytes, (byte) => (byte & 31).toString(32)).join('')
}

export function forkSheet(replay, room, kind) {
  const sheet = $('fork-sheet')
  $('fork-lesson').hidden = kind !== 'board'
  $('fork-lesson').href = `/board/?room=${unguessed()}&lesson=${room}`
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
