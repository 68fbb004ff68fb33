// The race's own step, bit for bit as the server runs it: race.wasm, and what it holds as objects.
//
//   const race = await loadRace()
//   const car = race.car()
//   race.grid(car, race.tracks[0], 0)
//   race.step(car, race.input({ steer: -0.4, throttle: true }), race.tracks[0])
//   draw(car.x, car.y, car.angle)
//
// Raw numbers are those of sync/race_track.h: 1/65536 m, that per tick, 1/65536 of a turn. What is named
// here without `raw` is in metres, metres per second and radians.

export const METRE = 65536
export const TICK_HZ = 60
export const TURN = 65536

export const STEER_CENTRE = 15
export const THROTTLE = 32
export const BRAKE = 64
export const HANDBRAKE = 128

export const KERB_LEFT = 1
export const KERB_RIGHT = 2
/** How far a kerb reaches beyond the road's edge. */
export const KERB_WIDTH = 1.25
export const SURFACES = ['asphalt', 'kerb', 'grass', 'sand']
export const SLIDES = 1
export const WALL = 2
export const BUMPED = 4
export const BRAKES = 8

const WIDTHS = 256 // widths of a track's points are 1/256 m
const UNIT = 16384 // length of a direction
const PACES = 4

const readers = {
  i1: 'getInt8',
  i2: 'getInt16',
  i4: 'getInt32',
  u1: 'getUint8',
  u2: 'getUint16',
  u4: 'getUint32',
  p4: 'getUint32',
}

/** Texts, numbers and structs in the module's memory, by its own description of them. */
class Memory {
  #view
  #structs = new Map()

  constructor(exports) {
    this.buffer = exports.memory.buffer
    this.#view = new DataView(this.buffer)
    const count = this.number(exports.layout_count.value)
    const size = this.number(exports.layout_bytes.value)
    for (let i = 0; i < count; i++) {
      const row = exports.layouts.value + i * size
      const [offset, bytes, type] = [32, 36, 40].map((at) => this.number(row + at))
      const struct = this.#struct(this.text(row, 12))
      const name = this.text(row + 12, 20)
      if (name === '') struct.bytes = bytes
      else struct.fields.set(name, { offset, bytes, type: String.fromCharCode(type) })
    }
  }

  #struct(name) {
    if (!this.#structs.has(name)) this.#structs.set(name, { bytes: 0, fields: new Map() })
    return this.#structs.get(name)
  }

  size(struct) {
    return this.#structs.get(struct).bytes
  }

  number(address) {
    return this.#view.getUint32(address, true)
  }

  text(address, bytes) {
    const letters = new Uint8Array(this.buffer, address, bytes)
    const end = letters.indexOf(0)
    return new TextDecoder().decode(letters.slice(0, end < 0 ? bytes : end))
  }

  /** All fields of the struct at an address, as an object of raw values. */
  read(struct, address) {
    const object = {}
    for (const [name, { offset, bytes, type }] of this.#structs.get(struct).fields) {
      if (type === 't') object[name] = this.text(address + offset, bytes)
      else if (type === 'a')
        object[name] = [...new Uint32Array(this.buffer, address + offset, bytes / 4)]
      else object[name] = this.#view[readers[type + bytes]](address + offset, true)
    }
    return object
  }

  /** Gives an object a getter and a setter for each field of the struct at an address. */
  bind(object, struct, address) {
    for (const [name, { offset, bytes, type }] of this.#structs.get(struct).fields) {
      const [get, at] = [readers[type + bytes], address + offset]
      const set = get.replace('get', 'set')
      Object.defineProperty(object, name, {
        enumerable: true,
        get: () => this.#view[get](at, true),
        set: (value) => this.#view[set](at, value, true),
      })
    }
    return object
  }
}

/** A car in the module's memory. `bytes` are its whole state, as the server sends it. */
class Car {
  constructor(memory, address) {
    this.address = address
    this.bytes = new Uint8Array(memory.buffer, address, memory.size('car'))
    this.raw = memory.bind({}, 'car', address)
  }

  get x() {
    return this.raw.x / METRE
  }

  get y() {
    return this.raw.y / METRE
  }

  /** Clockwise on a screen whose y grows downwards; 0 looks along x. */
  get angle() {
    return (this.raw.heading / TURN) * 2 * Math.PI
  }

  get speed() {
    return (Math.hypot(this.raw.vx, this.raw.vy) / METRE) * TICK_HZ
  }

  get surface() {
    return SURFACES[this.raw.surface]
  }

  is(sign) {
    return (this.raw.signs & sign) !== 0
  }
}

function colour(number) {
  return `#${number.toString(16).padStart(6, '0')}`
}

