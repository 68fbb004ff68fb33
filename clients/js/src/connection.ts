/**
 * Keeps a session connected: the socket, the timers and what the browser knows of the network and
 * the page. All decisions about messages are the session's.
 */
import { endingOfClose, endingOfUpgrade, TuttiError, type Ending } from './errors.js'
import type { Link, Session } from './session.js'
import { SimulatedLink } from './simulated_link.js'
import { SUBPROTOCOL } from './wire.js'

/** As far as we need one: the browser's, Node's, or that of the package `ws`. */
export interface WebSocketLike {
  binaryType: string
  readonly bufferedAmount: number
  /** 2 and 3: it takes nothing any more, and `onclose` is on its way. */
  readonly readyState: number
  send(data: Uint8Array): void
  close(code?: number, reason?: string): void
  onopen: ((event: never) => void) | null
  onmessage: ((event: never) => void) | null
  onclose: ((event: never) => void) | null
  onerror: ((event: never) => void) | null
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike

/** What the connection is doing. */
export interface RoomStatus {
  /**
   * `connecting`: on its way to the room. `live`: the whole state is here and is kept up.
   * `offline`: no connection; what shows may be old, changes wait. `closed`: over for good.
   */
  readonly status: 'connecting' | 'live' | 'offline' | 'closed'
  /** For a person, in English; empty while live. */
  readonly reason: string
  /** Of `offline`: when the next try begins, as `Date.now()` tells the time. */
  readonly retryAt: number | null
  /** Of `closed`, and of an `offline` that the server explained. */
  readonly error: TuttiError | null
}

/** Time and chance, handed in. */
export interface Surroundings {
  /** Milliseconds, never going back. */
  now(): number
  /** 0 ≤ n < 1 */
  random(): number
  setTimer(run: () => void, ms: number): unknown
  clearTimer(timer: unknown): void
}

const RETRY_FIRST_MS = 250
const RETRY_MAX_MS = 8_000
/** Connections that last this long were good ones: the next retry is quick again. */
const GOOD_MS = 5_000
const OPEN_MS = 10_000
const READY_STATE_OPEN = 1
const CLOSE_NORMAL = 1000
/** Of our own: keeps the seat, as every code but 1000 and 1001 does. */
const CLOSE_DROPPED = 4013

/** Full jitter: a crowd that lost its server at one moment does not come back at one moment. */
export function retryDelay(attempt: number, random: number): number {
  return random * Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** attempt)
}

export class Connection {
  /** What trials do to messages on their way. */
  readonly link: SimulatedLink
  #status: RoomStatus = { status: 'connecting', reason: '', retryAt: null, error: null }
  #socket: WebSocketLike | null = null
  #attempt = 0
  #liveAt = Infinity
  #retryTimer: unknown = null
  #pumpTimer: unknown = null
  #pumpAt = Infinity
  readonly #address: () => string
  readonly #WebSocket: WebSocketConstructor
  readonly #session: Session
  readonly #surroundings: Surroundings
  readonly #onStatus: (status: RoomStatus) => void
  readonly #keepsSeat: boolean
  readonly #unwatch: () => void

  /** `address`: asked for each time that it connects. */
  constructor(
    address: () => string,
    WebSocket: WebSocketConstructor,
    session: Session,
    surroundings: Surroundings,
    onStatus: (status: RoomStatus) => void,
    keepsSeat = false,
  ) {
    this.#address = address
    this.#WebSocket = WebSocket
    this.#session = session
    this.#surroundings = surroundings
    this.link = new SimulatedLink(surroundings)
    this.#onStatus = onStatus
    this.#keepsSeat = keepsSeat
    this.#unwatch = watchPage(this)
  }

