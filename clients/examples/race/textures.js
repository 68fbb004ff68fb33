/** Grain for large plain areas, as patterns of a context whose units are metres. */

const SIDE = 128
/** How many pixels of a pattern stand in a metre. */
const SCALE = 9

/** Numbers from 0 to 1 that are the same each time. */
export function seeded(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export function texturesFor(context) {
  return {
    asphalt: pattern(context, grain(11, 0.07, 0.02)),
    grass: pattern(context, blades()),
    sand: pattern(context, grain(29, 0.1, 0.05)),
  }
}

function pattern(context, canvas) {
  const pattern = context.createPattern(canvas, 'repeat')
  pattern.setTransform(new DOMMatrix().scale(1 / SCALE))
  return pattern
}

function square() {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = SIDE
  return canvas
}

/** Specks, most of them dark: how strong the dark ones are at most, and the light ones. */
function grain(seed, dark, light) {
  const random = seeded(seed)
  const canvas = square()
  const context = canvas.getContext('2d')
  const image = context.createImageData(SIDE, SIDE)
  for (let i = 0; i < image.data.length; i += 4) {
    const isLight = random() < 0.35
    image.data.fill(isLight ? 255 : 0, i, i + 3)
    image.data[i + 3] = 255 * random() * (isLight ? light : dark)
  }
  context.putImageData(image, 0, 0)
  return canvas
}

function blades() {
  const random = seeded(7)
  const canvas = square()
  const context = canvas.getContext('2d')
  for (let i = 0; i < 900; i++) {
    const [x, y] = [random() * SIDE, random() * SIDE]
    context.strokeStyle = random() < 0.5 ? 'rgb(0 20 0 / 9%)' : 'rgb(230 255 180 / 7%)'
    context.beginPath()
    context.moveTo(x, y)
    context.lineTo(x + 3 * random() - 1.5, y - 2 - 3 * random())
    context.stroke()
  }
  return canvas
}
