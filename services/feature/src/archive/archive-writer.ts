import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Log } from '@rapport/core'
import { NotCurrentError, type PartitionExtent, type RecordBatch } from '@rapport/messaging'
import type { ObjectStore } from '@rapport/object-store'
import { PartitionBuffer } from './partition-buffer.ts'

const zip = promisify(gzip)

export interface ArchiveLimits {
  /** Uncompressed size at which a partition's records are written. */
  readonly flushBytes: number
  /** How long a record waits at most. */
  readonly flushIntervalMs: number
  /** Of all partitions together; above it each partition is written as it gets a batch. */
  readonly maxBufferedBytes: number
}

interface Slot {
  readonly buffer: PartitionBuffer
  /** The last thing that was asked of the partition; things are done one after another. */
  tail: Promise<void>
  timer: NodeJS.Timeout | undefined
}

const nameOf = ({ topic, partition }: { topic: string; partition: number }): string => `${topic}/${partition}`

/**
 * Gathers records by partition and tenant and writes them as immutable gzip files, by put-if-absent; a partition's
 * checkpoint moves only when all of its files are stored. After a crash the same records come again and may be cut into
 * other files, which overlap with those that were stored; readers take each offset once.
 */
export class ArchiveWriter implements AsyncDisposable {
  readonly #store: ObjectStore
  readonly #limits: ArchiveLimits
  readonly #log: Log
  readonly #slots = new Map<string, Slot>()
  /** Offsets up to which somebody waits. */
  readonly #requested = new Map<string, number>()
  readonly #onWritten: (bytes: number) => void

  constructor(store: ObjectStore, options: { limits: ArchiveLimits; log: Log; onWritten?: (bytes: number) => void }) {
    this.#store = store
    this.#limits = options.limits
    this.#log = options.log
    this.#onWritten = options.onWritten ?? (() => {})
  }

  /** Takes a batch. Rejects when records had to be written and could not be; the same batch may be handed in again. */
  add(batch: RecordBatch): Promise<void> {
    const name = nameOf(batch)
    const slot = this.#slots.get(name) ?? {
      buffer: new PartitionBuffer(batch),
      tail: Promise.resolve(),
      timer: undefined,
    }
    this.#slots.set(name, slot)
    return this.#inTurn(slot, async () => {
      slot.buffer.add(batch)
      slot.timer ??= this.#startTimer(slot)
      const isAsked = slot.buffer.nextOffset >= (this.#requested.get(name) ?? Number.POSITIVE_INFINITY)
      const isFull = slot.buffer.size >= this.#limits.flushBytes || this.#buffered() > this.#limits.maxBufferedBytes
      if (isAsked || isFull) await this.#flush(slot)
    })
  }

  /** Writes each partition as soon as it has come up to the given extent, instead of when it is full or its time is up. */
  async flushThrough(extents: readonly PartitionExtent[]): Promise<void> {
    const flushes: Promise<void>[] = []
    for (const extent of extents) {
      const name = nameOf(extent)
      const slot = this.#slots.get(name)
      const hasCome = slot !== undefined && slot.buffer.nextOffset >= extent.nextOffset
      if (hasCome) flushes.push(this.#inTurn(slot, () => this.#flush(slot)))
      else if (extent.nextOffset > extent.firstOffset) this.#requested.set(name, extent.nextOffset)
    }
    await Promise.all(flushes)
  }

  /** Drops what is buffered of partitions that are another consumer's by now. */
  keepOnly(partitions: readonly { topic: string; partition: number }[]): void {
    const owned = new Set(partitions.map(nameOf))
    for (const [name, slot] of this.#slots) {
      if (!owned.has(name)) this.#drop(name, slot)
    }
  }

  /** Writes everything that is buffered. */
  async [Symbol.asyncDispose](): Promise<void> {
    const slots = [...this.#slots.values()]
    await Promise.all(slots.map((slot) => this.#inTurn(slot, () => this.#flush(slot)).catch(this.#logFailure)))
    for (const [name, slot] of this.#slots) this.#drop(name, slot)
  }

  #inTurn(slot: Slot, act: () => Promise<void>): Promise<void> {
    const done = slot.tail.then(act)
    slot.tail = done.catch(() => {})
    return done
  }

  async #flush(slot: Slot): Promise<void> {
    clearTimeout(slot.timer)
    slot.timer = undefined
    const { buffer } = slot
    if (buffer.isEmpty) return
    try {
      for (const { name, bytes } of buffer.files()) {
        const zipped = await zip(bytes, { level: 1 })
        const { stored } = await this.#store.put(name, zipped, { ifAbsent: true })
        if (stored) this.#onWritten(zipped.length)
      }
      const { nextOffset } = buffer
      await buffer.commit()
      // A request for more than has come yet stays.
      if (nextOffset >= (this.#requested.get(nameOf(buffer)) ?? 0)) this.#requested.delete(nameOf(buffer))
    } catch (error) {
      if (!(error instanceof NotCurrentError)) {
        slot.timer = this.#startTimer(slot)
        throw error
      }
      this.#log.info(
        { topic: buffer.topic, partition: buffer.partition },
        'a partition was taken over while it was archived',
      )
      this.#drop(nameOf(buffer), slot)
    }
  }

  #startTimer(slot: Slot): NodeJS.Timeout {
    const flush = (): void => {
      slot.timer = undefined
      this.#inTurn(slot, () => this.#flush(slot)).catch(this.#logFailure)
    }
    return setTimeout(flush, this.#limits.flushIntervalMs).unref()
  }

  readonly #logFailure = (error: unknown): void => {
    this.#log.error({ err: error }, 'writing to the archive failed; it will be tried again')
  }

  #drop(name: string, slot: Slot): void {
    clearTimeout(slot.timer)
    if (this.#slots.get(name) === slot) this.#slots.delete(name)
  }

  #buffered(): number {
    let bytes = 0
    for (const { buffer } of this.#slots.values()) bytes += buffer.size
    return bytes
  }
}
