/**
 * Paints the land around a track into a canvas whose units are metres, piece by piece: the same
 * calls draw a tile under the cars and the small picture in the lobby.
 */
import { mix } from './liveries.js'
import { ASPHALT, SAND } from './road.js'
import { sceneryOf } from './scenery.js'
import { onRoad, paintStands } from './stands.js'
import { KERB_LEFT, KERB_RIGHT, KERB_WIDTH } from './step.js'

const LINE_WIDTH = 0.22
const WALL_WIDTH = 0.9
/** From here on a bend is sharp: its wall is striped. Radians per metre. */
const SHARP = 0.012
const STRIPE = 14
const GRID_BOX = { length: 5.4, width: 2.7 }
const CHEQUER = 0.9

/** The colours of a track, in daylight or at dusk. */
export function coloursOf(road, night) {
  const dusk = (colour) => (night ? mix(colour, '#0a1024', 0.52) : colour)
  const { ground, road: asphalt, accent } = road.look
  return {
    isNight: night,
    country: dusk(sceneryOf(road).country(ground)),
    stripe: night ? 'rgb(255 255 255 / 3%)' : 'rgb(255 255 255 / 7%)',
    grass: dusk(ground),
    sand: dusk('#dcc48c'),
    asphalt: dusk(asphalt),
    rubber: 'rgb(8 8 12 / 7%)',
    paint: dusk('#f4f1e8'),
    kerb: dusk(accent),
    wall: dusk('#c9ccd0'),
    wallTop: dusk('#eef0f2'),
    shadow: night ? 'rgb(0 0 0 / 38%)' : 'rgb(10 24 16 / 30%)',
    trees: [dusk('#2f6b34'), dusk('#3c7d3d'), dusk('#28592f'), dusk('#4c8a3f')],
    pier: dusk('#8b8f93'),
    rock: dusk('#8d7a5c'),
    shrub: dusk('#6f7a3c'),
    accent: dusk(accent),
  }
}

/** `textures`: the grain of a tile under the cars; a small picture does without. */
export function paintGround(context, road, box, { colours, textures = null }) {
  const stretches = road.stretches(box)
  paintCountry(context, box, colours, textures)
  sceneryOf(road).paint(context, road, box, { ...colours, textures })
  paintStands(context, road, box, colours)
  for (const stretch of stretches) paintVerges(context, road, stretch, colours, textures)
  for (const stretch of stretches) {
    paintAsphalt(context, road, stretch, colours, textures)
    paintRubber(context, road, stretch, colours)
    paintKerbs(context, road, stretch, colours)
    paintEdges(context, road, stretch, colours)
  }
  paintStart(context, road, colours)
  paintGrid(context, road, colours)
  for (const stretch of stretches) paintWalls(context, road, stretch, colours)
}

/**
 * Adds a line along the road, at the offset that `offset` gives for each point: round between the
 * points, and through all of them.
 */
function follow(path, road, from, to, offset) {
  const step = from <= to ? 1 : -1
  const spot = (i) => road.spot(i, offset(road.index(i)))
  let [before, here, next] = [spot(from - step), spot(from), spot(from + step)]
  path.lineTo(...here)
  for (let i = from; i !== to; i += step) {
    const after = spot(i + 2 * step)
    path.bezierCurveTo(
      here[0] + (next[0] - before[0]) / 6,
      here[1] + (next[1] - before[1]) / 6,
      next[0] - (after[0] - here[0]) / 6,
      next[1] - (after[1] - here[1]) / 6,
      ...next,
    )
    ;[before, here, next] = [here, next, after]
  }
}

function ribbon(road, [from, to], left, right) {
  const path = new Path2D()
  follow(path, road, from, to, left)
  follow(path, road, to, from, right)
  path.closePath()
  return path
}

function line(road, [from, to], offset) {
  const path = new Path2D()
  follow(path, road, from, to, offset)
  return path
}

/** Fills, with a grain over it where there are textures. */
function fill(context, path, colour, grain) {
  context.fillStyle = colour
  context.fill(path)
  if (grain == null) return
  context.fillStyle = grain
  context.fill(path)
}

function paintCountry(context, { west, north, east, south }, colours, textures) {
  const all = new Path2D()
  all.rect(west, north, east - west, south - north)
  fill(context, all, colours.country, textures?.grass)
}

function paintVerges(context, road, stretch, colours, textures) {
  const { half, left, right, onLeft, onRight } = road.columns
  const sides = [
    { on: onLeft, near: (i) => -half[i] + 0.5, far: (i) => -left[i] },
    { on: onRight, near: (i) => half[i] - 0.5, far: (i) => right[i] },
  ]
  for (const { on, near, far } of sides) {
    // Mown across the road, a light band and a dark one.
    fill(context, ribbon(road, stretch, near, far), colours.grass, textures?.grass)
    for (const band of alike(road, stretch, (i) => Math.floor(i / MOWN) % 2 === 0)) {
      context.fillStyle = colours.stripe
      context.fill(ribbon(road, band, near, far))
    }
    for (const bed of alike(road, stretch, (i) => on[i] === SAND)) {
      const path = ribbon(road, bed, near, far)
      fill(context, path, colours.sand, textures?.sand)
    }
    for (const apron of alike(road, stretch, (i) => on[i] === ASPHALT)) {
      fill(context, ribbon(road, apron, near, far), colours.asphalt, textures?.asphalt)
    }
  }
}

