import { showBoard } from './boards.js'
import { carPicture } from './car_paint.js'
import { arrange, make, write } from '../shared/dom.js'
import { LOBBY } from './game.js'
import { liveries, liveryOf } from './liveries.js'
import { nameOf } from './names.js'
import { TrackChoice, lengthText, picture } from './tracks.js'
import { copy } from '/shared/place.js'
import { count, timeText } from './words.js'
import { TICK_HZ } from './step.js'

const LEVELS = ['Gentle', 'Even', 'Keen', 'Fierce']
const CAR_WIDTH = 64

/** Before a race: who drives, on which track, how long, and whether everyone is ready. */
export class Lobby {
  #root
  #game
  #roads
  #choice
  #road = null
  #colours
  #part = (name) => this.#root.querySelector(name)

  /** `keep` is told the name and the colour that were chosen. */
  constructor(root, game, roads, keep) {
    this.#root = root
    this.#game = game
    this.#roads = roads
    this.#choice = new TrackChoice(this.#part('#votes'), roads, {
      name: 'vote',
      choose: (vote) => this.#wish({ vote }),
    })
    this.#colours = this.#colourChoice(keep)
    this.#listen(keep)
  }

  /** Shows what the room has now. */
  update() {
    const { road, drivers, own, race } = this.#game
    if (road !== this.#road) this.#showTrack(road)
    const facts = [lengthText(road), count(race.laps, 'lap')]
    if (race.best > 0) facts.push(`quickest here ${timeText(race.best)} by ${race.holder}`)
    write(this.#part('#track-facts'), facts.join(' · '))
    const votes = this.#roads.map((_, track) =>
      drivers.filter(({ vote }) => vote === track).map(({ colour }) => colour),
    )
    this.#choice.show({ chosen: race.track, votes, isLocked: own === null })
    this.#showSettings(own)
    this.#showDrivers(drivers, own)
    this.#showOwn(own)
    this.#showWaiting(drivers, own)
  }

  #showTrack(road) {
    this.#road = road
    write(this.#part('#track-title'), road.title)
    this.#part('#preview').replaceChildren(picture(road, 900))
    showBoard(this.#part('[data-board]'), road)
    this.#part('[data-records]').hash = road.name
  }

  #showSettings(own) {
    const { settings } = this.#game
    for (const stepper of this.#root.querySelectorAll('[data-setting]')) {
      const { setting, minimum, maximum } = stepper.dataset
      const value = settings[setting]
      const output = stepper.querySelector('output')
      write(output, setting === 'level' ? (LEVELS[value] ?? '') : String(value))
      for (const button of stepper.querySelectorAll('button')) {
        const next = value + Number(button.dataset.step)
        button.disabled = own === null || next < Number(minimum) || next > Number(maximum)
      }
    }
  }

  #showDrivers(drivers, own) {
    arrange(this.#part('#drivers'), drivers, {
      create: () => make('li', '', make('span', 'car'), make('b', ''), make('small', '')),
      update: (item, driver) => {
        const [car, name, word] = item.children
        if (car.dataset.colour !== String(driver.colour)) {
          car.dataset.colour = driver.colour
          car.replaceChildren(carPicture(liveryOf(driver.colour), CAR_WIDTH))
        }
        write(name, driver.name)
        const isOwn = driver.id === own?.id
        const words = driver.points > 0 ? [count(driver.points, 'point')] : []
        if (driver.ready) words.push('ready ✓')
        else if (isOwn) words.push('you')
        write(word, words.join(' · '))
        item.classList.toggle('ready', driver.ready === true)
        item.classList.toggle('own', isOwn)
      },
    })
    const { bots } = this.#game.settings
    const watching = this.#game.room.others.size + 1 - drivers.length
    const notes = [bots > 0 ? `${count(bots, 'bot')} join in` : 'No bots']
    if (watching > 0) notes.push(`${count(watching, 'person watches', 'people watch')}`)
    write(this.#part('#watchers'), notes.join(' · '))
  }

  #showOwn(own) {
    this.#part('#own').hidden = own === null
    const ready = this.#part('#ready')
    ready.disabled = own === null
    ready.setAttribute('aria-pressed', String(own?.ready === true))
    write(ready, own?.ready ? 'Ready: waiting' : 'Ready')
    const watches = this.#game.room.presence.get().watch === true
    const watch = this.#part('#watch')
    watch.setAttribute('aria-pressed', String(watches))
    write(watch, watches ? 'Drive again' : 'Only watch')
    if (own === null) return
    const field = this.#part('#driver-name')
    if (document.activeElement !== field && field.value !== own.name) field.value = own.name
    const taken = new Set(this.#game.drivers.map(({ colour }) => colour))
    for (const [colour, input] of this.#colours.entries()) {
      input.checked = colour === own.colour
      input.disabled = colour !== own.colour && taken.has(colour)
    }
  }

  #showWaiting(drivers, own) {
    const { race, ends, tick } = this.#game
    const waits = this.#part('#waits')
    const seconds = Math.max(0, Math.ceil((ends - tick) / TICK_HZ))
    const ready = drivers.filter(({ ready }) => ready).length
    if (race.phase === LOBBY && ends > 0) {
      write(waits, `${ready} of ${drivers.length} ready: starts in ${seconds} s at the latest`)
    } else if (own === null) {
      write(waits, 'You watch. The race starts when its drivers are ready.')
    } else {
      write(waits, drivers.length > 1 ? 'It starts when all are ready.' : 'It starts when you are.')
    }
  }

  /** The room says in its own way what it does not want. */
  #wish(fields) {
    const { own, room } = this.#game
    if (own !== null) room.collection('drivers').set(own.id, fields)
  }

  #listen(keep) {
    const { room } = this.#game
    this.#part('#ready').addEventListener('click', () => {
      this.#wish({ ready: this.#game.own?.ready !== true })
    })
    this.#part('#watch').addEventListener('click', () => {
      room.presence.set({ watch: room.presence.get().watch !== true })
    })
    this.#part('#invite').addEventListener('click', ({ currentTarget }) => {
      copy(currentTarget, location.href)
    })
    this.#part('#driver-name').addEventListener('change', ({ target }) => {
      const name = nameOf(target.value)
      if (name === '') return
      this.#wish({ name })
      keep({ name })
    })
    this.#part('#settings').addEventListener('click', ({ target }) => {
      const button = target.closest('button[data-step]')
      if (button === null) return
      const { setting } = button.closest('[data-setting]').dataset
      const value = this.#game.settings[setting] + Number(button.dataset.step)
      room.collection('settings').set('next', { [setting]: value })
    })
  }

  #colourChoice(keep) {
    const inputs = liveries.map(({ name }, colour) => {
      const input = Object.assign(make('input', ''), { type: 'radio', name: 'colour', title: name })
      input.setAttribute('aria-label', name)
      input.addEventListener('change', () => {
        this.#wish({ colour })
        keep({ colour })
      })
      return input
    })
    const labels = inputs.map((input, i) => {
      const label = make('label', '', input)
      label.style.setProperty('--body', liveries[i].body)
      label.style.setProperty('--trim', liveries[i].trim)
      return label
    })
    this.#part('#colours').replaceChildren(...labels)
    return inputs
  }
}
