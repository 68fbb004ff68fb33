type Handler<T> = (event: T) => void

/** Named events with typed payloads. */
export class Emitter<Events> {
  readonly #handlers = new Map<keyof Events, Set<Handler<never>>>()

  /** Calls `handler` at each event `name`; the function that comes back ends that. */
  on<Name extends keyof Events>(name: Name, handler: Handler<Events[Name]>): () => void {
    const handlers = this.#handlers.get(name) ?? new Set()
    this.#handlers.set(name, handlers.add(handler))
    return () => this.off(name, handler)
  }

  /** Ends what {@link on} began. */
  off<Name extends keyof Events>(name: Name, handler: Handler<Events[Name]>): void {
    this.#handlers.get(name)?.delete(handler)
  }

  /** @internal */
  tell<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const handler of [...(this.#handlers.get(name) ?? [])] as Handler<Events[Name]>[]) {
      try {
        handler(event)
      } catch (error) {
        // A page's mistake must reach its console, and must not stop the room half way through a frame.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
