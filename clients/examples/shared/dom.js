/** Text into an element, only where it is another: what did not change is not laid out again. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/** An element with a class and children: text is written as text, whatever is in it. */
export function make(tag, className, ...children) {
  const element = document.createElement(tag)
  if (className !== '') element.className = className
  element.append(...children)
  return element
}

/**
 * Makes the children of `list` show these items, each with an `id`, in their order. Elements stay
 * as long as their items, so that nothing loses the focus or is read out again.
 */
export function arrange(list, items, { create, update }) {
  const before = new Map([...list.children].map((element) => [element.dataset.id, element]))
  let next = list.firstElementChild
  for (const item of items) {
    const id = String(item.id)
    let element = before.get(id)
    before.delete(id)
    if (element === undefined) {
      element = create(item)
      element.dataset.id = id
    }
    update(element, item)
    if (element === next) next = next.nextElementSibling
    else list.insertBefore(element, next)
  }
  for (const gone of before.values()) gone.remove()
}
