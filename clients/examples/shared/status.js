/**
 * The pill that says whether this page is connected: give what this returns to `join` as
 * `onStatus`. It takes the same room on the page whatever it says.
 *
 * ```js
 * const room = await join('/', 'lobby', { onStatus: statusPill(element) })
 * ```
 */
export function statusPill(element) {
  element.classList.add('pill')
  element.innerHTML = `<span class="pill-body">
      <span role="status"></span><span data-countdown aria-hidden="true"></span>
      <button type="button" hidden></button>
    </span>`
  const [text, countdown] = element.querySelectorAll('.pill-body > span')
  const button = element.querySelector('button')
  let timer
  let retryAt = null

  const count = () => {
    const seconds = Math.ceil((retryAt - Date.now()) / 1000)
    countdown.textContent = seconds > 0 ? `next try in ${seconds} s` : ''
  }
  button.addEventListener('click', () => {
    // The same sign that the browser gives when the network is back: try at once.
    if (element.dataset.status === 'offline') dispatchEvent(new Event('online'))
    else location.reload()
  })

  return (condition) => {
    element.dataset.status = condition.status
    document.documentElement.dataset.status = condition.status
    element.title = condition.reason
    text.textContent = words(condition)
    clearInterval(timer)
    retryAt = condition.retryAt
    countdown.textContent = ''
    if (condition.status === 'offline' && retryAt !== null) {
      count()
      timer = setInterval(count, 250)
    }
    button.hidden = condition.status !== 'offline' && condition.status !== 'closed'
    button.textContent = condition.status === 'closed' ? 'Reload' : 'Try now'
  }
}

function words({ status, reason }) {
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
