import type { KafkaClientOptions } from '../kafka/client-options.ts'
import { KafkaEventLog, type KafkaClientEventLogOptions } from '../kafka/kafka-event-log.ts'
import type { KafkaTopicAdmin } from '../kafka/topic-plan.ts'
import { KafkaJsConnection } from './kafkajs-connection.ts'
import { KafkaJsTopicAdmin } from './topic-admin.ts'

export { applyTopics, planTopics, type TopicPlan } from '../kafka/topic-plan.ts'
export type { KafkaClientEventLogOptions, KafkaClientOptions, KafkaEventLog, KafkaTopicAdmin }

/**
 * Opens the event log on Kafka by kafkajs.
 * @throws EventLogUseError when a topic is missing or has other partitions, naming `rapport topics apply`;
 * KafkaUnavailableError when no broker answers within `openDeadlineMs` or they refuse the credentials.
 */
export const openKafkaEventLog = async (options: KafkaClientEventLogOptions): Promise<KafkaEventLog> =>
  KafkaEventLog.open(options, () => new KafkaJsConnection(options.client))

/** For `planTopics` and `applyTopics`. It connects when it is first used. */
export const createTopicAdmin = (options: KafkaClientOptions): KafkaTopicAdmin => new KafkaJsTopicAdmin(options)
