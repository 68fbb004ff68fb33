import { heightOf, paintTracks, ROW_HEIGHT, rowsOf } from './tracks.js'
import { tracksOf } from './people.js'
import { clockText, spokenTime } from './words.js'

/** Below it there is no room for names beside the tracks. */
const NARROW = 620
/** While it plays, who listens is told so often where it is. */
const TOLD_MS = 10_000

const $ = (id) => document.getElementById(id)

/**
 * All of a recording from left to right: a slider for who has no pointer, pictures, activity, people,
 * markers, and where it is now. `seek` is told a tick as often as somebody goes to another.
 */
export class Timeline {
  #seek
  #slider = $('slider')
  #lanes = $('lanes')
  #peek = $('peek')
  #first = 0
  #last = 1
  #hz = 20
  #tick = 0
  #isPlaying = false
  #toldAt = 0
  #recording = null
  #people = []
  #pictures = []
  /** Where a pointer has taken it, until that shows. */
  #held = null
  #paintRequest = 0

  constructor(seek) {
    this.#seek = seek
    new ResizeObserver(() => this.#paintSoon()).observe(this.#lanes)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#paintSoon())
    this.#listen()
  }

  get #isNarrow() {
    return innerWidth < NARROW
  }

  /** What the recording is of, once that is known. */
  showRecording(recording) {
    this.#recording = recording
    this.#people = recording === null ? [] : tracksOf(recording.people)
    this.#showNames()
    this.#showMarkers()
    this.#paintSoon()
  }

  /** `pictures`: { tick, until, canvas } by their ticks. */
  showPictures(pictures) {
    this.#pictures = pictures
    this.#paintSoon()
  }

  showTime({ tick, first, last, hz, playing }) {
    const isLonger = first !== this.#first || last !== this.#last || hz !== this.#hz
    const isHere = tick === this.#tick && playing === this.#isPlaying
    this.#first = first
    this.#last = Math.max(first + 1, last)
    this.#hz = hz
    this.#tick = tick
    this.#isPlaying = playing
    if (isLonger) {
      this.#showMarkers()
      this.#paintSoon()
    }
    this.#placeHead()
    if (!isHere || isLonger) this.#tellSlider()
  }

  get markers() {
    return this.#recording?.markers ?? []
  }

  /** The mark of where it is stands where the hand is, though that is still on its way. */
  #placeHead() {
    const share = this.#share(this.#held ?? this.#tick)
    $('head').style.transform = `translateX(${share * this.#lanes.clientWidth}px)`
    $('lanes').style.setProperty('--played', `${100 * share}%`)
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

  #share(tick) {
    return Math.min(1, Math.max(0, (tick - this.#first) / (this.#last - this.#first)))
  }

  #tickAt({ clientX }) {
    const { left, width } = this.#lanes.getBoundingClientRect()
    const share = Math.min(1, Math.max(0, (clientX - left) / width))
    return Math.round(this.#first + share * (this.#last - this.#first))
  }

  #listen() {
    const slider = this.#slider
    const hold = (event) => {
      this.#held = this.#tickAt(event)
      this.#placeHead()
      this.#showPeek(event)
      this.#seek(this.#held)
    }
    const letGo = () => {
      this.#held = null
      this.#lanes.classList.remove('held')
      this.#peek.hidden = true
    }
    slider.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return
      slider.setPointerCapture(event.pointerId)
      this.#lanes.classList.add('held')
      hold(event)
    })
    slider.addEventListener('pointermove', (event) => {
      if (this.#held !== null) hold(event)
      else if (event.pointerType !== 'touch') this.#showPeek(event)
    })
    for (const name of ['pointerup', 'pointercancel']) slider.addEventListener(name, letGo)
    slider.addEventListener('pointerleave', () => {
      if (this.#held === null) this.#peek.hidden = true
    })
  }

  /** What there was, beside the pointer: time, picture, who. */
  #showPeek(event) {
    const tick = this.#tickAt(event)
    const [canvas, time, who] = this.#peek.children
    time.textContent = clockText(this.#seconds(tick))
    const there = this.#people.filter(({ spans }) =>
      spans.some(([from, to]) => from <= tick && tick <= (to ?? this.#last)),
    )
    const marker = this.#markerNear(tick)
    who.textContent = marker?.title ?? there.map(({ name }) => name).join(', ')
    const picture = this.#pictureAt(tick)
    canvas.hidden = picture === null
    if (picture !== null) {
      Object.assign(canvas, { width: picture.width, height: picture.height })
      canvas.getContext('2d').drawImage(picture, 0, 0)
    }
    this.#peek.hidden = false
    const { left, width } = this.#lanes.getBoundingClientRect()
    const half = this.#peek.offsetWidth / 2
    const x = Math.min(left + width - half, Math.max(left + half, event.clientX)) - left
    this.#peek.style.transform = `translateX(${x - half}px)`
  }

  #markerNear(tick) {
    const reach = ((this.#last - this.#first) * 6) / Math.max(1, this.#lanes.clientWidth)
    return this.markers.find((marker) => Math.abs(marker.tick - tick) <= reach)
  }

  #pictureAt(tick) {
    const before = this.#pictures.filter((picture) => picture.tick <= tick)
    return (before.at(-1) ?? this.#pictures[0])?.canvas ?? null
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
        button.style.left = `${100 * this.#share(tick)}%`
        if (CSS.supports('color', colour)) button.style.setProperty('--colour', colour)
        button.addEventListener('click', () => this.#seek(tick))
        return button
      }),
    )
  }

  #paintSoon() {
    if (this.#paintRequest !== 0) return
    this.#paintRequest = requestAnimationFrame(() => {
      this.#paintRequest = 0
      this.#paint()
    })
  }

  #paint() {
    const isNarrow = this.#isNarrow
    const tracks = $('tracks')
    tracks.hidden = this.#recording === null
    tracks.style.height = `${heightOf(this.#people, isNarrow)}px`
    const width = this.#lanes.clientWidth
    const place = (tick) => this.#share(tick) * width
    const shown = {
      recording: this.#recording,
      people: this.#people,
      last: this.#last,
      place,
      isNarrow,
      colours: coloursOfPage(),
    }
    if (this.#recording !== null) paintTracks(tracks, shown)
    this.#paintFilm(place)
    this.#placeHead()
  }

  /** Each picture over its own part. */
  #paintFilm(place) {
    const film = $('film')
    film.hidden = this.#pictures.length === 0
    if (film.hidden) return
    const ratio = devicePixelRatio
    const { clientWidth: width, clientHeight: height } = film
    Object.assign(film, { width: Math.round(width * ratio), height: Math.round(height * ratio) })
    const context = film.getContext('2d')
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    for (const { tick, until, canvas } of this.#pictures) {
      const [left, right] = [Math.round(place(tick)), Math.round(place(until))]
      if (right <= left) continue
      // As large as it fills its place, from its middle.
      const scale = Math.max((right - left) / canvas.width, height / canvas.height)
      const [w, h] = [(right - left) / scale, height / scale]
      const [x, y] = [(canvas.width - w) / 2, (canvas.height - h) / 2]
      context.drawImage(canvas, x, y, w, h, left, 0, right - left - 1, height)
    }
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
  }
}
