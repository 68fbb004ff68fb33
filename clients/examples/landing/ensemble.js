import { paint, seatOf } from '/shared/seat.js'

/** A cursor that stood still for so long is dimmed. */
const IDLE_MS = 8_000

/** The cursors of the others, drawn in the layer `layer`, and the list of who is here. */
export class Ensemble {
  #room
  #stage
  #layer
  #cursors = new Map()

  constructor(room, stage, layer) {
    this.#room = room
    this.#stage = stage
    this.#layer = layer
    room.others.interpolate(['x', 'y'])
    for (const member of room.others) this.#dress(member)
    room.others.on('change', ({ kind, member }) => {
      if (kind === 'leave') this.#remove(member.id)
      else this.#dress(member)
    })
  }

  /** Once per animation frame. Moves what moved, and touches nothing else. */
  draw(now) {
    const { layout } = this.#stage
    for (const [id, cursor] of this.#cursors) {
      const { x, y } = this.#room.others.at(id, now) ?? {}
      const isHere = typeof x === 'number' && typeof y === 'number'
      const isMoved = x !== cursor.x || y !== cursor.y
      if (isHere && (isMoved || cursor.layout !== layout)) {
        const { left, top } = this.#stage.pageOf(x, y)
        cursor.element.style.transform = `translate3d(${left.toFixed(1)}px, ${top.toFixed(1)}px, 0)`
        if (isMoved) cursor.movedAt = now
        Object.assign(cursor, { x, y, layout })
      }
      setClass(cursor, 'here', isHere)
      setClass(cursor, 'idle', now - cursor.movedAt > IDLE_MS)
    }
  }

  #dress(member) {
    const cursor = this.#cursors.get(member.id) ?? this.#add(member.id)
    const { name, part } = seatOf(member.state ?? member.user)
    if (cursor.name !== name) cursor.label.textContent = cursor.name = name
    if (cursor.part !== part) {
      cursor.part = part
      paint(cursor.element, part)
    }
    setClass(cursor, 'away', member.away)
  }

  #add(id) {
    const element = document.createElement('div')
    element.className = 'cursor'
    element.innerHTML =
      '<svg viewBox="0 0 22 26"><path d="M3 2l4.8 19.5 4.7-6.9 8.2-1.5z"/></svg><span></span>'
    this.#layer.append(element)
    const cursor = {
      element,
      label: element.lastChild,
      classes: new Set(),
      movedAt: performance.now(),
    }
    this.#cursors.set(id, cursor)
    return cursor
  }

  #remove(id) {
    const cursor = this.#cursors.get(id)
    this.#cursors.delete(id)
    if (cursor === undefined) return
    cursor.element.classList.remove('here')
    setTimeout(() => cursor.element.remove(), 300)
  }
}

/** Touches the document only where something is different. */
function setClass({ element, classes }, name, isOn) {
  if (classes.has(name) === isOn) return
  if (isOn) classes.add(name)
  else classes.delete(name)
  element.classList.toggle(name, isOn)
}

/** Writes who is here into `list`: ourselves first. */
export function listPlayers(list, seat, others) {
  const players = [{ ...seat, away: false }]
  for (const { state, user, away } of others) players.push({ ...seatOf(state ?? user), away })
  list.replaceChildren(
    ...players.map(({ name, part, away }, number) => {
      const item = document.createElement('li')
      item.textContent = number === 0 ? `${name} (you)` : name
      paint(item, part)
      item.classList.toggle('away', away)
      return item
    }),
  )
}
