import { PublishError } from '../../errors.ts'
import type { PublishCall } from './publish-call.ts'

const DEADLINE_SWEEP_MS = 25

/** The calls that have not been answered, and what becomes of those whose deadline passes. */
export class OpenCalls {
  readonly #calls = new Set<PublishCall>()
  readonly #onOverdue: () => void
  #sweep: NodeJS.Timeout | undefined
  #drained: () => void = () => undefined

  /** `onOverdue`: some have been told that nobody knows. */
  constructor(onOverdue: () => void) {
    this.#onOverdue = onOverdue
  }

  add(call: PublishCall): void {
    this.#calls.add(call)
    this.#sweep ??= setInterval(() => this.#rejectOverdue(), DEADLINE_SWEEP_MS)
  }

  forgetIfSettled(call: PublishCall): void {
    if (!call.isSettled || !this.#calls.delete(call) || this.#calls.size > 0) return
    clearInterval(this.#sweep)
    this.#sweep = undefined
    this.#drained()
  }

  /** Resolves when all have been answered; those that have not in time are told that nobody knows. */
  async close(timeoutMs: number): Promise<void> {
    if (this.#calls.size > 0) {
      const drained = new Promise<void>((resolve) => (this.#drained = resolve))
      const timer = setTimeout(this.#drained, timeoutMs)
      await drained
      clearTimeout(timer)
    }
    clearInterval(this.#sweep)
    for (const call of this.#calls) {
      call.reject(PublishError.unknown('connection lost', 'the event log was closed before the brokers had answered'))
    }
    this.#calls.clear()
  }

  #rejectOverdue(): void {
    const nowMs = performance.now()
    let some = false
    for (const call of this.#calls) {
      if (call.deadlineAtMs > nowMs) continue
      call.overdue()
      this.forgetIfSettled(call)
      some = true
    }
    if (some) this.#onOverdue()
  }
}
