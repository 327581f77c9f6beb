import { RapportError } from '@rapport/core'

/** What was waited for did not come in time. */
export class DeadlineError extends RapportError {
  override readonly name = 'DeadlineError'

  constructor(what: string, deadlineMs: number) {
    super('RPT_RECOMMENDATION_DEADLINE', `${what} did not answer within ${deadlineMs} ms`, { canRetry: true })
  }
}

/**
 * The promise's outcome, or a DeadlineError after `deadlineMs`; a rejection that comes later is nobody's and is dropped.
 */
export function within<T>(promise: Promise<T>, deadlineMs: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DeadlineError(what, deadlineMs)), deadlineMs)
    promise.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error instanceof Error ? error : new Error(String(error)))
      },
    )
  })
}
