// The recording of the room that we race in: its marks, and cars of then beside those of now.
import { addMarker, ghost, recording, replay } from '/tutti/tutti.js'

/** Of one room. What cannot be had is not there: the race goes on without. */
export class Past {
  #live
  #name
  /** The replay that a ghost comes from, as long as there is one. */
  #opening = null
  #ghost = null

  /** `live`: the room; `name`: what it is called. */
  constructor(live, name) {
    this.#live = live
    this.#name = name
  }

  async markers() {
    const known = await recording('/', this.#name).catch(() => null)
    return known?.markers ?? []
  }

  mark(marker) {
    addMarker('/', this.#name, marker).catch(() => {})
  }

  /**
   * Cars of then, in the place of those before: `sample(now)`, `tick(now)`, and `drivers` to know whose
   * they are; null where there are none. `options` as `ghost` takes them.
   */
  async haunt(options) {
    this.#opening ??= replay('/', this.#name, { at: options.from })
    const opening = this.#opening
    try {
      const shown = await opening
      if (opening !== this.#opening) return null
      this.#ghost?.stop()
      const beside = ghost(shown, this.#live, { collection: 'cars', ...options })
      this.#ghost = beside
      return {
        drivers: shown.room.collection('drivers'),
        sample: (now) => beside.sample(now),
        tick: (now) => beside.tick(now),
      }
    } catch {
      return null
    }
  }

  leave() {
    this.#opening?.then(
      (shown) => shown.leave(),
      () => {},
    )
    this.#opening = null
    this.#ghost = null
  }
}
