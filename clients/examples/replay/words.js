// Times of a recording as people read them.

/** `1:05`, `1:02:05`; with `tenths` `1:05.3`. */
export function clockText(seconds, { tenths = false } = {}) {
  const whole = Math.max(0, tenths ? Math.floor(seconds * 10) / 10 : Math.floor(seconds))
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor(whole / 60) % 60
  const rest = (whole % 60).toFixed(tenths ? 1 : 0).padStart(tenths ? 4 : 2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
}

/** As one says it: `1 hour 2 minutes 5 seconds`. */
export function spokenTime(seconds) {
  const whole = Math.max(0, Math.round(seconds))
  const parts = [
    [Math.floor(whole / 3600), 'hour'],
    [Math.floor(whole / 60) % 60, 'minute'],
    [whole % 60, 'second'],
  ].filter(([number, unit]) => number > 0 || (unit === 'second' && whole === 0))
  return parts.map(([number, unit]) => count(number, unit)).join(' ')
}

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

/** When it was; empty where nobody knows. */
export function dateText(date) {
  return date === null ? '' : day.format(date)
}

/** `1 object`, `3 objects`. */
export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString()} ${number === 1 ? one : many}`
}

export function speedText(speed) {
  return `${String(speed).replace('0.25', '¼').replace('0.5', '½')}×`
}
