import { createHash } from 'node:crypto'
import { csrBytes, type CsrMatrix } from '@rapport/ml'
import { fitWeighing, weighRows, type CountedTexts, type Weighing } from './counted-texts.ts'

interface Entry {
  readonly weighing: Weighing
  readonly train: CsrMatrix
  readonly bytes: number
}

/** Fits and training rows by features and rows, within a bound of memory: candidates of the same features share a fold's. */
export class WeighedRowsCache {
  readonly #maxBytes: number
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  fit(texts: CountedTexts, rows: Int32Array): Pick<Entry, 'weighing' | 'train'> {
    const key = `${JSON.stringify(texts.features)} ${digestOf(rows)}`
    const known = this.#entries.get(key)
    if (known !== undefined) {
      this.#entries.delete(key)
      this.#entries.set(key, known)
      return known
    }
    const weighing = fitWeighing(texts, rows)
    const train = weighRows(texts, weighing, rows)
    const bytes = csrBytes(train.rows, train.indices.length) + 4 * weighing.columnOf.length + 8 * weighing.columns
    this.#keep(key, { weighing, train, bytes })
    return { weighing, train }
  }

  #keep(key: string, entry: Entry): void {
    if (entry.bytes > this.#maxBytes) return
    this.#entries.set(key, entry)
    this.#bytes += entry.bytes
    for (const [oldest, { bytes }] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) return
      this.#entries.delete(oldest)
      this.#bytes -= bytes
    }
  }
}

const digestOf = (rows: Int32Array): string => createHash('sha256').update(rows).digest('base64')
