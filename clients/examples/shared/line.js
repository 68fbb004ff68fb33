/** The connection closes like one that showed no sign of life: the room keeps the seat. */
const CLOSE_DROPPED = 4013

/**
 * A line that a person can cut and mend, to see what a page does then. Give `line.WebSocket` to
 * `join`.
 */
export function startLine() {
  const sockets = new Set()
  let isCut = false
  return {
    WebSocket: class extends WebSocket {
      constructor(url, protocols) {
        // While cut, an address at which nothing answers.
        super(isCut ? new URL('/cut', url) : url, protocols)
        sockets.add(this)
        this.addEventListener('close', () => sockets.delete(this))
      }
    },
    get isCut() {
      return isCut
    },
    cut() {
      isCut = true
      for (const socket of sockets) socket.close(CLOSE_DROPPED, 'cut by hand')
    },
    mend() {
      isCut = false
      dispatchEvent(new Event('online'))
    },
  }
}

/** Makes a button of `button` that cuts the line and mends it. */
export function lineSwitch(button, line) {
  button.addEventListener('click', () => {
    if (line.isCut) line.mend()
    else line.cut()
    button.textContent = line.isCut ? 'Mend the line' : 'Cut the line'
    button.setAttribute('aria-pressed', String(line.isCut))
  })
}
