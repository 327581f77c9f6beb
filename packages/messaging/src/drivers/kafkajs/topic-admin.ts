import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs, { Kafka, type Admin } from 'kafkajs'
import { KafkaError } from '../kafka/kafka-error.ts'
import type { ExistingTopic, KafkaTopicAdmin, NewTopic } from '../kafka/topic-plan.ts'
import { toKafkaConfig } from './kafka-config.ts'
import { fromKafkaJs } from './kafkajs-error.ts'
import type { KafkaClientOptions } from '../kafka/client-options.ts'

// The names of a CommonJS module that Node does not find by itself.
const { ConfigResourceTypes, ConfigSource } = kafkajs

const CREATE_TIMEOUT_MS = 30_000
const LEADERS_POLL_MS = 50

/** Changes topics by kafkajs's admin client. */
export class KafkaJsTopicAdmin implements KafkaTopicAdmin {
  readonly #kafka: Kafka
  readonly #admin: Admin

  constructor(options: KafkaClientOptions) {
    // Its requests are few and may be made again: kafkajs's own retries are good enough here.
    this.#kafka = new Kafka({ ...toKafkaConfig(options), retry: { retries: 5, initialRetryTime: 100 } })
    this.#admin = this.#kafka.admin()
  }

  async describeTopics(names: readonly string[], settings: readonly string[]): Promise<readonly ExistingTopic[]> {
    return this.#connected(async (admin) => {
      const known = new Set(await admin.listTopics())
      const existing = names.filter((name) => known.has(name))
      if (existing.length === 0) return []
      const { topics } = await admin.fetchTopicMetadata({ topics: existing })
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: existing.map((name) => ({ type: ConfigResourceTypes.TOPIC, name, configNames: [...settings] })),
      })
      const settingsOf = new Map(resources.map(({ resourceName, configEntries }) => [resourceName, configEntries]))
      return topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.length,
        replication: Math.min(...partitions.map(({ replicas }) => replicas.length)),
        settings: new Map((settingsOf.get(name) ?? []).map(({ configName, configValue }) => [configName, configValue])),
      }))
    })
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    await this.#connected(async (admin) => {
      await admin.createTopics({
        waitForLeaders: false,
        timeout: CREATE_TIMEOUT_MS,
        topics: topics.map(({ name, partitions, replication, settings }) => ({
          topic: name,
          numPartitions: partitions,
          replicationFactor: replication,
          configEntries: toEntries(settings),
        })),
      })
      await waitForLeaders(
        admin,
        topics.map(({ name }) => name),
      )
    })
  }

  async alterSettings(name: string, settings: Readonly<Record<string, string>>): Promise<void> {
    await this.#connected(async (admin) => {
      // kafkajs knows only the request that sets all of a topic's settings at once: what is not named goes back to its default.
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name }],
      })
      const own = (resources[0]?.configEntries ?? []).filter(
        ({ configSource }) => configSource === ConfigSource.TOPIC_CONFIG,
      )
      const kept = Object.fromEntries(own.map(({ configName, configValue }) => [configName, configValue]))
      await admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name, configEntries: toEntries({ ...kept, ...settings }) }],
      })
    })
  }

  /** Removes the records below these offsets. */
  async deleteRecords(topic: string, offsets: readonly { partition: number; offset: number }[]): Promise<void> {
    const partitions = offsets.map(({ partition, offset }) => ({ partition, offset: String(offset) }))
    // A new client, because one that has seen another topic of this name would look for the leaders that it had then;
    // and the offsets first, because kafkajs looks leaders up in metadata that only such a request loads.
    const admin = this.#kafka.admin()
    try {
      await admin.connect()
      await admin.fetchTopicOffsets(topic)
      await admin.deleteTopicRecords({ topic, partitions })
    } catch (error) {
      throw fromKafkaJs(error)
    } finally {
      await admin.disconnect()
    }
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    try {
      await this.#connected((admin) => admin.deleteTopics({ topics: [...names] }))
    } catch (error) {
      // A broker that has not heard of the topic, or not of it any more.
      if (!(error instanceof KafkaError) || error.type !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#admin.disconnect()
  }

  async #connected<T>(request: (admin: Admin) => Promise<T>): Promise<T> {
    try {
      await this.#admin.connect()
      return await request(this.#admin)
    } catch (error) {
      throw fromKafkaJs(error)
    }
  }
}

/** kafkajs's own wait fails when the broker that it asks has not heard of the topics yet. */
async function waitForLeaders(admin: Admin, topics: string[]): Promise<void> {
  const until = performance.now() + CREATE_TIMEOUT_MS
  for (;;) {
    try {
      await admin.fetchTopicMetadata({ topics })
      return
    } catch (error) {
      if (performance.now() > until) throw error
      await sleep(LEADERS_POLL_MS)
    }
  }
}

const toEntries = (settings: Readonly<Record<string, string>>): { name: string; value: string }[] =>
  Object.entries(settings).map(([name, value]) => ({ name, value }))
