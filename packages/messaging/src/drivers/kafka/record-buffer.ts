import type { LogRecord } from '../../event-log.ts'
import type { FetchedPartition } from './connection.ts'

/** Records of one partition that were fetched ahead, and where to fetch on. */
export class RecordBuffer {
  #records: LogRecord[] = []
  #fetchOffset: number
  #endOffset: number | undefined

  constructor(offset: number) {
    this.#fetchOffset = offset
  }

  get size(): number {
    return this.#records.length
  }

  get fetchOffset(): number {
    return this.#fetchOffset
  }

  /** The first offset that nobody has taken out. */
  get nextOffset(): number {
    return this.#records[0]?.offset ?? this.#fetchOffset
  }

  /** The end of the partition as the last answer told; undefined before the first. */
  get endOffset(): number | undefined {
    return this.#endOffset
  }

  /** False when the records are not those that follow. */
  add(fetched: FetchedPartition, offset: number): boolean {
    if (offset !== this.#fetchOffset) return false
    for (const record of fetched.records) this.#records.push(record)
    this.#fetchOffset = fetched.nextOffset
    this.#endOffset = fetched.endOffset
    return true
  }

  take(limit: number): LogRecord[] {
    if (this.#records.length <= limit) {
      const all = this.#records
      this.#records = []
      return all
    }
    const taken = this.#records.slice(0, limit)
    this.#records = this.#records.slice(limit)
    return taken
  }

  /** Fetches on elsewhere, and keeps what was fetched. */
  skipTo(offset: number): void {
    this.#fetchOffset = offset
  }

  /** Drops what was fetched and goes on elsewhere. */
  moveTo(offset: number): void {
    this.#records = []
    this.#fetchOffset = offset
  }
}
