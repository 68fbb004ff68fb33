/** Fills a rectangle with round corners; `roundRect` is younger than many browsers in use. */
export function fillRounded(context, x, y, width, height, radius) {
  const [right, bottom] = [x + width, y + height]
  context.beginPath()
  context.moveTo(x + radius, y)
  context.arcTo(right, y, right, bottom, radius)
  context.arcTo(right, bottom, x, bottom, radius)
  context.arcTo(x, bottom, x, y, radius)
  context.arcTo(x, y, right, y, radius)
  context.fill()
}
