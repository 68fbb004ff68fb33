import type { Limits } from './wire.js'

/**
 * We keep to less than what the server allows: messages that left here evenly may arrive in a
 * bunch, and one too many ends the connection.
 */
const SHARE_OF_RATE = 0.9
const SHARE_OF_BURST = 0.5

/** A token bucket: so much per second, and a burst when it has been quiet. */
export class Bucket {
  readonly #perMs: number
  readonly #capacity: number
  #level: number
  #at: number

  constructor(perSecond: number, capacity: number, now: number) {
    this.#perMs = perSecond / 1000
    this.#capacity = capacity
    this.#level = capacity
    this.#at = now
  }

  /** When `amount` can be taken. More than the capacity can be once it is full, on credit. */
  readyAt(amount: number, now: number): number {
    this.#refill(now)
    const missing = Math.min(amount, this.#capacity) - this.#level
    return missing <= 0 ? now : now + Math.ceil(missing / this.#perMs)
  }

  take(amount: number, now: number): void {
    this.#refill(now)
    this.#level -= amount
  }

  #refill(now: number): void {
    const elapsed = Math.max(0, now - this.#at)
    this.#level = Math.min(this.#capacity, this.#level + elapsed * this.#perMs)
    this.#at = now
  }
}

/** How fast this connection may send. */
export class Pacing {
  readonly #messages: Bucket
  readonly #bytes: Bucket

  constructor(limits: Limits, now: number) {
    this.#messages = new Bucket(
      Math.max(1, limits.messagesPerSecond * SHARE_OF_RATE),
      Math.max(1, limits.messageBurst * SHARE_OF_BURST),
      now,
    )
    this.#bytes = new Bucket(
      Math.max(1, limits.bytesPerSecond * SHARE_OF_RATE),
      Math.max(1, limits.byteBurst * SHARE_OF_BURST),
      now,
    )
  }

  readyAt(bytes: number, now: number): number {
    return Math.max(this.#messages.readyAt(1, now), this.#bytes.readyAt(bytes, now))
  }

  sent(bytes: number, now: number): void {
    this.#messages.take(1, now)
    this.#bytes.take(bytes, now)
  }
}
