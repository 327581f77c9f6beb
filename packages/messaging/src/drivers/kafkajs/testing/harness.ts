import type { TopicDescription } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { EventLogHarness } from '../../../port-suite.ts'
import { applyTopics, createTopicAdmin, openKafkaJsEventLog, planTopics } from '../index.ts'
import type { KafkaEventLog, KafkaJsClientOptions, KafkaJsEventLogOptions } from '../index.ts'

export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export interface KafkaHarness extends EventLogHarness {
  connect(options?: Partial<KafkaJsEventLogOptions>): Promise<KafkaEventLog>
}

/** The brokers that the environment of the tests names. */
export function clientOptions(): KafkaJsClientOptions {
  const brokers = process.env['RAPPORT_KAFKA_BROKERS']
  if (brokers === undefined) throw new TypeError('RAPPORT_KAFKA_BROKERS is not set')
  return { brokers: brokers.split(',') }
}

/** A log with these topics, made for it and deleted in the end. */
export async function openKafkaHarness(
  topics: readonly TopicDescription[],
  client: KafkaJsClientOptions = clientOptions(),
  replication = { replication: 1, minInsyncReplicas: 1 },
): Promise<KafkaHarness> {
  const admin = createTopicAdmin(client)
  const names = topics.map(({ name }) => name)
  // A suite may open the same name again: what an earlier test left is not its.
  const left = await planTopics(admin, topics, replication)
  const existing = names.filter((name) => !left.create.some((topic) => topic.name === name))
  if (existing.length > 0) await admin.deleteTopics(existing)
  await applyTopics(admin, await planTopics(admin, topics, replication))
  const open: KafkaEventLog[] = []
  const connect = async (options: Partial<KafkaJsEventLogOptions> = {}): Promise<KafkaEventLog> => {
    const log = await openKafkaJsEventLog({ client, topics, log: silent, heartbeatMs: 100, ...options })
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
      await admin.deleteTopics(names)
      await admin[Symbol.asyncDispose]()
    },
  }
}
