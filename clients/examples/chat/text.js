const LINK = /\bhttps?:\/\/[^\s<>"]+/g
const AFTER_A_LINK = /[.,;:!?'")\]]+$/

/** What somebody wrote, as nodes: text stays text, and addresses become links. */
export function nodesOf(text) {
  const nodes = []
  let end = 0
  for (const { 0: found, index } of text.matchAll(LINK)) {
    const address = found.replace(AFTER_A_LINK, '')
    nodes.push(text.slice(end, index), linkTo(address))
    end = index + address.length
  }
  nodes.push(text.slice(end))
  return nodes
}

function linkTo(address) {
  const link = document.createElement('a')
  link.href = address
  link.target = '_blank'
  link.rel = 'noopener noreferrer nofollow'
  link.textContent = address
  return link
}

/** The first letters of the first two words. */
export function initialsOf(name) {
  const letters = name.split(/\s+/).map((word) => [...word][0] ?? '')
  return letters.slice(0, 2).join('').toUpperCase()
}

const sameDay = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const otherDay = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

/** A moment in words, seen from `now`; both in milliseconds since 1970. */
export function timeOf(at, now) {
  const isToday = new Date(at).toDateString() === new Date(now).toDateString()
  return (isToday ? sameDay : otherDay).format(at)
}
