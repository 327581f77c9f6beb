export interface CircuitOptions {
  /** Failures in a row after which nothing is tried for a while. */
  readonly threshold: number
  readonly pauseMs: number
}

/** Spares a dependency that fails, and its callers the wait: after some failures in a row it lets one call through per pause. */
export class Circuit {
  private readonly options: CircuitOptions
  private failures = 0
  private retryAtMs = 0

  constructor(options: CircuitOptions) {
    this.options = options
  }

  /** True when a call may be tried now; while open, that is once a pause. */
  admits(nowMs: number): boolean {
    if (this.failures < this.options.threshold) return true
    if (nowMs < this.retryAtMs) return false
    this.retryAtMs = nowMs + this.options.pauseMs
    return true
  }

  succeeded(): void {
    this.failures = 0
  }

  failed(nowMs: number): void {
    this.failures += 1
    if (this.failures === this.options.threshold) this.retryAtMs = nowMs + this.options.pauseMs
  }
}
