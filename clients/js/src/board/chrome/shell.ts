import type { Room } from '../../tutti.js'
import { Clipboard } from '../clipboard.js'
import type { Margins } from '../camera.js'
import { Editor } from '../editor.js'
import type { App, Links, Part } from './app.js'
import { attentionOf } from './attention.js'
import { wayBack } from './astray.js'
import { listenForMenu } from './context_menu.js'
import { COMMANDS, keysOf } from './commands.js'
import { button, el, isTextField, setAttribute } from './dom.js'
import { openExport } from './export_sheet.js'
import { openHelp } from './help.js'
import { isAtRisk } from './condition.js'
import { ConnectionNotice, conditionOf, savedMark, Toasts, type ToastAction } from './notices.js'
import { followingPill } from './following.js'
import { peopleBar } from './people_bar.js'
import { refusalWords } from './refusals.js'
import { SHEET } from './sheet.js'
import { talk, type TalkPart } from './talk.js'
import { TALK_SHEET } from './talk_sheet.js'
import { listenForKeys } from './shortcuts.js'
import { letTapsPress } from './taps.js'
import { ThemeSwitch, type ThemeChoice } from './theme.js'
import { toolbar } from './toolbar.js'
import { faceOf } from './tools.js'
import { boardCorner, shareButton } from './top_bar.js'
import { keepView } from './views.js'
import { welcome } from './welcome.js'
import { zoomCorner } from './zoom.js'

export interface ShellOptions {
  /** Of the room. */
  readonly name: string
  readonly title: string
  readonly readOnly: boolean
  /** Null leaves it to the person. */
  readonly theme: ThemeChoice | null
  readonly hide: ReadonlySet<Part>
  readonly links: Links
  /** As many changes wait while nothing goes out. */
  readonly queue: number
}

/** What bars take of an edge, and what is left free where there is none. */
const BAR = 80
const EDGE = 32

const STAGE_HELP =
  'Drawing board. Enter takes hold of the first object, Tab of the next, Enter writes in it, Escape lets go; arrow keys move what is held. Question mark tells all keys.'

