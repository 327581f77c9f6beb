import { backoffMs, RapportError, type Log } from '@rapport/core'
import { setTimeout as wait } from 'node:timers/promises'

export interface UntilAvailableOptions {
  readonly log: Log
  /** No attempt is begun later than this after the first. */
  readonly limitMs: number
  /** Ends the waiting between attempts. */
  readonly signal: AbortSignal
  /** After each attempt that another follows. */
  readonly onUnavailable?: () => Promise<void>
}

const backoff = { baseMs: 500, maxMs: 5_000 }

/** Whether a server did not answer, in contrast to one that refuses: a later attempt may go well. */
export const isUnavailable = (error: unknown): boolean => error instanceof RapportError && error.canRetry

/**
 * Starts something, again and again while what it needs does not answer. Undefined when the signal has ended the waiting.
 * @throws what `start` throws: at once when it is a refusal, otherwise after `limitMs`.
 */
export async function untilAvailable<T>(
  start: () => Promise<T>,
  { log, limitMs, signal, onUnavailable }: UntilAvailableOptions,
): Promise<T | undefined> {
  const untilMs = performance.now() + limitMs
  for (let failures = 0; ; failures += 1) {
    try {
      return await start()
    } catch (error) {
      const waitMs = backoffMs(failures, backoff)
      if (!isUnavailable(error) || performance.now() + waitMs > untilMs) throw error
      log.warn({ err: error, waitMs }, 'what the process needs does not answer; the start is tried again')
      await onUnavailable?.()
      await wait(waitMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return undefined
    }
  }
}
