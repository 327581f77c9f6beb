import type { Event, RejectedEvent } from '@rapport/contracts'
import { encodeEvent, type EncodedEvent } from './encode-event.ts'
import { Invalid } from './invalid.ts'
import { isJsonObject } from './json-values.ts'
import { readEvent, type CallContext } from './read-event.ts'

/** A batch after reading: what goes to the log, and what does not and why. */
export interface BatchReading {
  readonly accepted: readonly EncodedEvent[]
  readonly rejected: readonly RejectedEvent[]
  /** All accepted values together; a batch's context is copied into each event, so this can be far more than was sent. */
  readonly bytes: number
}

/** Stops encoding here: a small call must not make the process write without bound. */
export const maxEncodedBytes = 8 * 1024 * 1024

/** Reads each element on its own: one that is refused does not touch its neighbours. */
export function readBatch<T>(
  elements: readonly T[],
  read: (element: T) => { event: Event | Invalid; raw: unknown },
): BatchReading {
  const accepted: EncodedEvent[] = []
  const rejected: RejectedEvent[] = []
  let bytes = 0
  for (let index = 0; index < elements.length && bytes <= maxEncodedBytes; index++) {
    const { event, raw } = read(elements[index] as T)
    const encoded = event instanceof Invalid ? event : encodeEvent(event, raw)
    if (encoded instanceof Invalid) rejected.push(toRejected(index, encoded, raw))
    else {
      accepted.push(encoded)
      bytes += encoded.value.byteLength
    }
  }
  return { accepted, rejected, bytes }
}

/** Reads the events of a `/v1/batch` or `/v1/import` call. */
export const readSegmentBatch = (elements: readonly unknown[], call: CallContext): BatchReading =>
  readBatch(elements, (raw) => ({ event: readEvent(raw, call), raw }))

const echoedLength = 256

function toRejected(index: number, { field, reason }: Invalid, raw: unknown): RejectedEvent {
  const messageId = isJsonObject(raw) ? raw['messageId'] : undefined
  const isEchoed = typeof messageId === 'string' && messageId !== '' && messageId.length <= echoedLength
  return isEchoed ? { index, field, reason, messageId } : { index, field, reason }
}
