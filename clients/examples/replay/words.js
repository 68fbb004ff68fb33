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

const date = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})
const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })

/** The day, and when on it. */
export const dayText = (when) => date.format(when)
export const timeOfDay = (when) => time.format(when)

/** How long, as roughly as one says it: `40 s`, `12 min`, `1 h 5 min`. */
export function lasted(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** `210 KB`, `3.1 MB`. */
export function sizeText(bytes) {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} KB`
  return `${(bytes / 1e6).toFixed(1)} MB`
}

/** It begins with a capital letter. */
export function sentence(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}

/** `1 object`, `3 objects`. */
export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString()} ${number === 1 ? one : many}`
}

/** `Ada`, `Ada and Bob`, `Ada, Bob and Cy`. */
export function listed(words) {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`
}

export function speedText(speed) {
  return `${String(speed).replace('0.25', '¼').replace('0.5', '½')}×`
}
