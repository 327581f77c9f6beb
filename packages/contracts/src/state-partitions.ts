import { topics, type TopicDescription } from './topics.ts'

/**
 * Topics from whose records the feature service makes state. All partitions of them are numbered through, those of the
 * events first: what processes agree on about state (rebuilds, removed tenants) is by these numbers.
 */
export const stateTopics: readonly TopicDescription[] = [topics.events, topics.sentiments, topics.textLabels]

export interface StatePlace {
  readonly topic: string
  readonly partition: number
}

/** By number. */
const places: readonly StatePlace[] = stateTopics.flatMap(({ name: topic, partitions }) =>
  Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
)
const firstByTopic = new Map(stateTopics.map(({ name }) => [name, places.findIndex(({ topic }) => topic === name)]))

/** How many there are. */
export const statePartitionCount = places.length

/** @throws RangeError for a topic that makes no state. */
export function statePartitionOf({ topic, partition }: StatePlace): number {
  const first = firstByTopic.get(topic)
  if (first === undefined) throw new RangeError(`${topic} makes no state`)
  return first + partition
}

/** @throws RangeError for a number that no partition has. */
export function placeOfStatePartition(number: number): StatePlace {
  const place = places[number]
  if (place === undefined) throw new RangeError(`there is no state partition ${number}`)
  return place
}
