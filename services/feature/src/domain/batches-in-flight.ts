/** Batches of events that are being applied. */
export class BatchesInFlight {
  readonly #batches = new Set<Promise<unknown>>()

  /** Runs the handling of a batch, which decides about its events before it awaits anything. */
  async during<T>(handle: () => Promise<T>): Promise<T> {
    const batch = handle()
    this.#batches.add(batch)
    try {
      return await batch
    } finally {
      this.#batches.delete(batch)
    }
  }

  /** Resolves when the batches that have begun by now have ended: later ones know what was in force at the call. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#batches)
  }
}
