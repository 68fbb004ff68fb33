// The list of a room's sessions and of the moments that somebody has marked: go there, name, keep, take away.
import { editSession, removeMarker, removeSession } from '/tutti/tutti.js'
import { arrange, make, write } from '/shared/dom.js'
import { clockText, count, dayText, lasted, sentence, sizeText, timeOfDay } from './words.js'

const TITLE_MAX = 60
/** Of those who were there, so many show as dots. */
const FACES = 7

const ICONS = {
  pin: 'M9 4h6l-.8 6.2 2.8 2.6v1.7H7v-1.7l2.8-2.6zM12 14.5V20',
  name: 'M5 19l.9-3.6L15.5 5.8l2.7 2.7L8.6 18.1zM13.7 7.6l2.7 2.7',
  remove: 'M6 7h12M10 7V5h4v2M8 7l.8 12h6.4L16 7M10.5 10.5v5M13.5 10.5v5',
}

const $ = (id) => document.getElementById(id)

/** `seek` is told a tick, `changed` that the recording is another; `pictureAt` gives a canvas or null. */
export class Sessions {
  #replay
  #room
  #host
  #recording = null
  #people = []
  /** What is being written, or asked about, by its id. */
  #naming = null
  #removing = null

  constructor(replay, room, { seek, changed, pictureAt }) {
    this.#replay = replay
    this.#room = room
    this.#host = { seek, changed, pictureAt }
    $('sessions').disabled = false
    $('sessions').addEventListener('click', () => this.open())
    $('sessions-sheet').addEventListener('close', () => (this.#naming = this.#removing = null))
  }

  open() {
    write($('sessions-said'), '')
    this.#show()
    $('sessions-sheet').showModal()
    $('sessions-sheet').querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' })
  }

  /** `people`: the tracks of who was there. */
  showRecording(recording, people) {
    this.#recording = recording
    this.#people = people
    this.showTitle(this.#replay.tick)
    if ($('sessions-sheet').open) this.#show()
  }

  /** The title of the session that shows, beside the room's name. */
  showTitle(tick) {
    write($('session-title'), this.#at(tick)?.title ?? '')
  }

  #at(tick) {
    return this.#recording?.sessions.findLast(({ first }) => first <= tick)
  }

  #show() {
    const { sessions = [], markers = [] } = this.#recording ?? {}
    const current = this.#at(this.#replay.tick)
    arrange($('session-list'), sessions.toReversed(), {
      create: (session) => this.#createSession(session),
      update: (row, session) => this.#updateSession(row, session, session === current),
    })
    $('no-sessions').hidden = sessions.length > 0
    const moments = markers.map((marker) => ({ ...marker, id: momentId(marker) }))
    moments.sort((a, b) => a.tick - b.tick)
    arrange($('moment-list'), moments, {
      create: (marker) => this.#createMoment(marker),
      update: (row, marker) => this.#updateMoment(row, marker),
    })
    $('moments').hidden = moments.length === 0
  }

  #createSession({ id }) {
    const go = make(
      'button',
      'go',
      make('canvas', ''),
      make('b', ''),
      make('small', ''),
      make('i', ''),
    )
    go.type = 'button'
    const field = Object.assign(make('input', 'field'), {
      maxLength: TITLE_MAX,
      placeholder: 'A title',
      hidden: true,
    })
    field.setAttribute('aria-label', 'Title of this session')
    const row = make(
      'li',
      'session',
      go,
      field,
      iconButton('pin', 'Keep for ever'),
      iconButton('name', 'Give it a title'),
      iconButton('remove', 'Take it off the list'),
      this.#createQuestion(() => this.#remove(removeSession, id)),
    )
    const find = () => this.#recording?.sessions.find((session) => session.id === id)
    go.addEventListener('click', () => this.#go(find()?.first))
    row.querySelector('.pin').addEventListener('click', () => {
      this.#edit(id, { pinned: !find()?.pinned })
    })
    row.querySelector('.name').addEventListener('click', () => this.#name(row, find()))
    row.querySelector('.remove').addEventListener('click', () => this.#ask(row, id))
    this.#listenToField(field, id)
    return row
  }

  #updateSession(row, session, isCurrent) {
    const { id, title, pinned, first, last, began, ended, bytes } = session
    const { hz } = this.#replay
    const [go, field] = row.children
    const [canvas, name, facts, faces] = go.children
    const when = began === null ? clockText((first - this.#replay.first) / hz) : dayText(began)
    write(name, title || when)
    const there = this.#people.filter(({ spans }) =>
      spans.some(([from, to]) => from <= last && (to ?? Infinity) >= first),
    )
    const of = [
      title === '' ? began && ended && `${timeOfDay(began)} to ${timeOfDay(ended)}` : when,
      lasted((last - first) / hz),
      there.length > 0 && count(there.length, 'person', 'people'),
      bytes > 0 && sizeText(bytes),
    ]
    write(facts, of.filter(Boolean).join(' · '))
    showFaces(faces, there)
    showPicture(canvas, this.#host.pictureAt(Math.round((first + 3 * last) / 4)))
    row.classList.toggle('pinned', pinned)
    if (isCurrent) go.setAttribute('aria-current', 'true')
    else go.removeAttribute('aria-current')
    const pin = row.querySelector('.pin')
    pin.setAttribute('aria-pressed', String(pinned))
    pin.title = pinned ? 'Kept for ever: press to let it go when it is old' : 'Keep for ever'
    go.hidden = this.#naming === id
    field.hidden = this.#naming !== id
    row.classList.toggle('asks', this.#removing === id)
  }

  #createMoment({ id }) {
    const go = make('button', 'go', make('i', ''), make('b', ''), make('small', ''))
    go.type = 'button'
    const row = make(
      'li',
      'moment',
      go,
      iconButton('remove', 'Take this mark away'),
      this.#createQuestion(() => this.#remove(removeMarker, momentOf(id))),
    )
    go.addEventListener('click', () => this.#go(momentOf(id).tick))
    row.querySelector('.remove').addEventListener('click', () => this.#ask(row, id))
    return row
  }

  #updateMoment(row, { id, tick, title, colour, by }) {
    const [mark, name, facts] = row.firstElementChild.children
    mark.style.setProperty('--colour', CSS.supports('color', colour) ? colour : '')
    write(name, title)
    const time = clockText((tick - this.#replay.first) / this.#replay.hz)
    write(facts, by === '' ? time : `${time} · by ${by}`)
    row.classList.toggle('asks', this.#removing === id)
  }

  /** Is asked before something goes, in its own row. */
  #createQuestion(yes) {
    const no = Object.assign(make('button', 'button quiet', 'Keep it'), { type: 'button' })
    const sure = Object.assign(make('button', 'button', 'Take it away'), { type: 'button' })
    no.addEventListener('click', () => {
      this.#removing = null
      this.#show()
    })
    sure.addEventListener('click', yes)
    return make('div', 'question', sure, no)
  }

  #ask(row, id) {
    this.#removing = id
    this.#naming = null
    this.#show()
    row.querySelector('.question button').focus()
  }

  #name(row, session) {
    if (session === undefined) return
    this.#naming = session.id
    this.#removing = null
    this.#show()
    const field = row.children[1]
    field.value = session.title
    field.focus()
    field.select()
  }

  #listenToField(field, id) {
    const end = (isWanted) => {
      if (this.#naming !== id) return
      this.#naming = null
      const title = field.value.trim()
      const before = this.#recording?.sessions.find((session) => session.id === id)?.title
      if (isWanted && title !== before) this.#edit(id, { title })
      else this.#show()
    }
    field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== 'Escape') return
      // Else it would close the sheet.
      event.preventDefault()
      end(event.key === 'Enter')
      field.closest('li').querySelector('.name').focus()
    })
    field.addEventListener('blur', () => end(true))
  }

  #go(tick) {
    if (tick === undefined) return
    $('sessions-sheet').close()
    this.#host.seek(tick)
  }

  #edit(id, edit) {
    return this.#work(() => editSession('/', this.#room, id, edit))
  }

  #remove(remove, which) {
    this.#removing = null
    return this.#work(() => remove('/', this.#room, which))
  }

