/** At the usual speed of a server the last command of so much answers within a tenth of a second. */
const MOST = { scripts: 500, changes: 8000 }
const LEAST = { scripts: 5, changes: 80 }
const LEAST_SHARE = LEAST.scripts / MOST.scripts
/** Before the first answer nothing is known of the server. */
const FIRST_SHARE = 0.1
/** Of the time-out, for the last command of a window. */
const TARGET_SHARE = 0.2
const GROWTH = 1.25

/**
 * How much is sent to a store at once. A window that is under way at the same time as those of other consumers, on a server
 * that is slow for the moment, must still answer well within its time-out: time-outs end the connection, and consumption
 * goes back to before it, which makes the server slower still. So the size follows the time that windows take, down at once
 * and up by steps.
 */
export class WindowSize {
  readonly #targetMs: number
  #share = FIRST_SHARE

  constructor(commandTimeoutMs: number) {
    this.#targetMs = TARGET_SHARE * commandTimeoutMs
  }

  get scripts(): number {
    return Math.max(LEAST.scripts, Math.floor(MOST.scripts * this.#share))
  }

  get changes(): number {
    return Math.max(LEAST.changes, Math.floor(MOST.changes * this.#share))
  }

  /** A window was answered after so long. */
  answered(ms: number): void {
    if (ms > this.#targetMs) this.#shrink(Math.max(0.5, this.#targetMs / ms))
    else if (GROWTH * ms < this.#targetMs) this.#share = Math.min(1, GROWTH * this.#share)
  }

  /** A window was not answered in time. */
  timedOut(): void {
    this.#shrink(0.5)
  }

  #shrink(by: number): void {
    this.#share = Math.max(LEAST_SHARE, by * this.#share)
  }
}
