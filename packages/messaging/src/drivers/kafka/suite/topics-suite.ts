import { randomUUID } from 'node:crypto'
import type { TopicDescription } from '@rapport/contracts'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { applyTopics, planTopics, type KafkaTopicAdmin } from '../topic-plan.ts'
import { clientOptions, type KafkaDriver } from '../testing/harness.ts'

/** Topics that are made and changed as they are described. */
export function describeTopics(driver: KafkaDriver): void {
  const replication = { replication: 1, minInsyncReplicas: 1 }
  let admin: KafkaTopicAdmin
  let stream: TopicDescription
  let table: TopicDescription

  beforeEach(() => {
    const unique = randomUUID()
    stream = {
      name: `test.plan-${unique}.v1`,
      partitions: 2,
      cleanup: 'delete',
      retentionMs: 3_600_000,
      retentionBytes: 1024 ** 3,
    }
    table = { name: `test.plan-table-${unique}.v1`, partitions: 1, cleanup: 'compact' }
    admin = driver.createTopicAdmin(clientOptions())
  })
  afterEach(async () => {
    const existing = await admin.describeTopics([stream.name, table.name], [])
    if (existing.length > 0) await admin.deleteTopics(existing.map(({ name }) => name))
    await admin[Symbol.asyncDispose]()
  })

  // A broker hears of a setting a moment after the controller has taken it.
  const WAIT = { timeout: 10_000, interval: 20 }
  const plan = (...topics: readonly TopicDescription[]) => planTopics(admin, topics, replication)

  test('makes what is missing, and then nothing differs', async () => {
    const before = await plan(stream, table)
    expect(before.create.map(({ name }) => name)).toEqual([stream.name, table.name])
    expect(before.isEmpty).toBe(false)
    await applyTopics(admin, before)
    expect(await plan(stream, table)).toEqual({ create: [], change: [], refused: [], isEmpty: true })
    const [found] = await admin.describeTopics([table.name], ['cleanup.policy', 'message.timestamp.type'])
    expect(found).toMatchObject({ partitions: 1, replication: 1 })
    expect(found?.settings.get('cleanup.policy')).toBe('compact')
    expect(found?.settings.get('message.timestamp.type')).toBe('LogAppendTime')
  })

  test('changes settings and leaves those that it knows nothing of', async () => {
    await applyTopics(admin, await plan(stream))
    await admin.alterSettings(stream.name, { 'segment.bytes': '1048576' })
    const shorter = { ...stream, retentionMs: 60_000 }
    const change = { topic: stream.name, setting: 'retention.ms', from: '3600000', to: '60000' }
    const differing = await plan(shorter)
    expect(differing).toEqual({ create: [], change: [change], refused: [], isEmpty: false })
    await applyTopics(admin, differing)
    await vi.waitFor(async () => expect((await plan(shorter)).isEmpty).toBe(true), WAIT)
    const [found] = await admin.describeTopics([stream.name], ['segment.bytes'])
    expect(found?.settings.get('segment.bytes')).toBe('1048576')
  })

  test('a topic that stores batches as they come is set to gzip, which every client reads', async () => {
    await applyTopics(admin, await plan(stream))
    await admin.alterSettings(stream.name, { 'compression.type': 'producer' })
    const change = { topic: stream.name, setting: 'compression.type', from: 'producer', to: 'gzip' }
    await vi.waitFor(async () => {
      expect(await plan(stream)).toMatchObject({ create: [], change: [change], refused: [] })
    }, WAIT)
    await applyTopics(admin, await plan(stream))
    await vi.waitFor(async () => expect((await plan(stream)).isEmpty).toBe(true), WAIT)
  })

  test('never changes the number of partitions', async () => {
    await applyTopics(admin, await plan(stream))
    const more = { ...stream, partitions: 4 }
    const refused = await plan(more)
    expect(refused).toMatchObject({ create: [], change: [], isEmpty: false })
    expect(refused.refused).toEqual([
      { topic: stream.name, reason: expect.stringContaining('2 partitions, described are 4') },
    ])
    await applyTopics(admin, refused)
    expect((await plan(stream)).isEmpty).toBe(true)
  })

  test('refuses more replicas in sync than there are', async () => {
    const planning = planTopics(admin, [stream], { replication: 1, minInsyncReplicas: 2 })
    await expect(planning).rejects.toMatchObject({ code: 'RPT_TOPICS_REPLICATION' })
  })
}
