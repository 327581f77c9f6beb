import { RapportError } from '@rapport/core'

/** An argument that no caller should pass: names the argument and what is wrong with it. */
export const argumentError = (name: string, problem: string): RapportError =>
  new RapportError('RPT_DEEP_ARGUMENT_INVALID', `${name} ${problem}`)

/**
 * Runs what TensorFlow.js computes: what it throws, for want of memory for example, becomes an RPT_DEEP_FAILED with it as the
 * cause, which callers can tell from a bug of their own.
 */
export function computing<Result>(what: string, compute: () => Result): Result {
  try {
    return compute()
  } catch (error) {
    if (error instanceof RapportError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new RapportError('RPT_DEEP_FAILED', `${what} failed: ${reason}`, { cause: error })
  }
}