/** The board as it stands in its element: first an empty sheet, and all of it once the room is here. */
export class Shell {
  readonly #host = document.createElement('tutti-board')
  readonly #root = this.#host.attachShadow({ mode: 'open' })
  readonly #stage = el('div', {
    class: 'stage',
    tabindex: 0,
    role: 'application',
    'aria-label': STAGE_HELP,
  })
  readonly #chrome = el('div', { class: 'chrome' })
  readonly #board = el('div', { class: 'board' }, this.#stage, this.#chrome)
  readonly #notice = new ConnectionNotice()
  readonly #notices = el('div', { class: 'notices' })
  readonly #mark = savedMark()
  readonly #toasts = new Toasts()
  readonly #said = el('div', { class: 'hidden', role: 'status', 'aria-live': 'polite' })
  readonly #ending = new AbortController()
  readonly #ends: (() => void)[] = []
  readonly #options: ShellOptions
  readonly #theme: ThemeSwitch
  #editor: Editor | null = null
  #toggleTalk: (part: TalkPart) => void = () => {}
  #isAtRisk = false

  constructor(element: HTMLElement, options: ShellOptions) {
    this.#options = options
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(SHEET + TALK_SHEET)
    this.#root.adoptedStyleSheets = [sheet]
    this.#root.append(this.#board)
    this.#theme = new ThemeSwitch(options.theme, this.#ending.signal)
    this.#theme.on('change', () => this.#paint())
    this.#paint()
    if (!options.hide.has('connection')) this.#notices.append(this.#notice.element)
    this.#chrome.append(this.#notices, this.#said)
    element.append(this.#host)
  }

  /** What the room does, from the first attempt on. */
  told(room: Room): void {
    const { queue, readOnly } = this.#options
    const images = this.#editor?.pictures.waiting ?? 0
    const condition = conditionOf(room, { queue, readOnly, images })
    this.#isAtRisk = isAtRisk(condition)
    this.#notice.update(room, condition)
    this.#mark.update(condition)
    setAttribute(this.#host, 'data-status', room.status)
  }

  /** The room is here: from now on the board can be drawn on. */
  open(room: Room): Editor {
    const { readOnly } = this.#options
    const isOurs = attentionOf(this.#host, this.#ending.signal)
    const { theme } = this.#theme
    const editor = new Editor(room, this.#stage, { readOnly, theme, isOurs })
    this.#editor = editor
    editor.camera.margins = this.#margins()
    this.#ends.push(keepView(editor, this.#options.name))
    const app = this.#appOf(room, editor)
    this.#fill(app)
    listenForKeys(app, isOurs)
    listenForMenu(app)
    letTapsPress(this.#board, app.signal)
    app.clipboard.listen(
      document,
      (event) => isOurs(event) && !isTextField(event.composedPath()[0]),
      app.signal,
    )
    this.#listen(app)
    this.told(room)
    return editor
  }

  /** What the room and the editor have to tell the person. */
  #listen(app: App): void {
    const { room, editor } = app
    for (const name of ['status', 'unsaved', 'saving', 'saved'] as const) {
      app.onEnd(room.on(name, () => this.told(room)))
    }
    app.onEnd(editor.textEditor.on('trouble', (text) => app.tell(text)))
    app.onEnd(editor.pictures.on('waiting', () => this.told(room)))
    const leave = (event: Event) => {
      // What was typed in the last moment is among what waits, then.
      editor.textEditor.flush()
      this.told(room)
      if (this.#isAtRisk) event.preventDefault()
    }
    addEventListener('beforeunload', leave, { signal: app.signal })
    app.onEnd(editor.on('trouble', (error) => app.tell(refusalWords(error))))
    app.onEnd(
      editor.people.on('summon', (summons) =>
        app.tell(`${summons.person.name} wants to show you something`, {
          label: 'Go there',
          run: () => editor.people.visit(summons),
        }),
      ),
    )
    app.onEnd(room.on('refused', ({ error }) => app.tell(refusalWords(error))))
    app.onEnd(
      room.on('uncertain', ({ length }) =>
        app.tell(
          `Nobody knows whether ${length === 1 ? 'a change' : `${length} changes`} of yours arrived. What you see is what the board has.`,
        ),
      ),
    )
    app.onEnd(room.on('notice', ({ text }) => app.tell(text)))
  }

  destroy(): void {
    this.#ending.abort()
    for (const end of this.#ends) end()
    this.#notice.stop()
    this.#toasts.stop()
    this.#editor?.destroy()
    this.#host.remove()
  }

  /** What shows all of the board keeps off the bars. */
  #margins(): Margins {
    const { hide } = this.#options
    const has = (...parts: Part[]) => parts.some((part) => !hide.has(part))
    return {
      top: has('menu', 'name', 'people', 'share') ? BAR : EDGE,
      bottom: has('tools', 'zoom') ? BAR : EDGE,
      left: EDGE,
      right: EDGE,
    }
  }

  #fill(app: App): void {
    const { bar, style } = toolbar(app)
    const right = el('div', { class: 'panel top-right' })
    if (!app.hides('people')) {
      right.append(peopleBar(app))
      this.#notices.append(followingPill(app))
    }
    if (!app.hides('talk')) this.#openTalk(app, right)
    if (!app.hides('share')) right.append(shareButton(app))
    const foot = el('div', { class: 'foot' }, this.#toasts.element, wayBack(app))
    if (!app.hides('tools')) foot.append(bar)
    // In this order the Tab key goes through them.
    this.#chrome.prepend(boardCorner(app, this.#mark.element), right)
    if (!app.hides('welcome')) this.#chrome.append(welcome(app))
    if (!app.hides('style')) this.#chrome.append(style.element)
    this.#chrome.append(foot, zoomCorner(app))
    if (!app.hides('help')) this.#chrome.append(helpCorner(app))
  }

  #openTalk(app: App, corner: HTMLElement): void {
    const { buttons, side, toggle } = talk(app)
    corner.append(buttons)
    this.#chrome.append(side)
    this.#toggleTalk = toggle
  }

  #appOf(room: Room, editor: Editor): App {
    const { title, links, hide } = this.#options
    const theme = this.#theme
    const lastUsed = new Map<string, string>()
    this.#ends.push(editor.on('tool', ({ name }) => lastUsed.set(faceOf(name)?.name ?? name, name)))
    const app: App = {
      room,
      editor,
      board: this.#board,
      stage: this.#stage,
      title,
      links,
      theme,
      signal: this.#ending.signal,
      clipboard: new Clipboard(editor, {
        theme: () => theme.theme,
        tell: (text) => app.tell(text),
      }),
      lastOf: (tool) => lastUsed.get(tool) ?? tool,
      hides: (part) => hide.has(part),
      onEnd: (end) => void this.#ends.push(end),
      talk: (part) => this.#toggleTalk(part),
      open: (dialog) => (dialog === 'help' ? openHelp(app) : openExport(app)),
      say: (text) => (this.#said.textContent = text),
      tell: (text: string, action?: ToastAction) => this.#toasts.tell(text, action),
    }
    return app
  }

  #paint(): void {
    setAttribute(this.#board, 'data-theme', this.#theme.theme)
    this.#editor?.setLook({ theme: this.#theme.theme })
  }
}

function helpCorner(app: App): HTMLElement {
  const { label, run } = COMMANDS.help
  const help = button({ icon: 'help', label, keys: keysOf('help'), onClick: () => run(app) })
  return el('div', { class: 'corner right' }, el('div', { class: 'panel zoom' }, help))
}
