import type { Person } from '../people.js'
import type { App } from './app.js'
import { button, el, keyedList, setAttribute, setText, type Entry } from './dom.js'
import { openMenu, type MenuEntry } from './menu.js'

/** Of the others; what is narrower than this has room for less. */
const SHOWN_MAX = 4
const SHOWN_MAX_NARROW = 2
const NARROW = 640

/** One of the others, how many more there are, or this person. */
type Head =
  | { readonly is: 'other' | 'me'; readonly person: Person }
  | { readonly is: 'more'; readonly others: readonly Person[]; readonly count: number }

/** Who is here, as noteheads in their colours; a click on one follows what that person sees. */
export function peopleBar(app: App): HTMLElement {
  const { people } = app.editor
  const bar = el('div', { class: 'people', role: 'group', 'aria-label': 'Who is here' })
  const list = keyedList<Head>(bar, keyOf, ({ is }) => {
    if (is === 'more') return moreEntry(app)
    return is === 'me' ? ownEntry(app) : otherEntry(app)
  })
  let shown = SHOWN_MAX
  const show = () => {
    const others = people.all.filter(({ isMe }) => !isMe)
    const me = people.all.filter(({ isMe }) => isMe)
    const count = others.length - shown
    list([
      ...others.slice(0, shown).map((person) => ({ is: 'other', person }) as const),
      ...(count > 0 ? [{ is: 'more', others, count } as const] : []),
      ...me.map((person) => ({ is: 'me', person }) as const),
    ])
  }
  const watch = new ResizeObserver(() => {
    const before = shown
    shown = app.board.clientWidth <= NARROW ? SHOWN_MAX_NARROW : SHOWN_MAX
    if (shown !== before) show()
  })
  watch.observe(app.board)
  app.onEnd(() => watch.disconnect())
  app.onEnd(people.on('change', show))
  app.onEnd(people.on('follow', show))
  show()
  return bar
}

function keyOf(head: Head): string {
  return head.is === 'other' ? `other ${head.person.id}` : head.is
}

function otherEntry({ editor: { people } }: App): Entry<Head> {
  let id = 0
  const isFollowed = () => people.followed?.id === id
  const element = button({
    label: '',
    class: 'head',
    onClick: () => people.follow(isFollowed() ? null : id),
  })
  return {
    element,
    update(head) {
      if (head.is === 'more') return
      const { person } = head
      id = person.id
      name(element, `${isFollowed() ? 'Follow no longer:' : 'Follow'} ${said(person)}`)
      setAttribute(element, 'aria-pressed', String(isFollowed()))
      element.classList.toggle('away', person.isAway)
      element.classList.toggle('followed', isFollowed())
      paint(element, person)
    },
  }
}

function ownEntry(app: App): Entry<Head> {
  let me: Person | null = null
  const element = opener('head me', () => {
    if (me === null) return
    const { right, bottom } = element.getBoundingClientRect()
    const place = { x: right, y: bottom + 8, toLeft: true }
    openMenu(app.board, me.name, place, ownEntries(app, me), element)
  })
  return {
    element,
    update(head) {
      if (head.is === 'more') return
      me = head.person
      name(element, `You are ${me.name}`)
      paint(element, me)
    },
  }
}

function ownEntries({ editor }: App, me: Person): MenuEntry[] {
  const { people } = editor
  return [
    { title: `You are ${me.name}` },
    {
      label: 'Call everyone here',
      icon: 'bell',
      disabled: people.all.length < 2,
      run: () => void editor.attempt(() => people.summon()),
    },
  ]
}

function moreEntry(app: App): Entry<Head> {
  const { people } = app.editor
  let others: readonly Person[] = []
  const element = opener('head count', () => {
    const { right, bottom } = element.getBoundingClientRect()
    const entries = others.map((person) => ({
      label: said(person),
      person: person.colour,
      checked: people.followed?.id === person.id,
      run: () => people.follow(people.followed?.id === person.id ? null : person.id),
    }))
    const place = { x: right, y: bottom + 8, toLeft: true }
    openMenu(app.board, 'Who is here', place, [{ title: 'Follow' }, ...entries], element)
  })
  const face = el('span', { 'aria-hidden': 'true' })
  element.append(face)
  return {
    element,
    update(head) {
      if (head.is !== 'more') return
      others = head.others
      name(element, `${head.count} more ${head.count === 1 ? 'person' : 'people'}`)
      setText(face, `+${head.count}`)
    },
  }
}

function opener(className: string, onClick: () => void): HTMLButtonElement {
  const attributes = { 'aria-haspopup': 'menu', 'aria-expanded': 'false' }
  return button({ label: '', class: className, attributes, onClick })
}

function name(element: HTMLElement, label: string): void {
  setAttribute(element, 'aria-label', label)
  setAttribute(element, 'title', label)
}

function paint(head: HTMLElement, { name, colour }: Person): void {
  head.style.setProperty('--person', colour)
  if (head.firstElementChild === null) head.append(el('span', { 'aria-hidden': 'true' }))
  setText(head.firstElementChild!, initials(name))
}

function said({ name, isAway }: Person): string {
  return isAway ? `${name}, away` : name
}

function initials(name: string): string {
  const [first = '', second = ''] = name.split(/\s+/).map((word) => [...word][0] ?? '')
  return (first + second).toUpperCase()
}
