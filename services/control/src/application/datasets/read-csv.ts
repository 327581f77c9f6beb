import { Readable } from 'node:stream'
import { datasetLimits, type DatasetColumns } from '@rapport/contracts'
import { CsvError, parse } from 'csv-parse'
import type { UploadedRow } from '../../domain/read-dataset-row.ts'
import { datasetInvalid } from '../../errors.ts'

type Column = keyof DatasetColumns

/** Column names that an error lists. */
const listedColumns = 50

/**
 * The rows of a CSV file (RFC 4180, any line ends, commas) with a header line, while it arrives. A quote inside a field that
 * does not begin with one is a character like any other.
 * @throws HttpError 400 when the header lacks a column, or a quote is never closed.
 */
export async function* readCsv(chunks: AsyncIterable<Buffer>, columns: DatasetColumns): AsyncGenerator<UploadedRow> {
  let header: readonly string[] | undefined
  let places: Places = new Map()
  let row = 0
  for await (const record of records(chunks)) {
    if (header === undefined) {
      header = record.map((name) => name.trim())
      places = placesOf(header, columns)
      continue
    }
    row += 1
    if (record.length === header.length) yield { row, values: valuesOf(record, places) }
    else yield { row, problem: widthProblem(record.length, header.length) }
  }
  if (header === undefined) throw datasetInvalid('The body is empty; a CSV file begins with a header line.')
}

async function* records(chunks: AsyncIterable<Buffer>): AsyncGenerator<string[]> {
  const source = Readable.from(chunks)
  const parser = parse({
    bom: true,
    maxRecordSize: datasetLimits.rowBytes,
    recordDelimiter: ['\r\n', '\n', '\r'],
    relaxColumnCount: true,
    relaxQuotes: true,
    skipEmptyLines: true,
  })
  source.on('error', (error) => parser.destroy(error))
  try {
    for await (const record of source.pipe(parser)) yield record as string[]
  } catch (error) {
    if (error instanceof CsvError) throw damaged(error)
    throw error
  } finally {
    source.destroy()
    parser.destroy()
  }
}

function damaged(error: CsvError): Error {
  const reasons: Readonly<Record<string, string>> = {
    CSV_QUOTE_NOT_CLOSED: 'opens a quote that is never closed',
    CSV_MAX_RECORD_SIZE: `is larger than ${datasetLimits.rowBytes} bytes; perhaps a quote is not closed`,
  }
  // The header counts as a record.
  const records: unknown = Reflect.get(error, 'records')
  const where = typeof records === 'number' && records > 0 ? `Row ${records}` : 'The header'
  return datasetInvalid(`${where} of the CSV file ${reasons[error.code] ?? 'is not CSV'}.`)
}

type Places = ReadonlyMap<Column, number>

const rolesOf = (columns: DatasetColumns): (readonly [Column, string])[] =>
  Object.entries(columns) as [Column, string][]

function placesOf(header: readonly string[], columns: DatasetColumns): Places {
  const roles = rolesOf(columns)
  const lists = header.slice(0, listedColumns).map((name) => JSON.stringify(name.slice(0, 100)))
  const found = `${lists.join(', ')}${header.length > listedColumns ? ', …' : ''}`
  const missing = roles.filter(([, name]) => !header.includes(name))
  if (missing.length > 0) {
    const names = missing.map(([, name]) => JSON.stringify(name)).join(', ')
    throw datasetInvalid(
      `The header has no column ${names}; it has ${found}.`,
      missing.map(([role, name]) => ({
        field: `query.${role}`,
        reason: `names the column ${JSON.stringify(name)}, which the header does not have`,
      })),
    )
  }
  const twice = roles.find(([, name]) => header.indexOf(name) !== header.lastIndexOf(name))
  if (twice !== undefined) throw datasetInvalid(`The header has the column ${JSON.stringify(twice[1])} twice.`)
  return new Map(roles.map(([role, name]) => [role, header.indexOf(name)]))
}

function valuesOf(record: readonly string[], places: Places): Record<Column, unknown> {
  const value = (role: Column): unknown => record[places.get(role) ?? -1]
  return { text: value('text'), label: value('label'), id: value('id'), language: value('language') }
}

const widthProblem = (fields: number, columns: number): string =>
  `has ${fields} fields where the header has ${columns}; a text with a comma stands in quotes, and a quote in it is doubled`
