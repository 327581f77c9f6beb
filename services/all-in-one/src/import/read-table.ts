import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { pipeline } from 'node:stream'
import { TextDecoderStream } from 'node:stream/web'
import { Readable } from 'node:stream'
import { parse } from 'csv-parse'
import { createInterface } from 'node:readline'

/** Whether the file starts with the magic bytes of gzip, whatever its name is. */
async function isGzip(path: string): Promise<boolean> {
  await using file = await open(path)
  const head = Buffer.alloc(2)
  const { bytesRead } = await file.read(head, 0, 2, 0)
  return bytesRead === 2 && head[0] === 0x1f && head[1] === 0x8b
}

/** The text of a plain or gzip-compressed file, piece by piece. */
async function openText(path: string, encoding: string): Promise<Readable> {
  const file = createReadStream(path)
  const bytes = (await isGzip(path)) ? pipeline(file, createGunzip(), () => undefined) : file
  // The error of either stream reaches the reader through `bytes`; pipeline needs a callback all the same.
  return Readable.from(Readable.toWeb(bytes).pipeThrough(new TextDecoderStream(encoding)))
}

export interface NumberedLine {
  readonly line: number
  readonly text: string
}

/** The lines of a plain or gzip-compressed text file, numbered from 1. */
export async function* readLines(path: string, encoding = 'utf-8'): AsyncGenerator<NumberedLine> {
  const lines = createInterface({ input: await openText(path, encoding), crlfDelay: Infinity })
  let line = 0
  for await (const text of lines) yield { line: ++line, text }
}

export interface NumberedRecord {
  /** The line on which the record ends. */
  readonly line: number
  readonly fields: Readonly<Record<string, string>>
}

/** The records of a CSV file with a header line, by column name. Fields may be quoted and may hold line breaks. */
export async function* readCsv(path: string, options: { delimiter?: string } = {}): AsyncGenerator<NumberedRecord> {
  const parser = parse({
    columns: true,
    delimiter: options.delimiter ?? ',',
    bom: true,
    info: true,
    relaxColumnCount: true,
    skipEmptyLines: true,
  })
  const records = (await openText(path, 'utf-8')).compose(parser) as AsyncIterable<{
    info: { lines: number }
    record: Record<string, string>
  }>
  for await (const { info, record } of records) yield { line: info.lines, fields: record }
}
