/**
 * Ten people at one board who do everything at once while their lines break: two before the real
 * application in a browser, eight before the library and the board's modules. In the end, all have
 * to see the same, and no letter may be missing.
 */
import '../../src/node.js'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath, resolve } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import { textItems, textOf } from '../../src/board/text.js'
import { join, type Room } from '../../src/tutti.js'
// @ts-expect-error plain JavaScript
import { startServer, startWire } from '../server/server.mjs'
import { NodePerson } from './node_person.js'
import { arrival, PagePerson } from './page_person.js'
import { Chance, countOf, pause, recordsOf } from './person.js'
import type { Person, Seat, Wire } from './person.js'
import { compare, viewOf, viewsOf, type Likeness } from './pictures.js'

const ROOM = 'crowd'
const NAMES = [
  'Ada',
  'Nadia',
  'Clara',
  'Fanny',
  'Amy',
  'Lili',
  'Florence',
  'Ethel',
  'Teresa',
  'Mel',
]
/** None of them is in a name or in what else is written on the shared things. */
const LETTERS = 'ABCDEFGHIJ'
const PAGES = 2
/** For what is on its way to arrive, on a busy machine. */
const SETTLE_MS = 60_000

export interface CrowdOptions {
  readonly seconds: number
  readonly seed: number
  /** The application's pages and the built library; from clients/js. */
  readonly www?: string
  readonly dist?: string
}

export interface PersonResult {
  readonly person: Person
  readonly hash: string
  readonly cuts: number
}

export interface CrowdResult {
  readonly people: readonly PersonResult[]
  /** What someone sees who comes in the end, and who comes after a restart of the server. */
  readonly late: string
  readonly restarted: string
  readonly objects: number
  readonly remarks: number
  /** Letters that were written and not taken back. */
  readonly letters: number
  readonly lost: number
  readonly doubled: number
  readonly pictures: readonly Likeness[]
  /** Where two see different things, the lines of both that differ. */
  readonly differences: readonly string[]
  readonly isEqual: boolean
}

export async function runCrowd(options: CrowdOptions): Promise<CrowdResult> {
  const data = mkdtempSync(joinPath(tmpdir(), 'tutti-crowd-data-'))
  const start = () =>
    startServer({
      data,
      flags: [
        ...['--www', options.www ?? process.env['TUTTI_WWW'] ?? resolve('../examples')],
        ...['--client', options.dist ?? process.env['TUTTI_CLIENT'] ?? resolve('dist')],
      ],
    })
  let server = await start()
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  })
  const people: Person[] = []
  const wires: Wire[] = []
  try {
    const shared = await setTable(server.port)
    for (const [number, name] of NAMES.entries()) {
      const wire: Wire = await startWire(server.port)
      wires.push(wire)
      const letter = LETTERS[number]!
      const seat: Seat = { number, name, letter, seed: options.seed, room: ROOM, wire, shared }
      people.push(
        number < PAGES ? await PagePerson.enter(seat, browser) : await NodePerson.enter(seat),
      )
    }
    const cuts = await play(people, options)
    const all = await settle(people)
    const late = await newcomer(server.port)
    const { lost, doubled, letters } = countLetters(late, people)
    const pictures = await comparePages(people, browser, server.port)
    const figures = { objects: late.collection('objects').size, remarks: remarksOf(late) }
    const lateRecords = recordsOf(late)
    await late.leave()
    await Promise.all(people.map((person) => person.leave()))
    people.length = 0
    await server.stop()
    server = await start()
    const restarted = await newcomer(server.port)
    const restartedRecords = recordsOf(restarted)
    await restarted.leave()
    const seen = [...all.map(({ records }) => records), restartedRecords]
    const differences = seen.flatMap((records) => difference(records, lateRecords))
    const isEqual =
      differences.length === 0 && lost === 0 && doubled === 0 && pictures.every(isAlike)
    return {
      people: all.map(({ person, records }, i) => ({
        person,
        hash: hashOf(records),
        cuts: cuts[i]!,
      })),
      late: hashOf(lateRecords),
      restarted: hashOf(restartedRecords),
      ...figures,
      letters,
      lost,
      doubled,
      pictures,
      differences,
      isEqual,
    }
  } finally {
    await Promise.allSettled(people.map((person) => person.leave()))
    await Promise.allSettled(wires.map((wire) => wire.close()))
    await browser.close()
    await server.stop()
    rmSync(data, { recursive: true, force: true })
  }
}

/** The things that all write on. */
async function setTable(port: number): Promise<string[]> {
  const room = await newcomer(port)
  const objects = room.collection('objects')
  const box = (type: number, x: number, y: number, more = {}) => {
    const id = objects.newId()
    const z = `i${String(x + 5_000).padStart(5, '0')}`
    objects.put(id, { type, z, x, y, w: 180, h: 150, colour: 4, size: 4, font_size: 20, ...more })
    return id
  }
  const shared = [
    box(7, -600, -300),
    box(7, -350, -300),
    box(1, -100, -300, { fill: 3 }),
    box(2, 150, -300, { fill: 5 }),
    box(3, 400, -300),
    box(9, -600, 50, { w: 400, h: 300, colour: 0 }),
    box(5, -150, 50, { points: [1600, 900], w: null, h: null, text: textItems('-') }),
    box(6, 100, 50, { h: null, w: 300, text: textItems('-') }),
  ]
  await Promise.all(shared.map((id) => objects.set(id, { opacity: 100 }).saved))
  await room.leave()
  return shared
}

