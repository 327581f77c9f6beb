import type { TrainingProgress } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import { type ClaimedJob, type JobReport, LeaseLostError } from '@rapport/model-store'
import { JobCancelledError } from '../errors.ts'

/**
 * Renews the claim on a job while it runs, carrying progress and log lines with it. Aborts the job when it is cancelled or
 * when the claim is lost; a store that does not answer is tried again until the lease has run out.
 */
export class Heartbeat implements Disposable {
  readonly #claimed: ClaimedJob
  readonly #log: Log
  readonly #abort = new AbortController()
  readonly #timer: NodeJS.Timeout
  #progress: JobReport['progress']
  #logLines: string[] = []
  #beating: Promise<void> | undefined

  constructor(claimed: ClaimedJob, options: { readonly intervalMs: number; readonly log: Log }) {
    this.#claimed = claimed
    this.#log = options.log
    this.#timer = setInterval(() => void this.#beatQuietly(), options.intervalMs)
  }

  /** Aborted with JobCancelledError, LeaseLostError, or the reason given to `interrupt`. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  report(progress: TrainingProgress): void {
    this.#progress = { ...progress, fraction: Math.min(1, Math.max(0, progress.fraction)) }
  }

  addLogLine(line: string): void {
    this.#logLines.push(line)
  }

  interrupt(reason: Error): void {
    this.#abort.abort(reason)
  }

  /** Beats now. @throws what the signal is aborted with. */
  async beat(): Promise<void> {
    await this.#beating
    await this.#beat()
    this.signal.throwIfAborted()
  }

  /** What was not reported yet, for the record's last change. Waits for a beat under way. */
  async finish(): Promise<JobReport> {
    clearInterval(this.#timer)
    await this.#beating
    return this.#takeReport()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #takeReport(): JobReport {
    const report = { logLines: this.#logLines, ...(this.#progress === undefined ? {} : { progress: this.#progress }) }
    this.#logLines = []
    return report
  }

  #beatQuietly(): Promise<void> {
    this.#beating ??= this.#beat()
      .catch((error: unknown) =>
        this.#log.warn({ err: error }, 'the claim on the job could not be renewed, will be tried again'),
      )
      .finally(() => {
        this.#beating = undefined
      })
    return this.#beating
  }

  async #beat(): Promise<void> {
    const report = this.#takeReport()
    try {
      const { isCancelRequested } = await this.#claimed.heartbeat(report)
      if (isCancelRequested) this.#abort.abort(new JobCancelledError())
    } catch (error) {
      if (error instanceof LeaseLostError) {
        this.#abort.abort(error)
        return
      }
      this.#logLines = [...(report.logLines ?? []), ...this.#logLines]
      throw error
    }
  }
}
