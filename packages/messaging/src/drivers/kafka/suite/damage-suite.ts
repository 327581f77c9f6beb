import { randomUUID } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '@rapport/core'
import { startKafka, type Kafka } from '@rapport/infra'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { LogRecord, Subscriber } from '../../../event-log.ts'
import type { KafkaConnection } from '../connection.ts'
import type { KafkaEventLog } from '../kafka-event-log.ts'
import { withRetries } from '../retry.ts'
import { clientOptions, openKafkaHarness, silent, type KafkaDriver } from '../testing/harness.ts'

const WAIT = { timeout: 20_000, interval: 20 }
/** Of a batch on disk: its length, attributes, of which the lowest bits are the codec, and where the compressed records begin. */
const LENGTH_AT = 8
const ATTRIBUTES_AT = 21
const RECORDS_AT = 61

const damages = {
  'whose bytes have changed': async (bytes: Buffer) => void bytes.fill(0xee, RECORDS_AT + 12, RECORDS_AT + 24),
  'that ends too early': async (bytes: Buffer) => void bytes.fill(0, RECORDS_AT + 24),
  'of a codec that nobody knows': async (bytes: Buffer) => void bytes.writeInt16BE(7, ATTRIBUTES_AT),
}

/** Batches that have been damaged on the broker's disk: brokers look into what they are sent and not into what they send. */
export function describeDamage(driver: KafkaDriver, connect: (brokers: readonly string[]) => KafkaConnection): void {
  let kafka: Kafka
  beforeAll(async () => {
    kafka = await startKafka()
  }, 90_000)
  afterAll(() => kafka[Symbol.asyncDispose]())

  /** Changes a batch of a partition in its file, under the broker. */
  async function damage(topic: string, partition: number, change: (bytes: Buffer) => Promise<void>, batch: number) {
    const path = join(kafka.server.folder, 'data', `${topic}-${partition}`, `${'0'.repeat(20)}.log`)
    await using file = await open(path, 'r+')
    const bytes = await file.readFile()
    let at = 0
    for (let skipped = 0; skipped < batch; skipped += 1) at += 12 + bytes.readInt32BE(at + 8)
    const own = bytes.subarray(at, at + 12 + bytes.readInt32BE(at + 8))
    await change(own)
    await file.write(own, 0, own.length, at)
  }

  /** A topic with three batches of ten records in each of its two partitions. */
  async function openTopic() {
    const topic = `test.damage-${randomUUID()}.v1`
    const description = { name: topic, partitions: 2, cleanup: 'delete' } as const
    const client = { ...clientOptions(), brokers: kafka.brokers }
    const harness = await openKafkaHarness(driver, [description], client)
    const log = await harness.connect()
    const keys = await keysByPartition(log, topic)
    const batchOf = (key: string) => Array.from({ length: 10 }, () => ({ topic, key, value: Buffer.alloc(40, key) }))
    // The first batch was that which has found the keys.
    for (let batch = 1; batch < 3; batch += 1) for (const key of keys) await log.publish(batchOf(key))
    return { topic, harness, log, keys, batchOf }
  }

  async function keysByPartition(log: KafkaEventLog, topic: string): Promise<readonly string[]> {
    const tried = Array.from({ length: 20 }, (_, index) => `key-${index}`)
    const positions = await log.publish(tried.map((key) => ({ topic, key, value: Buffer.alloc(40, key) })))
    return [0, 1].map((partition) => tried[positions.findIndex((position) => position.partition === partition)] ?? '')
  }

  /** What `kafka-consumer-groups.sh --reset-offsets` does, in the name of nobody, while the group is empty. */
  async function moveGroup(group: string, offset: number): Promise<void> {
    const connection = connect(kafka.brokers)
    const nobody = { group, memberId: '', generation: -1 }
    // A broker that has had no group yet makes the topic of their offsets first.
    await withRetries(() => connection.commitOffsets(nobody, [{ topic: group, partition: 0, offset, metadata: '' }]), {
      deadlineMs: WAIT.timeout,
      random: Math.random,
      recover: () => connection.refresh(),
    })
    await connection.close()
  }

  const offsetsOf = (records: readonly LogRecord[], partition: number): number[] =>
    records.flatMap((record) => (record.partition === partition ? record.offset : []))

  describe.each(Object.entries(damages))('a batch %s', (_name, change) => {
    test('its partition alone stands still and says where, and goes on behind it when the group is moved', async () => {
      await using stack = new AsyncDisposableStack()
      const { topic, harness, log, keys, batchOf } = await openTopic()
      stack.use(harness)
      const ends = await log.extents(topic)
      const bad = ends[0]!.nextOffset - 20
      await damage(topic, 0, change, 1)
      const errors: Record<string, unknown>[] = []
      const noisy: Log = { ...silent, error: (fields) => void errors.push(fields as Record<string, unknown>) }
      const reader = await harness.connect({ log: noisy })
      let seen: LogRecord[] = []
      const subscribe = (rewindMs: number): Promise<Subscriber> =>
        reader.subscribe({
          group: topic,
          topics: [topic],
          rewindMs,
          onBatch: async (batch) => {
            seen.push(...batch.records)
            await batch.commit((batch.records.at(-1)?.offset ?? -1) + 1)
          },
        })
      const subscriber = await subscribe(0)
      const upTo = (end: number) => Array.from({ length: end }, (_, offset) => offset)
      await vi.waitFor(() => expect(errors.length).toBeGreaterThanOrEqual(2), WAIT)
      // The neighbour goes on for as long as the other stands still.
      await log.publish([...batchOf(keys[0]!), ...batchOf(keys[1]!)])
      await vi.waitFor(() => expect(offsetsOf(seen, 1)).toEqual(upTo(ends[1]!.nextOffset + 10)), WAIT)
      expect(offsetsOf(seen, 0)).toEqual(upTo(bad))
      expect(errors[0]).toMatchObject({ topic, partition: 0, from: bad, to: bad + 10 })
      expect(reader.stats().lags).toContainEqual(
        expect.objectContaining({ group: topic, topic, partition: 0, unreadableOffset: bad }),
      )
      expect(reader.stats().lags.filter(({ unreadableOffset }) => unreadableOffset !== undefined)).toHaveLength(1)
      await expect(reader.read({ topic, partition: 0, offset: bad }, 5)).rejects.toMatchObject({
        canRetry: false,
        message: expect.stringContaining(`${topic}/0/${bad}`),
      })
      expect(await reader.read({ topic, partition: 0, offset: bad + 10 }, 5)).toHaveLength(5)

      await subscriber[Symbol.asyncDispose]()
      await moveGroup(topic, bad + 10)
      seen = []
      // What the group rewinds to is before the damage.
      stack.use(await subscribe(60_000))
      await vi.waitFor(() => expect(offsetsOf(seen, 0)).toContain(ends[0]!.nextOffset + 9), WAIT)
      const lost = new Set(Array.from({ length: 10 }, (_, index) => bad + index))
      expect(offsetsOf(seen, 0).filter((offset) => lost.has(offset))).toEqual([])
      expect(offsetsOf(seen, 0)[0]).toBe(0)
    })
  })

  test('a log that the broker itself cannot read holds up its partition alone', async () => {
    await using stack = new AsyncDisposableStack()
    const { topic, harness, log, keys, batchOf } = await openTopic()
    stack.use(harness)
    const [first, second] = await log.extents(topic)
    await damage(topic, 0, async (bytes) => void bytes.writeInt32BE(3, LENGTH_AT), 1)
    const errors: Record<string, unknown>[] = []
    const noisy: Log = { ...silent, error: (fields) => void errors.push(fields as Record<string, unknown>) }
    const reader = await harness.connect({ log: noisy })
    const seen: LogRecord[] = []
    const onBatch = async ({ records }: { records: readonly LogRecord[] }) => void seen.push(...records)
    stack.use(await reader.subscribe({ group: topic, topics: [topic], onBatch }))
    await vi.waitFor(() => expect(errors.map(({ err }) => String(err)).join(' ')).toContain('CORRUPT_MESSAGE'), WAIT)
    await log.publish(batchOf(keys[1]!))
    await vi.waitFor(() => expect(offsetsOf(seen, 1).at(-1)).toBe(second!.nextOffset + 9), WAIT)
    expect(offsetsOf(seen, 0).at(-1)).toBe(first!.nextOffset - 21)
    expect(errors.every((fields) => fields['topic'] === topic && fields['partition'] === 0)).toBe(true)
  })

  test('a partition goes on by itself when its records can be read again', async () => {
    await using stack = new AsyncDisposableStack()
    const { topic, harness, log } = await openTopic()
    stack.use(harness)
    const [{ nextOffset: end } = { nextOffset: 0 }] = await log.extents(topic)
    let whole = Buffer.alloc(0)
    await damage(
      topic,
      0,
      async (bytes) => {
        whole = Buffer.from(bytes)
        await damages['whose bytes have changed'](bytes)
      },
      2,
    )
    const seen: LogRecord[] = []
    const onBatch = async ({ records }: { records: readonly LogRecord[] }) => void seen.push(...records)
    stack.use(await log.subscribe({ group: topic, topics: [topic], onBatch }))
    const follower: LogRecord[] = []
    const { caughtUp } = stack.use(await log.follow(topic, (records) => void follower.push(...records)))
    await vi.waitFor(
      () => expect(log.stats().lags).toContainEqual(expect.objectContaining({ unreadableOffset: end - 10 })),
      WAIT,
    )
    expect([offsetsOf(seen, 0).at(-1), offsetsOf(follower, 0).at(-1)]).toEqual([end - 11, end - 11])
    await damage(topic, 0, async (bytes) => void whole.copy(bytes), 2)
    await caughtUp
    await vi.waitFor(() => expect(offsetsOf(seen, 0).at(-1)).toBe(end - 1), WAIT)
    expect(log.stats().lags.filter(({ unreadableOffset }) => unreadableOffset !== undefined)).toEqual([])
  })

  test('a group rewinds as far as it can when the broker finds no time in what is damaged', async () => {
    await using stack = new AsyncDisposableStack()
    const { topic, harness, log } = await openTopic()
    stack.use(harness)
    const [{ nextOffset: end } = { nextOffset: 0 }] = await log.extents(topic)
    await damage(topic, 0, damages['whose bytes have changed'], 0)
    const connection = connect(kafka.brokers)
    stack.defer(() => connection.close())
    await expect(connection.offsetsAt(topic, [0], 1)).rejects.toThrow('UNKNOWN')
    await moveGroup(topic, end - 10)
    const seen: LogRecord[] = []
    stack.use(
      await log.subscribe({
        group: topic,
        topics: [topic],
        rewindMs: 60_000,
        onBatch: async ({ records }) => void seen.push(...records),
      }),
    )
    await vi.waitFor(() => expect(offsetsOf(seen, 0)).toContain(end - 1), WAIT)
    await vi.waitFor(() => expect(offsetsOf(seen, 1)).toContain(0), WAIT)
    const afterDamage = end - 20
    expect(offsetsOf(seen, 0)).toEqual(Array.from({ length: 20 }, (_, index) => afterDamage + index))
  })
}
