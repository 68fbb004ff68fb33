/**
 * Who is sitting in front of this page: a name and an instrument, which gives the colour. Kept in
 * this browser, so that every page of these examples knows it.
 */

/** White text stands on each `color` with a contrast of 4.5 or more; `onDark` is for dark pages. */
export const parts = [
  { name: 'Violin', color: '#c8321f', onDark: '#f06a55' },
  { name: 'Horn', color: '#946200', onDark: '#d99a2b' },
  { name: 'Clarinet', color: '#2f7a2e', onDark: '#62b85f' },
  { name: 'Flute', color: '#0b7771', onDark: '#3fb8ae' },
  { name: 'Oboe', color: '#1565c0', onDark: '#5b9df0' },
  { name: 'Harp', color: '#6b3fc4', onDark: '#a185f0' },
  { name: 'Trumpet', color: '#b4236f', onDark: '#ec6aa8' },
  { name: 'Cello', color: '#7a4a1c', onDark: '#c08a54' },
]

/** Gives an element the colour of a part: `--part` below white text, `--shown` on the page. */
export function paint(element, part) {
  element.classList.add('painted')
  element.style.setProperty('--part', parts[part].color)
  element.style.setProperty('--part-on-dark', parts[part].onDark)
}

export const NAME_MAX = 24
const KEPT_UNDER = 'tutti seat'

/** What comes from other members may be anything. */
export function seatOf(value, fallback = {}) {
  const { name, part } = typeof value === 'object' && value !== null ? value : {}
  const known = Number.isInteger(part) && part in parts ? part : (fallback.part ?? 0)
  const called = typeof name === 'string' ? [...name.trim()].slice(0, NAME_MAX).join('') : ''
  return { name: called || fallback.name || parts[known].name, part: known }
}

/** The seat that this browser remembers, or a free choice. */
export function ownSeat() {
  const chance = { part: Math.floor(Math.random() * parts.length) }
  try {
    return seatOf(JSON.parse(localStorage.getItem(KEPT_UNDER)), chance)
  } catch {
    return seatOf(null, chance)
  }
}

function keep(seat) {
  try {
    localStorage.setItem(KEPT_UNDER, JSON.stringify(seat))
  } catch {
    // A browser that keeps nothing asks again at the next visit.
  }
}

/** Fills `form` with a name field and the instruments; calls `changed` with each new choice. */
export function seatForm(form, seat, changed) {
  form.classList.add('seat')
  form.innerHTML = `
    <div>
      <label class="label" for="seat-name">Your name</label>
      <input class="field" id="seat-name" name="name" maxlength="${NAME_MAX}" autocomplete="off" spellcheck="false" />
    </div>
    <fieldset>
      <legend class="label">Your instrument</legend>
      <div class="parts">${parts.map(partChoice).join('')}</div>
    </fieldset>`
  const { name, part } = form.elements
  const choose = (next) => {
    name.placeholder = parts[next.part].name
    keep(next)
    changed(next)
  }
  name.value = seat.name === parts[seat.part].name ? '' : seat.name
  name.placeholder = parts[seat.part].name
  part.value = seat.part
  keep(seat)
  form.addEventListener('submit', (event) => event.preventDefault())
  form.addEventListener('input', () => {
    choose(seatOf({ name: name.value, part: Number(part.value) }))
  })
}

function partChoice({ name, color }, number) {
  return `<label title="${name}" style="--part: ${color}">
    <input type="radio" name="part" value="${number}" aria-label="${name}" />
  </label>`
}
