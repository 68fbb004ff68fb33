/** How large images are kept: what shows has a share each, and what does not makes room for it. */

/** Pixels of all images together; four bytes each. */
export const PIXELS_MAX = 64 << 20
/** What is not kept for want of room still shows on a map. */
export const PIXELS_MIN = 64 << 6
/** An image of more is none that anybody looks at: the server takes none, and nobody decodes one. */
export const IMAGE_PIXELS_MAX = 64 << 20

/** An image as it is kept. */
export interface Kept {
  readonly pixels: number
  /** Larger where it was looked at later. */
  readonly seen: number
  readonly isShown: boolean
}

/** What each image may take where so many show. */
export function shareOf(shown: number): number {
  return Math.max(PIXELS_MIN, Math.floor(PIXELS_MAX / Math.max(1, shown)))
}

/** Whether it is worth loading again: it was made smaller when there was less room. */
export function isTooSmall(pixels: number, whole: number, share: number): boolean {
  return 2 * pixels < Math.min(whole, share)
}

/**
 * Which images have to be made smaller so that all fit, and to how many pixels. What shows keeps its
 * share, however much there is besides; the rest goes as it was looked at, what was not for the
 * longest time first.
 */
export function shrunk<Image extends Kept>(images: readonly Image[]): Map<Image, number> {
  const smaller = new Map<Image, number>()
  let left = images.reduce((sum, { pixels }) => sum + pixels, 0) - PIXELS_MAX
  const shrink = (image: Image, pixels: number) => {
    if (image.pixels <= pixels || left <= 0) return
    left -= image.pixels - pixels
    smaller.set(image, pixels)
  }
  const hidden = images.filter(({ isShown }) => !isShown).sort((a, b) => a.seen - b.seen)
  for (const image of hidden) shrink(image, PIXELS_MIN)
  const shown = images.filter(({ isShown }) => isShown).sort((a, b) => b.pixels - a.pixels)
  for (const image of shown) shrink(image, shareOf(shown.length))
  return smaller
}

/** The sides of an image that takes so many pixels at most, of the same shape. */
export function sidesWithin(width: number, height: number, pixels: number): [number, number] {
  const scale = Math.min(1, Math.sqrt(pixels / (width * height)))
  return [Math.max(1, Math.floor(width * scale)), Math.max(1, Math.floor(height * scale))]
}
