import { topics, type Event, type EventTailAnswer, type TailedEvent } from '@rapport/contracts'
import type { EventLog, LogRecord, PartitionExtent } from '@rapport/messaging'
import { readCursor, writeCursor } from './tail-cursor.ts'

export interface TailRequest {
  readonly tenant: string
  readonly limit: number
  /** Of an earlier answer; absent: the newest events. */
  readonly cursor?: string | undefined
}

/** The newest events of a tenant, or those after a cursor. */
export type TailEvents = (request: TailRequest) => Promise<EventTailAnswer>

/** Other tenants' events lie between: so many records of a partition are looked at for one answer. */
const scannedRecords = 2_000
const pageRecords = 500

/** Reads the log itself, so an event is seen here as soon as it is durable. */
export function createTailEvents(eventLog: EventLog): TailEvents {
  const topic = topics.events.name

  /** Forward from `offset`, until `limit` events of the tenant are found. */
  async function readForward(
    { partition, nextOffset }: PartitionExtent,
    offset: number,
    { tenant, limit }: TailRequest,
  ) {
    const found: TailedEvent[] = []
    let next = offset
    const end = Math.min(nextOffset, offset + scannedRecords)
    while (next < end && found.length < limit) {
      const records = await eventLog.read({ topic, partition, offset: next }, Math.min(pageRecords, end - next))
      if (records.length === 0) return { found, next: nextOffset }
      for (const record of records) {
        next = record.offset + 1
        const event = readTenantEvent(record, tenant)
        if (event !== undefined) found.push(event)
        if (found.length === limit) break
      }
    }
    return { found, next }
  }

  /** The newest `limit` events of the tenant in a partition, looking back page by page. */
  async function readNewest({ partition, firstOffset, nextOffset }: PartitionExtent, { tenant, limit }: TailRequest) {
    const found: TailedEvent[] = []
    const start = Math.max(firstOffset, nextOffset - scannedRecords)
    for (let end = nextOffset; end > start && found.length < limit; end -= pageRecords) {
      const from = Math.max(start, end - pageRecords)
      const records = await eventLog.read({ topic, partition, offset: from }, end - from)
      const page = records
        .filter((record) => record.offset < end)
        .flatMap((record) => readTenantEvent(record, tenant) ?? [])
      found.unshift(...page)
    }
    return { found: found.slice(-limit), next: nextOffset }
  }

  return async function tailEvents(request) {
    const extents = (await eventLog.extents(topic)).toSorted((a, b) => a.partition - b.partition)
    const { cursor, limit } = request
    if (cursor === undefined) {
      const parts = await Promise.all(extents.map((extent) => readNewest(extent, request)))
      const events = parts.flatMap(({ found }) => found).toSorted(byTime)
      return { events: events.slice(-limit), cursor: writeCursor(parts.map(({ next }) => next)) }
    }
    const next = [...readCursor(cursor)]
    const events: TailedEvent[] = []
    for (const [index, extent] of extents.entries()) {
      const offset = Math.min(Math.max(extent.firstOffset, next[index] ?? 0), extent.nextOffset)
      const part = await readForward(extent, offset, { ...request, limit: limit - events.length })
      events.push(...part.found)
      next[index] = part.next
    }
    return { events: events.toSorted(byTime), cursor: writeCursor(next) }
  }
}

function readTenantEvent({ partition, offset, key, value }: LogRecord, tenant: string): TailedEvent | undefined {
  if (value === null || !key.startsWith(`${tenant}/`)) return undefined
  try {
    return { partition, offset, event: JSON.parse(Buffer.from(value).toString('utf8')) as Event }
  } catch {
    // Not an event: consumers send it to the dead letters, where it can be seen.
    return undefined
  }
}

const byTime = (a: TailedEvent, b: TailedEvent): number =>
  a.event.receivedAt < b.event.receivedAt ? -1 : a.event.receivedAt > b.event.receivedAt ? 1 : a.offset - b.offset
