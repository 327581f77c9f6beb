import { digestOf } from '../../message-digest.ts'
import type { Application, Change, Entry, EntryOutcome } from '../../online-store.ts'
import { addToCount } from './count-part.ts'
import {
  decodeRecord,
  encodeRecord,
  newRecord,
  spillLargeParts,
  type EntityRecord,
  type PartCell,
} from './entity-record.ts'
import type { StateTables } from './environments.ts'
import { digestKey, digestRange, externalPartKey, recordKey, tallyBucketKey } from './layout.ts'
import { putRegister } from './register-part.ts'
import { addToTally, type TallyBuckets } from './tally-part.ts'

const HOUR_MS = 60 * 60 * 1000
const DIGEST_VALUE_BYTES = 20

interface SeenMessage {
  readonly source: number
  readonly offset: number
  readonly receivedAtMs: number
}

const hourOf = (timeMs: number): number => Math.floor(timeMs / HOUR_MS)

/** One entity inside one write transaction: loaded once, changed in memory, written once by `flush`. */
export class EntitySlot {
  readonly #tables: StateTables
  readonly #entity: number
  readonly #record: EntityRecord
  readonly #newMessages = new Map<string, SeenMessage>()
  #dedupWindowMs = 0
  #changed = false

  constructor(tables: StateTables, entity: number) {
    this.#tables = tables
    this.#entity = entity
    const bytes = tables.state.getBinary(recordKey(entity))
    this.#record = bytes === undefined ? newRecord() : decodeRecord(asBuffer(bytes))
  }

  apply(application: Application, source: number): EntryOutcome[] {
    const { dedupWindowMs } = application
    if (dedupWindowMs !== undefined) this.#dedupWindowMs = dedupWindowMs
    return application.entries.map((entry) => this.#applyEntry(entry, source, dedupWindowMs))
  }

  #applyEntry(entry: Entry, source: number, dedupWindowMs: number | undefined): EntryOutcome {
    const record = this.#record
    const isNew = entry.offset > (record.marks.get(source) ?? -1)
    if (isNew) {
      record.marks.set(source, entry.offset)
      if (entry.receivedAtMs > record.newestReceivedAtMs) record.newestReceivedAtMs = entry.receivedAtMs
      this.#changed = true
    }
    if (dedupWindowMs !== undefined) {
      const oldestMs = record.newestReceivedAtMs - dedupWindowMs
      const seen = this.#findMessage(entry.messageId, oldestMs)
      if (seen !== undefined)
        return seen.source === source && seen.offset === entry.offset ? 'redelivered' : 'duplicate'
      if (isNew && entry.receivedAtMs >= oldestMs)
        this.#newMessages.set(entry.messageId, { source, offset: entry.offset, receivedAtMs: entry.receivedAtMs })
    }
    if (!isNew) return 'redelivered'
    for (const change of entry.changes) this.#applyChange(change, entry.messageId)
    record.sequence++
    return 'applied'
  }

  /** The message of the window, which begins at `oldestMs`. */
  #findMessage(messageId: string, oldestMs: number): SeenMessage | undefined {
    let seen = this.#newMessages.get(messageId)
    if (seen === undefined && this.#record.digestHours.length > 0) {
      const digest = digestOf(messageId)
      for (const hour of this.#record.digestHours) {
        const bytes = this.#tables.state.getBinaryFast(digestKey(this.#entity, hour, digest))
        if (bytes === undefined) continue
        seen = { source: bytes.readUInt32LE(0), offset: bytes.readDoubleLE(4), receivedAtMs: bytes.readDoubleLE(12) }
        if (seen.receivedAtMs >= oldestMs) break
      }
    }
    return seen !== undefined && seen.receivedAtMs >= oldestMs ? seen : undefined
  }

  #applyChange(change: Change, messageId: string): void {
    const cell = this.#cell(change)
    cell.changed = true
    switch (change.op) {
      case 'count':
        cell.bytes = addToCount(cell.bytes, change.atMs, change.amount)
        return
      case 'tally':
        cell.tally ??= new Map()
        cell.tally.set(change.field, (cell.tally.get(change.field) ?? 0) + change.amount)
        return
      case 'newest':
        cell.bytes = putRegister(cell.bytes, {
          op: 'newest',
          name: change.member,
          atMs: change.atMs,
          messageId,
          value: change.value,
          keep: change.keep,
        })
        return
      case 'latest':
      case 'earliest':
        cell.bytes = putRegister(cell.bytes, {
          op: change.op,
          name: change.field,
          atMs: change.atMs,
          messageId,
          value: change.value,
        })
    }
  }

  #cell(change: Change): PartCell {
    let cell = this.#record.parts.get(change.part)
    if (cell === undefined) {
      cell = { name: change.part, op: change.op, bytes: undefined, external: false, changed: true }
      this.#record.parts.set(change.part, cell)
    } else if (cell.bytes === undefined && cell.external) {
      const bytes = this.#tables.state.getBinary(externalPartKey(this.#entity, cell.name))
      cell.bytes = bytes === undefined ? undefined : asBuffer(bytes)
    }
    return cell
  }

  /** Writes what has changed. */
  flush(): void {
    if (!this.#changed) return
    const { state } = this.#tables
    const record = this.#record
    for (const cell of record.parts.values())
      if (cell.tally !== undefined)
        cell.bytes = addToTally(cell.bytes, cell.tally, tallyBuckets(this.#tables, this.#entity, cell.name))
    spillLargeParts(record)
    for (const cell of record.parts.values())
      if (cell.external && cell.changed && cell.bytes !== undefined)
        state.putSync(externalPartKey(this.#entity, cell.name), cell.bytes)
    this.#flushMessages()
    state.putSync(recordKey(this.#entity), encodeRecord(record))
  }

  #flushMessages(): void {
    const record = this.#record
    const oldestHour = hourOf(record.newestReceivedAtMs - this.#dedupWindowMs)
    for (const [messageId, seen] of this.#newMessages) {
      const hour = hourOf(seen.receivedAtMs)
      if (hour < oldestHour) continue
      if (!record.digestHours.includes(hour)) record.digestHours.push(hour)
      const value = Buffer.allocUnsafe(DIGEST_VALUE_BYTES)
      value.writeUInt32LE(seen.source, 0)
      value.writeDoubleLE(seen.offset, 4)
      value.writeDoubleLE(seen.receivedAtMs, 12)
      this.#tables.state.putSync(digestKey(this.#entity, hour, digestOf(messageId)), value)
    }
    if (this.#dedupWindowMs === 0 || !record.digestHours.some((hour) => hour < oldestHour)) return
    for (const hour of record.digestHours) if (hour < oldestHour) this.#removeDigests(hour)
    record.digestHours = record.digestHours.filter((hour) => hour >= oldestHour)
  }

  #removeDigests(hour: number): void {
    const { state } = this.#tables
    for (const key of Array.from(state.getKeys(digestRange(this.#entity, hour)))) state.removeSync(key)
  }
}

/** lmdb hands out Uint8Array at times where its types say Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export function tallyBuckets({ state }: StateTables, entity: number, part: string): TallyBuckets {
  return {
    read: (bucket) => {
      const bytes = state.getBinary(tallyBucketKey(entity, part, bucket))
      return bytes === undefined ? undefined : asBuffer(bytes)
    },
    write: (bucket, bytes) => {
      const key = tallyBucketKey(entity, part, bucket)
      if (bytes.length === 0) state.removeSync(key)
      else state.putSync(key, bytes)
    },
  }
}
