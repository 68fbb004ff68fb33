/** Someone before the real application in a browser: pointer, wheel and keyboard, and nothing else. */
import type { Browser, Page } from 'playwright-core'
import { textOf } from '../../src/board/text.js'
import { Chance, chanceOf, countOf, pause, recordsOf, Tally } from './person.js'
import type { Person, Seat } from './person.js'

/** Of the window, where no bar is. */
const FREE = { left: 300, right: 980, top: 110, bottom: 640 }
const WAIT_MS = 8_000
const ARRIVAL_MS = 30_000
const SIZE = { width: 1_280, height: 800 }

const WEIGHTS = {
  draw: 6,
  shape: 3,
  note: 2,
  arrow: 2,
  move: 5,
  restyle: 3,
  group: 2,
  rub: 4,
  erase: 1,
  duplicate: 1,
  write: 10,
  comment: 1,
  look: 3,
  undo: 3,
  redo: 2,
}
type Act = keyof typeof WEIGHTS

interface Found {
  readonly id: string
  readonly x: number
  readonly y: number
}

/** Of the page: what the application leaves there for a console. */
interface Live {
  readonly board: import('../../src/board.js').Board
}

export class PagePerson implements Person {
  readonly kind = 'Chromium'
  readonly tally = new Tally()
  readonly letters = new Map<string, number>()
  #number = 0

  static async enter(seat: Seat, browser: Browser): Promise<PagePerson> {
    const context = await browser.newContext({ viewport: SIZE })
    context.setDefaultTimeout(WAIT_MS)
    const kept = JSON.stringify({ name: seat.name, part: seat.number % 6 })
    await context.addInitScript((kept) => localStorage.setItem('tutti seat', kept), kept)
    const page = await context.newPage()
    const person = new PagePerson(seat, page)
    page.on('pageerror', (error) => person.tally.add(`fault ${error.message}`))
    const address = seat.wire.url.replace('ws', 'http')
    await page.goto(`${address}/board/?room=${seat.room}`, { timeout: ARRIVAL_MS })
    await arrival(page)
    await page.evaluate(() => {
      const { room } = (globalThis as unknown as Live).board
      const refused: string[] = ((globalThis as { refusals?: string[] }).refusals = [])
      room.on('refused', ({ error }) => refused.push(error.status))
      room.on('uncertain', (changes) => refused.push(...changes.map(() => 'uncertain')))
    })
    return person
  }

  private constructor(
    readonly seat: Seat,
    readonly page: Page,
  ) {
    for (const id of seat.shared) this.letters.set(id, 0)
  }

