import type { FetchPosition, KafkaConnection } from './connection.ts'
import { isDenied, KafkaError, toKafkaError } from './kafka-error.ts'

const list = (names: readonly string[]): string => [...new Set(names)].map((name) => `"${name}"`).join(', ')
export const onTopics = (
  right: 'AlterConfigs' | 'Create' | 'Describe' | 'DescribeConfigs' | 'Read' | 'Write',
  topics: readonly string[],
): string => `${right} on topic ${list(topics)}`
const onGroup = (group: string): string => `Read on group "${group}"`

/** Brokers say that something is not allowed, and neither what nor to which right it is bound. */
export function namingRights(connection: KafkaConnection): KafkaConnection {
  return {
    leaders: (topic) => naming(connection.leaders(topic), onTopics('Describe', [topic])),
    refresh: () => connection.refresh(),
    fetch: (leader, positions, limits) =>
      naming(connection.fetch(leader, positions, limits), ({ place }) =>
        onTopics('Read', (place === undefined ? positions : [place]).map(topicOf)),
      ),
    newProducerIdentity: () =>
      naming(connection.newProducerIdentity(), 'Write on any topic, or IdempotentWrite on the cluster'),
    produce: (leader, identity, batches) =>
      naming(connection.produce(leader, identity, batches), onTopics('Write', batches.map(topicOf))),
    offsetsAt: (topic, partitions, time) =>
      naming(connection.offsetsAt(topic, partitions, time), onTopics('Describe', [topic])),
    joinGroup: (request) => naming(connection.joinGroup(request), onGroup(request.group)),
    syncGroup: (membership, assignments) =>
      naming(connection.syncGroup(membership, assignments), onGroup(membership.group)),
    heartbeat: (membership) => naming(connection.heartbeat(membership), onGroup(membership.group)),
    leaveGroup: (group, memberId) => naming(connection.leaveGroup(group, memberId), onGroup(group)),
    commitOffsets: (membership, offsets) =>
      naming(connection.commitOffsets(membership, offsets), ({ type }) =>
        type === 'TOPIC_AUTHORIZATION_FAILED' ? onTopics('Read', offsets.map(topicOf)) : onGroup(membership.group),
      ),
    committedOffsets: (group, topic, partitions) =>
      naming(connection.committedOffsets(group, topic, partitions), ({ type }) =>
        type === 'TOPIC_AUTHORIZATION_FAILED' ? onTopics('Describe', [topic]) : onGroup(group),
      ),
    close: () => connection.close(),
  }
}

const topicOf = ({ topic }: Pick<FetchPosition, 'topic'>): string => topic

/** A denial rejects with the right that is missing. */
export async function naming<T>(request: Promise<T>, right: string | ((failure: KafkaError) => string)): Promise<T> {
  try {
    return await request
  } catch (error) {
    const failure = toKafkaError(error)
    if (!isDenied(failure)) throw error
    const { type, place } = failure
    const missing = typeof right === 'string' ? right : right(failure)
    throw new KafkaError(type, `the Kafka user has not the right ${missing}`, {
      cause: failure,
      ...(place === undefined ? {} : { place }),
    })
  }
}