/** A point of a track: the centre of the road, what is beside it, the racing line and its pace. */
function pointOf(raw) {
  const [dx, dy] = [raw.tx / UNIT, raw.ty / UNIT]
  const [x, y] = [raw.x / METRE, raw.y / METRE]
  return {
    x,
    y,
    dx,
    dy,
    half: raw.half / WIDTHS,
    left: raw.left / WIDTHS,
    right: raw.right / WIDTHS,
    line: raw.line / WIDTHS,
    pace: (raw.pace * PACES * TICK_HZ) / METRE,
    onLeft: SURFACES[raw.on_left],
    onRight: SURFACES[raw.on_right],
    /** KERB_LEFT, KERB_RIGHT, both or 0. */
    kerbs: raw.kerbs,
    /** The position beside it, metres to the right of the centre line. */
    beside: (offset) => [x - dy * offset, y + dx * offset],
  }
}

/** A track as the module has it. Straight lines between what is beside its points draw it exactly. */
function trackOf(memory, address, index) {
  const raw = memory.read('track', address)
  const bytes = memory.size('track_point')
  const points = Array.from({ length: raw.count }, (_, i) =>
    pointOf(memory.read('track_point', raw.points + i * bytes)),
  )
  const metres = (name) => raw[name] / METRE
  return {
    index,
    address,
    name: raw.name,
    title: raw.title,
    laps: raw.laps,
    length: metres('length'),
    spacing: metres('spacing'),
    points,
    /** Indices of points; the first is the start line. */
    checkpoints: raw.checkpoints.slice(0, raw.checkpoint_count),
    grid: { first: metres('grid_first'), step: metres('grid_step'), side: metres('grid_side') },
    box: {
      west: metres('west'),
      north: metres('north'),
      east: metres('east'),
      south: metres('south'),
    },
    colours: { ground: colour(raw.ground), road: colour(raw.road), accent: colour(raw.accent) },
    crosses: raw.crosses !== 0,
  }
}

class Race {
  #exports
  #memory
  #taken = 0

  constructor(exports) {
    this.#exports = exports
    this.#memory = new Memory(exports)
    const count = this.#memory.number(exports.track_count.value)
    const bytes = this.#memory.size('track')
    this.tracks = Array.from({ length: count }, (_, i) =>
      trackOf(this.#memory, exports.tracks.value + i * bytes, i),
    )
  }

  /** A car of one's own; there are 64 of them. */
  car() {
    const count = this.#memory.number(this.#exports.car_count.value)
    if (this.#taken === count) throw new RangeError(`there are ${count} cars and all are taken`)
    const address = this.#exports.cars.value + this.#taken++ * this.#memory.size('car')
    return new Car(this.#memory, address)
  }

  /** What a driver does as the number that the server takes; `steer` is -1 (left) .. 1 (right). */
  input({ steer = 0, throttle = false, brake = false, handbrake = false } = {}) {
    const turned = Math.round(Math.max(-1, Math.min(1, steer)) * STEER_CENTRE)
    const pedals = (throttle ? THROTTLE : 0) | (brake ? BRAKE : 0) | (handbrake ? HANDBRAKE : 0)
    return (STEER_CENTRE + turned) | pedals
  }

  step(car, input, track, tow = 0) {
    this.#exports.car_step(car.address, input, track.address, tow)
  }

  /** Pushes two cars apart that overlap. The speed at which they met, in m/s; 0 when they do not. */
  contact(a, b) {
    return (this.#exports.car_contact(a.address, b.address) / METRE) * TICK_HZ
  }

  tow(car, ahead) {
    return this.#exports.car_tow(car.address, ahead.address)
  }

  place(car, track, along, offset = 0) {
    const raw = [BigInt(Math.round(along * METRE)), Math.round(offset * METRE)]
    this.#exports.car_place(car.address, track.address, ...raw)
  }

  grid(car, track, place) {
    this.#exports.car_grid(car.address, track.address, place)
  }

  /** The input of a driver that is no person; skill 0..255, lane in metres. */
  driver(car, track, skill, lane = 0) {
    return this.#exports.driver_input(car.address, track.address, skill, Math.round(lane * METRE))
  }
}

/**
 * The slipstream that a driver's car is in at a tick, by its record in `own`. That tells of each
 * change before it comes, so that the steps ahead of the room's are made with it as well.
 */
export function towAt({ tow, next, changes }, tick) {
  return tick <= changes ? tow : next
}

/** From race.wasm beside this file, or from its bytes. */
export async function loadRace(bytes) {
  const { instance } = await WebAssembly.instantiate(bytes ?? (await fetchModule()))
  return new Race(instance.exports)
}

async function fetchModule() {
  const { href, pathname } = new URL('race.wasm', import.meta.url)
  const response = await fetch(href)
  if (response.ok) return response.arrayBuffer()
  const told = `the server has no ${pathname} (it answers ${response.status})`
  throw new Error(`${told}: build all of Tutti, which makes it, and start the server again`)
}
