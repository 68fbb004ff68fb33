import { emptied } from './canvas.js'
import { cellsOf, coarseFirst } from './cells.js'
import { RATIO } from './film.js'
import { listenToDrag, listenToHands } from './hands.js'
import { paintRuler } from './ruler.js'
import { Stretch } from './stretch.js'
import { heightOf, paintTracks, ROW_HEIGHT, rowsOf } from './tracks.js'
import { clockText, spokenTime } from './words.js'

/** Below it there is no room for names beside the tracks. */
const NARROW = 720
/** While it plays, who listens is told so often where it is. */
const TOLD_MS = 10_000
/** So near to an edge a hand takes what shows along, by so much of it in a second. */
const EDGE = 24
const DRAG_PER_S = 0.8
/** Pictures are asked for when nothing has moved for so long. */
const REST_MS = 200
const TWICE = 2
const FRAME_MAX_S = 0.1
/** A marker is this near to a pointer. */
const NEAR = 7

const $ = (id) => document.getElementById(id)
const night = matchMedia('(prefers-color-scheme: dark)')
const calm = matchMedia('(prefers-reduced-motion: reduce)')

/**
 * A recording from left to right: a slider for who has no pointer, pictures, activity, people, times,
 * markers, and where it is now. `seek` is told a tick as often as somebody goes to another.
 */
export class Timeline {
  #seek
  #slider = $('slider')
  #lanes = $('lanes')
  #peek = $('peek')
  #stretch = new Stretch()
  #width = 0
  #first = 0
  #last = 1
  #hz = 20
  #tick = 0
  #isPlaying = false
  #toldAt = 0
  #recording = null
  #people = []
  #film = null
  #filming
  /** Where a pointer has taken it, until that shows; where it is on the lanes; and where it was before. */
  #held = null
  #heldX = 0
  #before = 0
  #paintRequest = 0
  #paintedAt = 0
  #colours = coloursOfPage()

  constructor(seek) {
    this.#seek = seek
    new ResizeObserver(() => this.#measure()).observe(this.#lanes)
    night.addEventListener('change', () => {
      this.#colours = coloursOfPage()
      this.#paintSoon()
    })
    document.addEventListener('visibilitychange', () => this.#filmSoon())
    this.#measure()
    this.#listen()
  }

  /** What the recording is of, once that is known, and the tracks of who was there. */
  showRecording(recording, people) {
    this.#recording = recording
    this.#people = people
    this.#showNames()
    this.#showMarkers()
    this.#paintSoon()
  }

  /** Where pictures come from. */
  showFilm(film) {
    this.#film = film
    this.#filmSoon()
  }

  /** There is another picture. */
  filmGrew() {
    this.#paintSoon()
  }

  showTime({ tick, first, last, hz, playing }) {
    const isHere = tick === this.#tick && playing === this.#isPlaying
    this.#first = first
    this.#last = Math.max(first + 1, last)
    this.#hz = hz
    this.#tick = tick
    this.#isPlaying = playing
    const isOther = this.#stretch.setRange({ first, last, hz })
    const hasTurned = this.#held === null && !isHere && this.#stretch.follow(tick)
    if (isOther || hasTurned) this.#paintSoon()
    this.#placeHead()
    if (!isHere || isOther) this.#tellSlider()
  }

  get markers() {
    return this.#recording?.markers ?? []
  }

  /** Nearer to where it is, where that shows, else to the middle; below 1 farther. */
  zoom(factor) {
    const share = this.#stretch.share(this.#tick)
    this.#zoomAt(share >= 0 && share <= 1 ? share : 0.5, factor)
  }

  showWhole() {
    this.#stretch.showWhole()
    this.#paintSoon()
  }

  #zoomAt(share, factor) {
    this.#stretch.zoomAt(share, factor)
    this.#paintSoon()
  }

  #pan(share) {
    this.#stretch.pan(share)
    this.#stretch.arrive()
    this.#paintSoon()
  }

