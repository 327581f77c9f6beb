import type { ImportReport } from '../import/import-files.ts'
import type { RejectedRow, UploadProgress } from '../import/upload.ts'
import type { Progress } from './output.ts'
import { print, startProgress } from './output.ts'

/** Rejected rows that are listed for each file; the others are counted. */
const listedRejections = 20

/** Shows an import on the console. */
export class ImportConsole implements ImportReport {
  #progress: Progress | undefined
  #listed = 0
  #startedMs = 0

  started(file: string, skippedRows: number): void {
    this.#listed = 0
    this.#startedMs = Date.now()
    if (skippedRows > 0) print(`${file}: going on behind row ${skippedRows}`)
    this.#progress = startProgress(file, 100)
  }

  progress(progress: UploadProgress, fraction: number): void {
    this.#progress?.update(Math.floor(100 * fraction), this.#tally(progress))
  }

  rejected(file: string, { line, reason }: RejectedRow): void {
    this.#listed += 1
    if (this.#listed > listedRejections + 1) return
    const listed = this.#listed <= listedRejections
    this.#progress?.log(
      listed ? `${file} line ${line}: ${reason}` : `${file}: further rejected rows are counted, not listed`,
    )
  }

  finished(file: string, progress: UploadProgress): void {
    this.#progress?.update(100, this.#tally(progress))
    this.stop()
    print(`${file}: ${this.#tally(progress)} in ${((Date.now() - this.#startedMs) / 1000).toFixed(1)} s`)
  }

  nothingAccepted(file: string, { rejected }: UploadProgress): void {
    this.stop()
    print(`${file}: none of its ${rejected} rows was accepted; it can be imported again as it is`)
  }

  alreadyDone(file: string, finishedAt: string): void {
    print(`${file}: imported before (${finishedAt}); --again sends it again`)
  }

  /** Gives the terminal back; an import that fails leaves its bar standing. */
  stop(): void {
    this.#progress?.stop()
    this.#progress = undefined
  }

  #tally({ accepted, rejected }: UploadProgress): string {
    const seconds = Math.max(0.001, (Date.now() - this.#startedMs) / 1000)
    return `${accepted} accepted, ${rejected} rejected, ${Math.round(accepted / seconds)}/s`
  }
}
