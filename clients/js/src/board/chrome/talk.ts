/** Talking on the board: comments, chat and reactions. */
import { Chat } from '../chat.js'
import { Comments, type Speaker } from '../comments.js'
import { Reacting, Reactions } from '../reactions.js'
import type { App } from './app.js'
import { chatPanel } from './chat_panel.js'
import { commentList } from './comment_list.js'
import { CommentPins, Commenting } from './comment_pins.js'
import { button, el, setAttribute, setText } from './dom.js'
import type { IconName } from './icons.js'

export type TalkPart = 'chat' | 'comments'

export interface Talk {
  /** Opens a panel. */
  readonly buttons: HTMLElement
  /** In which the panels open, one at a time. */
  readonly side: HTMLElement
  toggle(part: TalkPart): void
}

export function talk(app: App): Talk {
  const { room, editor, onEnd } = app
  const speaker = (): Speaker => editor.people.all[0] ?? { name: 'Guest', colour: '#655f56' }
  const comments = new Comments(room, editor.scene, speaker)
  const chat = new Chat(room, speaker)
  const reactions = new Reactions(editor)
  for (const part of [comments, chat, reactions]) onEnd(() => part.destroy())
  const pins = new CommentPins(app, comments)
  const reacting = new Reacting(reactions)
  editor.register('comment', new Commenting(app, pins))
  editor.register('react', reacting)

  const said = chatPanel(app, chat, reacting, () => open(null))
  const pinned = commentList(app, comments, pins)
  const panels = { chat: said, comments: pinned }
  const title = el('h2', {})
  const body = el('div', { class: 'body' })
  const side = el(
    'section',
    { class: 'panel side', hidden: true },
    el(
      'header',
      {},
      title,
      closeButton(() => open(null)),
    ),
    body,
  )
  let shown: TalkPart | null = null
  const open = (part: TalkPart | null) => {
    if (shown !== null) panels[shown].show(false)
    shown = part
    side.hidden = part === null
    for (const each of PARTS) setAttribute(opener(each), 'aria-expanded', String(each === part))
    if (part === null) {
      app.stage.focus({ preventScroll: true })
      return
    }
    setText(title, TITLES[part])
    setAttribute(side, 'aria-label', TITLES[part])
    body.replaceChildren(panels[part].element)
    panels[part].show(true)
  }
  const toggle = (part: TalkPart) => open(shown === part ? null : part)
  const openers = new Map(PARTS.map((part) => [part, openerOf(part, () => toggle(part))]))
  const opener = (part: TalkPart) => openers.get(part)!

  const badge = el('span', { class: 'badge', hidden: true })
  opener('chat').append(badge)
  onEnd(
    chat.on('change', () => {
      badge.hidden = chat.unread === 0
      setText(badge, chat.unread > 99 ? '99+' : String(chat.unread))
      setAttribute(
        opener('chat'),
        'aria-label',
        chat.unread > 0 ? `Chat, ${chat.unread} new` : 'Chat',
      )
    }),
  )
  onEnd(
    chat.on('line', ({ name, text }) => {
      if (shown !== 'chat') app.say(`${name} says: ${text}`)
    }),
  )
  return {
    buttons: el('div', { class: 'talks' }, ...openers.values()),
    side,
    toggle,
  }
}

const PARTS: readonly TalkPart[] = ['comments', 'chat']
const TITLES = { comments: 'Comments', chat: 'Chat' } as const
const ICONS: { readonly [part in TalkPart]: IconName } = { comments: 'comment', chat: 'chat' }

function openerOf(part: TalkPart, onClick: () => void): HTMLButtonElement {
  const attributes = { 'aria-expanded': 'false' }
  return button({ icon: ICONS[part], label: TITLES[part], attributes, onClick })
}

function closeButton(onClick: () => void): HTMLButtonElement {
  return button({ icon: 'close', label: 'Close', keys: 'Esc', onClick })
}
