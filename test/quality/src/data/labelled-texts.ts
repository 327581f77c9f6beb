import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { parse } from 'csv-parse'
import { openStream, readLines } from './files.ts'

export interface LabelledText {
  readonly text: string
  readonly label: string
}

/** The training and the test part of a set. */
export interface TextSplit {
  readonly train: readonly LabelledText[]
  readonly test: readonly LabelledText[]
}

/**
 * The split of sets without an official one: a text is tested when the first 32 bits of the SHA-256 of its UTF-8 are
 * divisible by `parts`. Equal texts fall on one side.
 */
export function splitByHash(rows: readonly LabelledText[], parts: number): TextSplit {
  const train: LabelledText[] = []
  const test: LabelledText[] = []
  for (const row of rows) {
    const hash = createHash('sha256').update(row.text, 'utf8').digest().readUInt32BE(0)
    ;(hash % parts === 0 ? test : train).push(row)
  }
  return { train, test }
}

/** Columns of a CSV file with a heading line. */
export interface CsvColumns {
  readonly text: string
  readonly label: string
}

export const readCsvTexts = (dataDir: string, path: string, columns: CsvColumns): Promise<LabelledText[]> =>
  readRows(openStream(dataDir, path).pipe(parse({ columns: true, bom: true })), columns)

/** The same out of a ZIP file that holds the CSV file alone. */
export async function readZippedTexts(dataDir: string, path: string, columns: CsvColumns): Promise<LabelledText[]> {
  const content = onlyEntry(await readFile(join(dataDir, path)), path)
  const parser = parse({ columns: true, bom: true })
  parser.end(content)
  return readRows(parser, columns)
}

/** Lines of a text, a tab and a label, or of a label, a blank and a text. */
export async function readTextLines(
  dataDir: string,
  path: string,
  form: 'text-tab-label' | 'label-blank-text',
): Promise<LabelledText[]> {
  const separator = form === 'text-tab-label' ? '\t' : ' '
  return (await readLines(dataDir, path)).map((line, index) => {
    const at = form === 'text-tab-label' ? line.lastIndexOf(separator) : line.indexOf(separator)
    if (at < 0) throw new TypeError(`${path} line ${index + 1} is not ${form}`)
    const [first, second] = [line.slice(0, at), line.slice(at + 1)]
    return form === 'text-tab-label' ? { text: first, label: second } : { text: second, label: first }
  })
}

async function readRows(rows: AsyncIterable<unknown>, { text, label }: CsvColumns): Promise<LabelledText[]> {
  const found: LabelledText[] = []
  for await (const row of rows as AsyncIterable<Readonly<Record<string, string>>>) {
    const [given, of] = [row[text], row[label]]
    if (given === undefined || of === undefined) throw new TypeError(`a row has no ${text} or ${label}`)
    found.push({ text: given, label: of })
  }
  return found
}

const localHeader = 0x04_03_4b_50
const deflated = 8

/** The content of a ZIP file's first entry (APPNOTE 4.3.7), whose header must state its size. */
export function onlyEntry(zip: Buffer, path: string): Buffer {
  const isPlain = zip.length > 30 && zip.readUInt32LE(0) === localHeader && (zip.readUInt16LE(6) & 0b1001) === 0
  if (!isPlain || zip.readUInt16LE(8) !== deflated) throw new TypeError(`${path} is not a plain ZIP file`)
  const start = 30 + zip.readUInt16LE(26) + zip.readUInt16LE(28)
  return inflateRawSync(zip.subarray(start, start + zip.readUInt32LE(18)))
}
