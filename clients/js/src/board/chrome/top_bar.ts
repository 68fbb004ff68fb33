import { TEMPLATES } from '../templates.js'
import type { App } from './app.js'
import type { CommandId } from './commands.js'
import { entriesOf } from './context_menu.js'
import { append, button, el } from './dom.js'
import { menuButton, openMenu, type MenuEntry } from './menu.js'
import { insertTemplate } from './welcome.js'

const OF_MENU: readonly (CommandId | '-')[] = [
  'export',
  'copy-picture',
  '-',
  'zoom-fit',
  'select-all',
  '-',
  'help',
]

/** Menu, name, and whether all is saved. */
export function boardCorner(app: App, mark: HTMLElement): HTMLElement {
  const corner = el('div', { class: 'panel top-left' })
  if (!app.hides('menu')) {
    const opener = button({ icon: 'menu', label: 'Menu', onClick: () => {} })
    corner.append(menuButton(opener, app.board, 'Menu', () => menu(app)))
  }
  if (!app.hides('name')) {
    corner.append(el('h1', { class: 'title', title: app.title }, app.title))
    append(corner, [originTag(app)])
  }
  if (!app.hides('saved')) corner.append(app.editor.readOnly ? lookingTag() : mark)
  corner.hidden = corner.childElementCount === 0
  return corner
}

function lookingTag(): HTMLElement {
  return el('span', { class: 'tag' }, 'You are looking')
}

/** Of which board this one was made. */
function originTag({ room, links }: App): HTMLElement | null {
  const { forkedFrom } = room
  if (forkedFrom === null) return null
  const title = `Goes on from a moment of “${forkedFrom.room}”`
  const href = links.origin?.(forkedFrom)
  return el('a', { class: 'tag', title, href, target: '_blank' }, `from ${forkedFrom.room}`)
}

/** What was before: of this board, and of the one that it was made of. */
function pasts({ room, links }: App): MenuEntry[] {
  const { forkedFrom } = room
  const origin = forkedFrom === null ? undefined : links.origin?.(forkedFrom)
  const line = (label: string, link: string | undefined): MenuEntry[] =>
    link === undefined ? [] : [{ label, icon: 'clock', run: () => void open(link, '_blank') }]
  return [...line('History', links.history), ...line(`From ${forkedFrom?.room}`, origin)]
}

function menu(app: App): MenuEntry[] {
  const { theme, editor } = app
  const choices = [
    ['system', 'As the system', 'system'],
    ['light', 'Light', 'sun'],
    ['dark', 'Dark', 'moon'],
  ] as const
  const templates = TEMPLATES.map((template) => ({
    label: template.name,
    icon: 'template' as const,
    run: () => insertTemplate(app, template),
  }))
  return [
    ...entriesOf(app, OF_MENU),
    ...pasts(app),
    ...(editor.readOnly ? [] : [{ title: 'Templates' }, ...templates]),
    { title: 'Colours' },
    ...choices.map(([choice, label, icon]) => ({
      label,
      icon,
      checked: theme.choice === choice,
      run: () => theme.choose(choice),
    })),
  ]
}

/** A link that lets others in. */
export function shareButton(app: App): HTMLButtonElement {
  const { draw, look } = app.links
  const opener = button({
    icon: 'link',
    label: 'Share this board',
    text: 'Share',
    class: 'button strong share',
    onClick: () => {
      if (look === undefined) {
        void copyLink(app, draw, 'Link copied')
        return
      }
      const { right, bottom } = opener.getBoundingClientRect()
      openMenu(
        app.board,
        'Share this board',
        { x: right, y: bottom + 8, toLeft: true },
        [
          ...(app.editor.readOnly
            ? []
            : [
                {
                  label: 'Copy a link to draw',
                  icon: 'pen' as const,
                  run: () => void copyLink(app, draw, 'Link copied: who has it can draw'),
                },
              ]),
          {
            label: 'Copy a link to look',
            icon: 'eye' as const,
            run: () => void copyLink(app, look, 'Link copied: who has it can look'),
          },
        ],
        opener,
      )
    },
  })
  return opener
}

async function copyLink(app: App, link: string, said: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(link)
    app.tell(said)
  } catch {
    prompt('Copy this:', link)
  }
}
