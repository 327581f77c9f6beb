import {
  FetchIsolationLevels,
  fetchV12,
  ProduceAcks,
  Producer,
  type CompressionAlgorithmValue,
} from '@platformatic/kafka'
import type { TopicPartition } from '../../../event-log.ts'
import type { KafkaClientOptions } from '../../kafka/client-options.ts'
import { toConnectionOptions } from '../client-config.ts'
import { Cluster } from '../cluster.ts'
import { fromPlatformatic } from '../platformatic-error.ts'

export type Codec = CompressionAlgorithmValue

export interface ForeignRecord extends TopicPartition {
  readonly key?: Uint8Array
  readonly value: Uint8Array
  readonly headers?: ReadonlyMap<Buffer, Buffer>
}

const CODECS: readonly Codec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const CODEC_BITS = 0b111

/** Produces as somebody does who has no code of ours: any codec, any size that the broker takes, any bytes as a key. */
export async function produceForeign(
  to: readonly string[] | Pick<KafkaClientOptions, 'brokers' | 'sasl'>,
  records: readonly ForeignRecord[],
  compression: Codec = 'none',
): Promise<void> {
  const options = 'brokers' in to ? to : { brokers: to }
  const { sasl } = toConnectionOptions(options)
  const producer = new Producer({
    clientId: 'somebody-else',
    bootstrapBrokers: [...options.brokers],
    retries: 10,
    ...(sasl === undefined ? {} : { sasl }),
  })
  try {
    await producer.send({
      acks: ProduceAcks.ALL,
      compression,
      messages: records.map(({ topic, partition, key, value, headers }) => ({
        topic,
        partition,
        value: Buffer.from(value),
        ...(key === undefined ? {} : { key: Buffer.from(key) }),
        ...(headers === undefined ? {} : { headers: new Map(headers) }),
      })),
    })
  } catch (error) {
    throw fromPlatformatic(error)
  } finally {
    await producer.close()
  }
}

/** How each batch of a partition is compressed on the log. */
export async function codecsOnLog(brokers: readonly string[], place: TopicPartition): Promise<readonly Codec[]> {
  const { topic, partition } = place
  const cluster = new Cluster({ brokers })
  try {
    const leader = (await cluster.leaders(topic))[partition] ?? -1
    const from = {
      partition,
      currentLeaderEpoch: -1,
      fetchOffset: 0n,
      lastFetchedEpoch: -1,
      partitionMaxBytes: 2 ** 24,
    }
    const { responses } = await cluster.toBroker(leader, fetchV12.api, [
      ...([0, 1, 2 ** 24, FetchIsolationLevels.READ_COMMITTED, 0, -1] as const),
      [{ topicId: topic, partitions: [from] }],
      [],
      '',
    ])
    const batches = responses.flatMap(({ partitions }) => partitions.flatMap(({ records }) => records ?? []))
    return batches.flatMap(({ attributes }) => CODECS[attributes & CODEC_BITS] ?? [])
  } finally {
    cluster.close()
  }
}
