import { listenForKeys } from './keys.js'
import { clockText, dateText, speedText, spokenTime } from './words.js'

const SPEEDS = [0.25, 0.5, 1, 2, 4, 8, 16]
const JUMP_S = 10
/** Farther behind than this nobody waits for it to catch up. */
const CATCH_UP_S = 120
const ZOOM = 2
/** A key that is held down is told when it rests. */
const REST_MS = 500

const $ = (id) => document.getElementById(id)

/** Buttons, keys and the clock of a replay. */
export class Player {
  #replay
  #timeline
  /** Where the last press has taken it, until that shows: presses add up. */
  #goal = null
  #grows = false
  #lastAtFirst
  #speaking
  #requests = 0

  constructor(replay, timeline) {
    this.#replay = replay
    this.#timeline = timeline
    this.#lastAtFirst = replay.last
    $('speed').append(...SPEEDS.map((speed) => new Option(speedText(speed), speed)))
    this.#listen()
    replay.on('time', () => this.#showSoon())
    replay.on('state', () => this.#showSoon())
    this.#show()
  }

  /** Goes to a tick; however many are asked for, the newest counts. */
  seek(tick) {
    const { first, last } = this.#replay
    this.#goal = Math.min(last, Math.max(first, Math.round(tick)))
    const goal = this.#goal
    const arrived = () => {
      if (this.#goal === goal) this.#goal = null
      this.#showSoon()
    }
    this.#replay.seek(goal).then(arrived, arrived)
    this.#showSoon()
  }

  /** What a button or a key asks for. */
  act(wish, number = 0) {
    const replay = this.#replay
    const { first, last, hz, speed } = replay
    const from = this.#goal ?? replay.tick
    switch (wish) {
      case 'toggle':
        return this.#toggle()
      case 'skip':
        return this.#go(from + number * hz)
      case 'back':
        return this.#go(from - JUMP_S * hz)
      case 'on':
        return this.#go(from + JUMP_S * hz)
      case 'step':
        return this.#step(1)
      case 'step-back':
        return this.#step(-1)
      case 'first':
        return this.#go(first)
      case 'last':
        return this.#go(last)
      case 'tenth':
        return this.#go(first + ((last - first) * number) / 10)
      case 'slower':
        return this.#setSpeed(SPEEDS.findLast((each) => each < speed))
      case 'faster':
        return this.#setSpeed(SPEEDS.find((each) => each > speed))
      case 'marker-before':
        return this.#goToMarker((markers) => markers.findLast(({ tick }) => tick < from))
      case 'marker-after':
        return this.#goToMarker((markers) => markers.find(({ tick }) => tick > from))
      case 'nearer':
        return this.#timeline.zoom(ZOOM)
      case 'farther':
        return this.#timeline.zoom(1 / ZOOM)
      case 'whole':
        return this.#timeline.showWhole()
      case 'sessions':
        return $('sessions').click()
      case 'keys':
        return $('keys-sheet').showModal()
    }
  }

  /** From the beginning again, once it is over. */
  #toggle() {
    const replay = this.#replay
    if (replay.playing) return replay.pause()
    if (replay.tick >= replay.last && !this.#grows) this.seek(replay.first)
    replay.play()
  }

  #go(tick) {
    this.seek(tick)
    this.#speakSoon(() => spokenTime((this.#at - this.#replay.first) / this.#replay.hz))
  }

  #step(ticks) {
    this.#replay.step(ticks).catch(() => {})
    this.#speakSoon(() => `Tick ${this.#replay.tick}`)
  }

  #goToMarker(find) {
    const marker = find([...this.#timeline.markers].sort((a, b) => a.tick - b.tick))
    if (marker === undefined) return
    this.seek(marker.tick)
    this.#speakSoon(() => marker.title)
  }

  #setSpeed(speed) {
    if (speed === undefined) return
    this.#replay.speed = speed
    this.#speakSoon(() => `Speed ${speed}`)
  }

  /** Up to where the room is: quickly played where it is near, else at once. */
  #toLive() {
    const replay = this.#replay
    if (replay.last - replay.tick > CATCH_UP_S * replay.hz) this.seek(replay.last)
    replay.toLive()
  }

  get #at() {
    return this.#goal ?? this.#replay.tick
  }

  #listen() {
    listenForKeys((wish, number) => this.act(wish, number))
    $('player').addEventListener('click', ({ target }) => {
      const wish = target.closest('[data-do]')?.dataset.do
      if (wish !== undefined) this.act(wish)
    })
    $('keys').addEventListener('click', () => this.act('keys'))
    $('live').addEventListener('click', () => this.#toLive())
    $('idle').addEventListener('change', ({ target }) => (this.#replay.skipIdle = target.checked))
    $('speed').addEventListener('change', ({ target }) => {
      this.#replay.speed = Number(target.value)
    })
  }

  #speakSoon(words) {
    clearTimeout(this.#speaking)
    this.#speaking = setTimeout(() => ($('said').textContent = words()), REST_MS)
  }

  /** At most once for each frame of the screen. */
  #showSoon() {
    if (this.#requests++ > 0) return
    requestAnimationFrame(() => {
      this.#requests = 0
      this.#show()
    })
  }

  #show() {
    const replay = this.#replay
    const { first, last, hz, playing, live, speed, state, reason } = replay
    const tick = this.#at
    this.#grows ||= live || last > this.#lastAtFirst
    this.#timeline.showTime({ tick, first, last, hz, playing })
    const seconds = (tick - first) / hz
    write($('clock'), clockText(seconds, { tenths: !playing }))
    write($('total'), `/ ${clockText((last - first) / hz)}`)
    write($('when'), dateText(replay.wall))
    const play = document.querySelector('.play')
    if (play.classList.toggle('playing', playing) !== (play.ariaLabel === 'Pause')) {
      play.ariaLabel = playing ? 'Pause' : 'Play'
      play.title = `${play.ariaLabel} (Space)`
    }
    $('idle').checked = replay.skipIdle
    $('speed').value = String(speed)
    $('live').hidden = !this.#grows
    $('live').classList.toggle('on', live)
    $('live').title = live ? 'What happens now' : 'Catches up with what happens now'
    document.body.classList.toggle('loading', state === 'loading')
    $('trouble').hidden = state !== 'failed'
    write($('trouble'), state === 'failed' ? `This moment cannot be shown: ${reason}.` : '')
  }
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text
}
