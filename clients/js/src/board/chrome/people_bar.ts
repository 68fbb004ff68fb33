import type { Person } from '../people.js'
import type { App } from './app.js'
import { append, button, el } from './dom.js'
import { openMenu, type MenuEntry } from './menu.js'

/** Of the others; what is narrower than this has room for less. */
const SHOWN_MAX = 4
const SHOWN_MAX_NARROW = 2
const NARROW = 640

/** Who is here, as noteheads in their colours; a click on one follows what that person sees. */
export function peopleBar(app: App): HTMLElement {
  const { people } = app.editor
  const bar = el('div', { class: 'people', role: 'group', 'aria-label': 'Who is here' })
  let shown = SHOWN_MAX
  const show = () => {
    const others = people.all.filter(({ isMe }) => !isMe)
    const me = people.all.filter(({ isMe }) => isMe)
    bar.replaceChildren(...others.slice(0, shown).map((person) => headOf(app, person)))
    append(bar, [
      others.length > shown && moreOf(app, others, shown),
      ...me.map((me) => ownHead(app, me)),
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

function headOf(app: App, person: Person): HTMLElement {
  const { people } = app.editor
  const isFollowed = people.followed?.id === person.id
  const head = button({
    label: `${isFollowed ? 'Follow no longer:' : 'Follow'} ${said(person)}`,
    class: classes('head', person.isAway && 'away', isFollowed && 'followed'),
    attributes: { 'aria-pressed': String(isFollowed) },
    onClick: () => people.follow(isFollowed ? null : person.id),
  })
  return paint(head, person)
}

function ownHead(app: App, me: Person): HTMLElement {
  const head = button({
    label: `You are ${me.name}`,
    class: 'head me',
    attributes: { 'aria-haspopup': 'menu', 'aria-expanded': 'false' },
    onClick: () => {
      const { right, bottom } = head.getBoundingClientRect()
      openMenu(
        app.board,
        me.name,
        { x: right, y: bottom + 8, toLeft: true },
        ownEntries(app, me),
        head,
      )
    },
  })
  paint(head, me)
  return head
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

function moreOf(app: App, others: readonly Person[], shown: number): HTMLElement {
  const { people } = app.editor
  const count = others.length - shown
  const more = button({
    label: `${count} more ${count === 1 ? 'person' : 'people'}`,
    class: 'head count',
    attributes: { 'aria-haspopup': 'menu', 'aria-expanded': 'false' },
    onClick: () => {
      const { right, bottom } = more.getBoundingClientRect()
      const entries = others.map((person) => ({
        label: said(person),
        person: person.colour,
        checked: people.followed?.id === person.id,
        run: () => people.follow(people.followed?.id === person.id ? null : person.id),
      }))
      const place = { x: right, y: bottom + 8, toLeft: true }
      openMenu(app.board, 'Who is here', place, [{ title: 'Follow' }, ...entries], more)
    },
  })
  more.append(el('span', { 'aria-hidden': 'true' }, `+${count}`))
  return more
}

function paint(head: HTMLElement, { name, colour }: Person): HTMLElement {
  head.style.setProperty('--person', colour)
  head.append(el('span', { 'aria-hidden': 'true' }, initials(name)))
  return head
}

function said({ name, isAway }: Person): string {
  return isAway ? `${name}, away` : name
}

function initials(name: string): string {
  const [first = '', second = ''] = name.split(/\s+/).map((word) => [...word][0] ?? '')
  return (first + second).toUpperCase()
}

function classes(...names: (string | false)[]): string {
  return names.filter((name) => name !== false).join(' ')
}
