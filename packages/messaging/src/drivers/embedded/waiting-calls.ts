import type { OutgoingRecord } from '../../event-log.ts'
import type { PublishEntry } from './publish-batch.ts'

interface WaitingCall {
  readonly records: readonly OutgoingRecord[]
  readonly bytes: number
}

/** Publish calls that no batch has room for yet, in the order in which they came, up to a number of bytes. */
export class WaitingCalls {
  readonly #maxBytes: number
  readonly #calls = new Map<PublishEntry, WaitingCall>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  get isEmpty(): boolean {
    return this.#calls.size === 0
  }

  /** False when the call would make too much wait. One alone may be of any size. */
  add(entry: PublishEntry, records: readonly OutgoingRecord[]): boolean {
    const bytes = records.reduce((sum, record) => sum + bytesOf(record), 0)
    if (this.#bytes > 0 && this.#bytes + bytes > this.#maxBytes) return false
    this.#calls.set(entry, { records, bytes })
    this.#bytes += bytes
    return true
  }

  /** Forgets the call, if it waits. */
  remove(entry: PublishEntry): void {
    const call = this.#calls.get(entry)
    if (call === undefined) return
    this.#calls.delete(entry)
    this.#bytes -= call.bytes
  }

  /** Takes out the first calls for as long as `hasRoom`. */
  *take(hasRoom: () => boolean): Generator<readonly [PublishEntry, readonly OutgoingRecord[]]> {
    for (const [entry, { records }] of this.#calls) {
      if (!hasRoom()) return
      this.remove(entry)
      yield [entry, records]
    }
  }
}

/** What a record takes, nearly: text is counted in characters. */
function bytesOf({ key, value, headers }: OutgoingRecord): number {
  let bytes = key.length + (value?.length ?? 0)
  for (const name in headers) bytes += name.length + (headers[name]?.length ?? 0)
  return bytes
}
