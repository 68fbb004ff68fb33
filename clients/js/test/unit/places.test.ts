import assert from 'node:assert/strict'
import { test } from 'node:test'
import { meets } from '../../src/board/geometry.js'
import { LOOKS_MAX, Places } from '../../src/board/places.js'

interface Thing {
  readonly minX: number
  readonly minY: number
  readonly maxX: number
  readonly maxY: number
}

/** The same numbers in every run. */
function randomness(seed: number): (below: number) => number {
  return (below) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed % below
  }
}

test('things are found where they are, before there is a tree and after', () => {
  const random = randomness(7)
  const boxAt = () => ({ x: random(400), y: random(300), w: random(90), h: random(90) })
  const thing = (): Thing => {
    const { x, y, w, h } = boxAt()
    return { minX: x, minY: y, maxX: x + w, maxY: y + h }
  }
  let all: Thing[] = Array.from({ length: 150 }, thing)
  const places = new Places(() => all)
  const check = () => {
    const box = boxAt()
    const wanted = all.filter(({ minX, minY, maxX, maxY }) =>
      meets(box, { x: minX, y: minY, w: maxX - minX, h: maxY - minY }),
    )
    const found = places.in(box)
    assert.equal(found.length, wanted.length)
    assert.deepEqual(new Set(found), new Set(wanted))
  }
  for (let round = 0; round < 3; round++) {
    for (let look = 0; look < 2 * LOOKS_MAX; look++) {
      const gone = all[random(all.length)]!
      all = all.filter((each) => each !== gone)
      places.remove(gone)
      const next = thing()
      all.push(next)
      places.insert(next)
      check()
    }
    all = all.map(thing)
    places.forget()
  }
})

test('what touches a box with its edge alone is in it', () => {
  const edge: Thing = { minX: 10, minY: 10, maxX: 20, maxY: 20 }
  const places = new Places(() => [edge])
  for (let look = 0; look <= LOOKS_MAX; look++) {
    assert.deepEqual(places.in({ x: 20, y: 20, w: 5, h: 5 }), [edge])
    assert.deepEqual(places.in({ x: 21, y: 20, w: 5, h: 5 }), [])
    assert.deepEqual(places.in({ x: 0, y: 0, w: 10, h: 10 }), [edge])
    assert.deepEqual(places.in({ x: 0, y: 0, w: 9, h: 10 }), [])
  }
})
