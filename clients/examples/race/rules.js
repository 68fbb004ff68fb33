import { Road } from './road.js'
import { STEER_CENTRE, loadRace } from './step.js'

/** Hands and feet off. */
export const COAST = STEER_CENTRE

const GRID_PLACES = 16

/** The rules of the road as the server has them, for cars that are bytes. */
export class Rules {
  /** The tracks, by the numbers that a room gives them. */
  roads
  #race
  #car

  constructor(race) {
    this.#race = race
    this.#car = race.car()
    this.roads = race.tracks.map(roadOf)
  }

  /** One tick of a car, in place: the bits are those that the server gets. */
  step(bytes, input, track, tow) {
    this.#car.bytes.set(bytes)
    this.#race.step(this.#car, input, this.#race.tracks[track], tow)
    bytes.set(this.#car.bytes)
    return bytes
  }

  /** A car as step.js shows it: x, y, angle, …; until the next call. */
  read(bytes) {
    this.#car.bytes.set(bytes)
    return this.#car
  }

  /** The input that a driver of the server's would give, with a skill of 0..255. */
  drive(bytes, track, skill) {
    return this.#race.driver(this.read(bytes), this.#race.tracks[track], skill)
  }
}

export async function loadRules() {
  return new Rules(await loadRace())
}

function roadOf({ name, title, length, spacing, points, checkpoints, grid, colours }) {
  const column = (of) => Float32Array.from(points, of)
  return new Road({
    name,
    title,
    length,
    spacing,
    checkpoints,
    look: colours,
    grid: { ...grid, count: GRID_PLACES },
    count: points.length,
    columns: {
      x: column(({ x }) => x),
      y: column(({ y }) => y),
      tx: column(({ dx }) => dx),
      ty: column(({ dy }) => dy),
      half: column(({ half }) => half),
      left: column(({ left }) => left),
      right: column(({ right }) => right),
      line: column(({ line }) => line),
      kerbs: column(({ kerbs }) => kerbs),
      onLeft: points.map(({ onLeft }) => onLeft),
      onRight: points.map(({ onRight }) => onRight),
    },
  })
}