  /** Says what goes wrong; what is shown is what the server has. */
  async #work(work) {
    write($('sessions-said'), '')
    try {
      await work()
    } catch (error) {
      write($('sessions-said'), `${sentence(error.message)}.`)
    }
    await this.#host.changed()
    this.#show()
  }
}

function iconButton(name, label) {
  const button = make('button', `round ${name}`)
  button.type = 'button'
  button.title = label
  button.setAttribute('aria-label', label)
  button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[name]}" /></svg>`
  return button
}

const momentId = ({ tick, incarnation }) => `${tick}.${incarnation}`

function momentOf(id) {
  const [tick, incarnation] = id.split('.').map(Number)
  return { tick, incarnation }
}

function showFaces(element, people) {
  const shown = people.slice(0, FACES).map(({ name, colour }) => {
    const dot = make('span', '')
    dot.style.setProperty('--colour', colour)
    dot.title = name
    return dot
  })
  if (people.length > FACES) shown.push(make('em', '', `+${people.length - FACES}`))
  element.replaceChildren(...shown)
}

function showPicture(canvas, picture) {
  canvas.hidden = picture === null
  if (picture === null) return
  Object.assign(canvas, { width: picture.width, height: picture.height })
  canvas.getContext('2d').drawImage(picture, 0, 0)
}
