// Texts that somebody wrote to hold up everybody else: what they cost is counted, never timed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Doc, encodeStateAsUpdate, mergeUpdates } from 'yjs'
import { layOut, layOutFitted } from '../../src/board/text_layout.js'
import { textItems, textOf } from '../../src/board/text.js'
import { updateOf } from '../../src/board/text_updates.js'

/** As Yjs writes numbers. */
function varUint(value: number): number[] {
  const bytes: number[] = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128)
  return [...bytes, value]
}

const ROOM_FOR = 31_000_000
const NOTHING = Uint8Array.of(0, 0)
const greeting = () => textItems('hello')!

/** Calls `run` while arrays of this kind that are made with a length are counted. */
function arraysMade(kind: 'Array' | 'Uint8Array', run: () => void) {
  const real = globalThis[kind]
  const made = { count: 0, longest: 0 }
  const counting = new Proxy(real as ArrayConstructor, {
    construct(target, args, newTarget) {
      made.count++
      if (typeof args[0] === 'number') made.longest = Math.max(made.longest, args[0])
      return Reflect.construct(target, args, newTarget)
    },
  })
  Object.assign(globalThis, { [kind]: counting })
  try {
    run()
  } finally {
    Object.assign(globalThis, { [kind]: real })
  }
  return made
}

/** One letter of a client whose letters before it nobody has. */
function waiting(client: number, clock: number): Uint8Array {
  const letter = [4, 1, 4, ...Buffer.from('text'), 1, 'x'.charCodeAt(0)]
  return Uint8Array.of(1, 1, ...varUint(client), ...varUint(clock), ...letter, 0)
}

const updateWith = (change: (doc: Doc) => void): Uint8Array => {
  const doc = new Doc()
  change(doc)
  return encodeStateAsUpdate(doc)
}

test('an update that says it has millions of parts has none', () => {
  const hostile = Uint8Array.of(1, ...varUint(ROOM_FOR), 7, 0)
  let text = ''
  const items = [hostile, ...greeting(), hostile]
  const { longest } = arraysMade('Array', () => (text = textOf(items)))
  assert.equal(text, 'hello')
  assert.ok(longest < 1_000, `made room for ${longest}`)
})

test('what waits for letters that never come is gone over a few times, not at each item', () => {
  const items = Array.from({ length: 1_000 }, (_, i) => waiting(i + 1, 5))
  const list = [...items, ...greeting()]
  let text = ''
  const { count } = arraysMade('Uint8Array', () => (text = textOf(list)))
  assert.equal(text, 'hello')
  assert.ok(count < 60 * list.length, `${count} pieces for ${list.length} updates`)
})

test('deletions of the same letters count once', () => {
  const deletions = Array.from({ length: 2_000 }, () => [0, 100]).flat()
  const hostile = Uint8Array.of(0, 1, 9, ...varUint(2_000), ...deletions)
  assert.ok(updateOf([hostile]).length < 20)
})

test('only letters are taken: no lists, embedded things, other documents or huge numbers', () => {
  const strange = [
    updateWith((doc) => doc.getText('text').insertEmbed(0, { a: 1 })),
    updateWith((doc) => doc.getText('text').insert(0, 'bold', { bold: true })),
    updateWith((doc) => doc.getMap('text').set('length', 'x')),
    updateWith((doc) => doc.getArray('text').insert(0, [new Doc()])),
    updateWith((doc) => doc.getText('other').insert(0, 'elsewhere')),
    Uint8Array.of(1, 1, 7, 0, 0, ...varUint(2 ** 52), 0),
    Uint8Array.of(),
    Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 255),
    Uint8Array.of(0, 1),
  ]
  for (const each of strange) assert.deepEqual(updateOf([each]), NOTHING)
  assert.equal(textOf([...strange, ...greeting(), ...strange]), 'hello')
  assert.equal(textOf([null, 'text', 5, {}, [], ...greeting()]), 'hello')
})

test('what people write reads as before, in whatever pieces it comes', () => {
  const doc = new Doc()
  const items: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => items.push(update))
  const text = doc.getText('text')
  for (let i = 0; i < 300; i++) {
    text.insert((i * 7) % (text.length + 1), String.fromCharCode(97 + (i % 26)))
    if (i % 5 === 4) text.delete((i * 3) % text.length, 1)
  }
  assert.equal(textOf(items), text.toString())
  assert.equal(textOf([...items].reverse()), text.toString())
  assert.equal(textOf([mergeUpdates(items.slice(0, 99)), ...items]), text.toString())
})

/** How many letters are looked at: without a canvas each text that is measured is spread. */
function lettersMeasured(run: () => void): number {
  const { reduce } = Array.prototype
  let letters = 0
  Array.prototype.reduce = function (this: unknown[], ...args: never) {
    letters += this.length
    return (reduce as (...args: never) => never).apply(this as never, args)
  } as never
  try {
    run()
  } finally {
    Array.prototype.reduce = reduce
  }
  return letters
}

test('one endless word is broken without measuring each of its beginnings', () => {
  const word = 'endless'.repeat(4_000)
  for (const [size, width] of [
    [4, 26_000],
    [4, 60],
    [20, 1],
  ] as const) {
    let lines: readonly { text: string }[] = []
    const letters = lettersMeasured(() => (lines = layOut(word, 0, size, width).lines))
    assert.equal(lines.map(({ text }) => text).join(''), word)
    assert.ok(letters < 60 * word.length, `${letters} letters measured for ${word.length}`)
  }
  const letters = lettersMeasured(() => layOutFitted(word, 1, 512, 300, 200))
  assert.ok(letters < 600 * word.length, `${letters} letters measured`)
})

test('a word breaks where a letter more would not fit', () => {
  const { lines } = layOut('ab😀defghij', 2, 100, 165)
  assert.deepEqual(
    lines.map(({ text, from, to }) => [text, from, to]),
    [
      ['ab😀', 0, 4],
      ['def', 4, 7],
      ['ghi', 7, 10],
      ['j', 10, 11],
    ],
  )
})
