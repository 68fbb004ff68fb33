/**
 * Whether what a person does with the keyboard is meant for this board: the focus is in it, or
 * nowhere, and the board was touched last. A page may hold more than one, and words of its own; so do
 * panels of the board that people read in, as `OWN_KEYS` of `dom` marks them.
 */
export function attentionOf(host: Element, signal: AbortSignal): (event: Event) => boolean {
  let wasTouched = true
  addEventListener('pointerdown', (event) => (wasTouched = event.composedPath().includes(host)), {
    capture: true,
    signal,
  })
  return (event) => {
    const path = event.composedPath()
    if (path.includes(host)) return !path.some(hasOwnKeys)
    const isNowhere = event.target === document.body || event.target === document
    return isNowhere && wasTouched && getSelection()?.isCollapsed !== false
  }
}

function hasOwnKeys(target: EventTarget): boolean {
  return target instanceof Element && target.hasAttribute('data-own-keys')
}
