import { eventKey, ingestionLimits, type Event } from '@rapport/contracts'
import { Invalid } from './invalid.ts'

/** A record's key and bytes, as the log takes them. */
export interface EncodedEvent {
  readonly key: string
  readonly value: Uint8Array
}

/** The event as it stands in the log; refused when `raw`, or its merge with the batch's context, is larger than an event may be. */
export function encodeEvent(event: Event, raw: unknown): EncodedEvent | Invalid {
  const value = Buffer.from(JSON.stringify(event))
  const { eventBytes: limit, storedEventBytes } = ingestionLimits
  if (value.byteLength > limit) {
    const isTooLarge = value.byteLength > storedEventBytes || Buffer.byteLength(JSON.stringify(raw)) > limit
    if (isTooLarge) return new Invalid('', `is larger than ${limit} bytes`)
  }
  return { key: eventKey(event), value }
}
