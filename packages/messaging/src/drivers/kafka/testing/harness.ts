import type { TopicDescription } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import { expect, vi } from 'vitest'
import type { EventLogHarness } from '../../../port-suite.ts'
import type { KafkaClientOptions } from '../client-options.ts'
import type { KafkaClientEventLogOptions, KafkaEventLog } from '../kafka-event-log.ts'
import { applyTopics, planTopics, type KafkaTopicAdmin } from '../topic-plan.ts'

const WAIT = { timeout: 10_000, interval: 10 }

/** What a driver's index exports. */
export interface KafkaDriver {
  openKafkaEventLog(options: KafkaClientEventLogOptions): Promise<KafkaEventLog>
  createTopicAdmin(options: KafkaClientOptions): KafkaTopicAdmin
}

export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export interface KafkaHarness extends EventLogHarness {
  connect(options?: Partial<KafkaClientEventLogOptions>): Promise<KafkaEventLog>
}

/** The brokers that the environment of the tests names. */
export function clientOptions(): KafkaClientOptions {
  const brokers = process.env['RAPPORT_KAFKA_BROKERS']
  if (brokers === undefined) throw new TypeError('RAPPORT_KAFKA_BROKERS is not set')
  return { brokers: brokers.split(',') }
}

/** Until nobody hears of them any more: for a moment brokers name topics that they no longer have. */
async function removeTopics(admin: KafkaTopicAdmin, names: readonly string[]): Promise<void> {
  await admin.deleteTopics(names)
  await vi.waitFor(async () => expect(await admin.describeTopics(names, [])).toEqual([]), WAIT)
}

/** A log with these topics, made for it and deleted in the end. */
export async function openKafkaHarness(
  driver: KafkaDriver,
  topics: readonly TopicDescription[],
  client: KafkaClientOptions = clientOptions(),
  replication = { replication: 1, minInsyncReplicas: 1 },
): Promise<KafkaHarness> {
  const admin = driver.createTopicAdmin(client)
  const names = topics.map(({ name }) => name)
  // A suite may open the same name again: what an earlier test left is not its.
  const left = await planTopics(admin, topics, replication)
  const existing = names.filter((name) => !left.create.some((topic) => topic.name === name))
  if (existing.length > 0) await removeTopics(admin, existing)
  await applyTopics(admin, await planTopics(admin, topics, replication))
  const open: KafkaEventLog[] = []
  const connect = async (options: Partial<KafkaClientEventLogOptions> = {}): Promise<KafkaEventLog> => {
    const log = await driver.openKafkaEventLog({ client, topics, log: silent, heartbeatMs: 100, ...options })
    open.push(log)
    return log
  }
  return {
    connect,
    expire: async () => {
      const log = await connect()
      for (const { name } of topics.filter(({ retentionMs }) => retentionMs !== undefined)) {
        const extents = await log.extents(name)
        await admin.deleteRecords(
          name,
          extents.map(({ partition, nextOffset }) => ({ partition, offset: nextOffset })),
        )
      }
      await log[Symbol.asyncDispose]()
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(open.map((log) => log[Symbol.asyncDispose]()))
      await removeTopics(admin, names)
      await admin[Symbol.asyncDispose]()
    },
  }
}
