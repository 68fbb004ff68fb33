// What edits make of a scene, without a room.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { borderOf, courseOf } from '../../src/board/arrow.js'
import { reorder } from '../../src/board/edit/arrange.js'
import { withAllHeld, withHeld, type Edit } from '../../src/board/edit/edit.js'
import { cutsOf } from '../../src/board/edit/erase.js'
import { enclosed, frameFor, orderOfFrame } from '../../src/board/edit/group.js'
import { resized, rotated } from '../../src/board/edit/move.js'
import { boxAround, contains, grown, middleOf } from '../../src/board/geometry.js'
import { decode, encode, OBJECTS, type BoardObject, type Patch } from '../../src/board/model.js'
import { timeOf } from '../../src/board/comments.js'
import {
  compareOrder,
  keyBetween,
  keysBetween,
  KEY_LENGTH_MAX,
  newKeysBetween,
} from '../../src/board/order.js'
import { Scene } from '../../src/board/scene.js'
import { boundsOf, hit, paintBox } from '../../src/board/shape.js'
import { scaleOf, stretchesOf, strokeBox, traceLine } from '../../src/board/stroke.js'
import { svgOf } from '../../src/board/svg.js'
import { textItems } from '../../src/board/text.js'
import { sized, wordsOf } from '../../src/board/words.js'
import type { Fields } from '../../src/value.js'
import { randomOf } from './messages.js'

function object(id: string, patch: Patch): BoardObject {
  return decode(id, encode({ z: 'V00000', x: 0, y: 0, ...patch }) as Fields)!
}

const nothing = () => undefined

/** A scene of these; in the order in which they are given, unless that is theirs to say. */
function sceneOf(objects: readonly BoardObject[], inOrder = true): Scene {
  const keys = keysBetween(null, null, objects.length)
  const records = new Map(
    objects.map(({ id, ...fields }, i) => [
      id,
      encode(inOrder ? { ...fields, z: keys[i]! } : fields) as Fields,
    ]),
  )
  const collection = Object.assign(records, { name: OBJECTS, on: () => nothing })
  return new Scene({ collection: () => collection } as never)
}

test('between any two keys there is another, and keys in order stay short', () => {
  const random = randomOf(7)
  const keys = [keyBetween(null, null)]
  for (let i = 0; i < 4_000; i++) {
    const at = Math.floor(random() * (keys.length + 1))
    const key = keyBetween(keys[at - 1] ?? null, keys[at] ?? null, random)
    keys.splice(at, 0, key)
  }
  for (let i = 1; i < keys.length; i++)
    assert.ok(keys[i - 1]! < keys[i]!, `${keys[i - 1]} ${keys[i]}`)
  assert.ok(keys.every((key) => key.length <= 16 && /^[0-9A-Za-z]+$/.test(key)))
  let top = keyBetween(null, null)
  for (let i = 0; i < 100_000; i++) {
    const next = keyBetween(top, null, random)
    assert.ok(next > top)
    top = next
  }
  assert.equal(top.length, 6)
})

test('keys squeezed into one place get long, and a run of them stands between its ends', () => {
  let above = keyBetween('V00000', null)
  let count = 0
  while (keyBetween('V00000', above).length <= KEY_LENGTH_MAX) {
    above = keyBetween('V00000', above)
    assert.ok(above > 'V00000')
    count++
  }
  assert.ok(count > 200)
  const run = keysBetween('V00000', above, 40)
  const sorted = [...new Set(run)].sort()
  assert.deepEqual(sorted, run)
  assert.ok(run.every((key) => key > 'V00000' && key < above))
})

test('what is new has a key that the room takes, over whatever there is', () => {
  const top = 'z'.repeat(KEY_LENGTH_MAX)
  assert.deepEqual(newKeysBetween(top, null, 2), [top, top])
  assert.deepEqual(
    newKeysBetween(null, '0'.repeat(KEY_LENGTH_MAX), 1).map((key) => key.length <= 64),
    [true],
  )
  const [key] = newKeysBetween('V00000', null, 1)
  assert.ok(key! > 'V00000' && key!.length === 6)
})

