/**
 * Whether what a person does with the keyboard is meant for this board: the focus is in it, or
 * nowhere, and the board was touched last. A page may hold more than one, and words of its own.
 */
export function attentionOf(host: Element, signal: AbortSignal): (event: Event) => boolean {
  let wasTouched = true
  addEventListener('pointerdown', (event) => (wasTouched = event.composedPath().includes(host)), {
    capture: true,
    signal,
  })
  return (event) => {
    if (event.composedPath().includes(host)) return true
    const isNowhere = event.target === document.body || event.target === document
    return isNowhere && wasTouched && getSelection()?.isCollapsed !== false
  }
}
