import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { parse } from 'csv-parse'

export interface ReadOptions {
  /** Called now and then with how many bytes of the file, as it lies on disk, have been read. */
  readonly onBytes?: ((bytes: number) => void) | undefined
}

/** Whether the file starts with the magic bytes of gzip, whatever its name is. */
async function isGzip(path: string): Promise<boolean> {
  await using file = await open(path)
  const head = Buffer.alloc(2)
  const { bytesRead } = await file.read(head, 0, 2, 0)
  return bytesRead === 2 && head[0] === 0x1f && head[1] === 0x8b
}

/** The content of a plain or gzip-compressed file. */
async function openContent(path: string, { onBytes }: ReadOptions): Promise<Readable> {
  const gzip = await isGzip(path)
  const file = createReadStream(path)
  if (onBytes) {
    file.on('data', () => onBytes(file.bytesRead))
    // A listener of `data` sets the stream flowing; whoever reads it starts it again.
    file.pause()
  }
  // The error of either stream reaches the reader through the last one; pipeline needs a callback all the same.
  return gzip ? pipeline(file, createGunzip(), () => undefined) : file
}

/** Whatever goes wrong while reading names the file. */
const unreadable = (path: string, cause: unknown): Error =>
  new Error(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })

export interface NumberedLine {
  readonly line: number
  readonly text: string
}

export interface LineOptions extends ReadOptions {
  readonly encoding?: 'utf8' | 'latin1'
}

/** The lines of a plain or gzip-compressed text file, numbered from 1, without the empty ones. */
export async function* readLines(path: string, options: LineOptions = {}): AsyncGenerator<NumberedLine> {
  let line = 0
  let rest = ''
  for await (const piece of readPieces(path, options)) {
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    for (const text of lines) {
      line += 1
      const trimmed = text.endsWith('\r') ? text.slice(0, -1) : text
      if (trimmed !== '') yield { line, text: line === 1 ? withoutMark(trimmed) : trimmed }
    }
  }
  if (rest !== '') yield { line: line + 1, text: line === 0 ? withoutMark(rest) : rest }
}

const withoutMark = (text: string): string => (text.startsWith('\uFEFF') ? text.slice(1) : text)

async function* readPieces(path: string, { encoding = 'utf8', onBytes }: LineOptions): AsyncGenerator<string> {
  try {
    const content = await openContent(path, { onBytes })
    content.setEncoding(encoding)
    for await (const piece of content) yield piece as string
  } catch (error) {
    throw unreadable(path, error)
  }
}

export interface NumberedRecord {
  /** The line on which the record ends. */
  readonly line: number
  readonly fields: Readonly<Record<string, string>>
}

export interface CsvOptions extends ReadOptions {
  readonly delimiter?: string | undefined
  /** Columns that the header line must name. */
  readonly columns?: readonly string[]
}

/** No row of a table is longer; a quote that is never closed would otherwise swallow the rest of the file. */
const maxRecordBytes = 1024 * 1024

/** The records of a CSV file with a header line, by column name. Fields may be quoted and may hold line breaks. */
export async function* readCsv(path: string, options: CsvOptions = {}): AsyncGenerator<NumberedRecord> {
  const { delimiter = ',', columns = [], onBytes } = options
  const parser = parse({
    columns: (header: string[]) => checkHeader(header, columns),
    delimiter,
    bom: true,
    info: true,
    maxRecordSize: maxRecordBytes,
    relaxColumnCount: true,
    // A quote inside a field that does not start with one is a character like any other.
    relaxQuotes: true,
    skipEmptyLines: true,
  })
  try {
    const content = await openContent(path, { onBytes })
    const records = pipeline(content, parser, () => undefined) as AsyncIterable<{
      info: { lines: number }
      record: Record<string, string>
    }>
    for await (const { info, record } of records) yield { line: info.lines, fields: record }
  } catch (error) {
    throw unreadable(path, error)
  }
}

function checkHeader(header: readonly string[], columns: readonly string[]): string[] {
  const names = header.map((name) => name.trim())
  const missing = columns.filter((column) => !names.includes(column))
  if (missing.length > 0) {
    throw new Error(`its header has no column ${quoted(missing)}; it has ${quoted(names)}`)
  }
  return names
}

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ')
