import { setTimeout } from 'node:timers/promises'

export interface Answer {
  /** Of its request, from 0. */
  readonly number: number
  /** 0 for none. */
  readonly status: number
  readonly body: string
  /** The header, where there is one. */
  readonly retryAfter?: string
  /** Of `performance.now()`. */
  readonly startedMs: number
  readonly tookMs: number
  /** Why there was none. */
  readonly failure?: string
}

export interface LoadOptions {
  readonly perSecond: number
  /** The next request. */
  readonly next: (number: number) => { readonly url: string; readonly init: RequestInit }
}

const answerWithinMs = 30_000

/** Requests at a steady rate, whether or not earlier ones are answered, until it is stopped. */
export class Load {
  readonly answers: Answer[] = []
  readonly #options: LoadOptions
  readonly #stopping = new AbortController()
  readonly #inFlight = new Set<Promise<void>>()
  readonly #running: Promise<void>

  constructor(options: LoadOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  /** Resolves with all answers when every request has one. */
  async stop(): Promise<readonly Answer[]> {
    this.#stopping.abort()
    await this.#running
    await Promise.all(this.#inFlight)
    return this.answers
  }

  async #run(): Promise<void> {
    const startMs = performance.now()
    for (let sent = 0; !this.#stopping.signal.aborted;) {
      const due = Math.floor(((performance.now() - startMs) * this.#options.perSecond) / 1000)
      for (; sent < due; sent += 1) {
        const request = this.#send(sent)
        this.#inFlight.add(request)
        void request.finally(() => this.#inFlight.delete(request))
      }
      await setTimeout(5)
    }
  }

  async #send(number: number): Promise<void> {
    const { url, init } = this.#options.next(number)
    const startedMs = performance.now()
    try {
      const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(answerWithinMs) })
      const body = await answer.text()
      const retryAfter = answer.headers.get('retry-after')
      this.answers.push({
        number,
        status: answer.status,
        body,
        startedMs,
        tookMs: performance.now() - startedMs,
        ...(retryAfter !== null && { retryAfter }),
      })
    } catch (error) {
      const failure = error instanceof Error ? `${error.message}: ${String(error.cause)}` : String(error)
      this.answers.push({ number, status: 0, body: '', startedMs, tookMs: performance.now() - startedMs, failure })
    }
  }
}
