import type { BatchAnswer, ItemImportAnswer, RapportClient } from '@rapport/sdk'
import { RapportApiError } from '@rapport/sdk'
import type { ImportRow } from './import-row.ts'

export interface RejectedRow {
  readonly line: number
  readonly reason: string
}

export interface UploadProgress {
  /** Rows read so far, those of an earlier run included. */
  readonly rows: number
  readonly accepted: number
  readonly rejected: number
}

export interface UploadOptions {
  readonly client: RapportClient
  /** Rows of an earlier run that are done: read again, not sent again. */
  readonly skipRows: number
  /** Called when every row below `committedRows` is accepted by the platform or reported as rejected. */
  readonly onCommit: (committedRows: number) => Promise<void>
  readonly onRejected: (row: RejectedRow) => void
  readonly onProgress: (progress: UploadProgress) => void
  readonly signal?: AbortSignal
}

type SentRow = Exclude<ImportRow, { kind: 'rejected' }>
type Kind = SentRow['kind']

/** Below the platform's 2,500 events and 500 KB, so that a refused event costs little. */
const maxBatchRows = 500
const maxBatchBytes = 400_000
/** Batches on their way at the same time; more does not help one connection's server, fewer leaves it waiting. */
const maxInFlight = 4

class Batch {
  readonly rows: SentRow[] = []
  readonly kind: Kind
  bytes = 0

  constructor(kind: Kind) {
    this.kind = kind
  }
}

/**
 * Sends rows through the public API in batches, a few at a time: reading waits while they are on their way. Rows are
 * committed in the order of the file, so a later run can go on behind the last commit.
 */
export async function upload(rows: AsyncIterable<ImportRow>, options: UploadOptions): Promise<UploadProgress> {
  const state = new UploadState(options)
  let batch: Batch | undefined
  for await (const row of rows) {
    options.signal?.throwIfAborted()
    state.rows += 1
    if (state.rows <= options.skipRows) continue
    if (row.kind === 'rejected') {
      state.reject(row)
      continue
    }
    const bytes = Buffer.byteLength(JSON.stringify(row.kind === 'event' ? row.event : row.body)) + 64
    if (
      batch &&
      (batch.kind !== row.kind || batch.rows.length >= maxBatchRows || batch.bytes + bytes > maxBatchBytes)
    ) {
      await state.send(batch, state.rows - 1)
      batch = undefined
    }
    batch ??= new Batch(row.kind)
    batch.rows.push(row)
    batch.bytes += bytes
  }
  if (batch) await state.send(batch, state.rows)
  await state.finish()
  return state.progress()
}

class UploadState {
  rows = 0
  #accepted = 0
  #rejected = 0
  readonly #options: UploadOptions
  /** In the order of the file; each resolves when its rows are done. */
  readonly #inFlight: { readonly done: Promise<void>; readonly committedRows: number }[] = []

  constructor(options: UploadOptions) {
    this.#options = options
  }

  progress(): UploadProgress {
    return { rows: this.rows, accepted: this.#accepted, rejected: this.#rejected }
  }

  reject(row: RejectedRow): void {
    this.#rejected += 1
    this.#options.onRejected(row)
  }

  async send(batch: Batch, committedRows: number): Promise<void> {
    if (this.#inFlight.length >= maxInFlight) await this.#settleOldest()
    const done = this.#deliver(batch)
    // The rejection is seen when the batch's turn to commit comes.
    done.catch(() => undefined)
    this.#inFlight.push({ done, committedRows })
  }

  async finish(): Promise<void> {
    while (this.#inFlight.length > 0) await this.#settleOldest()
    await this.#options.onCommit(this.rows)
  }

  async #settleOldest(): Promise<void> {
    const oldest = this.#inFlight.shift()
    if (oldest === undefined) return
    await oldest.done
    await this.#options.onCommit(oldest.committedRows)
    this.#options.onProgress(this.progress())
  }

  async #deliver({ kind, rows }: Batch): Promise<void> {
    const refused = kind === 'event' ? await this.#deliverEvents(rows) : await this.#deliverItems(rows)
    this.#accepted += rows.length - refused.size
    for (const [index, reason] of refused) this.reject({ line: rows[index]?.line ?? 0, reason })
  }

  async #deliverEvents(rows: readonly SentRow[]): Promise<ReadonlyMap<number, string>> {
    const events = rows.flatMap((row) => (row.kind === 'event' ? [row.event] : []))
    const answer = await allRefused(this.#options.client.importEvents(events, this.#cancellable()))
    return new Map(answer.rejected.map(({ index, field, reason }) => [index, `${field}: ${reason}`]))
  }

  async #deliverItems(rows: readonly SentRow[]): Promise<ReadonlyMap<number, string>> {
    const items = rows.flatMap((row) => (row.kind === 'item' ? [{ id: row.id, ...row.body }] : []))
    const answer = await allRefused(this.#options.client.putItems(items, this.#cancellable()))
    return new Map(
      answer.rejected.map((row) => ['line' in row ? row.line - 1 : row.index, `${row.field}: ${row.reason}`]),
    )
  }

  #cancellable(): { signal?: AbortSignal } {
    return this.#options.signal ? { signal: this.#options.signal } : {}
  }
}

type Refusals = Pick<BatchAnswer, 'rejected'> | Pick<ItemImportAnswer, 'rejected'>

/** A batch without one valid row is answered by 400, with the same reasons. */
async function allRefused<T extends Refusals>(answer: Promise<T>): Promise<T | Pick<BatchAnswer, 'rejected'>> {
  try {
    return await answer
  } catch (error) {
    const details = error instanceof RapportApiError && error.status === 400 ? error.details : []
    const rejected = details.flatMap(({ index, field, reason }) =>
      index === undefined ? [] : [{ index, field, reason }],
    )
    if (rejected.length === 0) throw error
    return { rejected }
  }
}
