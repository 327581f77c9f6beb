import { tenantOfKey } from '@rapport/features'
import type { LogRecord, RecordBatch } from '@rapport/messaging'
import { archiveFileName, toArchiveLine, type ArchiveFile } from '@rapport/object-store'
import { LineBuffer } from './line-buffer.ts'

interface TenantLines {
  readonly lines: LineBuffer
  readonly first: number
  last: number
}

/** Records of one partition that are not in the archive yet, by tenant. */
export class PartitionBuffer {
  readonly topic: string
  readonly partition: number
  /** Bytes of the lines held. */
  size = 0
  /** The first offset that has not come yet. */
  nextOffset = 0
  #lastBatch: RecordBatch
  #tenants = new Map<string, TenantLines>()
  #committed: number

  constructor(batch: RecordBatch) {
    this.topic = batch.topic
    this.partition = batch.partition
    this.#lastBatch = batch
    this.#committed = batch.checkpoint?.nextOffset ?? 0
  }

  get isEmpty(): boolean {
    return this.nextOffset <= this.#committed
  }

  /** Takes the records that it has not seen: a batch that is delivered again adds nothing. */
  add(batch: RecordBatch): void {
    this.#lastBatch = batch
    const committed = batch.checkpoint?.nextOffset ?? 0
    // Somebody else had the partition meanwhile: a file that joins older records to these would span theirs and hide them.
    if (committed > this.nextOffset) this.#startAt(committed)
    for (const record of batch.records) {
      if (record.offset < this.nextOffset) continue
      this.#addRecord(record)
      this.nextOffset = record.offset + 1
    }
  }

  /** The files that hold everything buffered: their names and lines. */
  files(): { readonly name: string; readonly bytes: Uint8Array }[] {
    return [...this.#tenants].map(([tenant, { lines, first, last }]) => {
      const file: ArchiveFile = { tenant, topic: this.topic, partition: this.partition, first, last }
      return { name: archiveFileName(file), bytes: lines.toBytes() }
    })
  }

  /** To be called when every file is stored: commits, and forgets the records. */
  async commit(): Promise<void> {
    const { nextOffset } = this
    await this.#lastBatch.commit(nextOffset)
    this.#startAt(nextOffset)
  }

  #startAt(committed: number): void {
    this.#committed = committed
    this.nextOffset = committed
    this.#tenants = new Map()
    this.size = 0
  }

  #addRecord(record: LogRecord): void {
    const tenant = tenantOfKey(record.key)
    if (tenant === undefined) return
    const standing = this.#tenants.get(tenant) ?? { lines: new LineBuffer(), first: record.offset, last: record.offset }
    this.#tenants.set(tenant, standing)
    this.size += standing.lines.add(toArchiveLine(record))
    standing.last = record.offset
  }
}
