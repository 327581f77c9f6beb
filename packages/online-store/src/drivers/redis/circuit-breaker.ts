export interface CircuitBreakerOptions {
  /** Calls that fail one after another until it opens. */
  readonly threshold: number
  /** Mean time that it stays open; varies by half, so that processes do not try again together. */
  readonly openMs: number
  /** Milliseconds of a clock that never goes back. Default `performance.now`. */
  readonly now?: () => number
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number
}

/**
 * Keeps calls from a server that does not answer, so that each fails at once and not after its time-out. After a while one
 * call goes out to try; the others wait for its outcome by failing. Source: M. Nygard, "Release It!", 2nd ed., 2018, §5.2.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions
  #failures = 0
  #openUntilMs: number | undefined
  #isTrying = false

  constructor(options: CircuitBreakerOptions) {
    this.#options = options
  }

  /** Whether a call may go out; one that does must end in `succeeded` or `failed`. */
  allows(): boolean {
    if (this.isOpen) return false
    this.#isTrying = this.#openUntilMs !== undefined
    return true
  }

  /** Whether calls are kept back now. */
  get isOpen(): boolean {
    return this.#openUntilMs !== undefined && (this.#isTrying || this.#now() < this.#openUntilMs)
  }

  /** True when this success has closed it. */
  succeeded(): boolean {
    const wasOpen = this.#openUntilMs !== undefined
    this.#failures = 0
    this.#openUntilMs = undefined
    this.#isTrying = false
    return wasOpen
  }

  /** True when this failure has opened it. */
  failed(): boolean {
    const { threshold, openMs, random = Math.random } = this.#options
    this.#failures += 1
    if (this.#failures < threshold) return false
    const wasClosed = this.#openUntilMs === undefined
    if (wasClosed || this.#isTrying) this.#openUntilMs = this.#now() + openMs * (0.5 + random())
    this.#isTrying = false
    return wasClosed
  }

  #now(): number {
    return this.#options.now?.() ?? performance.now()
  }
}
