import type { RapportClient } from '@rapport/sdk'
import { RapportApiError } from '@rapport/sdk'
import type { ImportRow } from './import-row.ts'

export interface RejectedRow {
  readonly line: number
  readonly reason: string
}

export interface UploadProgress {
  /** Rows read so far, those of an earlier run included. */
  readonly rows: number
  /** Events and items that the platform has taken in this run. */
  readonly accepted: number
  /** Rows that were reported in this run. */
  readonly rejected: number
}

export interface UploadOptions {
  readonly client: RapportClient
  /** Rows of an earlier run that are done: read again, not sent again. */
  readonly skipRows: number
  /** Called when every row below `committedRows` is accepted by the platform or reported as rejected. */
  readonly onCommit: (committedRows: number) => Promise<void>
  readonly onRejected: (row: RejectedRow) => void
  /** Called whenever a batch was accepted. */
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

  hasRoomFor(kind: Kind, bytes: number): boolean {
    return kind === this.kind && this.rows.length < maxBatchRows && this.bytes + bytes <= maxBatchBytes
  }

  add(row: SentRow, bytes: number): void {
    this.rows.push(row)
    this.bytes += bytes
  }
}

const bytesOf = (row: SentRow): number =>
  Buffer.byteLength(JSON.stringify(row.kind === 'event' ? row.event : { id: row.id, ...row.body })) + 1

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
    const bytes = bytesOf(row)
    if (bytes > maxBatchBytes) {
      state.reject({ line: row.line, reason: `is larger than any call may be: ${bytes} bytes` })
      continue
    }
    if (batch?.hasRoomFor(row.kind, bytes) === false) {
      await state.send(batch, state.rows - 1)
      batch = undefined
    }
    batch ??= new Batch(row.kind)
    batch.add(row, bytes)
  }
  if (batch) await state.send(batch, state.rows)
  await state.finish()
  return state.progress()
}

/** A batch on its way; `done` resolves when its rows are accepted or reported. */
interface Delivery {
  readonly done: Promise<void>
  readonly committedRows: number
  readonly itemIds: ReadonlySet<string>
}

class UploadState {
  rows = 0
  #accepted = 0
  #rejected = 0
  readonly #options: UploadOptions
  /** In the order of the file. */
  readonly #inFlight: Delivery[] = []

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
    const itemIds = new Set(batch.rows.flatMap((row) => (row.kind === 'item' ? [row.id] : [])))
    // Of two rows of one item the later one counts, so they are never on their way together.
    while (
      this.#inFlight.length >= maxInFlight ||
      this.#inFlight.some((other) => !itemIds.isDisjointFrom(other.itemIds))
    ) {
      await this.#settleOldest()
    }
    const done = this.#deliver(batch)
    // The rejection is seen when the batch's turn to commit comes.
    done.catch(() => undefined)
    this.#inFlight.push({ done, committedRows, itemIds })
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

  async #deliverEvents(rows: readonly SentRow[]): Promise<Refused> {
    const events = rows.flatMap((row) => (row.kind === 'event' ? [row.event] : []))
    try {
      const { rejected } = await this.#options.client.importEvents(events, this.#cancellable())
      return new Map(rejected.map(({ index, field, reason }) => [index, explain(field, reason)]))
    } catch (error) {
      return allRefused(error, ({ index, field, reason }) =>
        index === undefined ? undefined : [index, explain(field, reason)],
      )
    }
  }

  async #deliverItems(rows: readonly SentRow[]): Promise<Refused> {
    const items = rows.flatMap((row) => (row.kind === 'item' ? [{ id: row.id, ...row.body }] : []))
    try {
      const { rejected } = await this.#options.client.putItems(items, this.#cancellable())
      return new Map(rejected.map(({ line, field, reason }) => [line - 1, explain(field, reason)]))
    } catch (error) {
      // The lines of the call's body are named in the field.
      return allRefused(error, ({ field, reason }) => {
        const [, line, name] = /^line (\d+)(?:: (.*))?$/.exec(field) ?? []
        return line === undefined ? undefined : [Number(line) - 1, explain(name ?? '', reason)]
      })
    }
  }

  #cancellable(): { signal?: AbortSignal } {
    return this.#options.signal ? { signal: this.#options.signal } : {}
  }
}

/** Reasons by place in the batch. */
type Refused = ReadonlyMap<number, string>

const explain = (field: string, reason: string): string => (field === '' ? reason : `${field}: ${reason}`)

/** A batch without one valid row is answered by 400, with the same reasons; every other error is thrown on. */
function allRefused(
  error: unknown,
  place: (detail: RapportApiError['details'][number]) => readonly [number, string] | undefined,
): Refused {
  const details = error instanceof RapportApiError && error.status === 400 ? error.details : []
  const refused = new Map(details.map(place).filter((entry) => entry !== undefined))
  if (refused.size === 0) throw error
  return refused
}
