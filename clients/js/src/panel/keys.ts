/** Keys that a control acts on by itself, by the control's element. */
const KEYS: { readonly [element: string]: RegExp } = {
  INPUT: /^(Arrow.*|Page.*|Home|End)$/,
  BUTTON: /^(Enter| )$/,
  SUMMARY: /^(Enter| )$/,
}

/**
 * A key that moves a slider of the panel must not steer the game behind it: the page does not hear
 * of those that a control here acts on. It hears of all others, and whenever one is let go.
 */
export function keepKeys(root: ShadowRoot): void {
  root.addEventListener('keydown', (event) => {
    const { target, key } = event as KeyboardEvent
    if (KEYS[(target as Element).tagName]?.test(key)) event.stopPropagation()
  })
}
