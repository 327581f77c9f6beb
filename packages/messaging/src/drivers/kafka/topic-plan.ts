import type { TopicDescription } from '@rapport/contracts'
import { RapportError } from '@rapport/core'
import { naming, onTopics } from './named-rights.ts'
import { topicSettings, type ReplicationOptions } from './topic-settings.ts'

export interface ExistingTopic {
  readonly name: string
  readonly partitions: number
  readonly replication: number
  /** By Kafka's names, defaults included. */
  readonly settings: ReadonlyMap<string, string>
}

export interface NewTopic extends ReplicationOptions {
  readonly name: string
  readonly partitions: number
  readonly settings: Readonly<Record<string, string>>
}

/** What changing topics needs of a Kafka client. */
export interface TopicAdmin {
  /** Those of the names that exist. */
  describeTopics(names: readonly string[], settings: readonly string[]): Promise<readonly ExistingTopic[]>
  /** Resolves when the topics can be used. */
  createTopics(topics: readonly NewTopic[]): Promise<void>
  /** Sets these and leaves the topic's other settings as they are. */
  alterSettings(name: string, settings: Readonly<Record<string, string>>): Promise<void>
}

/** Also what tests and tools need. It connects when it is first used. */
export interface KafkaTopicAdmin extends TopicAdmin, AsyncDisposable {
  /** Removes the records below these offsets. */
  deleteRecords(topic: string, offsets: readonly { partition: number; offset: number }[]): Promise<void>
  /** What is gone already is done. */
  deleteTopics(names: readonly string[]): Promise<void>
}

export interface SettingChange {
  readonly topic: string
  readonly setting: string
  readonly from: string | undefined
  readonly to: string
}

/** A difference that is not made: somebody has to decide. */
export interface RefusedDifference {
  readonly topic: string
  readonly reason: string
}

export interface TopicPlan {
  readonly create: readonly NewTopic[]
  readonly change: readonly SettingChange[]
  readonly refused: readonly RefusedDifference[]
  readonly isEmpty: boolean
}

/** What differs between the cluster's topics and their descriptions. Topics that are not described are not looked at. */
export async function planTopics(
  admin: TopicAdmin,
  descriptions: readonly TopicDescription[],
  options: ReplicationOptions,
): Promise<TopicPlan> {
  checkReplication(options)
  const wanted = descriptions.map((description) => ({ description, settings: topicSettings(description, options) }))
  const names = [...new Set(wanted.flatMap(({ settings }) => Object.keys(settings)))]
  const topics = descriptions.map(({ name }) => name)
  const existing = await naming(admin.describeTopics(topics, names), onTopics('DescribeConfigs', topics))
  const byName = new Map(existing.map((topic) => [topic.name, topic]))
  const create: NewTopic[] = []
  const change: SettingChange[] = []
  const refused: RefusedDifference[] = []
  for (const { description, settings } of wanted) {
    const found = byName.get(description.name)
    if (found === undefined) {
      create.push({ name: description.name, partitions: description.partitions, settings, ...options })
      continue
    }
    refused.push(...refusedDifferences(found, description, options))
    for (const [setting, to] of Object.entries(settings)) {
      const from = found.settings.get(setting)
      if (from !== to) change.push({ topic: found.name, setting, from, to })
    }
  }
  return { create, change, refused, isEmpty: create.length + change.length + refused.length === 0 }
}

/** Makes the plan's changes, and leaves what it refuses. It may be run again after a failure half-way. */
export async function applyTopics(admin: TopicAdmin, { create, change }: TopicPlan): Promise<void> {
  const names = create.map(({ name }) => name)
  if (create.length > 0) await naming(admin.createTopics(create), onTopics('Create', names))
  for (const [topic, changes] of Map.groupBy(change, ({ topic: name }) => name)) {
    const settings = Object.fromEntries(changes.map(({ setting, to }) => [setting, to]))
    await naming(admin.alterSettings(topic, settings), onTopics('AlterConfigs', [topic]))
  }
}

function refusedDifferences(
  found: ExistingTopic,
  { name, partitions }: TopicDescription,
  { replication }: ReplicationOptions,
): RefusedDifference[] {
  const differences: RefusedDifference[] = []
  if (found.partitions !== partitions) {
    const reason = `it has ${found.partitions} partitions, described are ${partitions}: a key's records would move to another partition, out of order`
    differences.push({ topic: name, reason })
  }
  if (found.replication !== replication) {
    const reason = `its partitions have ${found.replication} replicas, wanted are ${replication}: reassign them with Kafka's own tools`
    differences.push({ topic: name, reason })
  }
  return differences
}

function checkReplication({ replication, minInsyncReplicas }: ReplicationOptions): void {
  const isValid = Number.isInteger(replication) && Number.isInteger(minInsyncReplicas)
  if (isValid && minInsyncReplicas >= 1 && minInsyncReplicas <= replication) return
  throw new RapportError(
    'RPT_TOPICS_REPLICATION',
    `replication ${replication} with at least ${minInsyncReplicas} in sync is not possible`,
  )
}
