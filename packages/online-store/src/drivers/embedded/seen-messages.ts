import type { Digest } from '../../message-digest.ts'
import type { EntityRecord } from './entity-record.ts'
import type { StateTables } from './environments.ts'
import { digestKey, digestRange } from './layout.ts'

const HOUR_MS = 60 * 60 * 1000
/** As many messages lie in the entity's record; more get records of their own, by hour. Most visitors stay below. */
const MAX_INLINE = 32
/* digest two uint32, source uint32, offset float64, receivedAt float64; a record of its own has the digest in its key */
const INLINE_BYTES = 28
const DIGEST_BYTES = 8

export interface SeenMessage {
  readonly digest: Digest
  readonly source: number
  readonly offset: number
  readonly receivedAtMs: number
}

const hourOf = (timeMs: number): number => Math.floor(timeMs / HOUR_MS)

const readSeen = (bytes: Buffer, at: number, digest: Digest): SeenMessage => ({
  digest,
  source: bytes.readUInt32LE(at),
  offset: bytes.readDoubleLE(at + 4),
  receivedAtMs: bytes.readDoubleLE(at + 12),
})

const writeSeen = (bytes: Buffer, at: number, seen: SeenMessage): number =>
  bytes.writeDoubleLE(seen.receivedAtMs, bytes.writeDoubleLE(seen.offset, bytes.writeUInt32LE(seen.source, at)))

/** The messages of an entity's dedup window, inside one write transaction. */
export class SeenMessages {
  readonly #tables: StateTables
  readonly #entity: number
  readonly #record: EntityRecord
  readonly #new = new Map<string, SeenMessage>()

  constructor(tables: StateTables, entity: number, record: EntityRecord) {
    this.#tables = tables
    this.#entity = entity
    this.#record = record
  }

  /** The message, when it was received at `oldestMs` or later. */
  find(messageId: string, digest: Digest, oldestMs: number): SeenMessage | undefined {
    const seen = this.#new.get(messageId) ?? this.#findInline(digest) ?? this.#findStored(digest, oldestMs)
    return seen !== undefined && seen.receivedAtMs >= oldestMs ? seen : undefined
  }

  add(messageId: string, seen: SeenMessage): void {
    this.#new.set(messageId, seen)
  }

  #findInline({ high, low }: Digest): SeenMessage | undefined {
    const { inlineMessages: bytes } = this.#record
    // from the back: the newest of two messages with one digest counts
    for (let at = bytes.length - INLINE_BYTES; at >= 0; at -= INLINE_BYTES)
      if (bytes.readUInt32LE(at) === low && bytes.readUInt32LE(at + 4) === high)
        return readSeen(bytes, at + DIGEST_BYTES, { high, low })
    return undefined
  }

  #findStored(digest: Digest, oldestMs: number): SeenMessage | undefined {
    for (const hour of this.#record.digestHours) {
      const bytes = this.#tables.state.getBinaryFast(digestKey(this.#entity, hour, digest))
      const seen = bytes === undefined ? undefined : readSeen(bytes, 0, digest)
      if (seen !== undefined && seen.receivedAtMs >= oldestMs) return seen
    }
    return undefined
  }

  /** Takes what is new into the record and drops, by whole hours, what has left the window. */
  flush(oldestMs: number): void {
    const record = this.#record
    if (this.#new.size > 0) {
      const messages = [...this.#inline(), ...this.#new.values()].filter((seen) => seen.receivedAtMs >= oldestMs)
      if (messages.length > MAX_INLINE) {
        for (const seen of messages) this.#store(seen)
        record.inlineMessages = Buffer.alloc(0)
      } else record.inlineMessages = encodeInline(messages)
    }
    const oldestHour = hourOf(oldestMs)
    if (!record.digestHours.some((hour) => hour < oldestHour)) return
    for (const hour of record.digestHours)
      if (hour < oldestHour)
        for (const key of Array.from(this.#tables.state.getKeys(digestRange(this.#entity, hour))))
          this.#tables.state.removeSync(key)
    record.digestHours = record.digestHours.filter((hour) => hour >= oldestHour)
  }

  *#inline(): Generator<SeenMessage> {
    const { inlineMessages: bytes } = this.#record
    for (let at = 0; at < bytes.length; at += INLINE_BYTES)
      yield readSeen(bytes, at + DIGEST_BYTES, { low: bytes.readUInt32LE(at), high: bytes.readUInt32LE(at + 4) })
  }

  #store(seen: SeenMessage): void {
    const hour = hourOf(seen.receivedAtMs)
    const { digestHours } = this.#record
    if (!digestHours.includes(hour)) digestHours.push(hour)
    const value = Buffer.allocUnsafe(INLINE_BYTES - DIGEST_BYTES)
    writeSeen(value, 0, seen)
    this.#tables.state.putSync(digestKey(this.#entity, hour, seen.digest), value)
  }
}

function encodeInline(messages: readonly SeenMessage[]): Buffer {
  const bytes = Buffer.allocUnsafe(messages.length * INLINE_BYTES)
  let at = 0
  for (const seen of messages)
    at = writeSeen(bytes, bytes.writeUInt32LE(seen.digest.high, bytes.writeUInt32LE(seen.digest.low, at)), seen)
  return bytes
}
