import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs, RapportError } from '@rapport/core'
import { toKafkaError, type KafkaError } from './kafka-error.ts'

const RETRY = { baseMs: 50, maxMs: 1000 }

export interface RetryOptions {
  readonly deadlineMs: number
  readonly random: () => number
  /** Called between attempts; its own failure is not fatal. */
  readonly recover: () => Promise<void>
  /** Ends the attempts early. */
  readonly isOver?: () => boolean
}

/** What ends the attempts at once, whatever the error would say of itself. */
export class FinalFailure extends Error {}

/** Tries until it works, until the failure is one that no attempt changes, or until the deadline. */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const until = performance.now() + options.deadlineMs
  for (let failures = 0; ; failures += 1) {
    let failure: KafkaError
    try {
      return await attempt()
    } catch (error) {
      if (error instanceof FinalFailure || (error instanceof RapportError && !error.canRetry)) throw error
      failure = toKafkaError(error)
    }
    const waitMs = backoffMs(failures, { ...RETRY, random: options.random })
    if (!failure.canRetry || performance.now() + waitMs > until || options.isOver?.() === true) throw failure
    await sleep(waitMs)
    // What cannot be refreshed now fails in the next attempt, with the reason.
    await options.recover().catch(() => undefined)
  }
}
