import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { codecsOnLog, produceForeign, type Codec } from '../../platformatic/testing/foreign-producer.ts'
import type { KafkaEventLog } from '../kafka-event-log.ts'
import { clientOptions, openKafkaHarness, type KafkaDriver, type KafkaHarness } from '../testing/harness.ts'

/** Batches that somebody else has compressed. */
export function describeCompression(driver: KafkaDriver): void {
  const WAIT = { timeout: 20_000, interval: 10 }
  const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const satisfies readonly Codec[]
  const { brokers } = clientOptions()

  let harness: KafkaHarness
  let log: KafkaEventLog
  let topic: string

  beforeEach(async () => {
    topic = `test.compression-${randomUUID()}.v1`
    harness = await openKafkaHarness(driver, [{ name: topic, partitions: codecs.length, cleanup: 'delete' }])
    log = await harness.connect()
  })
  afterEach(() => harness[Symbol.asyncDispose]())

  /** The topic as somebody else may have made it: it keeps a batch as it comes, or has a codec of its own. */
  async function store(compression: string): Promise<void> {
    await using admin = driver.createTopicAdmin(clientOptions())
    await admin.alterSettings(topic, { 'compression.type': compression })
    await vi.waitFor(async () => {
      const [found] = await admin.describeTopics([topic], ['compression.type'])
      expect(found?.settings.get('compression.type')).toBe(compression)
    }, WAIT)
  }

  // Longer than one block of each codec's framing, and of text that they shorten.
  const valueOf = (number: number): string => `${number} `.repeat(40_000)
  const valuesOf = (partition: number): string[] => [0, 1, 2].map((number) => valueOf(partition * 10 + number))
  const produce = (partition: number, codec: Codec): Promise<void> =>
    produceForeign(
      brokers,
      valuesOf(partition).map((value) => ({ topic, partition, value: Buffer.from(value) })),
      codec,
    )

  async function expectAllRead(): Promise<void> {
    const expected = codecs.flatMap((_, partition) => valuesOf(partition))
    const read = await Promise.all(codecs.map((_, partition) => log.read({ topic, partition, offset: 0 }, 100)))
    expect(read.flat().map(({ value }) => Buffer.from(value ?? []).toString())).toEqual(expected)
    const consumed = new Set<string>()
    await using _subscriber = await log.subscribe({
      group: topic,
      topics: [topic],
      onBatch: async ({ records }) => {
        for (const { value } of records) consumed.add(Buffer.from(value ?? []).toString())
      },
    })
    await vi.waitFor(() => expect(consumed).toEqual(new Set(expected)), WAIT)
  }

  test('whatever codec a producer has compressed with, its records are read, and those beside them', async () => {
    await store('producer')
    for (const [partition, codec] of codecs.entries()) {
      await produce(partition, codec)
      expect(await codecsOnLog(brokers, { topic, partition })).toEqual([codec])
    }
    await expectAllRead()
  })

  test('what the broker itself has compressed is read', async () => {
    for (const [partition, codec] of codecs.entries()) {
      await store(codec === 'none' ? 'uncompressed' : codec)
      await produce(partition, codec === 'none' ? 'gzip' : 'none')
      expect(await codecsOnLog(brokers, { topic, partition })).toEqual([codec])
    }
    await expectAllRead()
  })

  test('a topic that is made as described holds gzip alone', async () => {
    for (const [partition, codec] of codecs.entries()) {
      await produce(partition, codec)
      expect(await codecsOnLog(brokers, { topic, partition })).toEqual(['gzip'])
    }
    await expectAllRead()
  })
}