  async act(): Promise<void> {
    const chance = chanceOf(this.seat, this.#number++)
    const act = chance.weighed(WEIGHTS)
    try {
      await this.#rest()
      await this.#acts[act](chance)
      this.tally.add(`act ${act}`)
    } catch (error) {
      // A thing that someone else moves away or covers cannot be clicked: so it is for people.
      if ((error as Error).name !== 'TimeoutError') throw error
      this.tally.add('not in time')
    }
    await pause(chance.between(30, 250))
  }

  async finish(): Promise<void> {
    await this.#rest()
    await this.page.evaluate(() => {
      const { room } = (globalThis as unknown as Live).board
      if (room.status !== 'live') room.reconnect()
    })
    const refusals = await this.page.evaluate(
      () => (globalThis as { refusals?: string[] }).refusals?.splice(0) ?? [],
    )
    for (const status of refusals) this.tally.add(`refused ${status}`)
  }

  async isQuiet(): Promise<boolean> {
    return this.page.evaluate(() => {
      const { room } = (globalThis as unknown as Live).board
      return room.status === 'live' && room.unsaved === 0
    })
  }

  async records(): Promise<string> {
    return recordsOnPage(this.page)
  }

  async leave(): Promise<void> {
    await this.page.context().close()
  }

  readonly #acts: { readonly [act in Act]: (chance: Chance) => Promise<void> } = {
    draw: async (chance) => {
      await this.page.keyboard.press('d')
      await this.#drag(place(chance), place(chance), chance.whole(6, 24), chance)
    },
    shape: async (chance) => {
      await this.page.keyboard.press(chance.pick(['r', 'o', 'g', 'f', 'l']))
      await this.#drag(place(chance), place(chance), 4)
    },
    note: async (chance) => {
      const { x, y } = place(chance)
      await this.page.keyboard.press(chance.pick(['n', 't']))
      await this.page.mouse.click(x, y)
      await this.page.keyboard.type(`${this.seat.name} ${chance.whole(1, 99)}`)
      await this.page.keyboard.press('Escape')
    },
    arrow: async (chance) => {
      const [from, to] = [await this.#find(chance), await this.#find(chance)]
      if (from === null || to === null) return
      await this.page.keyboard.press('a')
      await this.#drag(from, to, 5)
    },
    move: async (chance) => {
      const from = await this.#find(chance)
      if (from === null) return
      await this.#drag(from, place(chance), chance.whole(4, 12))
    },
    restyle: async (chance) => {
      const colour = chance.pick(['Blue', 'Red', 'Green', 'Amber', 'Purple'])
      if (!(await this.#take(chance))) return
      const button = this.page.getByRole('button', { name: colour, exact: true }).first()
      if (await button.isVisible()) await button.click({ timeout: 1_500 })
    },
    group: async (chance) => {
      if (!(await this.#take(chance))) return
      const other = await this.#find(chance)
      if (other === null) return
      await this.page.keyboard.down('Shift')
      await this.page.mouse.click(other.x, other.y)
      await this.page.keyboard.up('Shift')
      await this.page.keyboard.press(chance.share < 0.7 ? 'Control+g' : 'Control+Shift+g')
    },
    rub: async (chance) => {
      const from = await this.#find(chance, 'stroke')
      await this.page.keyboard.press('e')
      await this.page.evaluate(() => (globalThis as unknown as Live).board.editor.setTool('rubber'))
      // What is no stroke would go as a whole, words and all.
      if (from === null) return
      const isClear = await this.page.evaluate(onlyStrokesAt, from)
      if (isClear) await this.#drag(from, { x: from.x + 6, y: from.y + 6 }, 3)
    },
    erase: async (chance) => {
      if (!(await this.#take(chance))) return
      const isShared = await this.page.evaluate((shared) => {
        const { selection, scene } = (globalThis as unknown as Live).board.editor
        const held = [...selection].flatMap((id) => [id, ...scene.heldBy(id)])
        return held.some((id) => shared.includes(id))
      }, this.seat.shared)
      if (!isShared) await this.page.keyboard.press('Delete')
    },
    duplicate: async (chance) => {
      if (await this.#take(chance)) await this.page.keyboard.press('Control+d')
    },
    write: async (chance) => this.#write(chance),
    comment: async (chance) => {
      const { x, y } = place(chance)
      await this.page.keyboard.press('c')
      await this.page.mouse.click(x, y)
      const field = this.page.locator('.thread textarea')
      await field.fill(`${this.seat.name} asks`, { timeout: 1_500 })
      await this.page.keyboard.press('Enter')
      await this.page.keyboard.press('Escape')
    },
    look: async (chance) => {
      const how = chance.whole(0, 3)
      await this.page.mouse.move(640, 400)
      if (how === 0) await this.page.keyboard.press('Shift+1')
      if (how === 1) await this.page.keyboard.press('Shift+0')
      if (how >= 2) {
        if (how === 3) await this.page.keyboard.down('Control')
        await this.page.mouse.wheel(chance.between(-200, 200), chance.between(-200, 200))
        if (how === 3) await this.page.keyboard.up('Control')
      }
      await pause(300)
    },
    undo: (chance) => this.#turn(chance, 'Control+z'),
    redo: (chance) => this.#turn(chance, 'Control+Shift+z'),
  }

  /** Nothing is open, nothing in hand. */
  async #rest(): Promise<void> {
    await this.page.keyboard.press('Escape')
    await this.page.locator('.stage').focus()
    await this.page.keyboard.press('Escape')
    await this.page.keyboard.press('v')
  }

  async #write(chance: Chance): Promise<void> {
    const { page, seat } = this
    const order = [...seat.shared].sort(() => chance.share - 0.5)
    for (let tries = 0; tries < 2; tries++) {
      for (const id of order) {
        const at = await page.evaluate(placeOf, { free: FREE, id, share: 0, type: '' })
        if (at === null) continue
        for (let presses = 0; presses < 3; presses++) {
          await page.mouse.dblclick(at.x, at.y)
          if ((await this.#edited()) !== id) continue
          await this.#type(chance, id)
          return
        }
        await this.#rest()
      }
      await page.keyboard.press('Shift+1')
      await pause(500)
    }
    this.tally.add('not reached')
  }

  async #type(chance: Chance, id: string): Promise<void> {
    const { page, seat } = this
    for (let left = chance.whole(0, 8); left > 0; left--) {
      await page.keyboard.press(chance.pick(['ArrowLeft', 'Home', 'ArrowUp']))
    }
    for (let left = chance.whole(3, 10); left > 0; left--) {
      await page.keyboard.type(seat.letter)
      this.#count(id, 1, 'written')
      await pause(chance.between(10, 60))
    }
    if ((await this.#edited()) !== id) throw new Error(`${seat.name} was put out of a text`)
    await page.keyboard.press('Escape')
  }

  #edited(): Promise<string | null> {
    return this.page.evaluate(() => (globalThis as unknown as Live).board.editor.textEditor.id)
  }

  /** What a step of undo does to the own letters is meant: no letter is lost by it. */
  async #turn(chance: Chance, keys: string): Promise<void> {
    for (let left = chance.whole(1, 3); left > 0; left--) {
      const before = await this.#ownLetters()
      await this.page.keyboard.press(keys)
      for (const [id, count] of await this.#ownLetters()) {
        const more = count - before.get(id)!
        if (more !== 0) this.#count(id, more, more < 0 ? 'taken back' : 'written')
      }
    }
  }

  async #ownLetters(): Promise<Map<string, number>> {
    const texts = await this.page.evaluate((ids) => {
      const objects = (globalThis as unknown as Live).board.room.collection('objects')
      return ids.map((id) => {
        const items = objects.get(id)?.['text'] as readonly Uint8Array[] | undefined
        return (items ?? []).map((item) => [...item])
      })
    }, this.seat.shared)
    return new Map(
      this.seat.shared.map((id, i) => {
        const items = texts[i]!.map((bytes) => Uint8Array.from(bytes))
        return [id, countOf(this.seat.letter, textOf(items))]
      }),
    )
  }

  #count(id: string, more: number, what: string): void {
    this.letters.set(id, this.letters.get(id)! + more)
    this.tally.add(what, Math.abs(more))
  }

  /** Something that shows, and where it can be clicked. */
  #find(chance: Chance, type = ''): Promise<Found | null> {
    return this.page.evaluate(placeOf, { free: FREE, id: null, share: chance.share, type })
  }

  async #take(chance: Chance): Promise<boolean> {
    const found = await this.#find(chance)
    if (found !== null) await this.page.mouse.click(found.x, found.y)
    return found !== null
  }

  async #drag(from: Place, to: Place, steps: number, wave?: Chance): Promise<void> {
    const { mouse } = this.page
    await mouse.move(from.x, from.y)
    await mouse.down()
    const swing = wave === undefined ? 0 : wave.between(-80, 80)
    for (let step = 1; step <= steps; step++) {
      const t = step / steps
      const off = swing * Math.sin(t * Math.PI * 2)
      await mouse.move(from.x + (to.x - from.x) * t + off, from.y + (to.y - from.y) * t - off)
    }
    await mouse.up()
  }
}

interface Place {
  readonly x: number
  readonly y: number
}

function place(chance: Chance): Place {
  return { x: chance.between(FREE.left, FREE.right), y: chance.between(FREE.top, FREE.bottom) }
}

/** Waits until the board is there; an element has its name, too. */
export async function arrival(page: Page): Promise<void> {
  await page.waitForFunction(
    () => (globalThis as unknown as Partial<Live>).board?.editor !== undefined,
    null,
    { timeout: ARRIVAL_MS },
  )
}

function recordsOnPage(page: Page): Promise<string> {
  return page.evaluate(`(${recordsOf})(board.room)`)
}

/** On a page: where this object, or the one at `share` of all, is the uppermost. */
function placeOf({
  free,
  id,
  share,
  type,
}: {
  free: typeof FREE
  id: string | null
  share: number
  type: string
}): Found | null {
  const { editor } = (globalThis as unknown as Live).board
  const { scene, camera } = editor
  const { left, top } = editor.element.getBoundingClientRect()
  const fits = scene.all.filter(
    (object) => object.lock === 0 && (type === '' || object.type === type),
  )
  const first = Math.floor(share * fits.length)
  const one = id === null ? undefined : scene.find(id)
  const all = id === null ? [...fits.slice(first), ...fits.slice(0, first)] : one ? [one] : []
  for (const object of all) {
    const box = scene.bounds(object.id)!
    for (let i = 0; i < 25; i++) {
      const at = {
        x: box.x + (box.w * (1 + ((i * 7) % 5) * 2)) / 10,
        y: box.y + (box.h * (1 + Math.floor(((i * 7) % 25) / 5) * 2)) / 10,
      }
      const x = left + (at.x - camera.x) * camera.zoom
      const y = top + (at.y - camera.y) * camera.zoom
      if (x < free.left || x > free.right || y < free.top || y > free.bottom) continue
      if (scene.at(at, editor.reach)?.id === object.id) return { id: object.id, x, y }
    }
  }
  return null
}

/** On a page: a rubber there meets strokes alone. */
function onlyStrokesAt({ x, y }: Place): boolean {
  const { editor } = (globalThis as unknown as Live).board
  const { scene, camera } = editor
  const at = camera.toBoard(editor.toScreen({ clientX: x + 3, clientY: y + 3 }))
  const reach = 60 / camera.zoom
  const around = { x: at.x - reach, y: at.y - reach, w: 2 * reach, h: 2 * reach }
  return scene.in(around).every((object) => object.type === 'stroke')
}
