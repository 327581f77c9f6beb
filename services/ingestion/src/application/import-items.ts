import { ingestionLimits, type ItemImportAnswer, type RejectedItem } from '@rapport/contracts'
import { splitRows, type Clock, type RawRow } from '@rapport/core'
import { isRefusal, readItemRow, type ItemRowReading } from '../domain/read-item-row.ts'
import { conflict, invalid } from '../errors.ts'
import type { IngestionMetrics } from '../metrics.ts'
import { nextVersion } from './change-item.ts'
import type { ItemStore } from './item-store.ts'

export interface ImportItemsDependencies {
  readonly items: ItemStore
  readonly clock: Clock
  readonly metrics: IngestionMetrics
}

/** Puts every valid row of a JSON array or of newline-delimited JSON; bytes are taken no faster than rows are written. */
export type ImportItems = (tenant: string, chunks: AsyncIterable<Buffer>) => Promise<ItemImportAnswer>

const rowsInOneWrite = 500
const maxAttempts = 8

/** @throws HttpError 400 when no row is valid, 409, 413, 503; rows before the failure stay written, and sending all again is safe. */
export function createImportItems(dependencies: ImportItemsDependencies): ImportItems {
  return async function importItems(tenant, chunks) {
    const tally = new ImportTally()
    let rows = new Map<string, ItemRowReading>()
    const flush = async (): Promise<void> => {
      if (rows.size > 0) await putRows(dependencies, tenant, [...rows.values()])
      rows = new Map()
    }
    for await (const raw of splitRows(chunks, ingestionLimits.itemBytes)) {
      const reading = readItemRow(raw)
      if (isRefusal(reading)) {
        tally.refuse(raw, reading)
        continue
      }
      tally.accepted++
      // Of two rows with one id in one write the later one counts, as it would in two writes.
      rows.set(reading.id, reading)
      if (rows.size >= rowsInOneWrite) await flush()
    }
    await flush()
    return tally.toAnswer()
  }
}

async function putRows({ items, clock, metrics }: ImportItemsDependencies, tenant: string, rows: ItemRowReading[]) {
  let pending = rows
  for (let attempt = 0; pending.length > 0; attempt++) {
    if (attempt === maxAttempts) throw conflict(`Others changed the same items during all of ${maxAttempts} attempts.`)
    const documents = await items.read(
      tenant,
      pending.map(({ id }) => id),
    )
    const writes = pending.map(({ id, body }, index) => ({
      id,
      item: nextVersion(documents[index], { body, deleted: false }, clock),
      ifDocumentVersion: documents[index]?.documentVersion ?? 0,
    }))
    const outcomes = await items.write(tenant, writes)
    pending = pending.filter((_, index) => outcomes[index] === undefined)
  }
  metrics.itemsWritten.inc({ operation: 'import' }, rows.length)
}

class ImportTally {
  accepted = 0
  #rejectedCount = 0
  readonly #rejected: RejectedItem[] = []

  refuse(
    { line }: RawRow,
    { invalid: { field, reason }, id }: Exclude<ReturnType<typeof readItemRow>, ItemRowReading>,
  ): void {
    this.#rejectedCount++
    if (this.#rejected.length >= ingestionLimits.listedRejections) return
    this.#rejected.push({ line, field, reason, ...(id === undefined ? {} : { id }) })
  }

  toAnswer(): ItemImportAnswer {
    if (this.accepted === 0) {
      const details = this.#rejected.map(({ line, field, reason }) => ({
        field: `line ${line}${field && `: ${field}`}`,
        reason,
      }))
      throw invalid(details.length === 0 ? 'The body has no rows.' : 'No row of the body is a valid item.', details)
    }
    return { success: true, accepted: this.accepted, rejectedCount: this.#rejectedCount, rejected: this.#rejected }
  }
}
