/** Times and places as people read them. Times come in milliseconds. */

export function timeText(ms) {
  if (!(ms > 0)) return '–'
  const minutes = Math.floor(ms / 60_000)
  const seconds = ((ms % 60_000) / 1000).toFixed(3).padStart(6, '0')
  return `${minutes}:${seconds}`
}

/** To a tenth, for a clock that runs. */
export function clockText(ms) {
  const tenths = Math.max(0, Math.floor(ms / 100))
  const seconds = (tenths % 600) / 10
  return `${Math.floor(tenths / 600)}:${seconds.toFixed(1).padStart(4, '0')}`
}

/** As one says it: `58.3 seconds`, `1 minute 2.0 seconds`. */
export function spokenTime(ms) {
  const tenths = Math.round(ms / 100)
  const minutes = Math.floor(tenths / 600)
  const seconds = `${((tenths % 600) / 10).toFixed(1)} seconds`
  return minutes > 0 ? `${count(minutes, 'minute')} ${seconds}` : seconds
}

export function gapText(ms) {
  return ms > 0 ? `+${(ms / 1000).toFixed(1)}` : ''
}

export function ordinal(place) {
  const tens = place % 100
  if (tens >= 11 && tens <= 13) return `${place}th`
  return `${place}${['th', 'st', 'nd', 'rd'][place % 10] ?? 'th'}`
}

/** By the numbers that the room gives them; 0 is none. */
export const warnings = [
  '',
  'Wrong way',
  'Go back: you left out a part of the track',
  'Short cut: 2 seconds added',
]

/** `1 lap`, `3 laps`. */
export function count(number, one, many = `${one}s`) {
  return `${number} ${number === 1 ? one : many}`
}