test('a time that no Date can tell is none', () => {
  const last = 8.64e15
  assert.deepEqual([last, last + 1, -1, '1', undefined].map(timeOf), [last, 0, 0, 0, 0])
  assert.ok(new Date(last).toISOString() !== '')
})

test('equal keys are told apart by their ids', () => {
  assert.ok(compareOrder({ z: 'a', id: '1' }, { z: 'a', id: '2' }) < 0)
  assert.ok(compareOrder({ z: 'b', id: '1' }, { z: 'a', id: '2' }) > 0)
})

test('an object comes back from its record as it was', () => {
  const patch: Patch = {
    type: 'arrow',
    x: 10.125,
    y: -3,
    colour: 5,
    size: 3.5,
    dash: 1,
    opacity: 0.4,
    points: [80, -16],
    start: 'a',
    startAt: [0.25, 0.5],
    bend: 12.5,
    heads: 3,
    groups: ['g', 'h'],
    frame: 'f',
  }
  const { id, ...fields } = object('o', patch)
  for (const [key, value] of Object.entries(patch)) {
    assert.deepEqual(fields[key as keyof typeof fields], value, key)
  }
})

test('records of strangers are no objects, or have what is left of them', () => {
  assert.equal(decode('o', { type: 11 }), undefined)
  assert.equal(decode('o', {}), undefined)
  const strange = decode('o', { type: 0, points: ['a', 1], groups: 7, x: 'left', image: 'x' })!
  assert.deepEqual([strange.points, strange.groups, strange.x, strange.image], [[], [], 0, null])
})

test('one step forward goes past what overlaps, also where keys are equal or too long', () => {
  const long = `V00000${'0'.repeat(57)}1`
  const orders: [string, string, string, string][] = [
    ['V00000', 'V00001', 'V00002', 'V00003'],
    ['V00000', 'V00000', 'V00000', 'V00000'],
    ['V00000', long, 'V00001', 'V00002'],
  ]
  for (const keys of orders) {
    const box: Patch = { type: 'rectangle', w: 100, h: 100, size: 2 }
    const [a, b, far, c] = keys.map((z, i) =>
      object('abcd'[i]!, { ...box, z, x: i === 2 ? 900 : 0 }),
    )
    const scene = sceneOf([a!, b!, far!, c!], false)
    const order = (edits: readonly Edit[]) => {
      const moved = new Map(edits.map((edit) => [edit.id, 'set' in edit ? edit.set : {}]))
      const all = scene.all.map((each) => ({ ...each, ...moved.get(each.id) }) as BoardObject)
      assert.ok(all.every(({ z }) => z.length <= KEY_LENGTH_MAX))
      return all
        .sort(compareOrder)
        .map(({ id }) => id)
        .join('')
    }
    assert.equal(order([]), 'abcd')
    assert.equal(order(reorder(scene, ['a'], 'forward')), 'bacd')
    assert.equal(order(reorder(scene, ['b'], 'forward')), 'acdb')
    assert.equal(order(reorder(scene, ['d'], 'backward')), 'adbc')
    assert.equal(order(reorder(scene, ['c', 'a'], 'front')), 'bdac')
    assert.equal(order(reorder(scene, ['d', 'c'], 'back')), 'cdab')
    assert.deepEqual(reorder(scene, ['d'], 'front'), [])
    assert.deepEqual(reorder(scene, ['c'], 'forward'), [])
  }
})

