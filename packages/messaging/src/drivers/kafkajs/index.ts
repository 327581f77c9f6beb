import { KafkaEventLog, type KafkaEventLogOptions } from '../kafka/kafka-event-log.ts'
import { KafkaJsConnection } from './kafkajs-connection.ts'
import type { KafkaJsClientOptions } from './options.ts'
import { KafkaJsTopicAdmin } from './topic-admin.ts'

export { applyTopics, planTopics, type TopicPlan } from '../kafka/topic-plan.ts'
export type { KafkaEventLog, KafkaJsClientOptions, KafkaJsTopicAdmin }

/** How the log and its client work. */
export interface KafkaJsEventLogOptions extends KafkaEventLogOptions {
  readonly client: KafkaJsClientOptions
}

/**
 * Opens the event log on Kafka by kafkajs.
 * @throws EventLogUseError when a topic is missing or has other partitions, naming `rapport topics apply`;
 * KafkaUnavailableError when no broker answers within `openDeadlineMs` or they refuse the credentials.
 */
export const openKafkaJsEventLog = async (options: KafkaJsEventLogOptions): Promise<KafkaEventLog> =>
  KafkaEventLog.open(options, () => new KafkaJsConnection(options.client))

/** For `planTopics` and `applyTopics`. It connects when it is first used. */
export const createTopicAdmin = (options: KafkaJsClientOptions): KafkaJsTopicAdmin => new KafkaJsTopicAdmin(options)
