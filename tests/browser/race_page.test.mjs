// The race's page apart from racing: hands on keys and gamepads, what it says and sounds, what it does
// when something is missing or fails.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Commentary } from '../../clients/examples/race/commentary.js'
import { beginningOf, titleOf } from '../../clients/examples/race/best_lap.js'
import { latest } from '../../clients/examples/race/asking.js'
import { nameOf } from '../../clients/examples/race/names.js'
import { roomFor } from '../../clients/examples/race/open_races.js'
import { Pace } from '../../clients/examples/race/pace.js'
import { assertNoFaults, screenshot } from './browser.mjs'
import { BOUNDED, browser, openStage, server } from './stage.mjs'

const PAGE = { timeout: 120_000 }
const [STRAIGHT, RIGHT, LEFT] = [15, 30, 0]
const [THROTTLE, BRAKE, HANDBRAKE] = [32, 64, 128]

openStage()

/** A page that drives, in a browser that is old, has scripted gamepads and remembers its sounds. */
async function driver(room, { prepare, ...options } = {}) {
  const page = await browser.visit(`${server.address}/race/?room=${room}&private`, {
    seat: { name: 'Ada Byron', part: 4 },
    ...options,
    prepare: async (page) => {
      await page.addInitScript(() => {
        delete CanvasRenderingContext2D.prototype.roundRect
        globalThis.pads = []
        navigator.getGamepads = () => globalThis.pads
        globalThis.sounds = []
        globalThis.AudioContext = class extends AudioContext {
          constructor() {
            super()
            globalThis.sounds.push(this)
          }
        }
      })
      await prepare?.(page)
    },
  })
  await page.click('#ready')
  await page.waitForFunction(() => globalThis.race?.game.isDriving)
  return page
}

/** The input of one tick, as the page's hands are now. */
function input(page) {
  return page.evaluate(() => globalThis.race.controls.read(0))
}