test('a group is resized with all that is in it', () => {
  const box = object('box', { type: 'rectangle', x: 0, y: 0, w: 100, h: 100, size: 2 })
  const pen = object('pen', {
    type: 'stroke',
    x: 100,
    y: 0,
    points: [0, 0, 60, 200, 200, 60],
    size: 2,
  })
  const line = object('line', { type: 'line', x: 0, y: 0, points: [800, 800], size: 2 })
  const scene = sceneOf([box, pen, line])
  const all = scene.all
  const from = scene.boundsOfAll(['box', 'pen', 'line'])!
  assert.deepEqual(from, { x: 0, y: 0, w: 200, h: 100 })
  const patches = resized(all, from, { x: 0, y: 0, w: 400, h: 50 }, scene, 'se')
  assert.deepEqual(patches.get('box'), { x: 0, y: 0, w: 200, h: 50 })
  const stroke = { ...pen, ...patches.get('pen') } as BoardObject
  assert.deepEqual(strokeBox(stroke), { x: 200, y: 0, w: 200, h: 50 })
  assert.deepEqual(scaleOf(stroke), { x: 2, y: 0.5 })
  assert.deepEqual(patches.get('line')!.points, [1600, 400])
})

test('a turned thing is pulled in its own frame: the far side stays', () => {
  const box = object('o', {
    type: 'rectangle',
    x: 0,
    y: 0,
    w: 100,
    h: 40,
    angle: Math.PI / 2,
    size: 2,
  })
  const scene = sceneOf([box])
  const to = { x: 0, y: 0, w: 150, h: 40 }
  const patches = resized([box], { x: 0, y: 0, w: 100, h: 40 }, to, scene, 'e')
  const bounds = boundsOf({ ...box, ...patches.get('o') } as BoardObject, nothing)
  const before = boundsOf(box, nothing)
  assert.ok(Math.abs(bounds.y - before.y) < 1e-9)
  assert.ok(Math.abs(bounds.h - 150) < 1e-9)
  assert.ok(Math.abs(middleOf(bounds).x - middleOf(before).x) < 1e-9)
})

test('things turn together about one place', () => {
  const one = object('a', { type: 'rectangle', x: 0, y: 0, w: 100, h: 100, size: 2 })
  const line = object('b', { type: 'line', x: 200, y: 50, points: [800, 0], size: 2 })
  const patches = rotated([one, line], { x: 50, y: 50 }, Math.PI / 2, sceneOf([one, line]))
  const turned = patches.get('a')!
  assert.ok(Math.abs(turned.x!) < 1e-9 && turned.angle === Math.PI / 2)
  const end = patches.get('b')!
  assert.deepEqual([end.x, end.y, end.points], [50, 200, [0, 800]])
})

test('an arrow ends at the border of what it points at, turned or round', () => {
  const arrow = object('arrow', {
    type: 'arrow',
    points: [8000, 0],
    size: 2,
    end: 't',
    endAt: [0.5, 0.5],
  })
  for (const type of ['rectangle', 'ellipse', 'diamond'] as const) {
    for (const angle of [0, 0.3, 1, 2.5]) {
      const target = object('t', { type, x: 400, y: -50, w: 200, h: 100, angle, size: 2 })
      const { flat } = courseOf(arrow, (id) => (id === 't' ? target : undefined))
      const tip = flat.at(-1)!
      const near = Math.min(
        ...borderOf(target).map((a, i, all) => {
          const b = all[(i + 1) % all.length]!
          const t =
            ((tip.x - a.x) * (b.x - a.x) + (tip.y - a.y) * (b.y - a.y)) /
            ((b.x - a.x) ** 2 + (b.y - a.y) ** 2)
          const clamped = Math.max(0, Math.min(1, t))
          return Math.hypot(
            tip.x - a.x - (b.x - a.x) * clamped,
            tip.y - a.y - (b.y - a.y) * clamped,
          )
        }),
      )
      assert.ok(near <= 4.1 && near > 0, `${type} at ${angle}: ${near}`)
      assert.equal(hit(target, tip, 0, nothing), null)
    }
  }
  const gone = courseOf(arrow, nothing).flat.at(-1)!
  assert.deepEqual(gone, { x: 1000, y: 0 })
})

