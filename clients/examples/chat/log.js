import { paint } from '/shared/seat.js'
import { initialsOf, nodesOf, timeOf } from './text.js'

/** Within this time, a second message of the same person goes without its head. */
const SAME_BREATH_MS = 300_000
/** So near to the end counts as at the end. */
const END_REACH = 48

/** What the mark beside a message of ours says. */
const WAYS = { sending: 'Sending', delivered: 'Delivered', saved: 'Saved' }

/**
 * The messages on the page: decided ones in the room's order, then ours that wait. Follows the
 * newest one, unless the reader has scrolled up.
 */
export class Log {
  #element
  #later
  #nodes = new Map()
  #divider = document.createElement('p')
  #unread = 0
  #title = document.title

  constructor(element, later) {
    this.#element = element
    this.#later = later
    this.#divider.className = 'unread'
    this.#divider.textContent = 'New'
    element.addEventListener('scroll', () => this.#seen())
    document.addEventListener('visibilitychange', () => this.#seen())
    new ResizeObserver(() => this.#unread === 0 && this.toEnd()).observe(element)
    later.addEventListener('click', () => this.toEnd())
  }

  has(id) {
    return this.#nodes.has(id)
  }

  /** Shows a message of ours at once, dimmed, below all others. */
  wait(message, now) {
    this.#divider.remove()
    this.#element.append(this.#make(message, now, 'pending'))
    this.#regroup(this.#nodes.get(message.id))
    this.toEnd()
  }

  /** The room has this message: it stands where the room has it. */
  settle(message, { now, isNews }) {
    const own = this.#nodes.get(message.id)
    const node = own ?? this.#make(message, now, '')
    const follows = this.#isFollowed
    node.classList.remove('pending')
    node.querySelector('.fate').replaceChildren()
    const next = node.nextElementSibling
    this.#element.insertBefore(node, this.#element.querySelector('.pending'))
    for (const each of [next, node, node.nextElementSibling]) this.#regroup(each)
    if (own === undefined && isNews && !follows) this.#count(node)
    else if (follows) this.toEnd()
  }

  /**
   * `messages` are the newest that the room has, now that it was loaded anew. What a crash took from
   * it goes from here as well, but for ours that `isWaiting` to be sent again.
   */
  reload(messages, { now, isWaiting }) {
    const ids = new Set(messages.map(({ id }) => id))
    this.#dropLost(ids, isWaiting)
    const shown = this.#settled.map(({ dataset }) => dataset.id).filter((id) => ids.has(id))
    if (messages.every(({ id }, i) => shown[i] === id)) return
    for (const message of messages) this.settle(message, { now, isNews: false })
  }

  /** How far a message of ours has come: `sending`, `delivered` or `saved`. */
  mark(id, way) {
    const mark = this.#nodes.get(id).querySelector('.way')
    if (mark.dataset.way === way) return
    mark.dataset.way = way
    mark.title = WAYS[way]
    mark.setAttribute('aria-label', WAYS[way])
    mark.hidden = false
  }

  /** Why a message of ours did not get through, and what can be done. */
  fail(id, why, action, act) {
    const node = this.#nodes.get(id)
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = action
    button.addEventListener('click', () => {
      node.remove()
      this.#nodes.delete(id)
      act()
    })
    node.classList.remove('pending')
    node.querySelector('.way').hidden = true
    node.querySelector('.fate').replaceChildren(why, button)
  }

  /** A room keeps its newest messages: behind the first of these that is here, it has all. */
  #dropLost(ids, isWaiting) {
    const first = [...ids].find((id) => this.#nodes.has(id))
    if (ids.size > 0 && first === undefined) return
    const settled = this.#settled
    const firstPending = this.#element.querySelector('.pending')
    const from = settled.findIndex(({ dataset }) => ids.size === 0 || dataset.id === first)
    for (const node of from < 0 ? [] : settled.slice(from)) {
      const { id } = node.dataset
      if (ids.has(id) || node.querySelector('.fate').hasChildNodes()) continue
      const next = node.nextElementSibling
      if (isWaiting(id)) {
        node.classList.add('pending')
        this.#element.insertBefore(node, firstPending)
      } else {
        node.remove()
        this.#nodes.delete(id)
      }
      for (const each of [next, node, node.nextElementSibling]) this.#regroup(each)
    }
  }

  get #settled() {
    return [...this.#element.querySelectorAll('.message:not(.pending)')]
  }

  toEnd() {
    this.#element.scrollTop = this.#element.scrollHeight
  }

  get #isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#element
    return scrollHeight - scrollTop - clientHeight < END_REACH
  }

  get #isFollowed() {
    return this.#isAtEnd && !document.hidden
  }

  #count(node) {
    if (this.#unread++ === 0) node.before(this.#divider)
    this.#showCount()
    // In a hidden page nobody loses the place by this: the divider marks where to go on reading.
    if (document.hidden && this.#isAtEnd) this.toEnd()
  }

  #seen() {
    if (this.#unread === 0 || !this.#isFollowed) return
    this.#unread = 0
    this.#showCount()
  }

  #showCount() {
    document.title = this.#unread > 0 ? `(${this.#unread}) ${this.#title}` : this.#title
    this.#later.hidden = this.#unread === 0
    this.#later.textContent = `${this.#unread} new ↓`
  }

  #make({ id, name, part, text, at }, now, state) {
    const node = document.createElement('article')
    node.className = `message ${state}`
    node.dataset.id = id
    node.dataset.by = `${part} ${name}`
    node.dataset.at = at
    node.innerHTML = `<span class="head" aria-hidden="true"></span>
      <div class="body"><p class="by"><b></b><time></time></p><p class="text"></p><p class="fate"></p></div>
      <span class="way" role="img" hidden><svg viewBox="0 0 16 16"><circle cx="8" cy="8" r="6.5" /><path class="hand" d="M8 4.75V8l2 1.5" /><path class="check" d="m5.25 8.25 2 2 3.5-4" /></svg></span>`
    paint(node, part)
    node.querySelector('.head').textContent = initialsOf(name)
    node.querySelector('b').textContent = name
    node.querySelector('.text').append(...nodesOf(text))
    const time = node.querySelector('time')
    time.dateTime = new Date(at).toISOString()
    time.textContent = timeOf(at, now)
    this.#nodes.set(id, node)
    return node
  }

  #regroup(node) {
    if (!node?.isConnected || !node.matches('.message')) return
    const before = node.previousElementSibling
    const isSame =
      before?.dataset.by === node.dataset.by &&
      Math.abs(node.dataset.at - before.dataset.at) < SAME_BREATH_MS
    node.classList.toggle('same', isSame)
  }
}
