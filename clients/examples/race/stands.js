import { mix } from './liveries.js'
import { clearance } from './scenery.js'
import { seeded } from './textures.js'

const LENGTH = 19
const DEPTH = 8
const ROWS = 5
const SEATS = 30
/** Where along the road the middle of each stand is; and from the wall to the middle. */
const PLACES = [-64, -43, -22, 18, 39]
const FROM_WALL = 6.5
const SHIRTS = [
  '#e4572e',
  '#f2c14e',
  '#ffffff',
  '#2e86de',
  '#5bb450',
  '#d94f9a',
  '#2b2b33',
  '#f0e6d2',
]

/** Turns the context so that x runs along the road from a place on it, y to its right. */
export function onRoad(context, road, along, offset, draw) {
  const { x, y, heading } = road.at(along, offset)
  context.save()
  context.translate(x, y)
  context.rotate(heading)
  draw()
  context.restore()
}

/** People who watch the start, on either side where there is room for them. */
export function paintStands(context, road, box, colours) {
  for (const along of PLACES) {
    const point = road.index(Math.round(along / road.spacing))
    for (const side of [-1, 1]) {
      const wall = side < 0 ? road.columns.left[point] : road.columns.right[point]
      const offset = side * (wall + FROM_WALL)
      const { x, y } = road.at(along, offset)
      if (!isNear(box, x, y) || clearance(road, x, y) < FROM_WALL - 1) continue
      onRoad(context, road, along, offset, () => paintStand(context, side, along, colours))
    }
  }
}

function isNear({ west, north, east, south }, x, y) {
  return x > west - LENGTH && x < east + LENGTH && y > north - LENGTH && y < south + LENGTH
}

/** The side of the track is that of the front row. */
function paintStand(context, side, along, colours) {
  const random = seeded(side * 1_000 + along)
  context.fillStyle = colours.shadow
  context.fillRect(-LENGTH / 2 + 1.6, -DEPTH / 2 + 1.6, LENGTH, DEPTH)
  context.fillStyle = colours.wall
  context.fillRect(-LENGTH / 2, -DEPTH / 2, LENGTH, DEPTH)
  const deep = DEPTH / (ROWS + 1)
  for (let row = 0; row < ROWS; row++) {
    const y = side * (-DEPTH / 2 + (row + 0.6) * deep)
    context.fillStyle = colours.pier
    context.fillRect(-LENGTH / 2 + 0.4, y - 0.5, LENGTH - 0.8, 1)
    for (let seat = 0; seat < SEATS; seat++) {
      const shirt = SHIRTS[Math.floor(random() * SHIRTS.length)]
      if (random() < 0.16) continue
      context.fillStyle = colours.isNight ? mix(shirt, '#0a1024', 0.5) : shirt
      const x = -LENGTH / 2 + 0.8 + (seat * (LENGTH - 1.6)) / SEATS
      context.fillRect(x, y - 0.25 + 0.2 * random(), 0.46, 0.46)
    }
  }
  context.fillStyle = colours.wallTop
  context.fillRect(-LENGTH / 2, side > 0 ? DEPTH / 2 - 1.7 : -DEPTH / 2, LENGTH, 1.7)
}
