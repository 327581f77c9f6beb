export interface BackoffOptions {
  /** Upper bound of the first wait. */
  readonly baseMs: number
  /** Upper bound of every wait. */
  readonly maxMs: number
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number
}

/**
 * How long to wait before try `attempt` + 1 (0 after the first failure): exponential with full jitter, so that callers
 * that failed together do not come back together. Source: M. Brooker, "Exponential Backoff And Jitter", AWS, 2015.
 */
export function backoffMs(attempt: number, options: BackoffOptions): number {
  const ceilingMs = Math.min(options.maxMs, options.baseMs * 2 ** attempt)
  return (options.random ?? Math.random)() * ceilingMs
}
