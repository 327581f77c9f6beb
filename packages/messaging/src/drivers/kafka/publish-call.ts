import { PublishError } from '../../errors.ts'
import type { RecordPosition } from '../../event-log.ts'

/** One call of `publish`, until all of its records are settled. */
export class PublishCall {
  readonly promise: Promise<readonly RecordPosition[]>
  readonly deadlineAtMs: number
  /** Of records that no answer has come for yet. */
  #left: number
  /** Some record may have been written by now. */
  #isTouched = false
  #isSettled = false
  readonly #positions: RecordPosition[]
  #resolve: (positions: readonly RecordPosition[]) => void = () => undefined
  #reject: (error: unknown) => void = () => undefined

  constructor(records: number, deadlineAtMs: number) {
    this.#left = records
    this.#positions = Array.from({ length: records })
    this.deadlineAtMs = deadlineAtMs
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  /** A record is durable. */
  stored(index: number, position: RecordPosition): void {
    this.#positions[index] = position
    this.#isTouched = true
    this.#left -= 1
    if (this.#left > 0 || this.#isSettled) return
    this.#isSettled = true
    this.#resolve(this.#positions)
  }

  /** Records of the call are on their way. */
  sent(): void {
    this.#isTouched = true
  }

  /** A part of the call was refused; it is refused when that is all of it and nothing may have been written. */
  refused(records: number, isCertain: boolean, refusal: PublishError): void {
    if (isCertain && records === this.#left && records === this.#positions.length) this.reject(refusal)
    else this.reject(PublishError.unknown('commit failed', refusal.message, refusal))
  }

  overdue(): void {
    const state = this.#isTouched ? 'acknowledged' : 'sent'
    this.reject(PublishError.unknown('deadline', `the records were not ${state} by the deadline`))
  }

  reject(error: PublishError): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#reject(error)
  }
}
