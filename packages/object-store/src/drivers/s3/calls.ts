import { setTimeout as delay } from 'node:timers/promises'
import { backoffMs, Turns, type Log } from '@rapport/core'
import { ObjectStoreError } from '../../errors.ts'
import type { ObjectStoreStats } from '../../object-store.ts'
import type { S3Limits } from './options.ts'
import { describeFailure, judge, type Redact, unavailable } from './s3-errors.ts'

const retryBaseMs = 50
const longestRetryMs = 5_000

/** One try of a call. */
export interface Attempt {
  readonly signal: AbortSignal
  /** For the SDK's `send`. */
  readonly http: { readonly abortSignal: AbortSignal; readonly requestTimeout: number }
  /** An earlier try of this call may have been carried out although no answer said so. */
  readonly mayHaveHappened: boolean
}

export interface CallOptions {
  /** Bytes that the call sends: they get time of their own. */
  readonly bodyBytes?: number
  /** Ends the call with its reason. */
  readonly signal?: AbortSignal
}

/** Makes calls to the store: some at once, again after failures that pass, never longer than the limits say. */
export class S3Calls {
  readonly #limits: S3Limits
  readonly #redact: Redact
  readonly #log: Log | undefined
  readonly #closed: AbortSignal
  readonly #turns: Turns
  #requestsTotal = 0
  #failuresTotal = 0

  constructor(options: { limits: S3Limits; redact: Redact; closed: AbortSignal; log?: Log | undefined }) {
    this.#limits = options.limits
    this.#redact = options.redact
    this.#closed = options.closed
    this.#log = options.log
    this.#turns = new Turns(options.limits.requestsInFlight)
  }

  get stats(): ObjectStoreStats {
    return { requestsTotal: this.#requestsTotal, failuresTotal: this.#failuresTotal }
  }

  /** @throws ObjectStoreError `RPT_OBJECT_STORE_UNAVAILABLE`, or what `work` throws itself of that class. */
  async run<T>(
    what: string,
    work: (attempt: Attempt) => Promise<T>,
    { bodyBytes = 0, signal: outer }: CallOptions = {},
  ): Promise<T> {
    const bodyMs = Math.ceil((bodyBytes / this.#limits.slowestBytesPerSecond) * 1000)
    const deadline = new AbortController()
    const callMs = this.#limits.callTimeoutMs + bodyMs
    const timer = setTimeout(() => deadline.abort(new Error(`no success within ${callMs} ms`)), callMs)
    const signal = AbortSignal.any([deadline.signal, this.#closed, ...(outer === undefined ? [] : [outer])])
    const http = { abortSignal: signal, requestTimeout: this.#limits.requestTimeoutMs + bodyMs }
    let mayHaveHappened = false
    let lastFailure: unknown
    try {
      for (let attempt = 1; ; attempt += 1) {
        signal.throwIfAborted()
        try {
          const attempted = { signal, http, mayHaveHappened }
          const turn = this.#turns.run(async () => {
            signal.throwIfAborted()
            this.#requestsTotal += 1
            return work(attempted)
          })
          return await untilAborted(turn, signal)
        } catch (error) {
          if (error instanceof ObjectStoreError) throw error
          this.#failuresTotal += 1
          if (signal.aborted) throw error
          const { canRetry, isRefusal } = judge(error)
          mayHaveHappened ||= !isRefusal
          lastFailure = error
          if (!canRetry || attempt >= this.#limits.maxAttempts) throw error
          this.#log?.debug(
            { attempt, failure: this.#redact(describeFailure(error)) },
            `${what}: failed, will be tried again`,
          )
        }
        await delay(backoffMs(attempt - 1, { baseMs: retryBaseMs, maxMs: longestRetryMs }), undefined, { signal })
      }
    } catch (error) {
      if (error instanceof ObjectStoreError) throw error
      if (!signal.aborted) throw unavailable(what, error, this.#redact)
      const before = lastFailure === undefined ? '' : `; before: ${describeFailure(lastFailure)}`
      throw unavailable(what, new Error(`${describeFailure(signal.reason)}${before}`, { cause: error }), this.#redact)
    } finally {
      clearTimeout(timer)
    }
  }

  /** A failure while a body was read. */
  unavailable(what: string, error: unknown): ObjectStoreError {
    this.#failuresTotal += 1
    return error instanceof ObjectStoreError ? error : unavailable(what, error, this.#redact)
  }
}

/** Some of what the SDK waits for does not listen to the signal, as looking for credentials. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason as Error)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
