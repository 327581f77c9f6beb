import type { TopicDescription } from '@rapport/contracts'
import { EventLogUseError, UnknownTopicError } from '../../errors.ts'
import type { Environment } from './environment.ts'

export interface Topic {
  readonly name: string
  /** Position in the data folder's own list; never used again. */
  readonly id: number
  readonly partitions: number
  readonly compacted: boolean
  readonly retentionMs: number
  readonly retentionBytes: number
}

interface StoredTopic {
  readonly id: number
  readonly partitions: number
  readonly cleanup: TopicDescription['cleanup']
}

export class TopicTable {
  readonly #byName: ReadonlyMap<string, Topic>

  private constructor(topics: readonly Topic[]) {
    this.#byName = new Map(topics.map((topic) => [topic.name, topic]))
  }

  /** Registers the topics that the folder does not know and checks those that it does. */
  static async open(environment: Environment, descriptions: readonly TopicDescription[]): Promise<TopicTable> {
    for (const description of descriptions) checkDescription(description)
    const known = descriptions.every(({ name }) => stored(environment, name) !== undefined)
    if (!known) await environment.root.transaction(() => register(environment, descriptions))
    environment.root.resetReadTxn()
    return new TopicTable(descriptions.map((description) => toTopic(environment, description)))
  }

  /** @throws UnknownTopicError */
  get(name: string): Topic {
    const topic = this.#byName.get(name)
    if (topic === undefined) throw new UnknownTopicError(name)
    return topic
  }

  find(name: string): Topic | undefined {
    return this.#byName.get(name)
  }

  all(): Iterable<Topic> {
    return this.#byName.values()
  }
}

function checkDescription({ name, partitions }: TopicDescription): void {
  if (name === '') throw new EventLogUseError('RPT_EVENT_LOG_TOPIC', 'a topic has an empty name')
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > 4096) {
    throw new EventLogUseError('RPT_EVENT_LOG_TOPIC', `topic ${name}: partitions must be an integer from 1 to 4096`)
  }
}

const stored = (environment: Environment, name: string): StoredTopic | undefined =>
  environment.groups.get(['topic', name]) as StoredTopic | undefined

function register(environment: Environment, descriptions: readonly TopicDescription[]): void {
  let nextId = [...environment.groups.getKeys({ start: ['topic'], end: ['topic', '\u{10ffff}'] })].length
  for (const { name, partitions, cleanup } of descriptions) {
    if (stored(environment, name) !== undefined) continue
    environment.groups.putSync(['topic', name], { id: nextId, partitions, cleanup } satisfies StoredTopic)
    nextId += 1
  }
}

function toTopic(environment: Environment, description: TopicDescription): Topic {
  const { name, partitions, cleanup } = description
  const found = stored(environment, name)
  if (found === undefined || found.partitions !== partitions || found.cleanup !== cleanup) {
    throw new EventLogUseError(
      'RPT_EVENT_LOG_TOPIC_CHANGED',
      `topic ${name} was made with ${found?.partitions} partitions and cleanup "${found?.cleanup}"; it cannot become ` +
        `${partitions} and "${cleanup}" in place`,
    )
  }
  return {
    name,
    id: found.id,
    partitions,
    compacted: cleanup === 'compact',
    retentionMs: description.retentionMs ?? Number.POSITIVE_INFINITY,
    retentionBytes: description.retentionBytes ?? Number.POSITIVE_INFINITY,
  }
}
