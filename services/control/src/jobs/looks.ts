import type { Log } from '@rapport/core'

export interface LooksOptions {
  readonly look: () => Promise<void>
  readonly pollMs: number
  readonly log: Log
}

/** Looks at training jobs, one after another: when asked to, and every `pollMs` from `start` on. One that fails is logged. */
export class Looks {
  readonly #options: LooksOptions
  #last: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(options: LooksOptions) {
    this.#options = options
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  start(): void {
    if (this.#isStopped) return
    this.#timer = setTimeout(() => void this.now().then(() => this.start()), this.#options.pollMs)
    this.#timer.unref()
  }

  /** Resolves when a look that began after the call has ended. Never rejects. */
  now(): Promise<void> {
    const { look, log } = this.#options
    this.#last = this.#last
      .then(() => (this.#isStopped ? undefined : look()))
      .catch((error: unknown) => {
        log.warn({ err: error }, 'training jobs could not be looked at; the next look may work')
      })
    return this.#last
  }

  /** No look begins any more; resolves when the last has ended. */
  stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    return this.#last
  }
}
