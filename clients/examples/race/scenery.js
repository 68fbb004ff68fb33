/**
 * What stands around a track, beyond its walls: woods, a quay with water behind it, or dry land.
 * The same things come in the same places whichever part of the land is painted.
 */
import { mix } from './liveries.js'
import { seeded } from './textures.js'

/** Things keep so far from walls, in metres. */
const CLEAR = 2.2
/** Nothing looks farther than this for the road. */
const FAR = 80
const QUAY = 24

const sceneries = {
  woods: { country: (ground) => mix(ground, '#1f3d1a', 0.34), paint: paintWoods },
  quay: { country: () => '#2f6f8f', paint: paintQuay },
  desert: { country: (ground) => mix(ground, '#e8cf9a', 0.22), paint: paintDesert },
}

/** Tracks that are not of the woods. */
const places = { harbour: 'quay', speedway: 'desert' }

export function sceneryOf(road) {
  return sceneries[places[road.name] ?? 'woods']
}

/** One random site in each square of a grid that reaches into the box, with numbers of its own. */
function* sites({ west, north, east, south }, spacing, margin, seed) {
  const [first, last] = [west - margin, east + margin].map((x) => Math.floor(x / spacing))
  for (let row = Math.floor((north - margin) / spacing); row * spacing < south + margin; row++) {
    for (let column = first; column <= last; column++) {
      const random = seeded(Math.imul(column, 0x9e3779b1) ^ Math.imul(row, 0x85ebca77) ^ seed)
      random()
      const x = (column + 0.15 + 0.7 * random()) * spacing
      const y = (row + 0.15 + 0.7 * random()) * spacing
      yield { x, y, random }
    }
  }
}

/** How far a place is beyond the nearest wall: below 0 within the walls, at most FAR. */
export function clearance(road, x, y) {
  const { columns, count, reach } = road
  let least = FAR
  for (let i = 0; i < count; i++) {
    const [dx, dy] = [x - columns.x[i], y - columns.y[i]]
    if (Math.abs(dx) > reach + least || Math.abs(dy) > reach + least) continue
    const side = road.offset(x, y, i) < 0 ? columns.left[i] : columns.right[i]
    least = Math.min(least, Math.hypot(dx, dy) - side)
  }
  return least
}

function disc(context, x, y, radius, colour) {
  context.fillStyle = colour
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  context.fill()
}

/* Woods */

const TREE_SPACING = 8.5
const TREE_MAX = 3.6
/** Woods and clearings: how far apart, and how dense. */
const WOOD = 60
const DENSITY = 0.95

function paintWoods(context, road, box, colours) {
  const trees = []
  for (const { x, y, random } of sites(box, TREE_SPACING, 2 * TREE_MAX, 1)) {
    const wood = Math.sin(x / WOOD + 1.7 * Math.sin(y / (1.4 * WOOD))) * Math.cos(y / WOOD)
    if (random() > DENSITY * (0.35 + wood)) continue
    const size = 1.5 + (TREE_MAX - 1.5) * random() ** 2
    if (clearance(road, x, y) > size + CLEAR) trees.push({ x, y, size, random })
  }
  for (const { x, y, size } of trees) {
    disc(context, x + 0.55 * size, y + 0.75 * size, size, colours.shadow)
  }
  for (const tree of trees) paintTree(context, tree, colours.trees)
}

function paintTree(context, { x, y, size, random }, greens) {
  const turn = random() * 6
  const first = Math.floor(random() * greens.length)
  disc(context, x, y, size, greens[first])
  for (let i = 0; i < 5; i++) {
    const angle = (i / 5) * 2 * Math.PI + turn
    const reach = size * (0.45 + 0.2 * random())
    const [lobeX, lobeY] = [x + Math.cos(angle) * reach, y + Math.sin(angle) * reach]
    const green = greens[(first + 1 + (i % 2)) % greens.length]
    disc(context, lobeX - 0.1 * size, lobeY - 0.15 * size, size * (0.32 + 0.14 * random()), green)
  }
  disc(context, x - 0.28 * size, y - 0.35 * size, 0.3 * size, 'rgb(255 255 220 / 12%)')
}

/* A quay */

const CONTAINER = { length: 12, width: 2.6, spacing: 15 }
const BOAT = { length: 11, width: 3.4, spacing: 46 }
const CONTAINERS = ['#b5482f', '#2f6ea5', '#d09a2c', '#4d7f57', '#e4e2da', '#7b3b5e']

function paintQuay(context, road, box, colours) {
  paintWaves(context, box)
  paintPier(context, road, box, colours)
  for (const { x, y, random } of sites(box, CONTAINER.spacing, CONTAINER.length, 2)) {
    const clear = clearance(road, x, y)
    const isOnQuay = clear > CONTAINER.length / 2 + CLEAR && clear < QUAY - CONTAINER.length / 2
    if (random() < 0.72 && isOnQuay) paintContainers(context, x, y, random, colours)
  }
  for (const { x, y, random } of sites(box, BOAT.spacing, BOAT.length, 3)) {
    if (random() < 0.4 && clearance(road, x, y) > QUAY + BOAT.length) {
      paintBoat(context, x, y, random, colours)
    }
  }
}

function paintWaves(context, box) {
  context.strokeStyle = 'rgb(255 255 255 / 10%)'
  context.lineWidth = 0.3
  context.beginPath()
  for (const { x, y, random } of sites(box, 9, 6, 4)) {
    const length = 2 + 3 * random()
    context.moveTo(x - length, y)
    context.quadraticCurveTo(x - length / 2, y - 0.8, x, y)
    context.quadraticCurveTo(x + length / 2, y + 0.8, x + length, y)
  }
  context.stroke()
}

