import type { TuttiError } from '../../tutti.js'

/** Why a change of one's own shows no longer, in words for the person who made it. */
export function refusalWords({ status, message }: TuttiError): string {
  switch (status) {
    case 'deleted':
    case 'not found':
      return 'Someone else has deleted that.'
    case 'locked':
      return 'That is locked.'
    case 'denied':
      return 'That is not yours to change.'
    case 'limit':
    case 'memory':
      return 'That is more than the board takes.'
    case 'stale':
      return 'Someone else has changed that meanwhile.'
    case 'range':
      return 'That lies beyond the board.'
    case 'closed':
      return 'The board is closed.'
    default:
      return `The board did not take that: ${message}.`
  }
}
