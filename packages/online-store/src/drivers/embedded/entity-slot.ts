import { digestOf } from '../../message-digest.ts'
import type { Application, Change, Entry, EntryOutcome, PartSample } from '../../online-store.ts'
import { outOfSample } from '../../part-sample.ts'
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
import { externalPartKey, recordKey, tallyBucketKey } from './layout.ts'
import { putRegister } from './register-part.ts'
import { SeenMessages } from './seen-messages.ts'
import { addToTally, type TallyBuckets } from './tally-part.ts'

/** One entity inside one write transaction: loaded once, changed in memory, written once by `flush`. */
export class EntitySlot {
  readonly #tables: StateTables
  readonly #entity: number
  readonly #record: EntityRecord
  readonly #messages: SeenMessages
  #dedupWindowMs = 0
  #changed = false

  constructor(tables: StateTables, entity: number) {
    this.#tables = tables
    this.#entity = entity
    const bytes = tables.state.getBinary(recordKey(entity))
    this.#record = bytes === undefined ? newRecord() : decodeRecord(asBuffer(bytes))
    this.#messages = new SeenMessages(tables, entity, this.#record)
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
      this.#changed = true
    }
    if (dedupWindowMs !== undefined) {
      if (isNew && entry.receivedAtMs > record.newestReceivedAtMs) record.newestReceivedAtMs = entry.receivedAtMs
      const oldestMs = record.newestReceivedAtMs - dedupWindowMs
      const digest = digestOf(entry.messageId)
      const seen = this.#messages.find(entry.messageId, digest, oldestMs)
      // One that was applied again after the window is known by its later offset; the earlier one was applied too.
      if (seen !== undefined) return seen.source === source && seen.offset >= entry.offset ? 'redelivered' : 'duplicate'
      if (isNew && entry.receivedAtMs >= oldestMs)
        this.#messages.add(entry.messageId, { digest, source, offset: entry.offset, receivedAtMs: entry.receivedAtMs })
    }
    if (!isNew) return 'redelivered'
    for (const change of entry.changes) this.#applyChange(change, entry.messageId)
    record.sequence++
    return 'applied'
  }

  #applyChange(change: Change, messageId: string): void {
    if (change.op === 'count' && change.sample !== undefined && !this.#makeRoom(change.part, change.sample)) return
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
          ...(change.keep === undefined ? {} : { keep: change.keep }),
        })
    }
  }

  /** Drops parts until the sample has room for this one; false when it is the one that is left out. */
  #makeRoom(part: string, sample: PartSample): boolean {
    const { parts } = this.#record
    for (const dropped of outOfSample(parts.keys(), part, sample)) {
      if (dropped === part) return false
      if (parts.get(dropped)?.external === true) this.#tables.state.removeSync(externalPartKey(this.#entity, dropped))
      parts.delete(dropped)
    }
    return true
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
    if (this.#dedupWindowMs > 0) this.#messages.flush(record.newestReceivedAtMs - this.#dedupWindowMs)
    state.putSync(recordKey(this.#entity), encodeRecord(record))
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
