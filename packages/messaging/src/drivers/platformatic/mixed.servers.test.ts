import { randomUUID } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import type { RecordBatch } from '../../event-log.ts'
import { openKafkaHarness } from '../kafka/testing/harness.ts'
import * as kafkajs from '../kafkajs/index.ts'
import * as platformatic from './index.ts'

const WAIT = { timeout: 20_000, interval: 10 }

// An installation changes its client process by process.
test('processes with different clients share a group, and read what the other has published', async () => {
  const topic = `test.mixed-${randomUUID()}.v1`
  const topics = [{ name: topic, partitions: 4, cleanup: 'delete' }] as const
  await using harness = await openKafkaHarness(kafkajs, topics)
  await using others = await openKafkaHarness(platformatic, [])
  const logs = [await harness.connect(), await others.connect({ topics })]
  const shares = [0, 0]
  const seen: string[] = []
  const subscribe = (member: number) =>
    logs[member]!.subscribe({
      group: topic,
      topics: [topic],
      onAssigned: (partitions) => void (shares[member] = partitions.length),
      onBatch: async (batch: RecordBatch) => {
        for (const { key, value, headers } of batch.records) {
          seen.push(`${key} ${Buffer.from(value ?? []).toString()} ${headers['from']}`)
        }
        await batch.commit((batch.records.at(-1)?.offset ?? -1) + 1)
      },
    })
  await using _first = await subscribe(0)
  await using _second = await subscribe(1)
  await vi.waitFor(() => expect(shares).toEqual([2, 2]), WAIT)
  const published: string[] = []
  for (const [member, log] of logs.entries()) {
    const records = Array.from({ length: 40 }, (_, index) => ({
      topic,
      key: `key-${index}`,
      value: Buffer.from(`värde ${index}`),
      headers: { from: `client ${member}` },
    }))
    published.push(...records.map(({ key, value, headers }) => `${key} ${value.toString()} ${headers.from}`))
    await log.publish(records)
  }
  await vi.waitFor(() => expect(seen.length).toBeGreaterThanOrEqual(80), WAIT)
  expect(seen.sort()).toEqual(published.sort())
})
