import { datasetLimits, type DatasetFormat, type DatasetManifest } from '@rapport/contracts'
import type { Clock, Log } from '@rapport/core'
import { DatasetWriter, pruneOrphans, type DatasetRef } from '@rapport/datasets'
import type { ObjectStore } from '@rapport/object-store'
import { HttpError, readTenantAccess } from '@rapport/service-kit'
import { DatasetTally } from '../../domain/dataset-tally.ts'
import { isRefusal, readDatasetRow, type RowForm, type UploadedRow } from '../../domain/read-dataset-row.ts'
import { Utf8Check } from '../../domain/utf8-check.ts'
import { datasetInvalid, datasetTooLarge } from '../../errors.ts'
import { readCsv } from './read-csv.ts'
import { readNdjson } from './read-ndjson.ts'

export interface UploadDependencies {
  readonly objectStore: ObjectStore
  readonly clock: Clock
  readonly log: Log
  /** Of one data set, refused rows included. */
  readonly maxRows: number
}

export interface Upload extends DatasetRef, RowForm {
  readonly format: DatasetFormat
}

const listedInError = 20

/**
 * Makes a version of a data set from its bytes; they are taken no faster than rows are stored. A version is there whole, or,
 * whatever happens on the way, not at all.
 * @throws HttpError 400 (no UTF-8, no such columns, no good row), 409 (the tenant is being removed), 413.
 */
export async function uploadDataset(
  dependencies: UploadDependencies,
  upload: Upload,
  chunks: AsyncIterable<Buffer>,
): Promise<DatasetManifest> {
  const { objectStore, clock, log } = dependencies
  const { tenant, name, format, columns, multiLabel } = upload
  const madeAt = await tenantMadeAt(objectStore, tenant)
  await pruneOrphans(objectStore, tenant, { clock, log })
  const writer = await DatasetWriter.begin(objectStore, clock, { tenant, name })
  try {
    const tally = new DatasetTally()
    const read = format === 'csv' ? readCsv : readNdjson
    await storeRows(read(wellFormed(chunks), columns), { ...dependencies, form: upload, tally, writer })
    if (writer.rows === 0) throw noRows(tally)
    const manifest = await writer.publish({ format, columns, multiLabel, ...tally.findings() })
    // A removal withdraws access before it looks for objects: either it sees the version, or this sees the removal.
    if (madeAt === undefined || (await tenantMadeAt(objectStore, tenant)) !== madeAt) throw tenantGone(tenant)
    return manifest
  } catch (error) {
    await writer.abandon().catch((cause: unknown) => {
      log.warn({ err: cause, dataset: writer.ref }, 'what an upload has left stays for a day')
    })
    throw error
  }
}

interface StoreRowsOptions extends UploadDependencies {
  readonly form: RowForm
  readonly tally: DatasetTally
  readonly writer: DatasetWriter
}

async function storeRows(rows: AsyncIterable<UploadedRow>, options: StoreRowsOptions): Promise<void> {
  const { form, tally, writer, maxRows } = options
  for await (const uploaded of rows) {
    if (uploaded.row > maxRows) throw datasetTooLarge(`A data set has at most ${maxRows} rows.`)
    const reading = readDatasetRow(uploaded, form)
    if (isRefusal(reading)) {
      tally.reject(uploaded.row, reading)
      continue
    }
    tally.keep(reading)
    if (tally.hasTooManyClasses) {
      const column = JSON.stringify(form.columns.label)
      throw datasetInvalid(`The column ${column} has more than ${datasetLimits.classes} different labels.`)
    }
    await writer.add(reading.row)
  }
}

async function* wellFormed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const check = new Utf8Check()
  let isUtf16 = false
  for await (const chunk of chunks) {
    const invalid = check.push(chunk)
    isUtf16 = invalid === 0 && ['fffe', 'feff'].includes(chunk.subarray(0, 2).toString('hex'))
    if (invalid !== undefined) throw notUtf8(invalid, isUtf16)
    yield chunk
  }
  const invalid = check.end()
  if (invalid !== undefined) throw notUtf8(invalid, isUtf16)
}

const notUtf8 = (offset: number, isUtf16: boolean): HttpError =>
  datasetInvalid(
    `The body is not UTF-8: the byte at offset ${offset}${isUtf16 ? ' begins UTF-16' : ' is invalid'}. Save the file as UTF-8.`,
  )

function noRows(tally: DatasetTally): HttpError {
  const details = tally.rejected
    .slice(0, listedInError)
    .map(({ row, field, reason }) => ({ field: `row ${row}${field && `: ${field}`}`, reason }))
  return datasetInvalid(details.length === 0 ? 'The body has no rows.' : 'No row of the body is good.', details)
}

const tenantMadeAt = async (store: ObjectStore, tenant: string): Promise<string | undefined> =>
  (await readTenantAccess(store, tenant))?.access.createdAt

const tenantGone = (tenant: string): HttpError =>
  new HttpError(409, 'RPT_ACCESS_TENANT_REMOVING', `The tenant "${tenant}" is being removed.`)