test('a rubber takes off what it passes, and two cuts are one where they meet', () => {
  const points = [0, 0, 60, ...Array.from({ length: 20 }, () => [20, 0, 60]).flat()]
  const pen = object('pen', { type: 'stroke', points, size: 1 })
  const cuts = cutsOf(pen, { x: 100, y: -30 }, { x: 100, y: 30 }, 10)
  assert.equal(cuts.length, 2)
  const [from, to] = cuts as [number, number]
  assert.ok(Math.abs(from - 16 * 9) <= 2 && Math.abs(to - 16 * 11) <= 2, `${from} ${to}`)
  const left = stretchesOf({ ...pen, cuts: [...cuts, 170, 200] })
  assert.deepEqual(left, [
    [0, from / 16],
    [200 / 16, 20],
  ])
  assert.deepEqual(stretchesOf({ ...pen, cuts: [0, 9_999] }), [])
  assert.deepEqual(cutsOf(pen, { x: 100, y: 60 }, { x: 140, y: 60 }, 10), [])
})

test('what is cut away is not hit, and not in the way of an area', () => {
  const points = [0, 0, 60, 200, 0, 60, 200, 0, 60]
  const pen = object('pen', { type: 'stroke', points, size: 1, cuts: [0, 16] })
  assert.equal(hit(pen, { x: 50, y: 0 }, 2, nothing), null)
  assert.equal(hit(pen, { x: 150, y: 0 }, 2, nothing), 'solid')
  const scene = sceneOf([pen])
  assert.deepEqual(scene.touchedBy({ x: 40, y: -5, w: 20, h: 10 }), [])
  assert.equal(scene.touchedBy({ x: 140, y: -5, w: 20, h: 10 }).length, 1)
})

test('a click means the uppermost thing, and inside hollow ones the smallest', () => {
  const outer = object('outer', { type: 'rectangle', w: 400, h: 400, size: 2 })
  const inner = object('inner', { type: 'ellipse', x: 100, y: 100, w: 100, h: 100, size: 2 })
  const full = object('full', { type: 'rectangle', x: 300, y: 300, w: 50, h: 50, size: 2, fill: 3 })
  const scene = sceneOf([inner, outer, full])
  assert.equal(scene.at({ x: 150, y: 150 }, 4)?.id, 'inner')
  assert.equal(scene.at({ x: 300, y: 40 }, 4)?.id, 'outer')
  assert.equal(scene.at({ x: 320, y: 320 }, 4)?.id, 'full')
  assert.equal(scene.at({ x: 500, y: 500 }, 4), undefined)
})

test('bounds hold every corner of what is turned', () => {
  const box = object('o', { type: 'rectangle', w: 100, h: 40, angle: 0.7, size: 2 })
  const bounds = boundsOf(box, nothing)
  const around = boxAround(borderOf(box))
  for (const side of ['x', 'y', 'w', 'h'] as const)
    assert.ok(Math.abs(bounds[side] - around[side]) < 1e-6)
})

/** Where a stroke's line goes, step by step. */
function lineOf(stroke: BoardObject, apart?: number): number[][] {
  const steps: number[][] = []
  const step = (...at: number[]) => void steps.push(at)
  const sink = { moveTo: step, lineTo: step, quadraticCurveTo: step, bezierCurveTo: step }
  traceLine(stroke, { ...sink, closePath: step }, apart)
  return steps
}

test('a line is the same straight from its record and from a stretch that is all of it', () => {
  const random = randomOf(11)
  for (const count of [1, 2, 3, 50]) {
    const motion = () => Math.floor(40 * random()) - 20
    const points = [0, 0, 60, ...Array.from({ length: 3 * (count - 1) }, motion)]
    const stroke = object('a', { type: 'stroke', w: 2_048, points })
    const behind = 16 * count
    assert.deepEqual(lineOf(stroke), lineOf({ ...stroke, cuts: [behind, behind + 16] }))
  }
})

