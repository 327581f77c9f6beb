import { systemClock, type Clock } from '@rapport/core'

/** The time that a search may take; its signal aborts what still runs when it is over. */
export class TimeBudget implements Disposable {
  /** Aborted at the end of the budget and by the caller's signal. */
  readonly signal: AbortSignal
  private readonly clock: Clock
  private readonly deadline: number
  private readonly controller = new AbortController()
  private readonly timer: NodeJS.Timeout | undefined

  constructor(budgetMs: number | undefined, clock: Clock = systemClock, signal?: AbortSignal) {
    this.clock = clock
    this.deadline = clock.now() + (budgetMs ?? Number.POSITIVE_INFINITY)
    this.signal = AbortSignal.any([this.controller.signal, ...(signal === undefined ? [] : [signal])])
    if (budgetMs !== undefined) {
      this.timer = setTimeout(() => this.controller.abort(new Error('the time is over')), budgetMs)
    }
  }

  get leftMs(): number {
    return this.deadline - this.clock.now()
  }

  now(): number {
    return this.clock.now()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.timer)
  }
}
