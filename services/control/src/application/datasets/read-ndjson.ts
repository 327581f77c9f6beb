import { datasetLimits, type DatasetColumns } from '@rapport/contracts'
import { splitRows } from '@rapport/core'
import type { UploadedRow } from '../../domain/read-dataset-row.ts'

/** The rows of newline-delimited JSON, an object a line, while it arrives. */
export async function* readNdjson(chunks: AsyncIterable<Buffer>, columns: DatasetColumns): AsyncGenerator<UploadedRow> {
  let row = 0
  for await (const { text, problem = 'is missing' } of splitRows(chunks, datasetLimits.rowBytes)) {
    row += 1
    yield text === undefined ? { row, problem } : { row, ...readObject(text, columns) }
  }
}

function readObject(text: Buffer, columns: DatasetColumns): Omit<UploadedRow, 'row'> {
  let value: unknown
  try {
    value = JSON.parse(text.toString('utf8'))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { problem: 'is not JSON' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { problem: 'must be a JSON object' }
  const own = (name: string | undefined): unknown =>
    name !== undefined && Object.hasOwn(value, name) ? (Reflect.get(value, name) as unknown) : undefined
  return {
    values: {
      text: own(columns.text),
      label: own(columns.label),
      id: own(columns.id),
      language: own(columns.language),
    },
  }
}
