import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ghost, type Haunted } from '../../src/ghost.js'
import type { Fields } from '../../src/value.js'

const HZ = 20
const LAST = 400

/** A replay of a car that drives two units in each tick, round a circle of 100; it takes its time to seek. */
class FakeReplay {
  tick = 0
  first = 0
  last = LAST
  hz = HZ
  state = 'ready' as const
  playing = false
  speed = 4
  seeks: number[] = []
  #heard: () => void = () => {}
  #arrive: (() => void) | null = null
  readonly room = {
    on: (_name: string, heard: () => void) => {
      this.#heard = heard
      return () => (this.#heard = () => {})
    },
    collection: (): Iterable<[string, Fields]> => [
      ['car', { x: 2 * this.tick, angle: (2 * this.tick) % 100, name: `t${this.tick}` }],
      ['other', { x: 0 }],
    ],
  }

  seek(to: number): Promise<void> {
    this.seeks.push(to)
    return new Promise((resolve) => {
      this.#arrive = () => {
        this.tick = Math.min(to, this.last)
        resolve()
      }
    })
  }

  play = () => void (this.playing = true)
  pause = () => void (this.playing = false)

  async arrive(): Promise<void> {
    this.#arrive?.()
    this.#arrive = null
    await Promise.resolve()
    await Promise.resolve()
  }

  /** One tick of real time. */
  run(): void {
    if (!this.playing || this.tick >= this.last) return
    this.tick++
    this.#heard()
  }
}

function ghostOf(options: Partial<ConstructorParameters<typeof Ghost>[2]> = {}) {
  const replay = new FakeReplay()
  const time = { seconds: -2 }
  const ghost = new Ghost(replay as unknown as Haunted, () => time.seconds, {
    collection: 'cars',
    ids: ['car'],
    from: 100,
    start: 0,
    fields: { x: {}, angle: { turn: 100 } },
    ...options,
  })
  return { replay, time, ghost }
}

test('it shows what there was as long after its start, whatever the replay is ahead', async () => {
  const { replay, time, ghost } = ghostOf()
  assert.deepEqual([replay.speed, replay.seeks, ghost.sample(0)], [1, [100], []])
  await replay.arrive()
  let most = 0
  for (let i = -160; i < 400; i++) {
    time.seconds = i / 80
    if (i % 4 === 0) replay.run()
    const [[id, car] = [], ...rest] = ghost.sample(0)
    const due = 100 + Math.max(0, time.seconds) * HZ
    assert.deepEqual([id, rest], ['car', []])
    assert.ok(Math.abs((car!['x'] as number) - 2 * due) < 1e-6, `${time.seconds}: ${car!['x']}`)
    assert.ok(Math.abs((car!['angle'] as number) - ((2 * due) % 100)) < 1e-6)
    assert.equal(car!['name'], `t${Math.floor(due)}`)
    most = Math.max(most, replay.tick - due)
  }
  assert.deepEqual(replay.seeks, [100], 'it only waits and goes on')
  assert.ok(most > 0.4 * HZ && most < 2 * HZ, `${most} ticks ahead`)
})

test('one that has fallen behind leaps to what is due', async () => {
  const { replay, time, ghost } = ghostOf()
  await replay.arrive()
  time.seconds = 6
  ghost.sample(0)
  ghost.sample(0)
  assert.deepEqual(replay.seeks, [100, 100 + 6.5 * HZ], 'once')
  await replay.arrive()
  assert.equal(ghost.tick(0), 220)
  time.seconds = 6.5
  assert.equal(ghost.sample(0)[0]![1]['x'], 460)
})

test('behind the last tick it stays where it ended', async () => {
  const { replay, time, ghost } = ghostOf({ from: LAST - 2 })
  await replay.arrive()
  for (let i = 0; i < 5; i++) {
    ghost.sample(0)
    replay.run()
  }
  assert.ok(!ghost.isOver(0))
  time.seconds = 60
  assert.equal(ghost.sample(0)[0]![1]['x'], 2 * LAST)
  assert.ok(ghost.isOver(0))
  assert.deepEqual(replay.seeks, [LAST - 2])
})

test('a stopped one leaves the replay alone', async () => {
  const { replay, ghost } = ghostOf({ ids: undefined as never })
  await replay.arrive()
  assert.equal(ghost.sample(0).length, 2, 'all records')
  assert.ok(replay.playing)
  ghost.stop()
  assert.ok(!replay.playing)
  assert.throws(() => ghostOf({ from: -1 }), { status: 'range' })
})