test('from afar a line leaves out points that are close, and never its ends', () => {
  const points = [0, 0, 60, ...Array.from({ length: 99 }, () => [2, 0, 60]).flat(), 1, 1, 60]
  const stroke = object('a', { type: 'stroke', points })
  assert.equal(lineOf(stroke, 0).length, 101)
  const thin = lineOf(stroke, 10)
  assert.ok(thin.length <= 12, `${thin.length} steps`)
  assert.deepEqual(thin[0], [0, 0])
  assert.deepEqual(thin.at(-1), [99.5, 0.5])
  const dot = object('b', { type: 'stroke', points: points.slice(0, 3) })
  assert.deepEqual(lineOf(dot, 10), lineOf(dot, 0))
  assert.equal(lineOf(dot, 10).length, 2)
})

test('what reaches out of the board is no part of what there is to show', () => {
  const box = object('box', { type: 'rectangle', x: 100, y: 100, w: 80, h: 80 })
  const wide = { type: 'stroke', points: [4_194_304, 0, 64, 4_194_304, 0, 64] } as const
  assert.deepEqual(sceneOf([box, object('wide', wide)]).extent, sceneOf([box]).extent)
  assert.equal(sceneOf([object('wide', wide)]).extent, null)
})

test('parts of a group are found in their order, whatever comes and goes', () => {
  const part = (id: string, groups: string[]) =>
    object(id, { type: 'rectangle', w: 10, h: 10, groups })
  const scene = sceneOf([part('a', ['g']), part('b', []), part('c', ['g', 'h']), part('d', ['h'])])
  const inGroup = (group: string) => scene.inGroup(group).map(({ id }) => id)
  assert.deepEqual([inGroup('g'), inGroup('h'), inGroup('x')], [['a', 'c'], ['c', 'd'], []])
  scene.preview(new Map([['a', { groups: ['h'] }]]))
  assert.deepEqual([inGroup('g'), inGroup('h')], [['c'], ['a', 'c', 'd']])
  scene.preview(new Map())
  assert.deepEqual(inGroup('g'), ['a', 'c'])
})

test('a preview tells of what it changes, and of nothing else', () => {
  const box = (id: string) => object(id, { type: 'rectangle', w: 10, h: 10 })
  const scene = sceneOf(['a', 'b', 'c'].map(box))
  const told: string[] = []
  scene.on('change', ({ id }) => told.push(id))
  scene.preview(new Map([['a', { opacity: 0.25 }]]))
  scene.preview(
    new Map([
      ['a', { opacity: 0.25 }],
      ['b', { x: 5 }],
    ]),
  )
  scene.preview(
    new Map([
      ['a', { opacity: 0.5 }],
      ['b', { x: 5 }],
    ]),
  )
  assert.deepEqual(told, ['a', 'b', 'a'])
  scene.preview(new Map())
  assert.equal(scene.find('a')!.opacity, 1)
  assert.equal(scene.extent!.x, sceneOf([box('a')]).extent!.x)
})

test('a draft shows as its record will, and leaves nothing', () => {
  const scene = sceneOf([object('a', { type: 'rectangle', w: 10, h: 10 })])
  const before = scene.extent
  scene.preview(
    new Map([['new', { type: 'ellipse', z: 'zz', x: 500, y: 0, w: 40, h: 30, opacity: 0.5 }]]),
  )
  assert.deepEqual(
    scene.all.map(({ id }) => id),
    ['a', 'new'],
  )
  assert.equal(scene.find('new')!.opacity, 0.5)
  assert.notDeepEqual(scene.extent, before)
  scene.preview(new Map())
  assert.equal(scene.find('new'), undefined)
  assert.deepEqual(scene.extent, before)
})

