import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { DatasetFormat, DatasetVersion } from '@rapport/contracts'
import type { DatasetUpload, RapportClient } from '@rapport/sdk'
import { startProgress } from './output.ts'

/** Refused rows that are shown; the others are counted. */
const listed = 20

export interface FileUpload extends DatasetUpload {
  /** Of the data set. */
  readonly name: string
}

/** Sends a file as a version of a data set while it is read, and tells of rows that were left out on standard error. */
export async function uploadFile(
  client: RapportClient,
  file: string,
  { name, format = formatOf(file), ...options }: FileUpload,
): Promise<DatasetVersion> {
  const { size } = await stat(file)
  const title = basename(file)
  const progress = startProgress(title, 100)
  const content = createReadStream(file)
  content.on('data', () => {
    progress.update(Math.floor((100 * content.bytesRead) / Math.max(1, size)), '')
  })
  // A listener of `data` sets the stream flowing; whoever reads it starts it again.
  content.pause()
  const made = await client.datasets.upload(name, content, { ...options, format }).finally(() => {
    content.destroy()
    progress.stop()
  })
  printProblems(title, made)
  return made
}

function formatOf(file: string): DatasetFormat {
  const name = file.toLowerCase().replace(/\.gz$/, '')
  if (/\.(ndjson|jsonl)$/.test(name)) return 'ndjson'
  if (name.endsWith('.csv')) return 'csv'
  throw new Error(`the name of ${file} does not say what it holds: give --format csv or --format ndjson`)
}

function printProblems(title: string, { report }: DatasetVersion): void {
  const { rejected, rejectedCount } = report
  for (const { row, field, reason } of rejected.slice(0, listed)) {
    process.stderr.write(`${title} row ${row}: ${field === '' ? '' : `${field}: `}${reason}\n`)
  }
  const others = rejectedCount - Math.min(listed, rejected.length)
  if (others > 0) process.stderr.write(`${title}: ${others} more rows were left out\n`)
}
