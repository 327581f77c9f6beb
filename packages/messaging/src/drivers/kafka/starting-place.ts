import type { Checkpoint, Subscription, TopicPartition } from '../../event-log.ts'
import { readTrail, type TrailPlace } from '../shared/rewind-trail.ts'
import { EARLIEST, type KafkaConnection } from './connection.ts'
import { isLogDamaged, toKafkaError } from './kafka-error.ts'
import { appendedBefore, offsetSince } from './read-records.ts'
import type { Topic } from './topics.ts'

export interface StartingPlace extends TopicPartition {
  readonly isCompacted: boolean
  readonly offset: number
  readonly checkpoint: Checkpoint | undefined
  /** What the group's last commit says of the time before it. */
  readonly trail: readonly TrailPlace[]
}

export interface ReadStartOptions {
  readonly connection: KafkaConnection
  readonly subscription: Subscription
  readonly topics: readonly Topic[]
  readonly places: readonly TopicPartition[]
}

/** Where a group begins to read the partitions: at its checkpoint, some time before it, or at the oldest record kept. */
export async function readStart({
  connection,
  subscription,
  topics,
  places,
}: ReadStartOptions): Promise<StartingPlace[]> {
  const starts: StartingPlace[] = []
  for (const { name, isCompacted } of topics) {
    const partitions = places.filter(({ topic }) => topic === name).map(({ partition }) => partition)
    if (partitions.length === 0) continue
    const committed = await readCommits(connection, subscription.group, { topic: name, partitions })
    const earliest = await connection.offsetsAt(name, partitions, EARLIEST)
    const found = partitions.map(async (partition) => {
      const { rewindMs = 0 } = subscription
      const { checkpoint, trail = [] } = committed.get(partition) ?? {}
      const place = { topic: name, partition, isCompacted, checkpoint, trail: rewindMs > 0 ? trail : [] }
      if (checkpoint === undefined) return { ...place, offset: earliest.get(partition) ?? 0 }
      const at = { topic: name, partition, offset: checkpoint.nextOffset }
      const offset = await rewound(connection, at, rewindMs)
      return { ...place, offset: Math.min(offset, place.trail[0]?.offset ?? offset) }
    })
    starts.push(...(await Promise.all(found)))
  }
  return starts
}

interface CommitsOf {
  readonly topic: string
  readonly partitions: readonly number[]
}

export async function readCheckpoints(
  connection: KafkaConnection,
  group: string,
  of: CommitsOf,
): Promise<ReadonlyMap<number, Checkpoint>> {
  const commits = await readCommits(connection, group, of)
  return new Map([...commits].map(([partition, { checkpoint }]) => [partition, checkpoint]))
}

async function readCommits(
  connection: KafkaConnection,
  group: string,
  { topic, partitions }: CommitsOf,
): Promise<ReadonlyMap<number, { readonly checkpoint: Checkpoint; readonly trail: readonly TrailPlace[] }>> {
  const committed = await connection.committedOffsets(group, topic, partitions)
  return new Map(
    committed
      .filter(({ offset }) => offset >= 0)
      .map(({ partition, offset, metadata: text }) => {
        const { metadata, trail } = readTrail(text)
        return [partition, { checkpoint: { nextOffset: offset, metadata }, trail }]
      }),
  )
}

async function rewound(
  connection: KafkaConnection,
  place: TopicPartition & { readonly offset: number },
  rewindMs: number,
): Promise<number> {
  const { topic, partition, offset } = place
  if (rewindMs <= 0 || offset === 0) return offset
  const committedAtMs = await appendedBefore(connection, place)
  if (committedAtMs === undefined) return offset
  const sinceMs = Math.max(0, committedAtMs - rewindMs)
  try {
    const found = (await connection.offsetsAt(topic, [partition], sinceMs)).get(partition) ?? -1
    return found < 0 ? offset : Math.min(found, offset)
  } catch (error) {
    // The broker looks into the batch of that time, and cannot when it is damaged.
    if (!isLogDamaged(toKafkaError(error))) throw error
    return offsetSince(connection, place, sinceMs)
  }
}
