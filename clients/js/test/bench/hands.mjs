// Hands that draw like hands, the same every time.

const FIELD = 4_000
const GROUP = 40
const AHEAD = 8

/** Even numbers in 0..1 from a seed. */
export function random(seed) {
  let state = (seed * 2654435761 + 1) >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Motions in half pixels with pressure, as a record of a stroke has them. */
export function wander(next, points) {
  const items = [0, 0, 40]
  let angle = next() * 2 * Math.PI
  let turning = 0
  let speed = 4 + 8 * next()
  for (let i = 1; i < points; i++) {
    turning = turning * 0.8 + (next() - 0.5) * 0.5
    angle += turning
    speed = Math.max(2, Math.min(24, speed + (next() - 0.5) * 4))
    const pressure = Math.round(50 + 30 * Math.sin((Math.PI * i) / points) + 6 * next())
    items.push(Math.round(speed * Math.cos(angle)), Math.round(speed * Math.sin(angle)), pressure)
  }
  return items
}

function stroke(next, number, points) {
  return {
    type: 0,
    z: String(number).padStart(6, '0'),
    x: Math.round((next() - 0.5) * FIELD),
    y: Math.round((next() - 0.5) * FIELD),
    colour: Math.floor(next() * 15),
    size: 3 + Math.floor(next() * 6),
    tool: 0,
    points,
  }
}

/** Fills a board with strokes; resolves when they are saved. */
export async function fill(room, strokes, points) {
  const objects = room.collection('objects')
  const next = random(1)
  const saved = []
  for (let number = 0; number < strokes; number += GROUP) {
    saved.push(
      room.group(() => {
        for (let i = number; i < Math.min(strokes, number + GROUP); i++) {
          objects.put(objects.newId(), stroke(next, i, wander(next, points)))
        }
      }).saved,
    )
    if (saved.length > AHEAD) await saved.shift()
  }
  await Promise.all(saved)
}

/** Draws on and on; the function that comes back ends it. */
export function scribble(room, seed) {
  const objects = room.collection('objects')
  const next = random(1_000 + seed)
  let id = ''
  let left = []
  let number = 0
  const timer = setInterval(() => {
    if (left.length === 0) {
      id = objects.newId()
      left = wander(next, 60)
      const fields = stroke(next, number++, left.splice(0, 3))
      objects.put(id, {
        ...fields,
        x: fields.x / 4,
        y: fields.y / 5,
        z: `z${String(number).padStart(5, '0')}`,
      })
    } else objects.append(id, 'points', left.splice(0, 6))
    room.presence.set({ x: Math.round(next() * 800 - 400), y: Math.round(next() * 600 - 300) })
  }, 25)
  return () => clearInterval(timer)
}