  #measure() {
    this.#width = this.#lanes.clientWidth
    this.#paintSoon()
  }

  /** The mark of where it is stands where the hand is, though that is still on its way. */
  #placeHead() {
    const share = this.#stretch.share(this.#held ?? this.#tick)
    const x = Math.min(1, Math.max(0, share)) * this.#width
    $('head').style.transform = `translateX(${x}px)`
    $('head').classList.toggle('outside', share < -1e-6 || share > 1 + 1e-6)
    $('veil').style.transform = `translateX(${x}px)`
  }

  /** Not with each frame: a voice that reads it out would never come to an end. */
  #tellSlider() {
    const now = performance.now()
    if (this.#isPlaying && now - this.#toldAt < TOLD_MS) return
    this.#toldAt = now
    const slider = this.#slider
    slider.setAttribute('aria-valuemin', this.#first)
    slider.setAttribute('aria-valuemax', this.#last)
    slider.setAttribute('aria-valuenow', this.#tick)
    slider.setAttribute(
      'aria-valuetext',
      `${spokenTime(this.#seconds(this.#tick))} of ${spokenTime(this.#seconds(this.#last))}`,
    )
  }

  #seconds(tick) {
    return (tick - this.#first) / this.#hz
  }

  #tickAt(x) {
    return this.#stretch.tickAt(x / this.#width)
  }

  #listen() {
    listenToHands(this.#slider, {
      hold: (x) => this.#hold(x),
      letGo: () => this.#letGo(),
      giveUp: () => {
        if (this.#held !== null) this.#seek(this.#before)
        this.#letGo()
      },
      hover: (x) => this.#showPeek(x),
      leave: () => (this.#peek.hidden = true),
      zoom: (x, factor) => {
        this.#peek.hidden = true
        this.#zoomAt(x / this.#width, factor)
      },
      pan: (pixels) => this.#pan(pixels / this.#width),
    })
    listenToDrag($('overview'), (share) => this.#pan(share * this.#stretch.zoom))
    $('whole').addEventListener('click', () => this.showWhole())
    for (const [id, factor] of [
      ['nearer', TWICE],
      ['farther', 1 / TWICE],
    ]) {
      $(id).addEventListener('click', () => this.zoom(factor))
    }
  }

  #hold(x) {
    if (this.#held === null) this.#before = this.#tick
    this.#heldX = Math.min(this.#width, Math.max(0, x))
    this.#lanes.classList.add('held')
    if (this.#film !== null) this.#film.isHeld = true
    this.#goTo(this.#tickAt(this.#heldX))
    if (this.#isAtEdge) this.#paintSoon()
  }

  #goTo(tick) {
    if (tick !== this.#held) {
      this.#held = tick
      this.#seek(tick)
    }
    this.#placeHead()
    this.#showPeek(this.#heldX)
  }

  #letGo() {
    this.#held = null
    if (this.#film !== null) this.#film.isHeld = false
    this.#lanes.classList.remove('held')
    this.#peek.hidden = true
    this.#filmSoon()
  }

  get #isAtEdge() {
    const isNear = this.#heldX < EDGE || this.#heldX > this.#width - EDGE
    return this.#held !== null && !this.#stretch.isWhole && isNear
  }

  /** What there was, beside the pointer: time, picture, who. */
  #showPeek(x) {
    const tick = this.#tickAt(x)
    const [canvas, time, who] = this.#peek.children
    time.textContent = clockText(this.#seconds(tick), { tenths: this.#stretch.zoom > 8 })
    const there = this.#people.filter(({ spans }) =>
      spans.some(([from, to]) => from <= tick && tick <= (to ?? this.#last)),
    )
    who.textContent = this.#markerAt(x)?.title ?? there.map(({ name }) => name).join(', ')
    const picture = this.#film?.at(tick) ?? null
    canvas.hidden = picture === null
    if (picture !== null) {
      if (canvas.width !== picture.width) {
        Object.assign(canvas, { width: picture.width, height: picture.height })
      }
      canvas.getContext('2d').drawImage(picture, 0, 0)
    }
    this.#peek.hidden = false
    const half = this.#peek.offsetWidth / 2
    const middle = Math.min(this.#width - half, Math.max(half, x))
    this.#peek.style.transform = `translateX(${middle - half}px)`
  }

  #markerAt(x) {
    const place = ({ tick }) => this.#stretch.share(tick) * this.#width
    return this.markers.find((marker) => Math.abs(place(marker) - x) <= NEAR)
  }

  #showNames() {
    $('names').replaceChildren(
      ...rowsOf(this.#people, false).map(({ name, colour }) => {
        const item = document.createElement('li')
        item.textContent = name
        item.style.setProperty('--colour', colour)
        item.style.height = `${ROW_HEIGHT}px`
        return item
      }),
    )
  }

  #showMarkers() {
    $('markers').replaceChildren(
      ...this.markers.map(({ tick, title, colour }) => {
        const button = document.createElement('button')
        button.type = 'button'
        button.title = title
        button.setAttribute('aria-label', `${title}, ${spokenTime(this.#seconds(tick))}`)
        if (CSS.supports('color', colour)) button.style.setProperty('--colour', colour)
        button.addEventListener('click', () => this.#seek(tick))
        return button
      }),
    )
    this.#placeMarkers()
  }

  #placeMarkers() {
    for (const [i, button] of [...$('markers').children].entries()) {
      const share = this.#stretch.share(this.markers[i].tick)
      button.hidden = share < 0 || share > 1
      button.style.left = `${100 * share}%`
    }
  }

  #paintSoon() {
    if (this.#paintRequest !== 0) return
    this.#paintRequest = requestAnimationFrame((now) => {
      this.#paintRequest = 0
      const elapsed = Math.min(FRAME_MAX_S, (now - this.#paintedAt) / 1000)
      this.#paintedAt = now
      this.#move(elapsed)
      this.#paint()
    })
  }

  /** What glides or is dragged goes on until it is there. */
  #move(elapsed) {
    const stretch = this.#stretch
    if (this.#isAtEdge) {
      const share = this.#heldX < EDGE ? -DRAG_PER_S : DRAG_PER_S
      this.#pan(share * elapsed)
      this.#goTo(this.#tickAt(this.#heldX))
    } else if (stretch.isGliding) {
      if (calm.matches) stretch.arrive()
      else stretch.step(elapsed)
      if (stretch.isGliding) this.#paintSoon()
    }
  }

  #paint() {
    if (this.#width === 0) return
    const isNarrow = innerWidth <= NARROW
    const colours = this.#colours
    const place = (tick) => this.#stretch.share(tick) * this.#width
    const tracks = $('tracks')
    tracks.hidden = this.#recording === null
    const people = document.body.classList.contains('embedded') ? [] : this.#people
    tracks.style.height = `${heightOf(people, isNarrow)}px`
    if (this.#recording !== null) {
      const recording = this.#recording
      paintTracks(tracks, { recording, people, last: this.#last, place, isNarrow, colours })
    }
    paintRuler($('ruler'), {
      from: this.#seconds(this.#stretch.from),
      until: this.#seconds(this.#stretch.until),
      place: (second) => place(this.#first + second * this.#hz),
      colours,
      font: `10.5px ${colours.font}`,
    })
    this.#paintFilm()
    this.#placeHead()
    this.#placeMarkers()
    this.#showOverview()
    this.#filmSoon()
  }

  /** Which part of it all shows, while it is not all. */
  #showOverview() {
    const { isWhole, from, until } = this.#stretch
    document.body.classList.toggle('nearer', !isWhole)
    const all = this.#last - this.#first
    const part = $('overview').firstElementChild
    part.style.left = `${(100 * (from - this.#first)) / all}%`
    part.style.width = `${(100 * (until - from)) / all}%`
    $('farther').disabled = isWhole
  }

  #cells(wide) {
    const { from, until } = this.#stretch
    const pixels = this.#width / (until - from)
    return cellsOf({ first: this.#first, last: this.#last, from, until, wide, pixels })
  }

  #paintFilm() {
    const canvas = $('film')
    if (this.#film === null || canvas.clientHeight === 0) return
    const { context, height } = emptied(canvas)
    const wide = height * RATIO
    for (const { left, tick } of this.#cells(wide)) {
      const picture = this.#film.at(tick)
      if (picture !== null) context.drawImage(picture, left, 0, wide - 1, height)
    }
    // Behind the end there is nothing.
    const end = this.#stretch.share(this.#last) * this.#width
    context.clearRect(end, 0, this.#width - end, height)
  }

  #filmSoon() {
    clearTimeout(this.#filming)
    const { clientHeight: height } = $('film')
    if (this.#film === null || height === 0 || this.#width === 0) return
    this.#filming = setTimeout(() => {
      this.#film.want(coarseFirst(this.#cells(height * RATIO).map(({ tick }) => tick)))
    }, REST_MS)
  }
}

function coloursOfPage() {
  const style = getComputedStyle(document.documentElement)
  const of = (name) => style.getPropertyValue(name)
  return {
    paper: of('--paper'),
    rule: of('--rule'),
    strong: of('--strong-rule'),
    soft: of('--soft'),
    wash: of('--wash'),
    font: of('--sans'),
  }
}
