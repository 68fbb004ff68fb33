/** The canvas emptied, as large as it is shown, to be painted in pixels of the page. */
export function emptied(canvas) {
  const ratio = devicePixelRatio
  const { clientWidth: width, clientHeight: height } = canvas
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(height * ratio)
  const context = canvas.getContext('2d')
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  return { context, width, height }
}