/** Points from one change of the mower's way to the next. */
const MOWN = 4

/** The parts of a stretch whose points, each up to the next, are so. */
function alike(road, [from, to], isSo) {
  const parts = []
  for (let i = from; i < to; i++) {
    if (!isSo(road.index(i))) continue
    const last = parts[parts.length - 1]
    if (last?.[1] === i) last[1] = i + 1
    else parts.push([i, i + 1])
  }
  return parts
}

function paintAsphalt(context, road, stretch, colours, textures) {
  const { half } = road.columns
  const path = ribbon(
    road,
    stretch,
    (i) => -half[i],
    (i) => half[i],
  )
  fill(context, path, colours.asphalt, textures?.asphalt)
}

/** Where everyone drives the road is darker. */
function paintRubber(context, road, stretch, colours) {
  const path = line(road, stretch, (i) => road.columns.line[i])
  context.lineCap = 'butt'
  context.lineJoin = 'round'
  context.strokeStyle = colours.rubber
  for (const width of [6.4, 5.2, 4, 3, 2]) {
    context.lineWidth = width
    context.stroke(path)
  }
}

function paintEdges(context, road, stretch, colours) {
  const { half } = road.columns
  context.strokeStyle = colours.paint
  context.lineWidth = LINE_WIDTH
  context.stroke(line(road, stretch, (i) => -half[i] + LINE_WIDTH))
  context.stroke(line(road, stretch, (i) => half[i] - LINE_WIDTH))
}

function paintKerbs(context, road, stretch, colours) {
  const { half, kerbs } = road.columns
  const sides = [
    { bit: KERB_LEFT, near: (i) => -half[i], far: (i) => -half[i] - KERB_WIDTH },
    { bit: KERB_RIGHT, near: (i) => half[i], far: (i) => half[i] + KERB_WIDTH },
  ]
  for (const { bit, near, far } of sides) {
    for (const [from, to] of alike(road, stretch, (i) => (kerbs[i] & bit) !== 0)) {
      for (let i = from; i < to; i++) {
        context.fillStyle = road.index(i) % 2 === 0 ? colours.paint : colours.kerb
        context.fill(ribbon(road, [i, i + 1], near, far))
      }
    }
  }
}

function paintStart(context, road, colours) {
  const half = road.columns.half[0]
  onRoad(context, road, 0, 0, () => {
    context.fillStyle = colours.paint
    context.fillRect(-CHEQUER, -half, 2 * CHEQUER, 2 * half)
    context.fillStyle = '#15161a'
    for (let i = 0; i * CHEQUER < 2 * half; i++) {
      const width = Math.min(CHEQUER, 2 * half - i * CHEQUER)
      context.fillRect(i % 2 === 0 ? -CHEQUER : 0, -half + i * CHEQUER, CHEQUER, width)
    }
  })
}

function paintGrid(context, road, colours) {
  const { first, step, side, count } = road.grid
  const { length, width } = GRID_BOX
  context.strokeStyle = colours.paint
  context.lineWidth = 0.16
  for (let place = 0; place < count; place++) {
    const offset = place % 2 === 0 ? -side : side
    onRoad(context, road, -(first + place * step), offset, () => {
      context.beginPath()
      context.moveTo(0, -width / 2)
      context.lineTo(length / 2, -width / 2)
      context.lineTo(length / 2, width / 2)
      context.lineTo(0, width / 2)
      context.stroke()
    })
  }
}

/** Concrete with a shadow that falls to the south-east; striped where the road bends sharply. */
function paintWalls(context, road, stretch, colours) {
  const { left, right } = road.columns
  context.lineCap = 'butt'
  context.lineJoin = 'round'
  for (const offset of [(i) => -left[i], (i) => right[i]]) {
    const out = (i) => offset(i) + (Math.sign(offset(i)) * WALL_WIDTH) / 2
    const path = line(road, stretch, out)
    context.save()
    context.translate(0.75, 1)
    stroke(context, path, colours.shadow, WALL_WIDTH)
    context.restore()
    stroke(context, path, colours.wall, WALL_WIDTH)
    stroke(context, path, colours.wallTop, WALL_WIDTH * 0.45)
    const bends = alike(road, stretch, (i) => Math.abs(road.bend(i)) > SHARP)
    for (const [from, to] of bends) {
      for (let i = from; i < to; i++) {
        const isStriped = Math.floor((road.index(i) * road.spacing) / STRIPE) % 2 === 0
        if (isStriped) stroke(context, line(road, [i, i + 1], out), colours.accent, WALL_WIDTH)
      }
    }
  }
}

function stroke(context, path, colour, width) {
  context.strokeStyle = colour
  context.lineWidth = width
  context.stroke(path)
}