async function hide(page, isHidden) {
  await page.evaluate((isHidden) => {
    const state = isHidden ? 'hidden' : 'visible'
    Object.defineProperty(document, 'visibilityState', { value: state, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  }, isHidden)
}

/** A gamepad of the usual layout with these axes and buttons, or none. */
async function hold(page, ...gamepads) {
  await page.evaluate((gamepads) => {
    globalThis.pads = gamepads.map((gamepad) => {
      if (gamepad === null) return null
      const { axes = [0, 0], pressed = {}, ...rest } = gamepad
      const buttons = Array.from({ length: 17 }, (_, i) => ({ value: pressed[i] ?? 0 }))
      return { connected: true, mapping: 'standard', axes, buttons, ...rest }
    })
  }, gamepads)
  return input(page)
}

async function keysNeverStick(page) {
  await page.keyboard.down('ArrowUp')
  await page.keyboard.down('w')
  assert.equal(await input(page), STRAIGHT | THROTTLE)
  await page.keyboard.up('w')
  assert.equal(await input(page), STRAIGHT | THROTTLE, 'the other key is down still')
  await page.keyboard.down('Control')
  await page.keyboard.up('ArrowUp')
  await page.keyboard.up('Control')
  assert.equal(await input(page), STRAIGHT)
  await page.keyboard.down('Control')
  await page.keyboard.down('ArrowUp')
  assert.equal(await input(page), STRAIGHT, 'it is the browser’s')
  await page.keyboard.up('ArrowUp')
  await page.keyboard.up('Control')

  for (const leave of [
    () => hide(page, true),
    () => page.evaluate(() => dispatchEvent(new Event('blur'))),
  ]) {
    await page.keyboard.down('ArrowDown')
    assert.equal(await input(page), STRAIGHT | BRAKE)
    await leave()
    assert.equal(await input(page), STRAIGHT)
    await page.keyboard.up('ArrowDown')
    await hide(page, false)
  }
  await page.keyboard.down('ArrowDown')
  await page.keyboard.down('Meta')
  await page.keyboard.up('Meta')
  assert.equal(await input(page), STRAIGHT, 'what goes up beside Meta is not told everywhere')
  await page.keyboard.up('ArrowDown')

  await page.click('#camera')
  await page.keyboard.down('Space')
  assert.equal(await input(page), STRAIGHT | HANDBRAKE)
  await page.keyboard.up('Space')
  assert.equal(
    await page.getAttribute('#camera', 'aria-pressed'),
    'false',
    'pressed by the click alone',
  )

  await page.keyboard.press('n')
  await page.getByText('Simulated line').click()
  const latency = page.getByLabel('Latency')
  await latency.focus()
  await page.keyboard.down('ArrowRight')
  assert.equal(await input(page), STRAIGHT)
  await page.keyboard.up('ArrowRight')
  assert.equal(await latency.inputValue(), '10')
  await latency.fill('0')
  await page.getByRole('button', { name: 'Close' }).click()
}

async function gamepadsDrive(page) {
  assert.equal(await hold(page), STRAIGHT)
  assert.equal(await hold(page, { axes: [0.12, 1] }), STRAIGHT, 'in the dead zone')
  assert.equal(await hold(page, { axes: [-0.12, 0] }), STRAIGHT)
  assert.equal(await hold(page, { axes: [1, 0] }), RIGHT)
  assert.equal(await hold(page, { axes: [-1, 0] }), LEFT)
  assert.equal(await hold(page, { axes: [1.02, 0] }), RIGHT, 'a worn stick goes beyond')
  const half = await hold(page, { axes: [0.5, 0] })
  assert.ok(half > STRAIGHT + 2 && half < STRAIGHT + 7, `fine around the middle: ${half}`)
  assert.equal(await hold(page, { axes: [0.4, 0], pressed: { 14: 1 } }), LEFT, 'the cross')
  assert.equal(await hold(page, { pressed: { 15: 1 } }), RIGHT)

  await hold(page)
  await page.waitForFunction(() => globalThis.race.controls.read(0) === 15)
  const pedals = { 0: THROTTLE, 7: THROTTLE, 2: BRAKE, 6: BRAKE, 1: HANDBRAKE, 4: HANDBRAKE }
  for (const [button, pedal] of Object.entries({ ...pedals, 5: HANDBRAKE })) {
    assert.equal(await hold(page, { pressed: { [button]: 1 } }), STRAIGHT | pedal, button)
  }
  assert.equal(await hold(page, { pressed: { 7: 0.12 } }), STRAIGHT, 'a finger rests on it')
  assert.equal(await hold(page, { pressed: { 7: 0.13 } }), STRAIGHT | THROTTLE)

  const idle = { axes: [0.05, 0] }
  const used = { axes: [1, 0], pressed: { 7: 1 } }
  assert.equal(await hold(page, null, idle, used), RIGHT | THROTTLE)
  for (const gone of [{ mapping: '' }, { connected: false }]) {
    assert.equal(await hold(page, used), RIGHT | THROTTLE)
    const left = await hold(page, { ...used, ...gone }, idle)
    assert.ok(left < RIGHT, `neither wheel nor pedal: ${left}`)
    await page.waitForFunction(() => globalThis.race.controls.read(0) === 15)
  }
  await page.evaluate(() => {
    navigator.getGamepads = () => {
      throw new DOMException('not in this frame', 'SecurityError')
    }
  })
  assert.equal(await input(page), STRAIGHT)
}

async function farewellsAreLinks(page) {
  for (const click of [{ modifiers: ['Control'] }, { button: 'middle' }]) {
    const opened = page.context().waitForEvent('page')
    await page.click('#leave', click)
    await (await opened).close()
    assert.equal(await page.evaluate(() => globalThis.race.game.room.status), 'live')
  }
  await page.click('#leave')
  await page.waitForSelector('body[data-view=home]')
}

test('hands: keys, gamepads, links', PAGE, async () => {
  const page = await driver('hands')
  await keysNeverStick(page)
  await gamepadsDrive(page)
  await farewellsAreLinks(page)
  assertNoFaults(page)
})

test('what it says, when it is silent, what a fault does', PAGE, async () => {
  const listen = (page) =>
    page.addInitScript(() => {
      globalThis.heard = []
      addEventListener('DOMContentLoaded', () => {
        const live = '[role=status], [role=alert], [role=log], [aria-live]'
        new MutationObserver((changes) => {
          for (const { target } of changes) {
            const region = (target.closest ? target : target.parentElement)?.closest(live)
            if (region) globalThis.heard.push(region.textContent.trim())
          }
        }).observe(document.body, { subtree: true, childList: true, characterData: true })
      })
    })
  const page = await driver('voice', { prepare: listen })
  const soundIs = (state) =>
    page.waitForFunction((state) => globalThis.sounds.at(-1).state === state, state)
  await page.keyboard.press('m')
  await soundIs('running')
  assert.equal(await page.getAttribute('#sound', 'aria-pressed'), 'true')
  await hide(page, true)
  await soundIs('suspended')
  await hide(page, false)
  await soundIs('running')
  await page.keyboard.press('m')
  await soundIs('suspended')
  await hide(page, true)
  await hide(page, false)
  assert.equal(await page.evaluate(() => globalThis.sounds.at(-1).state), 'suspended')

  await page.waitForFunction(() => globalThis.heard.includes('Go!'))
  const heard = await page.evaluate(() => globalThis.heard)
  assert.ok(heard.some((words) => /^The race on Meadow is about to start\. You are/.test(words)))
  const seconds = heard.filter((words) => /\d+ s\b/.test(words))
  assert.deepEqual(seconds, [], 'nothing that counts is read out')
  assertNoFaults(page)
  await faultsAreTold(page)
  await marksAreBounded(page)
})

/** A frame that fails is not the last. */
async function faultsAreTold(page) {
  await page.evaluate(() => {
    const { scene } = globalThis.race
    const { draw } = Object.getPrototypeOf(scene)
    globalThis.drawn = 0
    let failing = 3
    scene.draw = function (...told) {
      if (failing-- > 0) throw new Error('no paint left')
      globalThis.drawn++
      draw.apply(scene, told)
    }
  })
  await page.locator('#trouble', { hasText: 'no paint left' }).waitFor()
  await page.waitForFunction(() => globalThis.drawn > 5)
  assert.equal(page.faults.length, 3)
  assert.ok(page.faults.every((fault) => /no paint left/.test(fault)))
}

async function marksAreBounded(page) {
  const shown = await page.evaluate(async () => {
    const { Marks } = await import('/race/marks.js')
    const context = new OffscreenCanvas(4, 3_000).getContext('2d')
    const marks = new Marks()
    const ink = { colour: '#ff0000', strength: 1 }
    for (let y = 0.5; y < 3_000; y++) marks.add({ x1: 0, y1: y, x2: 4, y2: y, ink }, ['a', 'b'])
    marks.paintAll(context, 'a')
    const isRed = (y) => context.getImageData(2, y, 1, 1).data[0] > 0
    return [0, 2_500, 2_700, 2_999].map(isRed)
  })
  assert.deepEqual(shown, [false, false, true, true])
}

test('without race.wasm it says so, and what to do', BOUNDED, async () => {
  const page = await browser.visit(`${server.address}/race/`, {
    prepare: (page) => page.route('**/race.wasm', (route) => route.fulfill({ status: 404 })),
  })
  const told = await page.locator('#trouble:not([hidden])').textContent()
  assert.match(told, /the server has no \/race\/race\.wasm \(it answers 404\): build/)
  await screenshot(page, 'race-without-wasm')
})

test(
  'records that are not to be had are no records, and nobody racing is a reason to',
  BOUNDED,
  async () => {
    const isAsked = /\/v1\/results\//
    const page = await browser.visit(`${server.address}/races/`, {
      prepare: (page) => page.route(isAsked, (route) => route.fulfill({ status: 429 })),
    })
    const silent = page.locator('.board .aside', { hasText: 'The server does not say just now.' })
    await page.waitForFunction(
      (count) => document.querySelectorAll('.board .aside:not(:empty)').length === count,
      6,
    )
    assert.equal(await silent.count(), 6)
    await page.locator('#no-races:not([hidden])').waitFor()
    await page.unroute(isAsked)
    await page.locator('#meadow select').selectOption('5')
    await page.locator('#meadow .aside', { hasText: 'Nobody yet' }).waitFor()
    assert.equal(await silent.count(), 5)
  },
)

test('records are asked for seldom, and a race at the click', BOUNDED, async () => {
  let open = []
  const page = await browser.visit(`${server.address}/races/`, {
    prepare: async (page) => {
      await page.clock.install()
      await page.route('**/v1/kinds/race/rooms', (route) => route.fulfill({ json: open }))
      await page.addInitScript(() => {
        const { fetch } = globalThis
        globalThis.asked = []
        globalThis.fetch = (address, ...rest) => {
          if (/^\/v1\//.test(address)) globalThis.asked.push(address)
          return fetch(address, ...rest)
        }
      })
    },
  })
  await page.locator('#no-races:not([hidden])').waitFor()
  const asked = () =>
    page.evaluate(() => {
      const isRecords = (address) => address.includes('/results/')
      const records = globalThis.asked.filter(isRecords).length
      return { races: globalThis.asked.length - records, records }
    })
  const first = await asked()
  assert.equal(first.records, 6)
  await page.clock.pauseAt(Date.now() + 600_000)
  const since = await asked()
  await page.clock.runFor(60_000)
  const minute = await asked()
  assert.deepEqual([minute.races - since.races, minute.records - since.records], [6, 6])
  const look = async () => {
    await hide(page, true)
    await hide(page, false)
  }
  await page.clock.runFor(10_000)
  await look()
  const looked = await asked()
  for (let i = 0; i < 5; i++) await look()
  assert.deepEqual(await asked(), looked, 'who looks often does not ask often')
  await hide(page, true)
  await page.clock.runFor(120_000)
  assert.deepEqual(await asked(), looked, 'nobody looks')
  await hide(page, false)
  const { races, records } = await asked()
  assert.deepEqual([races - looked.races, records - looked.records], [1, 6])

  const card = { track: 'meadow', seats: 3, phase: 0, drivers: 1, laps: 3 }
  open = [{ room: 'just-opened', members: 1, card }]
  await page.click('#meadow [data-join]')
  await page.waitForURL('**/race/?room=just-opened&track=meadow')
})

test('an answer that was overtaken is not shown', async () => {
  const answers = []
  const shown = []
  const ask = latest(
    () => new Promise((resolve) => answers.push(resolve)),
    (answer) => shown.push(answer),
  )
  const asked = [ask(), ask()]
  answers[1]('newer')
  answers[0]('older')
  await Promise.all(asked)
  assert.deepEqual(shown, ['newer'])
})

test('a slow machine draws fewer pixels, where that brings relief', () => {
  const [inTime, late] = [1 / 60, 1 / 30]
  /** What becomes of the ratio, if at each one so many of ten frames are late. */
  const settled = (lateOf) => {
    const pace = new Pace([2, 1.5, 1, 0.75])
    const ratios = [pace.ratio]
    for (let frame = 0; frame < 6_000; frame++) {
      const isOther = pace.follow(frame % 10 < lateOf(pace.ratio) ? late : inTime)
      if (isOther) ratios.push(pace.ratio)
    }
    return ratios
  }
  assert.deepEqual(
    settled(() => 0),
    [2],
  )
  assert.deepEqual(
    settled((ratio) => 5 * (ratio - 1)),
    [2, 1.5, 1],
  )
  assert.deepEqual(
    settled((ratio) => 4 * ratio),
    [2, 1.5, 1, 0.75],
  )
  assert.deepEqual(
    settled(() => 10),
    [2, 1.5, 2],
    'a screen of thirty frames',
  )
})

test('the page takes out of a name what the room refuses, and nothing else', () => {
  const source = readFileSync(new URL('../../sync/race_names.c', import.meta.url), 'utf8')
  const pointsOf = (table) => {
    const [, text] = new RegExp(`${table}\\[\\] = \\{(.*?)\\};`, 's').exec(source)
    const points = new Set()
    for (const [, first, last] of text.matchAll(/\{(\w+), (\w+)\}/g)) {
      for (let point = Number(first); point <= Number(last); point++) points.add(point)
    }
    return points
  }
  const [hidden, blank] = [pointsOf('hidden'), pointsOf('blank')]
  assert.ok(hidden.size > 4_096 && blank.size > 40)
  const wrong = []
  const judge = (point) => {
    const text = String.fromCodePoint(point)
    const isKept = nameOf(`a${text}b`) !== 'ab'
    const isName = nameOf(text) !== ''
    const isNone = hidden.has(point) || blank.has(point)
    if (isKept === hidden.has(point) || isName === isNone) wrong.push(point.toString(16))
  }
  for (let point = 0; point < 0x20000; point++) if (point >> 11 !== 0x1b) judge(point)
  for (let point = 0xe0000; point < 0xe2000; point++) judge(point)
  assert.deepEqual(wrong, [])
  assert.equal(nameOf('\u200f \u200bAda\u00ad Byron\ufeff '), 'Ada Byron')
  assert.equal(nameOf('ü'.repeat(13)), 'ü'.repeat(12))
})

test('where a race on a track leads', () => {
  const road = { name: 'harbour' }
  const race = (room, card) => ({ room, card: { track: 'harbour', seats: 3, phase: 0, ...card } })
  const fuller = race('b', { drivers: 3 })
  const others = [
    race('c', { drivers: 9, phase: 2 }),
    race('d', { drivers: 9, seats: 0 }),
    race('e', { drivers: 9, track: 'meadow' }),
  ]
  assert.equal(roomFor(road, [race('a', { drivers: 1 }), fuller, ...others]), 'b')
  assert.equal(roomFor(road, others), 'harbour')
  assert.match(roomFor(road, [race('harbour', { phase: 2 })]), /^harbour-[0-9a-v]{20}$/)
})

test('a race in words: each thing once, and no place that is only fought for', () => {
  const said = []
  const commentary = new Commentary((words) => said.push(words))
  const road = { title: 'Harbour' }
  const bot = { id: '1', name: 'Vega', state: 2, position: 1 }
  let own = { id: '0', name: 'Ada', state: 1, position: 0, grid: 0, lap: 0, last: 0, warning: 0 }
  let race = { phase: 0, laps: 2, ends: 0 }
  let now = 0
  const after = (ms, { race: newer, ...changed }) => {
    now += ms
    own = { ...own, ...changed }
    race = { ...race, ...newer }
    commentary.follow({ race, road, own, drivers: [bot, own], tick: 600 }, now)
    return said.splice(0)
  }
  assert.deepEqual(after(0, {}), [])
  const waits = ['Somebody is ready: the race starts in 20 seconds at the latest.']
  assert.deepEqual(after(100, { race: { ends: 1_800 } }), waits)
  assert.deepEqual(after(1_000, {}), [])
  const starts = ['The race on Harbour is about to start. You are 2nd of 2.']
  assert.deepEqual(after(100, { grid: 2, position: 2, state: 2, race: { phase: 1 } }), starts)
  assert.deepEqual(after(4_000, { race: { phase: 2 } }), ['Go!'])
  assert.deepEqual(after(3_000, {}), [])
  assert.deepEqual(after(12_000, { position: 1 }), [])
  assert.deepEqual(after(1_000, { position: 2 }), [])
  assert.deepEqual(after(1_000, { position: 1 }), [])
  assert.deepEqual(after(3_000, {}), ['You are 1st now.'])
  assert.deepEqual(after(100, { warning: 1 }), ['Wrong way.'])
  assert.deepEqual(after(100, {}), [])
  const lap = ['Lap 1 of 2, 1 minute 2.3 seconds. You are 1st.']
  assert.deepEqual(after(9_000, { lap: 1, last: 62_345, warning: 0 }), lap)
  assert.deepEqual(after(60_000, { lap: 2, state: 3 }), ['You are home, 1st.'])
  assert.deepEqual(after(100, {}), [])
  assert.deepEqual(after(100, { race: { phase: 3 } }), ['The race is over: you win!'])
})

test('where the best lap began, and how it is called', () => {
  const race = { starts: 600 }
  assert.equal(beginningOf(race, { began: 90_000, last: 42_000 }), 600 + 48 * 60)
  assert.equal(beginningOf(race, { began: 42_000, last: 42_000 }), 600, 'the first of a race')
  assert.equal(beginningOf({ starts: 0 }, { began: 1_000, last: 42_000 }), 0)
  const lap = { holder: 'Ada', best: 42_123 }
  assert.equal(titleOf({ title: 'Meadow' }, lap), 'Best lap of Meadow: Ada, 0:42.123')
})
