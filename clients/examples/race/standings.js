import { arrange, make, write } from '../shared/dom.js'
import { RETIRED } from './game.js'
import { liveryOf } from './liveries.js'
import { gapText, timeText } from './words.js'

/** Everyone in their order, with how far they are behind; a button each, `data-driver` says whose. */
export class Standings {
  #list
  #game

  constructor(list, game) {
    this.#list = list
    this.#game = game
  }

  /** `watched`: the number of the car that the camera follows. */
  draw(watched) {
    const { drivers, own } = this.#game
    arrange(this.#list, drivers, {
      create: createStanding,
      update: (row, driver) => {
        const isHome = this.#game.isFinished(driver)
        const [button] = row.children
        const [place, , name, gap] = button.children
        write(place, String(driver.position))
        write(name, driver.name)
        write(gap, isHome ? timeText(driver.total) : gapText(driver.gap))
        row.style.setProperty('--body', liveryOf(driver.colour).body)
        row.classList.toggle('own', driver.id === own?.id)
        row.classList.toggle('watched', driver.id === watched)
        row.classList.toggle('out', driver.pilot || driver.state === RETIRED)
      },
    })
  }
}

function createStanding({ id }) {
  const button = make(
    'button',
    '',
    make('b', ''),
    make('i', ''),
    make('span', ''),
    make('small', ''),
  )
  button.type = 'button'
  button.dataset.driver = id
  return make('li', '', button)
}
