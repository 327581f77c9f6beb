/** One row of an import: its text, or why it cannot be one. */
export interface RawRow {
  /** Line of the body on which it starts, from 1. */
  readonly line: number
  readonly text?: Buffer
  readonly problem?: string
}

const newline = 0x0a
const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x09 || byte === newline || byte === 0x0d
const byteOrderMark = [0xef, 0xbb, 0xbf]

/** Collects the bytes of the row that is being read, across chunks, up to a limit. */
class RowBuffer {
  readonly #limitBytes: number
  #parts: Buffer[] = []
  #bytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  add(part: Buffer): void {
    this.#bytes += part.byteLength
    if (this.#bytes <= this.#limitBytes) this.#parts.push(part)
    else this.#parts = []
  }

  take(line: number): RawRow {
    const isTooLarge = this.#bytes > this.#limitBytes
    const row = isTooLarge
      ? { line, problem: `is larger than ${this.#limitBytes} bytes` }
      : { line, text: this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts) }
    this.#parts = []
    this.#bytes = 0
    return row
  }
}

/**
 * Splits a JSON array or newline-delimited JSON into its rows while it arrives; which of the two it is, its first
 * character says. Holds one row of at most `limitBytes` at a time. Rows are not parsed here.
 */
export async function* splitRows(chunks: AsyncIterable<Buffer>, limitBytes: number): AsyncGenerator<RawRow> {
  let splitter: LineSplitter | ArraySplitter | undefined
  let line = 1
  let skipped = 0
  for await (const chunk of chunks) {
    let start = 0
    while (splitter === undefined && start < chunk.length) {
      const byte = chunk[start] as number
      if (isSpace(byte) || (skipped < 3 && byte === byteOrderMark[skipped])) {
        if (byte === newline) line++
        skipped++
        start++
      } else if (byte === openBracket) {
        splitter = new ArraySplitter(limitBytes, line)
        start++
      } else splitter = new LineSplitter(limitBytes, line)
    }
    if (splitter !== undefined) yield* splitter.push(start === 0 ? chunk : chunk.subarray(start))
  }
  if (splitter !== undefined) yield* splitter.end()
}

class LineSplitter {
  readonly #row: RowBuffer
  #line: number

  constructor(limitBytes: number, line: number) {
    this.#row = new RowBuffer(limitBytes)
    this.#line = line
  }

  *push(chunk: Buffer): Generator<RawRow> {
    let start = 0
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.#row.add(chunk.subarray(start, end))
      yield* this.#take()
      this.#line++
      start = end + 1
    }
    this.#row.add(chunk.subarray(start))
  }

  *end(): Generator<RawRow> {
    yield* this.#take()
  }

  *#take(): Generator<RawRow> {
    const row = this.#row.take(this.#line)
    if (row.text === undefined || !isBlank(row.text)) yield row
  }
}

class ArraySplitter {
  readonly #row: RowBuffer
  #line: number
  #rowLine: number
  #depth = 0
  #inString = false
  #escaped = false
  #started = false
  #rows = 0
  #closed = false
  #afterEnd = false

  constructor(limitBytes: number, line: number) {
    this.#row = new RowBuffer(limitBytes)
    this.#line = line
    this.#rowLine = line
  }

  *push(chunk: Buffer): Generator<RawRow> {
    let start = 0
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index] as number
      if (byte === newline) this.#line++
      if (this.#closed) {
        this.#afterEnd ||= !isSpace(byte)
        continue
      }
      if (!this.#started && !isSpace(byte)) {
        this.#started = byte !== comma && byte !== closeBracket
        this.#rowLine = this.#line
      }
      if (!this.#isBoundary(byte)) continue
      this.#row.add(chunk.subarray(start, index))
      start = index + 1
      yield* this.#take(byte)
    }
    if (!this.#closed) this.#row.add(chunk.subarray(start))
  }

  *end(): Generator<RawRow> {
    if (!this.#closed) {
      yield { line: this.#rowLine, problem: 'the array is not closed: the body ends inside it' }
    } else if (this.#afterEnd) yield { line: this.#line, problem: 'something follows the end of the array' }
  }

  /** True at the comma or the bracket that ends an element. */
  #isBoundary(byte: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false
      else if (byte === backslash) this.#escaped = true
      else if (byte === quote) this.#inString = false
      return false
    }
    if (byte === quote) this.#inString = true
    else if (byte === openBrace || byte === openBracket) this.#depth++
    else if (byte === closeBrace || byte === closeBracket) {
      if (this.#depth === 0) return byte === closeBracket
      this.#depth--
    } else if (byte === comma) return this.#depth === 0
    return false
  }

  *#take(byte: number): Generator<RawRow> {
    const row = this.#row.take(this.#rowLine)
    this.#started = false
    this.#closed = byte === closeBracket
    const isEmptyArray = this.#closed && this.#rows === 0 && row.text !== undefined && isBlank(row.text)
    this.#rows++
    if (!isEmptyArray) yield row
  }
}

const isBlank = (text: Buffer): boolean => text.every(isSpace)
