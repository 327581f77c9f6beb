import { murmur2 } from '@rapport/core'
import type { TopicPartition } from '../../event-log.ts'

export interface AssignableMember {
  readonly memberId: string
  readonly topics: readonly string[]
  /** What it held before, by `topic/partition`. */
  readonly held: ReadonlySet<string>
}

/**
 * Shares each topic's partitions out evenly among its readers. What a reader holds stays with it as far as that is even:
 * a partition that moves is read again from its checkpoint. Topics start at different readers, so that small ones spread.
 */
export function assignPartitions(
  members: readonly AssignableMember[],
  topics: ReadonlyMap<string, number>,
): Map<string, TopicPartition[]> {
  const shares = new Map<string, TopicPartition[]>(members.map(({ memberId }) => [memberId, []]))
  for (const [topic, partitions] of topics) {
    const readers = members.filter((member) => member.topics.includes(topic)).sort(byId)
    for (const [partition, memberId] of shareTopic(readers, topic, partitions)) {
      shares.get(memberId)?.push({ topic, partition })
    }
  }
  return shares
}

function shareTopic(
  readers: readonly AssignableMember[],
  topic: string,
  partitions: number,
): readonly (readonly [number, string])[] {
  if (readers.length === 0) return []
  const start = (murmur2(Buffer.from(topic, 'utf8')) >>> 0) % readers.length
  const order = [...readers.slice(start), ...readers.slice(0, start)]
  // Whoever holds most of this topic is first in line for the odd partition: then fewer move.
  const heldOf = ({ held }: AssignableMember): number =>
    Array.from({ length: partitions }, (_, partition) => held.has(`${topic}/${partition}`)).filter(Boolean).length
  order.sort((a, b) => heldOf(b) - heldOf(a))
  const room = new Map(
    order.map(({ memberId }, index) => [
      memberId,
      Math.floor(partitions / order.length) + (index < partitions % order.length ? 1 : 0),
    ]),
  )
  const owners: (string | undefined)[] = Array.from({ length: partitions })
  const give = (partition: number, memberId: string): void => {
    owners[partition] = memberId
    room.set(memberId, (room.get(memberId) ?? 0) - 1)
  }
  for (const partition of owners.keys()) {
    const holder = order.find(
      ({ memberId, held }) => held.has(`${topic}/${partition}`) && (room.get(memberId) ?? 0) > 0,
    )
    if (holder !== undefined) give(partition, holder.memberId)
  }
  for (const [partition, owner] of owners.entries()) {
    if (owner !== undefined) continue
    const free = order.find(({ memberId }) => (room.get(memberId) ?? 0) > 0)
    if (free !== undefined) give(partition, free.memberId)
  }
  return owners.flatMap((owner, partition) => (owner === undefined ? [] : [[partition, owner] as const]))
}

const byId = (a: AssignableMember, b: AssignableMember): number => (a.memberId < b.memberId ? -1 : 1)
