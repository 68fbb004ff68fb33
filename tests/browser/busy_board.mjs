// A board on which ten people have been at work: always the same one.
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const client = process.env.TUTTI_CLIENT ?? `${root}clients/js/dist`
const { join } = await import(`${client}/tutti.node.js`)
const { Doc, encodeStateAsUpdate } = createRequire(`${root}clients/js/package.json`)('yjs')

export const NAMES = [
  'Ada Byron',
  'Nadia Boulanger',
  'Clara Wieck',
  'Fanny Hensel',
  'Amy Beach',
  'Lili',
  'Florence Price',
  'Ethel Smyth',
  'Teresa',
  'Grażyna Bacewicz',
]
const COLOURS = [
  '#1565c0',
  '#c8321f',
  '#2f7a2e',
  '#6b3fc4',
  '#946200',
  '#0b7771',
  '#b4236f',
  '#7a4a1c',
  '#3aa0d4',
  '#6d6861',
]
const [RECTANGLE, ELLIPSE, DIAMOND, ARROW, TEXT, NOTE, FRAME] = [1, 2, 3, 5, 6, 7, 9]

function words(text) {
  const doc = new Doc()
  // Else every board would have other bytes.
  doc.clientID = 1
  doc.getText('text').insert(0, text)
  return [encodeStateAsUpdate(doc)]
}

/** Numbers that look like chance. */
function dice(seed) {
  return () => (seed = (seed * 48271) % 2147483647) / 2147483647
}

/** What goes on the board, the lowest first. */
function* objects() {
  const random = dice(7)
  yield text(-620, -420, 'What we build next', 44, 1)
  yield { type: FRAME, x: -620, y: -330, w: 640, h: 452, text: words('Ideas') }
  const ideas = [
    ['Undo that never takes back someone else’s work', 6],
    ['Draw on the train', 9],
    ['Replay of a whole afternoon', 5],
    ['Faster first load', 2],
    ['Templates for lessons', 6],
    ['A link to a moment', 12],
    ['Pictures by paste', 9],
    ['Say “saved” only when it is', 5],
  ]
  for (const [i, [say, colour]] of ideas.entries()) {
    const x = -596 + (i % 4) * 150 + random() * 8
    const y = -300 + Math.floor(i / 4) * 200 + random() * 14
    const angle = Math.round((random() * 60 - 30 + 4096) % 4096)
    yield { type: NOTE, x, y, w: 140, h: 160, colour, angle, font_size: 18, text: words(say) }
  }
  yield* flow()
  yield* scenery(random)
  yield* marks(random)
}

function* flow() {
  const box = (id, type, x, y, colour, say) => ({
    id,
    type,
    x,
    y,
    w: 190,
    h: type === DIAMOND ? 130 : 76,
    colour,
    fill: colour,
    size: 4,
    font_size: 20,
    text: words(say),
  })
  yield box('draw', ELLIPSE, 130, -330, 7, 'A line is drawn')
  yield box('show', RECTANGLE, 130, -200, 10, 'It shows at once')
  yield box('line', DIAMOND, 130, -70, 5, 'Connected?')
  yield box('keep', RECTANGLE, 430, -43, 2, 'It waits here')
  yield box('save', RECTANGLE, 130, 120, 11, 'Saved, for all')
  const arrow = (start, end, start_at, end_at, say) => ({
    type: ARROW,
    x: 225,
    y: -100,
    points: [80, 240],
    start,
    end,
    start_at,
    end_at,
    size: 4,
    font_size: 16,
    ...(say && { text: words(say) }),
  })
  yield arrow('draw', 'show', [512, 1024], [512, 0])
  yield arrow('show', 'line', [512, 1024], [512, 0])
  yield arrow('line', 'save', [512, 1024], [512, 0], 'yes')
  yield arrow('line', 'keep', [1024, 512], [0, 512], 'no')
  yield { ...arrow('keep', 'save', [512, 1024], [1024, 512]), bend: -500, dash: 1 }
}

