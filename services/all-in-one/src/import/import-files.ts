import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { RapportClient } from '@rapport/sdk'
import type { ImportFile } from './import-row.ts'
import { openLedger } from './ledger.ts'
import type { RejectedRow, UploadProgress } from './upload.ts'
import { upload } from './upload.ts'

export interface ImportFilesOptions {
  readonly client: RapportClient
  /** Where ledgers are kept. */
  readonly ledgerFolder: string
  /** Server and tenant: the same file may go to another one. */
  readonly target: string
  /** Send a file again that the ledger knows as finished. */
  readonly again: boolean
  readonly report: ImportReport
  readonly signal?: AbortSignal
}

/** How an import is followed. */
export interface ImportReport {
  /** `skippedRows`: how many rows an earlier run has done. */
  started(file: string, skippedRows: number): void
  /** `fraction`: how much of the file has been read. */
  progress(progress: UploadProgress, fraction: number): void
  rejected(file: string, row: RejectedRow): void
  finished(file: string, progress: UploadProgress): void
  /** Every row was rejected: the file does not count as imported. */
  nothingAccepted(file: string, progress: UploadProgress): void
  alreadyDone(file: string, finishedAt: string): void
}

/**
 * Imports files one after another. True when every one of them was imported now; false
 * when some were done before, or none of their rows was accepted.
 */
export async function importFiles(files: readonly ImportFile[], options: ImportFilesOptions): Promise<boolean> {
  let complete = true
  for (const file of files) complete = (await importFile(file, options)) && complete
  return complete
}

async function importFile(file: ImportFile, options: ImportFilesOptions): Promise<boolean> {
  const { client, report, target, again } = options
  const name = `${basename(file.path)} (${file.part})`
  const ledger = await openLedger(options.ledgerFolder, { target, path: file.path, part: file.part })
  if (ledger.entry?.finished && !again) {
    report.alreadyDone(name, ledger.entry.updatedAt)
    return false
  }
  const skipRows = ledger.entry && !ledger.entry.finished ? ledger.entry.committedRows : 0
  report.started(name, skipRows)
  const { size } = await stat(file.path)
  let bytesRead = 0
  const progress = await upload(file.rows({ onBytes: (bytes) => (bytesRead = bytes) }), {
    client,
    skipRows,
    onCommit: (rows) => ledger.commit(rows, false),
    onRejected: (row) => report.rejected(name, row),
    onProgress: (state) => report.progress(state, size === 0 ? 1 : bytesRead / size),
    ...(options.signal && { signal: options.signal }),
  })
  if (progress.accepted === 0 && progress.rejected > 0 && skipRows === 0) {
    // Likely the mapping is wrong; it can be mended, and the file imported again without further words.
    await ledger.commit(0, false)
    report.nothingAccepted(name, progress)
    return false
  }
  await ledger.commit(progress.rows, true)
  report.finished(name, progress)
  return true
}
