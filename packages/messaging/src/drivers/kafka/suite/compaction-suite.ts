import { randomBytes, randomUUID } from 'node:crypto'
import { startKafka } from '@rapport/infra'
import { expect, test, vi } from 'vitest'
import type { EventLog, LogRecord } from '../../../event-log.ts'
import { openKafkaHarness, type KafkaDriver } from '../testing/harness.ts'

/** What compaction leaves behind. */
export function describeCompaction(driver: KafkaDriver): void {
  const WAIT = { timeout: 45_000, interval: 200 }
  const topic = `test.compacted-${randomUUID()}.v1`

  async function keysOf(log: EventLog): Promise<string[]> {
    const records: LogRecord[] = []
    for (let offset = 0; ; offset = (records.at(-1)?.offset ?? 0) + 1) {
      const page = await log.read({ topic, partition: 0, offset }, 1000)
      if (page.length === 0) return records.map(({ key }) => key)
      records.push(...page)
    }
  }

  // Kafka keeps the last batch of each producer when all of its records are gone. What follows here is too large to come in
  // one answer with it: whoever sees no record in the answer may neither stop there nor skip what comes.
  test('gets past batches that compaction has left without records', { timeout: 120_000 }, async () => {
    await using kafka = await startKafka({ properties: { 'log.cleaner.backoff.ms': '200' } })
    const client = { brokers: kafka.brokers }
    await using harness = await openKafkaHarness(driver, [{ name: topic, partitions: 1, cleanup: 'compact' }], client)
    await using admin = driver.createTopicAdmin(client)
    const eager = { 'segment.ms': '50', 'min.cleanable.dirty.ratio': '0.001', 'delete.retention.ms': '0' }
    await admin.alterSettings(topic, eager)
    // Each client is a producer of its own, whose last batch stays.
    for (let turn = 0; turn < 3; turn += 1) {
      const producer = await harness.connect()
      await producer.publish([{ topic, key: 'changing', value: Buffer.from(String(turn)) }])
      await producer[Symbol.asyncDispose]()
      await new Promise((resolve) => setTimeout(resolve, 60))
    }
    const log = await harness.connect()
    await log.publish([{ topic, key: 'changing', value: null }])
    await log.publish([{ topic, key: 'large', value: randomBytes(1024 * 1024) }])
    await vi.waitFor(async () => {
      // Each publish rolls the segment before it, which can then be cleaned.
      await log.publish([{ topic, key: 'last', value: Buffer.from('v') }])
      expect(new Set(await keysOf(log))).toEqual(new Set(['large', 'last']))
    }, WAIT)
    const followed: LogRecord[] = []
    await using follower = await log.follow(topic, (records) => void followed.push(...records))
    await follower.caughtUp
    expect(new Set(followed.map(({ key }) => key))).toEqual(new Set(['large', 'last']))
    const consumed: number[] = []
    await using _subscriber = await log.subscribe({
      group: topic,
      topics: [topic],
      onBatch: async ({ records }) => void consumed.push(...records.map(({ offset }) => offset)),
    })
    const [position] = await log.publish([{ topic, key: 'new', value: Buffer.from('v') }])
    await vi.waitFor(() => expect(consumed).toContain(position?.offset), WAIT)
  })
}
