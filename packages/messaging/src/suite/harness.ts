import { randomUUID } from 'node:crypto'
import type { TopicDescription } from '@rapport/contracts'
import type { EventLog, OutgoingRecord, RecordBatch } from '../event-log.ts'

/** One log with the given topics, empty at first. */
export interface EventLogHarness extends AsyncDisposable {
  /** A client of the log; several may be open at a time. The harness closes those that a test leaves open. */
  connect(): Promise<EventLog>
  /** Makes retention remove every record of the topics that have one. */
  expire(): Promise<void>
}

export type OpenHarness = (topics: readonly TopicDescription[]) => Promise<EventLogHarness>

export const WAIT = { timeout: 20_000, interval: 5 }
export const PARTITIONS = 4

export const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8')
export const text = (value: Uint8Array | null): string | null =>
  value === null ? null : Buffer.from(value).toString('utf8')
export const nextOf = (batch: RecordBatch): number => (batch.records.at(-1)?.offset ?? -1) + 1
export const sequence = (topic: string, count: number, keys = 10): OutgoingRecord[] =>
  Array.from({ length: count }, (_, index) => ({ topic, key: `key-${index % keys}`, value: bytes(String(index)) }))

/** A log with a stream and a compacted table, and the name of a group, all of their own. */
export async function openTopics(open: OpenHarness) {
  const unique = randomUUID()
  const stream = `test.stream-${unique}.v1`
  const table = `test.table-${unique}.v1`
  const harness = await open([
    { name: stream, partitions: PARTITIONS, cleanup: 'delete' },
    { name: table, partitions: PARTITIONS, cleanup: 'compact' },
  ])
  return { stream, table, group: `group-${unique}`, harness, log: await harness.connect() }
}
