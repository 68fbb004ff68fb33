import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import '../../src/node.js'
import { sizeOf, Writer } from '../../src/msgpack.js'
import { Traffic } from '../../src/traffic.js'
import type { Value } from '../../src/value.js'
import { Bench } from './bench.js'
import { Game, sumOf } from './game.js'
import { bytesOf, frame, PRESENCE, RESTART, run, section, SHAPES, type Json } from './messages.js'

test('the size of a value is that of what is written', () => {
  const values: Value[] = [
    null,
    true,
    'é'.repeat(20),
    'a'.repeat(40),
    '',
    new Uint8Array(300),
    0.5,
    0.1,
  ]
  for (let bits = 0; bits < 53; bits++) {
    for (const n of [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]) values.push(n, -n)
  }
  values.push(
    [1, [2, 300]],
    { a: 1, b: [null, { c: 'd' }] },
    new Array(20).fill(1),
    2 ** 53,
    -(2 ** 53),
  )
  for (const value of values) {
    assert.equal(sizeOf(value), new Writer().value(value).finish().length, String(value))
  }
})

function counting(): { bench: Bench; traffic: Traffic } {
  const bench = new Bench().live()
  const traffic = new Traffic(bench.session.replica.names, () => (bench.session.meter = null))
  bench.session.meter = traffic
  return { bench, traffic }
}

test('what comes, by collection and field; the sum is every byte', () => {
  const { bench, traffic } = counting()
  const before = bench.session.stats.bytesIn
  bench.receive(
    frame(1, section(1, 0, 1, run(SHAPES, 2), 1, 1, 0, 300)),
    frame(1, section(1, 0, 2, run(SHAPES, 1), 3, 1, 1, 'bb', 5, 'red', 8 + 7, 1, 'hello')),
    frame(1, section(2, RESTART, 1, run(PRESENCE, 1), 12, 1, 0, 1, 100, 200)),
    frame(1, section(2, 0, 1, run(PRESENCE, 4), 12, 1, 0, 5, 200)),
    [4, 9, 'a notice'],
  )
  assert.equal(sumOf(traffic.in), bench.session.stats.bytesIn - before)
  assert.equal(traffic.in['shapes.x'], 3 + 1)
  assert.equal(traffic.in['shapes.color'], 4)
  assert.equal(traffic.in['event chat'], 1 + 1 + 6)
  assert.equal(traffic.in['presence.x'], 1 + 1)
  assert.equal(traffic.in['presence.y'], 2 + 2)
  assert.equal(traffic.in['shapes'], 4 + 4 + 3)
  assert.equal(traffic.in['notice'], bytesOf([4, 9, 'a notice']).length)
  assert.deepEqual(traffic.out, {})
  traffic.stop()
  bench.receive(frame(1))
  assert.equal(sumOf(traffic.in), bench.session.stats.bytesIn - before - 3)
})

test('deflated sections count for what they take on the line', () => {
  const { bench, traffic } = counting()
  const text = 'abc'.repeat(200)
  const content = bytesOf([run(SHAPES, 1), 2, 1, 7, 'z', text])
  const deflated = new Uint8Array(deflateRawSync(content))
  const message: Json = frame(1, section(1, 0, 1, deflated, content.length))
  bench.receive(message)
  assert.ok(Math.abs(sumOf(traffic.in) - bytesOf(message).length) < 1e-6)
  assert.ok(traffic.in['shapes.color']! < 60)
})

test('what goes, likewise', () => {
  const { bench, traffic } = counting()
  const before = bench.session.stats.bytesOut
  bench.change(300)
  bench.session.presence.set({ x: 10, y: 20 })
  bench.pass(60)
  bench.session.presence.set({ x: 11, y: 20 })
  bench.pass(60)
  assert.equal(sumOf(traffic.out), bench.session.stats.bytesOut - before)
  assert.equal(traffic.out['shapes.x'], 1 + 3)
  assert.equal(traffic.out['presence.x'], 1 + 1 + 1)
  assert.equal(traffic.out['presence.y'], 1 + 1)
  assert.ok(traffic.out['clock']! > 0)
})

test('every byte of a game is somewhere', () => {
  const game = new Game({ rtt: 50 })
  game.run(2_000)
  const { session } = game
  const before = { ...session.stats }
  const traffic = new Traffic(session.replica.names, () => {})
  session.meter = traffic
  game.run(5_000)
  assert.equal(sumOf(traffic.in), session.stats.bytesIn - before.bytesIn)
  assert.equal(sumOf(traffic.out), session.stats.bytesOut - before.bytesOut)
  assert.ok(traffic.out['inputs']! >= 4 * 295 && traffic.out['inputs']! <= 5 * 305)
})
