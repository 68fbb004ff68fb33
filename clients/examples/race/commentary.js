import { COUNTDOWN, HOME, LOBBY, RACING, RESULTS } from './game.js'
import { TICK_HZ } from './step.js'
import { ordinal, spokenTime, warnings } from './words.js'

/** A place that is held for so long is worth a word, and no more often than that. */
const HELD_MS = 3_000
const APART_MS = 10_000

/**
 * The race in words, for people who hear the page: what a driver has to know, each thing once, and
 * nothing that counts seconds.
 */
export class Commentary {
  #say
  #before = null
  #place = { position: 0, since: 0, told: 0, toldAt: 0 }

  /** `say` is given a sentence or two. */
  constructor(say) {
    this.#say = say
  }

  /** `game`: race, road, drivers, own, tick; `now` in milliseconds. As often as any of it changes. */
  follow(game, now) {
    const { race, own } = game
    const { phase } = race
    const isWaiting = phase === LOBBY && race.ends > 0
    const next = { phase, isWaiting, id: own?.id, lap: own?.lap, state: own?.state }
    next.warning = own?.warning
    const before = this.#before
    this.#before = next
    // Who comes to something that goes on need not hear how it began.
    if (before === null) return
    const said = [this.#ofPhase(before, next, game, now)]
    if (own !== null && own.id === before.id && phase === RACING) {
      said.push(this.#ofDriver(before, game, now))
    }
    const words = said.filter(Boolean).join(' ')
    if (words !== '') this.#say(words)
  }

  #ofPhase(before, { phase, isWaiting }, { race, road, drivers, own, tick }, now) {
    if (isWaiting && !before.isWaiting) {
      const seconds = Math.ceil((race.ends - tick) / TICK_HZ)
      return `Somebody is ready: the race starts in ${seconds} seconds at the latest.`
    }
    if (phase === before.phase) return ''
    switch (phase) {
      case COUNTDOWN: {
        const starts = `The race on ${road.title} is about to start.`
        if (own === null) return starts
        this.#tellPlace(own, now)
        return `${starts} You are ${ordinal(own.position)} of ${drivers.length}.`
      }
      case RACING:
        return 'Go!'
      case RESULTS:
        return resultsOf(drivers, own)
      default:
        return 'Back in the lobby.'
    }
  }

  #ofDriver(before, { race, own }, now) {
    if (own.state === HOME) {
      return before.state === HOME ? '' : `You are home, ${ordinal(own.position)}.`
    }
    if (own.lap > before.lap) {
      this.#tellPlace(own, now)
      const time = own.last > 0 ? `, ${spokenTime(own.last)}` : ''
      return `Lap ${own.lap} of ${race.laps}${time}. You are ${ordinal(own.position)}.`
    }
    if (own.warning > 0 && own.warning !== before.warning) return `${warnings[own.warning]}.`
    return this.#isPlaceNews(own, now) ? `You are ${ordinal(own.position)} now.` : ''
  }

  /** Who fights for a place would hear of nothing else. */
  #isPlaceNews(own, now) {
    const place = this.#place
    if (own.position !== place.position) {
      place.position = own.position
      place.since = now
    }
    if (own.position === place.told || now - place.since < HELD_MS) return false
    if (now - place.toldAt < APART_MS) return false
    this.#tellPlace(own, now)
    return true
  }

  #tellPlace({ position }, now) {
    this.#place = { position, since: now, told: position, toldAt: now }
  }
}

function resultsOf(drivers, own) {
  const winner = drivers.find(({ state, position }) => state === HOME && position === 1)
  if (winner === undefined) return 'The race is over.'
  if (winner.id === own?.id) return 'The race is over: you win!'
  const place = own?.state === HOME ? ` You are ${ordinal(own.position)}.` : ''
  return `The race is over: ${winner.name} wins.${place}`
}
