import { randomBytes, randomUUID } from 'node:crypto'
import { deadLetterTopicOf } from '@rapport/contracts'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { runConsumer } from '../../../pipeline/consumer.ts'
import type { ConsumerMetric } from '../../../pipeline/consumer-options.ts'
import { bytesOf, readDeadLetter } from '../../../pipeline/dead-letter.ts'
import { deadLetter, decoded } from '../../../pipeline/outcomes.ts'
import { produceForeign, type ForeignRecord } from '../../platformatic/testing/foreign-producer.ts'
import type { KafkaEventLog } from '../kafka-event-log.ts'
import { clientOptions, openKafkaHarness, silent, type KafkaDriver, type KafkaHarness } from '../testing/harness.ts'

/** Records that somebody else has produced, as our own driver never would. */
export function describeForeignRecords(driver: KafkaDriver): void {
  const WAIT = { timeout: 20_000, interval: 20 }
  const { brokers } = clientOptions()

  let harness: KafkaHarness
  let log: KafkaEventLog
  let topic: string

  beforeEach(async () => {
    topic = `test.foreign-${randomUUID()}.v1`
    harness = await openKafkaHarness(driver, [
      { name: topic, partitions: 1, cleanup: 'delete' },
      { name: deadLetterTopicOf(topic), partitions: 1, cleanup: 'delete' },
    ])
    log = await harness.connect()
  })
  afterEach(() => harness[Symbol.asyncDispose]())

  test('records that are larger than their dead letters, or no text, do not block their partition', async () => {
    const odd = Buffer.from([0x61, 0xff, 0xfe])
    const good = Buffer.from('good')
    const foreign = (changes: Partial<ForeignRecord>): ForeignRecord => ({
      topic,
      partition: 0,
      value: good,
      ...changes,
    })
    const longKey = randomBytes(700 * 1024)
    const longValue = Buffer.alloc(40 * 1024 * 1024, 'x')
    await produceForeign(brokers, [foreign({})])
    await produceForeign(brokers, [foreign({ key: longKey, value: Buffer.from('bad key') })])
    // Brokers count the compressed bytes alone.
    await produceForeign(brokers, [foreign({ value: longValue })], 'gzip')
    const headers = new Map([[Buffer.from('h'), odd]])
    await produceForeign(brokers, [foreign({ key: odd, value: Buffer.from('bad'), headers }), foreign({})])
    const taken: number[] = []
    const metrics: ConsumerMetric[] = []
    await using _consumer = await runConsumer<number>({
      eventLog: log,
      group: topic,
      topics: [topic],
      log: silent,
      decode: ({ value, offset }) =>
        Buffer.from(value ?? []).equals(good) ? decoded(offset) : deadLetter('RPT_TEST_BAD', 'it is not good'),
      process: async ({ entries }) => void taken.push(...entries.map(({ value }) => value)),
      onMetric: (metric) => void metrics.push(metric),
    })
    await vi.waitFor(async () => {
      expect((await log.checkpoints(topic, topic)).get(0)?.nextOffset).toBe(5)
    }, WAIT)
    expect(taken).toEqual([0, 4])
    const place = { topic: deadLetterTopicOf(topic), partition: 0, offset: 0 }
    const letters = [...(await log.read(place, 10))]
    for (let last = letters.at(-1); last !== undefined && letters.length < 3; last = letters.at(-1)) {
      letters.push(...(await log.read({ ...place, offset: last.offset + 1 }, 10)))
    }
    expect(letters.map(({ key }) => key)).toEqual([1, 2, 3].map((offset) => `${topic}/0/${offset}`))
    const [ofKey, ofValue, ofText] = letters.map(readDeadLetter)
    expect(ofKey?.truncated).toMatchObject({ keyBytes: longKey.length, valueBytes: 7 })
    expect(Buffer.from(ofKey?.keyBase64 ?? '', 'base64')).toEqual(longKey.subarray(0, 8 * 1024))
    expect(ofKey === undefined ? undefined : Buffer.from(bytesOf(ofKey) ?? []).toString()).toBe('bad key')
    expect(ofValue?.truncated).toMatchObject({ keyBytes: 0, valueBytes: longValue.length })
    expect(ofText).toMatchObject({
      keyBase64: odd.toString('base64'),
      headersBase64: { h: odd.toString('base64') },
      value: Buffer.from('bad').toString('base64'),
    })
    expect(ofText?.truncated).toBeUndefined()
    expect(metrics).not.toContainEqual(expect.objectContaining({ kind: 'environment error' }))
    // Whole, where it stood.
    const [source] = await log.read({ topic, partition: 0, offset: 2 }, 1)
    expect(longValue.equals(source?.value ?? Buffer.alloc(0))).toBe(true)
  })
}
