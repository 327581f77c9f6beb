/** Knows what is ending, for whoever must say why a stop takes long. */
export class Ending {
  readonly #running = new Set<string>()

  /** What has begun to end and has not ended. */
  get running(): string[] {
    return [...this.#running]
  }

  /** Gives a part to the stack under a name. */
  own<Part extends AsyncDisposable>(stack: AsyncDisposableStack, name: string, part: Part): Part {
    stack.defer(async () => {
      this.#running.add(name)
      try {
        await part[Symbol.asyncDispose]()
      } finally {
        this.#running.delete(name)
      }
    })
    return part
  }
}
