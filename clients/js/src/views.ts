import type { ClockView, PresenceView } from './api.js'
import type { Session } from './session.js'

/** `pump`: what was set is on its way. */
export function presenceView({ presence, replica }: Session, pump: () => void): PresenceView {
  return {
    set: (fields) => {
      presence.set(fields)
      pump()
    },
    get: () => presence.get(),
    field: (name) => replica.names.field('presence', name),
  }
}

export function clockView({ clock, arrivals }: Session, now: () => number): ClockView {
  return {
    now: () => clock.wall(now()),
    get rtt() {
      return clock.rtt
    },
    get jitter() {
      return arrivals.jitter
    },
    get offset() {
      return clock.wall(now()) - Date.now()
    },
  }
}