function newcomer(port: number): Promise<Room> {
  const signal = AbortSignal.timeout(SETTLE_MS)
  return join(`ws://127.0.0.1:${port}`, ROOM, { kind: 'board', signal })
}

/** Everyone acts, and every line breaks now and then; gives how often each one did. */
async function play(people: readonly Person[], { seconds, seed }: CrowdOptions): Promise<number[]> {
  const end = performance.now() + seconds * 1_000
  const isOver = () => performance.now() >= end
  const act = async (person: Person) => {
    while (!isOver()) await person.act()
  }
  const [cuts] = await Promise.all([
    Promise.all(people.map((person) => disturb(person.seat, seed, isOver))),
    Promise.all(people.map(act)),
  ])
  return cuts
}

/** Cut at once, away for a while, or in doubt what has arrived. */
async function disturb({ wire, number }: Seat, seed: number, isOver: () => boolean) {
  let cuts = 0
  for (let i = 0; !isOver(); i++) {
    const chance = new Chance(seed * 7_919 + number * 104_729 + i)
    const rest = performance.now() + chance.between(2_000, 18_000)
    while (!isOver() && performance.now() < rest) await pause(50)
    if (isOver()) break
    const how = chance.weighed({ cut: 3, away: 3, doubt: 2 })
    const ms = chance.between(300, 5_000)
    cuts++
    wire.refuses = how === 'away'
    wire.stalls = how === 'doubt'
    if (how === 'doubt') await pause(ms / 3)
    wire.cut()
    wire.stalls = false
    if (how === 'away') await pause(ms)
    wire.refuses = false
  }
  return cuts
}

/** Waits until nothing is on its way and all see the same, or until that takes too long. */
async function settle(people: readonly Person[]): Promise<{ person: Person; records: string }[]> {
  const end = performance.now() + SETTLE_MS
  for (;;) {
    await Promise.all(people.map((person) => person.finish()))
    // Longer than anything that waits to be written: see `Texts`.
    await pause(1_500)
    const quiet = await Promise.all(people.map((person) => person.isQuiet()))
    const all = await Promise.all(
      people.map(async (person) => ({ person, records: await person.records() })),
    )
    const isSame = quiet.every(Boolean) && all.every(({ records }) => records === all[0]!.records)
    if (isSame || performance.now() > end) return all
  }
}

function countLetters(room: Room, people: readonly Person[]) {
  let [letters, lost, doubled] = [0, 0, 0]
  for (const { seat, letters: wanted } of people) {
    for (const [id, count] of wanted) {
      const found = countOf(seat.letter, textOf(room.collection('objects').get(id)?.['text']))
      letters += count
      lost += Math.max(0, count - found)
      doubled += Math.max(0, found - count)
    }
  }
  return { letters, lost, doubled }
}

/** Drawn anew, to the pixel. */
function isAlike({ isAnew, different, spots, inked }: Likeness): boolean {
  return inked > 0 && spots === 0 && (different === 0 || !isAnew)
}

const remarksOf = (room: Room) => room.collection('comments').size + room.collection('replies').size

/** One who was there all the time with the other, and with one who has just come. */
async function comparePages(
  people: readonly Person[],
  browser: Browser,
  port: number,
): Promise<Likeness[]> {
  const [one, other] = people.flatMap((person) => (person instanceof PagePerson ? person.page : []))
  const context = await browser.newContext({ viewport: one!.viewportSize() })
  const fresh: Page = await context.newPage()
  await fresh.goto(`http://127.0.0.1:${port}/board/?room=${ROOM}&look`)
  await arrival(fresh)
  const likenesses: Likeness[] = []
  for (const page of [one!, other!]) {
    likenesses.push(await compare(page, fresh, await viewOf(page), false))
  }
  for (const view of await viewsOf(one!)) {
    likenesses.push(await compare(one!, other!, view, true), await compare(one!, fresh, view, true))
  }
  await context.close()
  return likenesses
}

function hashOf(records: string): string {
  return createHash('sha256').update(records).digest('hex').slice(0, 16)
}

const SHOWN_LENGTH = 200
const SHOWN_LINES = 6

/** Lines that only one of them has. */
function difference(a: string, b: string): string[] {
  if (a === b) return []
  const [inA, inB] = [new Set(a.split('\n')), new Set(b.split('\n'))]
  const only = (mark: string, lines: Set<string>, other: Set<string>) =>
    [...lines]
      .filter((line) => !other.has(line))
      .slice(0, SHOWN_LINES)
      .map((line) => `${mark} ${line.slice(0, SHOWN_LENGTH)}`)
  return [...only('-', inA, inB), ...only('+', inB, inA)]
}
