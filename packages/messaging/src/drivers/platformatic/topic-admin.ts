import { setTimeout as sleep } from 'node:timers/promises'
import {
  ConfigResourceTypes,
  createTopicsV7,
  deleteRecordsV2,
  deleteTopicsV6,
  describeConfigsV4,
  IncrementalAlterConfigOperationTypes,
  incrementalAlterConfigsV1,
  metadataV12,
} from '@platformatic/kafka'
import { backoffMs } from '@rapport/core'
import type { KafkaClientOptions } from '../kafka/client-options.ts'
import { toKafkaError } from '../kafka/kafka-error.ts'
import type { ExistingTopic, KafkaTopicAdmin, NewTopic } from '../kafka/topic-plan.ts'
import { Cluster } from './cluster.ts'
import { readMetadata, type TopicMetadata } from './metadata.ts'

const TIMEOUT_MS = 30_000
const LEADERS_POLL_MS = 50
const ATTEMPTS = 6
const RETRY = { baseMs: 100, maxMs: 2000 }
/** The broker that was asked does not answer, or is not or not yet the one to ask. */
const PASSING = new Set([
  'CONNECTION',
  'REQUEST_TIMEOUT',
  'REQUEST_TIMED_OUT',
  'NOT_CONTROLLER',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'UNKNOWN_TOPIC_OR_PARTITION',
])

/** Changes topics by the requests of @platformatic/kafka. */
export class PlatformaticTopicAdmin implements KafkaTopicAdmin {
  readonly #cluster: Cluster

  constructor(options: KafkaClientOptions) {
    this.#cluster = new Cluster(options)
  }

  async describeTopics(names: readonly string[], settings: readonly string[]): Promise<readonly ExistingTopic[]> {
    return this.#withRetries(async () => {
      const { topics } = await readMetadata(() => this.#cluster.toAny(metadataV12.api, [[...names], false, false]))
      const existing = [...topics].filter(([, { errorCode }]) => errorCode === 0)
      if (existing.length === 0) return []
      const resources = existing.map(([resourceName]) => ({
        resourceType: ConfigResourceTypes.TOPIC,
        resourceName,
        configurationKeys: [...settings],
      }))
      const { results } = await this.#cluster.toAny(describeConfigsV4.api, [resources, false, false])
      const settingsOf = new Map(results.map(({ resourceName, configs }) => [resourceName, configs]))
      return existing.map(([name, { leaders, replication }]) => ({
        name,
        partitions: leaders.length,
        replication,
        settings: new Map((settingsOf.get(name) ?? []).map((setting) => [setting.name, setting.value ?? ''])),
      }))
    })
  }

  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    const described = topics.map(({ name, partitions, replication, settings }) => ({
      name,
      numPartitions: partitions,
      replicationFactor: replication,
      assignments: [],
      configs: Object.entries(settings).map(([setting, value]) => ({ name: setting, value })),
    }))
    await this.#withRetries(() => this.#cluster.toAny(createTopicsV7.api, [described, TIMEOUT_MS, false]))
    await this.#cluster.refresh()
    for (const broker of await this.#cluster.brokers()) await this.#waitForLeaders(broker, topics)
  }

  async alterSettings(name: string, settings: Readonly<Record<string, string>>): Promise<void> {
    const configs = Object.entries(settings).map(([setting, value]) => ({
      name: setting,
      configOperation: IncrementalAlterConfigOperationTypes.SET,
      value,
    }))
    const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: name, configs }
    await this.#withRetries(() => this.#cluster.toAny(incrementalAlterConfigsV1.api, [[resource], false]))
  }

  async deleteRecords(topic: string, offsets: readonly { partition: number; offset: number }[]): Promise<void> {
    await this.#withRetries(async () => {
      const leaders = await this.#cluster.leaders(topic)
      const led = Map.groupBy(offsets, ({ partition }) => leaders[partition] ?? -1)
      for (const [leader, own] of led) {
        const partitions = own.map(({ partition, offset }) => ({ partitionIndex: partition, offset: BigInt(offset) }))
        await this.#cluster.toBroker(leader, deleteRecordsV2.api, [[{ name: topic, partitions }], TIMEOUT_MS])
      }
    })
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    await this.#withRetries(async () => {
      try {
        await this.#cluster.toAny(deleteTopicsV6.api, [names.map((name) => ({ name })), TIMEOUT_MS])
      } catch (error) {
        // A broker that has not heard of the topic, or not of it any more.
        if (toKafkaError(error).type !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error
      }
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cluster.close()
  }

  /** Until this broker knows them: whoever asks it next is not told that they do not exist. */
  async #waitForLeaders(broker: number, topics: readonly NewTopic[]): Promise<void> {
    const names = topics.map(({ name }) => name)
    const untilMs = performance.now() + TIMEOUT_MS
    const isLed = (found: TopicMetadata | undefined): boolean =>
      found !== undefined && found.errorCode === 0 && found.leaders.every((leader) => leader >= 0)
    while (performance.now() < untilMs) {
      try {
        const { topics: found } = await readMetadata(() =>
          this.#cluster.toBroker(broker, metadataV12.api, [names, false, false]),
        )
        if (names.every((name) => isLed(found.get(name)))) return
      } catch (error) {
        // Nobody can ask a broker that is down.
        if (toKafkaError(error).type === 'CONNECTION') return
        throw error
      }
      await sleep(LEADERS_POLL_MS)
    }
  }

  async #withRetries<T>(request: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures += 1) {
      try {
        return await request()
      } catch (error) {
        if (failures + 1 >= ATTEMPTS || !PASSING.has(toKafkaError(error).type)) throw error
        await sleep(backoffMs(failures, { ...RETRY, random: Math.random }))
        await this.#cluster.refresh().catch(() => undefined)
      }
    }
  }
}