test('a frame goes under what it is drawn around, and holds it', () => {
  const box = (id: string, x: number, patch: Patch = {}) =>
    object(id, { type: 'rectangle', x, y: 10, w: 10, h: 10, ...patch })
  const around = { x: 0, y: 0, w: 100, h: 100 }
  const scene = sceneOf([
    box('outer', -500, { type: 'frame', y: -500, w: 2_000, h: 2_000 }),
    box('beside', 300),
    box('within', 20),
    box('locked', 40, { lock: 1 }),
    box('half', 95),
    box('own', 0, { type: 'frame', y: 0, w: 100, h: 100 }),
  ])
  const z = orderOfFrame(scene, around, 'own')
  assert.ok(z > scene.find('beside')!.z && z < scene.find('within')!.z)
  assert.deepEqual(enclosed(scene, around, 'own'), [{ id: 'within', set: { frame: 'own' } }])
  const empty = { x: 600, y: 600, w: 50, h: 50 }
  assert.ok(orderOfFrame(scene, empty, 'own') > scene.find('half')!.z)
})

test('what is made in a locked frame is not put into it', () => {
  const frame = { type: 'frame', w: 100, h: 100 } as const
  const at = { x: 40, y: 40, w: 10, h: 10 }
  assert.equal(frameFor(sceneOf([object('f', frame)]), at), 'f')
  assert.equal(frameFor(sceneOf([object('f', { ...frame, lock: 1 })]), at), null)
})

test('a copy takes along what frames in frames hold, a move leaves out what is locked', () => {
  const frame = (id: string, patch: Patch = {}) =>
    object(id, { type: 'frame', w: 9, h: 9, ...patch })
  const scene = sceneOf([
    frame('a'),
    frame('b', { frame: 'a', lock: 1 }),
    frame('c', { frame: 'b' }),
    frame('d'),
  ])
  assert.deepEqual(
    withAllHeld(scene, ['a']).map(({ id }) => id),
    ['a', 'b', 'c'],
  )
  assert.deepEqual(
    withHeld(scene, ['a']).map(({ id }) => id),
    ['a'],
  )
})

test('words paint nowhere but where their object paints', () => {
  const written = (patch: Patch) =>
    object('o', { x: 50, y: 70, ...patch, text: textItems('Far too many words. '.repeat(200))! })
  const arrow = { type: 'arrow', points: [4_000, 0] } as const
  const cases = [
    written({ type: 'note', w: 60, h: 40 }),
    written({ type: 'rectangle', w: 1, h: 1 }),
    written({ type: 'diamond', w: 200, h: 20 }),
    written({ type: 'frame', w: 30, h: 30 }),
    sized(written({ type: 'text', w: 3, fontSize: 60 })),
    written({ ...arrow, fontSize: 90 }),
  ]
  for (const each of cases) {
    const { within } = wordsOf(each, nothing)!
    const onBoard = { ...within, x: within.x + each.x, y: within.y + each.y }
    const slack = grown(paintBox(each, nothing), 0.001)
    assert.ok(contains(slack, onBoard), `${each.type} ${JSON.stringify([onBoard, slack])}`)
  }
  const [note] = cases
  const svg = svgOf(
    [note!],
    { theme: 'light', find: nothing, image: () => null },
    {
      box: { x: 0, y: 0, w: 300, h: 300 },
      background: true,
      images: new Map(),
    },
  )
  assert.match(svg, /<svg x="0" y="0" width="60" height="40" viewBox="0 0 60 40"><text/)
})

test('an SVG holds no character that XML does not know', () => {
  const text = object('t', { type: 'text', text: textItems('a\u0001b\ufffec\uffff<')! })
  const svg = svgOf(
    [sized(text)],
    { theme: 'light', find: nothing, image: () => null },
    {
      box: { x: 0, y: 0, w: 9, h: 9 },
      background: false,
      images: new Map(),
    },
  )
  assert.match(svg, />abc&lt;</)
})
