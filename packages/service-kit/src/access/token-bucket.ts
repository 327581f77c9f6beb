export interface RateLimit {
  /** Tokens a second. */
  readonly perSecond: number
  /** Tokens a full bucket holds: what may come at once. */
  readonly burst: number
}

/**
 * A token bucket. A call that costs more than is there is refused, except that a full bucket lets a call of any cost pass
 * and then owes the rest: else a batch above `burst` could never come through.
 */
export class TokenBucket {
  readonly #limit: RateLimit
  #tokens: number
  #atMs: number

  constructor(limit: RateLimit, nowMs: number) {
    this.#limit = limit
    this.#tokens = limit.burst
    this.#atMs = nowMs
  }

  /** Takes `cost` tokens. 0 when they were there, otherwise the milliseconds until they will be. */
  take(cost: number, nowMs: number): number {
    const { perSecond, burst } = this.#limit
    const passedMs = Math.max(0, nowMs - this.#atMs)
    this.#atMs = nowMs
    this.#tokens = Math.min(burst, this.#tokens + (passedMs * perSecond) / 1000)
    const needed = Math.min(cost, burst)
    if (this.#tokens >= needed) {
      this.#tokens -= cost
      return 0
    }
    return Math.max(1, Math.ceil(((needed - this.#tokens) * 1000) / perSecond))
  }
}
