import { eventKey, topics, type Event } from '@rapport/contracts'
import type { OutgoingRecord } from '@rapport/messaging'

/** 2026-03-02, a Monday, noon. */
export const noonMs = Date.parse('2026-03-02T12:00:00.000Z')

let made = 0

export interface EventFields extends Partial<Omit<Event, 'event'>> {
  readonly event?: string
  /** Milliseconds since the epoch, for `timestamp` and `receivedAt`. */
  readonly atMs?: number
  readonly items?: readonly string[]
}

/** A valid event; by default user `u1` of tenant `shop` views item `i1` at noon. */
export function anEvent({ atMs = noonMs, items, ...fields }: EventFields = {}): Event {
  made += 1
  const at = new Date(atMs).toISOString()
  const visitor = fields.userId === undefined && fields.anonymousId === undefined ? { userId: 'u1' } : {}
  const products = { products: (items ?? ['i1']).map((id) => ({ product_id: id })) }
  const named = fields.type === undefined || fields.type === 'track'
  return {
    messageId: `m${made}`,
    tenant: 'shop',
    source: 'test',
    type: 'track',
    ...(named ? { event: 'Product Viewed', properties: products } : {}),
    timestamp: at,
    originalTimestamp: at,
    receivedAt: at,
    version: 1,
    ...visitor,
    ...fields,
  }
}

export const toRecord = (event: Event): OutgoingRecord => ({
  topic: topics.events.name,
  key: eventKey(event),
  value: Buffer.from(JSON.stringify(event)),
})
