import type { TopicDescription } from '@rapport/contracts'
import { EventLogUseError, UnknownTopicError } from '../../errors.ts'
import type { KafkaConnection } from './connection.ts'
import { isDenied, toKafkaError } from './kafka-error.ts'

export interface Topic {
  readonly name: string
  readonly partitions: number
  readonly isCompacted: boolean
}

/** The topics that a log was opened with, by name. */
export class Topics {
  readonly #byName: ReadonlyMap<string, Topic>

  constructor(descriptions: readonly TopicDescription[]) {
    this.#byName = new Map(
      descriptions.map(({ name, partitions, cleanup }) => [
        name,
        { name, partitions, isCompacted: cleanup === 'compact' },
      ]),
    )
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

  /** @throws UnknownTopicError, EventLogUseError */
  withPartition(name: string, partition: number): Topic {
    const topic = this.get(name)
    if (Number.isInteger(partition) && partition >= 0 && partition < topic.partitions) return topic
    throw new EventLogUseError('RPT_EVENT_LOG_PARTITION', `${name} has no partition ${partition}`)
  }

  /**
   * Checks that the cluster has them, with these partitions.
   * @throws EventLogUseError naming every topic that is missing, laid out otherwise, or not to be seen; KafkaError.
   */
  async check(connection: KafkaConnection): Promise<void> {
    const problems: string[] = []
    const hidden: string[] = []
    for (const { name, partitions } of this.#byName.values()) {
      try {
        const found = (await connection.leaders(name)).length
        if (found !== partitions) problems.push(`${name} has ${found} partitions, not ${partitions}`)
      } catch (error) {
        const failure = toKafkaError(error)
        if (isDenied(failure)) hidden.push(name)
        else if (failure.type === 'UNKNOWN_TOPIC_OR_PARTITION') problems.push(`${name} does not exist`)
        else throw error
      }
    }
    if (hidden.length > 0) {
      throw new EventLogUseError(
        'RPT_EVENT_LOG_ACCESS',
        `Kafka does not let this user see ${hidden.join(', ')}: it has not the right Describe there, which comes with Read and with Write (docs/kafka-access.md)`,
      )
    }
    if (problems.length === 0) return
    throw new EventLogUseError(
      'RPT_EVENT_LOG_TOPICS',
      `the cluster's topics are not as described: ${problems.join('; ')}. "rapport topics diff" shows it, "rapport topics apply" makes what is missing`,
    )
  }
}