  get status(): RoomStatus {
    return this.#status
  }

  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0
  }

  /** Tries at once, whatever it was waiting for. */
  connect(): void {
    if (this.#socket !== null || this.#status.status === 'closed') return
    this.#clearTimers()
    this.#tell({ status: 'connecting', reason: this.#status.reason, retryAt: null, error: null })
    let socket: WebSocketLike
    try {
      socket = new this.#WebSocket(this.#address(), [SUBPROTOCOL])
    } catch (error) {
      this.#end(new TuttiError('misuse', String(error)))
      return
    }
    this.#socket = socket
    this.#listen(socket)
    this.#retryTimer = this.#surroundings.setTimer(
      () => this.#drop(socket, 'the server does not answer'),
      OPEN_MS,
    )
  }

  /** The session has, or may have, something to send. */
  pump(): void {
    const { now, setTimer, clearTimer } = this.#surroundings
    const at = this.#session.pump(now())
    if (at === this.#pumpAt) return
    clearTimer(this.#pumpTimer)
    this.#pumpAt = at
    if (at === Infinity) return
    this.#pumpTimer = setTimer(
      () => {
        this.#pumpAt = Infinity
        this.pump()
      },
      Math.max(0, at - now()),
    )
  }

  /** The session holds the whole state. */
  live(): void {
    this.#liveAt = this.#surroundings.now()
    this.#tell({ status: 'live', reason: '', retryAt: null, error: null })
  }

  /** Gives the seat up. */
  leave(): void {
    if (this.#status.status === 'closed') return
    this.#giveUp()
    this.#end(new TuttiError('closed', 'the room was left'))
  }

  /** The page goes out of sight for good, or into the browser's cache of pages. */
  rest(): void {
    if (this.#status.status === 'closed') return
    if (this.#keepsSeat) this.#hangUp(CLOSE_DROPPED)
    else this.#giveUp()
    this.#clearTimers()
    this.#tell({ status: 'offline', reason: 'the page is closed', retryAt: null, error: null })
  }

  /** The browser says that the network is gone. */
  networkLost(): void {
    if (this.#socket !== null) this.#drop(this.#socket, 'there is no network')
  }

  /** Something has changed for the better: waits are over, and a doubtful line is asked. */
  wake(visible: boolean): void {
    this.#session.setVisible(visible)
    if (this.#status.status === 'offline') this.connect()
    else this.pump()
  }

  hide(): void {
    this.#session.setVisible(false)
  }

  #listen(socket: WebSocketLike): void {
    const { now } = this.#surroundings
    let failure: Ending | null = null
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      this.#surroundings.clearTimer(this.#retryTimer)
      this.#session.opened(this.#linkOver(socket), now())
      this.pump()
    }
    socket.onmessage = ({ data }: { data: unknown }) => {
      if (data instanceof ArrayBuffer) {
        this.link.carry('down', () => {
          this.#session.received(new Uint8Array(data), now())
          this.pump()
        })
      } else {
        this.#drop(socket, 'the server sent text')
      }
    }
    socket.onerror = ({ message }: { message?: unknown }) => {
      // Browsers tell nothing here; `ws` names the HTTP status of a refused upgrade.
      const status = /Unexpected server response: (\d+)/.exec(String(message))?.[1]
      if (status !== undefined) failure = endingOfUpgrade(Number(status))
    }
    socket.onclose = ({ code, reason }: { code: number; reason: string }) => {
      if (this.#socket !== socket) return
      this.#detach()
      this.#lost(failure ?? endingOfClose(code), failure === null ? code : undefined, reason)
    }
  }

  #linkOver(socket: WebSocketLike): Link {
    return {
      send: (message) => this.link.carry('up', () => socket.send(message)),
      drop: (reason) => this.#drop(socket, reason),
      get bufferedAmount() {
        return socket.bufferedAmount
      },
      get isClosing() {
        return socket.readyState > READY_STATE_OPEN
      },
    }
  }

  /** Ends a connection that is of no use any more, and tries again. */
  #drop(socket: WebSocketLike, reason: string): void {
    if (this.#socket !== socket) return
    this.#detach()
    closeSilently(socket, CLOSE_DROPPED, reason)
    this.#lost({ status: 'closed', final: false, text: reason }, undefined, '')
  }

  #giveUp(): void {
    if (this.#socket !== null) this.#session.leave(this.#surroundings.now())
    this.#hangUp(CLOSE_NORMAL)
  }

  /** What may be sent yet goes first. */
  #hangUp(code: number): void {
    const socket = this.#socket
    if (socket === null) return
    this.#session.pump(this.#surroundings.now())
    this.link.flush()
    this.#detach()
    closeSilently(socket, code, '')
  }

  #detach(): void {
    this.#socket = null
    this.link.cut()
    this.#session.closed()
    this.#clearTimers()
  }

  #lost(ending: Ending, code: number | undefined, reason: string): void {
    const { now, random } = this.#surroundings
    const [said = '', hint] = reason.split('; retry_ms=')
    const error = new TuttiError(ending.status, said || ending.text, code)
    if (ending.final) {
      this.#end(error)
      return
    }
    if (now() - this.#liveAt >= GOOD_MS) this.#attempt = 0
    this.#liveAt = Infinity
    const hinted = hint === undefined ? NaN : Number.parseInt(hint, 10)
    const delay = hinted >= 0 ? hinted : retryDelay(this.#attempt, random())
    this.#attempt++
    this.#retryTimer = this.#surroundings.setTimer(() => this.connect(), delay)
    this.#tell({
      status: 'offline',
      reason: error.message,
      retryAt: Date.now() + delay,
      error: code === undefined ? null : error,
    })
  }

  #end(error: TuttiError): void {
    this.#clearTimers()
    this.#unwatch()
    this.#tell({ status: 'closed', reason: error.message, retryAt: null, error })
  }

  #clearTimers(): void {
    this.#surroundings.clearTimer(this.#retryTimer)
    this.#surroundings.clearTimer(this.#pumpTimer)
    this.#pumpAt = Infinity
  }

  #tell(status: RoomStatus): void {
    this.#status = status
    this.#onStatus(status)
  }
}

function closeSilently(socket: WebSocketLike, code: number, reason: string): void {
  socket.onopen = socket.onmessage = socket.onclose = null
  // `ws` throws an error that nobody listens for when it is closed before it is open.
  socket.onerror = () => {}
  socket.close(code, reason)
}

/** Tells the connection what the browser knows. Outside of a browser there is nothing to watch. */
function watchPage(connection: Connection): () => void {
  const page = globalThis.document
  if (typeof page === 'undefined' || typeof globalThis.addEventListener !== 'function') {
    return () => {}
  }
  const isVisible = () => page.visibilityState === 'visible'
  const handlers: [EventTarget, string, (event: Event) => void][] = [
    [globalThis, 'online', () => connection.wake(isVisible())],
    [globalThis, 'offline', () => connection.networkLost()],
    [globalThis, 'pagehide', () => connection.rest()],
    [
      globalThis,
      'pageshow',
      (event) => {
        if ((event as PageTransitionEvent).persisted) connection.wake(isVisible())
      },
    ],
    [
      page,
      'visibilitychange',
      () => {
        if (isVisible()) connection.wake(true)
        else connection.hide()
      },
    ],
  ]
  for (const [target, name, handler] of handlers) target.addEventListener(name, handler)
  return () => {
    for (const [target, name, handler] of handlers) target.removeEventListener(name, handler)
  }
}
