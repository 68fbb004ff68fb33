/**
 * The pill that says whether this page is connected: give what this returns to `join` as
 * `onStatus`. With `saves` it also says whether our own changes are saved. It takes the same room
 * on the page whatever it says.
 *
 * ```js
 * const room = await join('/', 'lobby', { onStatus: statusPill(element, { saves: true }) })
 * ```
 */
export function statusPill(element, { saves = false } = {}) {
  element.classList.add('pill')
  // Both words of the mark stand in one place, so that nothing moves when one follows the other.
  element.innerHTML = `<span class="pill-body">
      <span role="status"></span>
      <span class="mark" hidden><span>Saved</span><span>Saving…</span></span>
      <span data-countdown aria-hidden="true"></span>
      <button type="button" hidden></button>
    </span>`
  const text = element.querySelector('[role]')
  const mark = element.querySelector('.mark')
  const countdown = element.querySelector('[data-countdown]')
  const button = element.querySelector('button')
  let room = null
  let timer

  function show({ status, reason, retryAt }) {
    const trouble = saves ? diskTrouble(room) : null
    element.dataset.status = status
    document.documentElement.dataset.status = status
    element.classList.toggle('trouble', trouble !== null)
    element.title = trouble?.reason ?? reason
    const says = trouble?.text ?? words(status, reason)
    // Said again, it would be read out again.
    if (text.textContent !== says) text.textContent = says
    mark.hidden = !saves || trouble !== null || !isKnown(room)
    mark.dataset.state = room.unsaved === 0 ? 'saved' : 'saving'
    button.hidden = status !== 'offline' && status !== 'closed'
    button.textContent = status === 'closed' ? 'Reload' : 'Try now'
    clearInterval(timer)
    countdown.textContent = ''
    if (status !== 'offline' || retryAt === null) return
    const count = () => {
      const seconds = Math.ceil((retryAt - Date.now()) / 1000)
      countdown.textContent = seconds > 0 ? `next try in ${seconds} s` : ''
    }
    count()
    timer = setInterval(count, 250)
  }

  button.addEventListener('click', () => {
    if (room.status === 'closed') location.reload()
    else room.reconnect()
  })

  return (condition, told) => {
    if (told !== room) {
      room = told
      const showAgain = () => told === room && show(told.condition)
      told.on('unsaved', showAgain)
      told.on('saving', showAgain)
    }
    show(condition)
  }
}

function words(status, reason) {
  switch (status) {
    case 'live':
      return 'Live'
    case 'connecting':
      return 'Connecting…'
    case 'offline':
      return 'Offline'
    default:
      return `Closed: ${reason}`
  }
}

/** Without a connection nobody knows what is saved; and in memory nothing ever is. */
function isKnown(room) {
  return room.status === 'live' && room.durability !== 'memory'
}

/** What to say while the server's disk is not well; null while it is, or nobody knows. */
function diskTrouble(room) {
  if (!isKnown(room) || room.saving === 'ok') return null
  if (room.saving === 'paused') {
    return {
      text: 'Waiting for the server’s disk',
      reason: 'The server takes changes again as soon as its disk is well. Yours wait here.',
    }
  }
  return {
    text: `${room.unsaved > 0 ? 'Not saved' : 'Not saving'}: the server’s disk fails`,
    reason: 'The room goes on. What is new in it is saved as soon as the disk is well.',
  }
}
