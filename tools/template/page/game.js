import { join } from '/tutti/tutti.js'
import { loadStep, shownTick, UNIT } from './step.js'
import { startTilt } from './tilt.js'

const RADIUS = 14
const COLORS = ['#e4572e', '#17bebb', '#ffc914', '#76b041', '#b084cc', '#ff7aa2']

const canvas = document.querySelector('canvas')
const board = document.querySelector('ol')
const paint = canvas.getContext('2d')
const notice = document.querySelector('output')
const query = new URLSearchParams(location.search)

const step = await loadStep(await (await fetch('step.wasm')).arrayBuffer())
const room = await join('/', query.get('room') ?? 'table', {
  kind: '@NAME@',
  user: { name: query.get('name') ?? `guest ${Math.floor(Math.random() * 1000)}` },
  onStatus: tell,
})
const marbles = room.collection('marbles')
const gems = room.collection('gems')

const mine = () => [...marbles].find(([, marble]) => marble.member === room.me)

/** A line for the player while there is no connection: why, as far as the server said. */
function tell({ status, reason }) {
  notice.textContent = status === 'live' ? '' : reason === '' ? status : `${status}: ${reason}`
}

const nameOf = (member) => room.others.get(member)?.user?.name ?? `player ${member}`

// Our tilt, once for each tick; and what it does to our marble, before the server has said so.
const inputs = room.inputs({ read: startTilt(canvas) })
const own = room.predict({
  inputs,
  step,
  read: () => {
    const found = mine()
    if (found === undefined) return undefined
    const { x, y, vx, vy } = found[1]
    return { tick: shownTick(room), state: { x, y, vx, vy } }
  },
  pose: ({ x, y }) => ({ x, y }),
})

// The others, a little late and smooth.
const others = marbles.interpolate(['x', 'y'], { extrapolate: 0.1 })

function disc(x, y, radius, color) {
  paint.beginPath()
  paint.arc(x / UNIT, y / UNIT, radius, 0, 2 * Math.PI)
  paint.fillStyle = color
  paint.fill()
}

function drawMarble(id, { x, y }, isOwn) {
  disc(x, y, RADIUS, COLORS[id.charCodeAt(0) % COLORS.length])
  disc(x - 4 * UNIT, y - 4 * UNIT, RADIUS / 4, '#ffffffb0')
  if (!isOwn) return
  paint.strokeStyle = '#fff'
  paint.lineWidth = 2
  paint.beginPath()
  paint.arc(x / UNIT, y / UNIT, RADIUS + 4, 0, 2 * Math.PI)
  paint.stroke()
}

function drawGem({ x, y }, now) {
  const radius = RADIUS * (1 + Math.sin(now / 200) / 8)
  paint.fillStyle = '#e9fbff'
  paint.fill(
    new Path2D(
      `M${x / UNIT} ${y / UNIT - radius}l${radius} ${radius}l${-radius} ${radius}l${-radius} ${-radius}z`,
    ),
  )
}

function draw(now) {
  paint.clearRect(0, 0, canvas.width, canvas.height)
  for (const [, gem] of gems) drawGem(gem, now)
  const ownId = mine()?.[0]
  for (const [id, place] of others.sample(now)) if (id !== ownId) drawMarble(id, place, false)
  const place = own.state(now)
  if (place !== undefined) drawMarble(ownId, place, true)
  requestAnimationFrame(draw)
}

function drawBoard() {
  const rows = [...marbles].sort(([, a], [, b]) => b.gems - a.gems)
  board.replaceChildren(
    ...rows.map(([id, { member, gems }]) => {
      const row = document.createElement('li')
      row.style.color = COLORS[id.charCodeAt(0) % COLORS.length]
      row.textContent = `${member === room.me ? 'you' : nameOf(member)} ${gems}`
      return row
    }),
  )
}

for (const change of ['add', 'change', 'delete']) marbles.on(change, drawBoard)
drawBoard()
requestAnimationFrame(draw)

// P shows what the network does, with sliders that make it worse.
let close
addEventListener('keydown', async ({ code }) => {
  if (code !== 'KeyP') return
  const { default: panel } = await import('/tutti/panel.js')
  close = close === undefined ? panel(room, { inputs, prediction: own, motion: others }) : close()
})