/** Hills, a sun and birds, by hand. */
function* scenery(random) {
  for (let hill = 0; hill < 3; hill++) {
    yield stroke(
      -600,
      330 + hill * 26,
      120,
      [13, 7, 8][hill],
      5,
      (t) => ({
        x: t * 640,
        y: Math.sin(t * (5 + hill * 2) + hill * 2) * (46 - hill * 11) - 30 * Math.sin(t * 3.1),
      }),
      random,
    )
  }
  yield stroke(
    -160,
    200,
    60,
    4,
    6,
    (t) => ({ x: Math.cos(t * 6.6) * 42, y: Math.sin(t * 6.6) * 42 }),
    random,
  )
  for (let ray = 0; ray < 9; ray++) {
    const [cos, sin] = [Math.cos(ray * 0.7), Math.sin(ray * 0.7)]
    yield stroke(
      -202 + cos * 62,
      200 + sin * 62,
      8,
      4,
      4,
      (t) => ({ x: cos * t * 26, y: sin * t * 26 }),
      random,
    )
  }
  for (let bird = 0; bird < 4; bird++) {
    yield stroke(
      -520 + bird * 64,
      190 + (bird % 2) * 26,
      24,
      0,
      3,
      (t) => ({
        x: t * 38,
        y: -Math.abs(Math.sin(t * 6.28)) * 13,
      }),
      random,
    )
  }
}

/** What is underlined, ringed and ticked off. */
function* marks(random) {
  yield {
    ...stroke(-616, -376, 30, 5, 4, (t) => ({ x: t * 380, y: Math.sin(t * 9) * 3 }), random),
    tool: 2,
  }
  yield stroke(
    -470,
    -50,
    70,
    2,
    5,
    (t) => ({ x: Math.cos(t * 6.9) * 96 - 96, y: Math.sin(t * 6.9) * 92 }),
    random,
  )
  yield stroke(
    640,
    -40,
    26,
    7,
    8,
    (t) =>
      t < 0.4 ? { x: t * 50, y: t * 70 } : { x: 20 + (t - 0.4) * 90, y: 28 - (t - 0.4) * 140 },
    random,
  )
  yield text(430, 150, 'nothing is lost →', 26, 2)
}

function text(x, y, say, font_size, font) {
  return { type: TEXT, x, y, colour: 0, font_size, font, text: words(say) }
}

function stroke(x, y, count, colour, size, course, random) {
  const points = []
  let last = { x: 0, y: 0 }
  const first = course(0)
  for (let i = 0; i <= count; i++) {
    const at = course(i / count)
    const wobble = () => (random() - 0.5) * 1.2
    const to = {
      x: Math.round((at.x - first.x + wobble()) * 2),
      y: Math.round((at.y - first.y + wobble()) * 2),
    }
    const pressure = Math.round(64 + 40 * Math.sin((i / count) * Math.PI) - 12 * random())
    points.push(i === 0 ? 0 : to.x - last.x, i === 0 ? 0 : to.y - last.y, pressure)
    if (i > 0) last = to
  }
  return { type: 0, x: x + first.x, y: y + first.y, colour, size, tool: 0, points }
}

/** Fills a room; `count` people stay in it until `leave` is called. */
export async function fillBoard(address, room, count = NAMES.length) {
  const people = []
  for (let i = 0; i < count; i++) {
    people.push(
      await join(address.replace('http', 'ws'), room, {
        kind: 'board',
        user: { name: NAMES[i], color: COLOURS[i] },
      }),
    )
  }
  let number = 0
  const sent = []
  for (const { id = `o${number}`, ...fields } of objects()) {
    // What an arrow is attached to may be another's, and has to be there.
    if (fields.start !== undefined) await Promise.all(sent)
    const z = `a${String(++number).padStart(4, '0')}`
    const objects = people[number % count].collection('objects')
    sent.push(objects.put(id, { z, colour: 0, size: 4, ...fields }).done)
  }
  await Promise.all(sent)
  people.forEach((person, i) => {
    const random = dice(i + 3)
    for (let k = 0; k < 5; k++) random()
    person.presence.set({
      x: -560 + random() * 1_150,
      y: -300 + random() * 560,
      view: [-700, -480, 1_400, 900],
      tool: 2,
      ...(i === 2 && { selection: ['keep'] }),
      ...(i === 4 && { selection: ['o4', 'o5'] }),
    })
  })
  return { people, leave: () => people.forEach((person) => person.leave()) }
}