/** Solid ground as wide as QUAY around the walls. */
function paintPier(context, road, box, colours) {
  const outline = new Path2D()
  const margin = 2 * (road.reach + QUAY)
  const wide = {
    west: box.west - margin,
    north: box.north - margin,
    east: box.east + margin,
    south: box.south + margin,
  }
  for (const [from, to] of road.stretches(wide)) {
    for (let i = from; i <= to; i++) {
      const [x, y] = road.spot(i, 0)
      if (i === from) outline.moveTo(x, y)
      else outline.lineTo(x, y)
    }
  }
  context.lineJoin = context.lineCap = 'round'
  for (const [extra, colour] of [
    [4, 'rgb(8 30 44 / 35%)'],
    [0, colours.wall],
    [-1.6, colours.pier],
  ]) {
    context.strokeStyle = colour
    context.lineWidth = 2 * (road.reach + QUAY) + extra
    context.stroke(outline)
  }
  if (colours.textures === null) return
  context.strokeStyle = colours.textures.asphalt
  context.stroke(outline)
}

function paintContainers(context, x, y, random, colours) {
  const isAcross = random() < 0.3
  const rows = 1 + Math.floor(random() * 3)
  context.save()
  context.translate(x, y)
  if (isAcross) context.rotate(Math.PI / 2)
  const { length, width } = CONTAINER
  context.fillStyle = colours.shadow
  const fall = isAcross ? [1.4, -1.1] : [1.1, 1.4]
  context.fillRect(-length / 2 + fall[0], (-rows * width) / 2 + fall[1], length, rows * width)
  for (let row = 0; row < rows; row++) {
    const top = (row - rows / 2) * width
    const colour = CONTAINERS[Math.floor(random() * CONTAINERS.length)]
    context.fillStyle = colours.isNight ? mix(colour, '#0a1024', 0.5) : colour
    context.fillRect(-length / 2, top + 0.08, length, width - 0.16)
    context.strokeStyle = 'rgb(0 0 0 / 22%)'
    context.lineWidth = 0.12
    context.beginPath()
    for (let rib = -length / 2 + 0.8; rib < length / 2; rib += 0.8) {
      context.moveTo(rib, top + 0.2)
      context.lineTo(rib, top + width - 0.2)
    }
    context.stroke()
  }
  context.restore()
}

function paintBoat(context, x, y, random, colours) {
  const { length, width } = BOAT
  context.save()
  context.translate(x, y)
  context.rotate(2 * Math.PI * random())
  const hull = new Path2D()
  hull.moveTo(length / 2, 0)
  hull.quadraticCurveTo(length / 4, width / 2, -length / 2, width / 2.4)
  hull.lineTo(-length / 2, -width / 2.4)
  hull.quadraticCurveTo(length / 4, -width / 2, length / 2, 0)
  context.strokeStyle = 'rgb(255 255 255 / 22%)'
  context.lineWidth = 0.9
  context.stroke(hull)
  context.fillStyle = colours.wallTop
  context.fill(hull)
  context.fillStyle = colours.isNight ? '#3a3040' : '#a87a4a'
  context.fillRect(-length / 2 + 1, -width / 4, length * 0.6, width / 2)
  context.fillStyle = colours.paint
  context.fillRect(-1.5, -width / 4, 2.6, width / 2)
  context.restore()
}

/* Dry land */

function paintDesert(context, road, box, colours) {
  for (const { x, y, random } of sites(box, 26, 16, 5)) {
    const size = 5 + 9 * random()
    if (clearance(road, x, y) < size) continue
    const light = colours.isNight ? 'rgb(255 236 190 / 5%)' : 'rgb(255 236 190 / 16%)'
    context.fillStyle = random() < 0.5 ? light : 'rgb(90 60 20 / 10%)'
    context.beginPath()
    context.ellipse(x, y, size, size * 0.55, random() * 3, 0, 2 * Math.PI)
    context.fill()
  }
  for (const { x, y, random } of sites(box, 9, 4, 6)) {
    const chance = random()
    const size = 0.5 + 1.3 * random() ** 2
    if (chance > 0.34 || clearance(road, x, y) < size + CLEAR) continue
    disc(context, x + 0.5 * size, y + 0.6 * size, size, colours.shadow)
    if (chance < 0.1) paintRock(context, x, y, size, random, colours)
    else paintShrub(context, x, y, size, random, colours)
  }
}

function paintRock(context, x, y, size, random, { rock }) {
  context.beginPath()
  for (let i = 0; i < 7; i++) {
    const angle = (i / 7) * 2 * Math.PI
    const reach = size * (0.8 + 0.5 * random())
    context.lineTo(x + Math.cos(angle) * reach, y + Math.sin(angle) * reach)
  }
  context.closePath()
  context.fillStyle = rock
  context.fill()
  disc(context, x - 0.25 * size, y - 0.3 * size, 0.4 * size, 'rgb(255 255 255 / 16%)')
}

function paintShrub(context, x, y, size, random, { shrub }) {
  for (let i = 0; i < 5; i++) {
    const angle = i * 2.4 + random()
    const reach = 0.5 * size
    const colour = i % 2 === 0 ? shrub : mix(shrub, '#c8c074', 0.25)
    disc(context, x + Math.cos(angle) * reach, y + Math.sin(angle) * reach, 0.55 * size, colour)
  }
}
