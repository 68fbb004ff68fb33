// A driver for the kind `race`: joins, makes ready, and steers along the racing line by the room's own rules.
import { loadRace, towAt } from '../../../examples/race/step.js'
import { join } from '../../dist/tutti.node.js'
import { until } from './server.mjs'

const RACING = 2
const COAST = 15
const SKILL = 220

/** A member of a race on the track `meadow`, alone with so many bots; it drives as soon as it may. */
export async function driver(url, name, options) {
  const room = await join(url, name, { kind: 'race', user: { name: 'Ada' } })
  try {
    return await drive(room, options)
  } catch (error) {
    room.leave()
    throw error
  }
}

async function drive(room, { wasm, bots = 0, laps = 20, link = null, adaptive }) {
  const rules = await loadRace(wasm)
  const [car, drawn] = [rules.car(), rules.car()]
  const own = () => [...room.collection('drivers')].find(([, { member }]) => member === room.me)
  const race = () => room.collection('race').get('now')
  const track = () => rules.tracks[race().track]
  const told = () => room.collection('own').get('car')
  const at = (into, bytes) => {
    into.bytes.set(bytes)
    return into
  }

  const step = (bytes, input, tick) => {
    if (tick < race().starts) return bytes
    rules.step(at(car, bytes), input ?? COAST, track(), towAt(told(), tick))
    bytes.set(car.bytes)
    return bytes
  }

  await until(() => own() !== undefined, 'there is a car for us')
  room.link.simulate(link)
  if (link !== null) await until(() => room.clock.rtt >= link.latency, 'the line is known')
  const inputs = room.inputs({
    adaptive,
    read: () => {
      // Hands that wait for the room's word would wait for ever: it says nothing while they are off.
      const { latest } = prediction
      return latest === undefined ? COAST : rules.driver(at(car, latest), track(), SKILL)
    },
  })
  const prediction = room.predict({
    inputs,
    read: () => {
      const word = told()
      if (race().phase !== RACING || word === undefined || own()[1].pilot) return undefined
      return { tick: word.tick, state: word.state }
    },
    step,
    pose: (bytes) => ({ x: at(drawn, bytes).x, y: drawn.y, heading: drawn.angle }),
    turns: { heading: 2 * Math.PI },
  })
  const cars = room
    .collection('cars')
    .interpolate({ x: {}, y: {}, heading: { turn: 1024 } }, { extrapolate: 0.1 })
  room.collection('settings').set('next', { bots, laps })
  await room.collection('drivers').set(own()[0], { ready: true }).done
  return {
    room,
    inputs,
    prediction,
    cars,
    told,
    /** Metres a second of a car that is bytes. */
    speedOf: (bytes) => at(drawn, bytes).speed,
    isRacing: () => race().phase === RACING,
  }
}
