/** The board as two browsers show it, pixel by pixel: all objects, and no pointer or selection. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

export interface View {
  readonly x: number
  readonly y: number
  readonly zoom: number
}

export interface Likeness {
  readonly view: View
  readonly pixels: number
  /** Of these, how many are not the paper's: an empty picture proves nothing. */
  readonly inked: number
  /** Whether all of it was drawn anew, or is what was mended wherever something changed. */
  readonly isAnew: boolean
  /** In how many the pictures differ. */
  readonly different: number
  /** Squares of 4 pixels which differ throughout: edges are smoothed a little otherwise by a part. */
  readonly spots: number
  /** By how much at most, of 255. */
  readonly most: number
  /** Where to look at both, where they differ. */
  readonly folder?: string
}

interface Live {
  readonly board: import('../../src/board.js').Board
}

const ZOOMS = [1, 0.5, 1.7]

/** All of it at once, then parts of it at several sizes. */
export async function viewsOf(page: Page): Promise<View[]> {
  return page.evaluate((zooms) => {
    const { scene, camera } = (globalThis as unknown as Live).board.editor
    const { x, y, w, h } = scene.extent ?? { x: 0, y: 0, w: 1, h: 1 }
    const whole = camera.viewOf({ x, y, w, h })
    const parts = zooms.flatMap((zoom) =>
      [0.3, 0.5, 0.7].map((share) => ({
        x: Math.round(x + w * share - camera.width / zoom / 2),
        y: Math.round(y + h * share - camera.height / zoom / 2),
        zoom,
      })),
    )
    return [whole, ...parts]
  }, ZOOMS)
}

export async function viewOf(page: Page): Promise<View> {
  return page.evaluate(() => {
    const { x, y, zoom } = (globalThis as unknown as Live).board.editor.camera
    return { x, y, zoom }
  })
}

/** What rests on the board, sharp, as a PNG in a URL. */
async function pictureOf(page: Page, view: View, isAnew: boolean): Promise<string> {
  return page.evaluate(
    async ([view, isAnew]) => {
      const { camera, renderer, element } = (globalThis as unknown as Live).board.editor
      const show = async (view: View) => {
        camera.set(view)
        do await new Promise((resolve) => requestAnimationFrame(resolve))
        while (!renderer.isSettled)
      }
      // Pictures of another scale are of no use to this one.
      if (isAnew) await show({ ...view, zoom: view.zoom * 1.3 })
      await show(view)
      const [ground] = element.querySelectorAll('canvas')
      return ground!.toDataURL()
    },
    [view, isAnew] as const,
  )
}

export async function compare(a: Page, b: Page, view: View, isAnew: boolean): Promise<Likeness> {
  const pictures = [await pictureOf(a, view, isAnew), await pictureOf(b, view, isAnew)] as const
  const figures = await a.evaluate(async (pictures) => {
    const [one, other] = await Promise.all(
      pictures.map(async (url) => {
        const image = new Image()
        image.src = url
        await image.decode()
        const canvas = new OffscreenCanvas(image.width, image.height)
        const context = canvas.getContext('2d')!
        context.drawImage(image, 0, 0)
        return context.getImageData(0, 0, image.width, image.height)
      }),
    )
    if (one!.width !== other!.width || one!.height !== other!.height) {
      throw new Error('pictures of different sizes')
    }
    const [p, q] = [new Uint32Array(one!.data.buffer), new Uint32Array(other!.data.buffer)]
    const counts = new Map<number, number>()
    for (const pixel of p) counts.set(pixel, (counts.get(pixel) ?? 0) + 1)
    const inked = p.length - Math.max(...counts.values())
    const different = p.reduce((sum, pixel, i) => sum + Number(pixel !== q[i]), 0)
    const { width, height } = one!
    const by = (i: number) =>
      Math.max(...[0, 1, 2].map((c) => Math.abs(one!.data[4 * i + c]! - other!.data[4 * i + c]!)))
    let [most, spots] = [0, 0]
    for (let y = 0; y + 4 <= height; y += 4) {
      for (let x = 0; x + 4 <= width; x += 4) {
        let least = 255
        for (let i = 0; i < 16; i++) {
          const difference = by((y + (i >> 2)) * width + x + (i & 3))
          least = Math.min(least, difference)
          most = Math.max(most, difference)
        }
        if (least > 8) spots++
      }
    }
    return { pixels: p.length, inked, different, spots, most }
  }, pictures)
  if (figures.different === 0) return { view, isAnew, ...figures }
  const folder = mkdtempSync(join(tmpdir(), 'tutti-crowd-'))
  pictures.forEach((url, i) => {
    writeFileSync(join(folder, `${i}.png`), Buffer.from(url.split(',')[1]!, 'base64'))
  })
  return { view, isAnew, ...figures, folder }
}
