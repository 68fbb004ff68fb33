import { latest } from '/race/asking.js'
import { lapsOf, racesOf } from '/race/boards.js'
import { arrange, make, write } from '../shared/dom.js'
import { lengthText, picture } from '/race/tracks.js'
import { count, timeText } from '/race/words.js'

const SHOWN = 10
const LAPS_MAX = 20
/** As many laps as a room has at first. */
const LAPS_USUAL = 3
const MEDALS = ['gold', 'silver', 'bronze']
const dates = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })

/** A track with its records: the best laps, and the best races of as many laps as one likes. */
export class TrackRecords {
  element
  road
  /** The link that leads to a race on this track: in a tab of its own, to the first page. */
  join
  #facts
  #laps
  #askLaps
  #askRaces

  /** `content`: that of the template which becomes `element`. */
  constructor(road, content) {
    this.road = road
    this.element = content.cloneNode(true).firstElementChild
    const part = (selector) => this.element.querySelector(selector)
    this.element.id = road.name
    part('.picture').append(picture(road))
    write(part('h2'), road.title)
    this.#facts = part('.facts')
    write(this.#facts, lengthText(road))
    this.join = part('[data-join]')
    this.join.href = `/race/?${new URLSearchParams({ track: road.name })}`
    write(this.join, `Race on ${road.title}`)
    this.#laps = new Board(part('[data-board=laps]'), `Best laps on ${road.title}`)
    const races = new Board(part('[data-board=races]'), `Best races on ${road.title}`)
    const choice = part('select')
    for (let laps = 1; laps <= LAPS_MAX; laps++) {
      choice.append(new Option(count(laps, 'lap'), laps))
    }
    choice.value = LAPS_USUAL
    this.#askLaps = latest(
      () => lapsOf(road, SHOWN),
      (laps) => this.#showLaps(laps),
    )
    this.#askRaces = latest(
      () => racesOf(road, choice.value, SHOWN),
      (rows) => races.show(rows),
    )
    choice.addEventListener('change', () => {
      races.clear()
      this.#askRaces()
    })
  }

  refresh() {
    this.#askLaps()
    this.#askRaces()
  }

  #showLaps(laps) {
    this.#laps.show(laps)
    const facts = [lengthText(this.road)]
    if (laps?.length > 0) facts.push(`record ${timeText(laps[0].score)} by ${laps[0].name}`)
    if (laps !== null) write(this.#facts, facts.join(' · '))
  }
}

/** A table of names and times, the quickest first. */
class Board {
  #rows
  #note

  constructor(element, caption) {
    this.#rows = make('tbody', '')
    this.#note = make('p', 'aside')
    const heads = ['Place', 'Driver', 'Time', 'Day'].map((text) => {
      const head = make('th', '', text)
      head.scope = 'col'
      return head
    })
    const table = make('table', '', make('caption', 'hidden', caption))
    table.append(make('thead', 'hidden', make('tr', '', ...heads)), this.#rows)
    element.append(table, this.#note)
  }

  clear() {
    this.#rows.replaceChildren()
    write(this.#note, '')
  }

  /** `rows` as boards.js gives them; what is not to be had now leaves what there is. */
  show(rows) {
    if (rows === null) {
      if (this.#rows.childElementCount === 0) write(this.#note, 'The server does not say just now.')
      return
    }
    write(this.#note, rows.length === 0 ? 'Nobody yet: it could be you.' : '')
    const items = rows.map((row, i) => ({ ...row, id: row.name, place: i }))
    arrange(this.#rows, items, {
      create: ({ name }) => {
        const cells = Array.from({ length: 4 }, () => make('td', ''))
        cells[0].append(make('i', ''))
        write(cells[1], name)
        return make('tr', '', ...cells)
      },
      update: (row, { place, score, at_ms: at }) => {
        const [medal, , time, day] = row.children
        medal.firstElementChild.className = MEDALS[place] ?? ''
        write(medal.firstElementChild, String(place + 1))
        write(time, timeText(score))
        write(day, dates.format(at))
      },
    })
  }
}
