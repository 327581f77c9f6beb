import { murmur2 } from '@rapport/core'
import type { Checkpoint } from '../../event-log.ts'
import type { Environment } from './environment.ts'
import type { TrailPlace } from '../shared/rewind-trail.ts'
import type { Topic } from './topic-table.ts'

/** A consumer of a group: one `subscribe` call. */
export interface Member {
  readonly topics: readonly string[]
  /** `processIdentity` of the process it lives in. */
  readonly process: string
  /** Renewed while the member's thread lives; milliseconds since the epoch. */
  readonly leaseEndsAtMs: number
}

/** A group's hold on one partition. */
export interface Claim {
  /** The member that reads the partition; empty when nobody does. */
  readonly owner: string
  /** Grows with each change of owner: what an earlier owner has in hand is recognised as stale. */
  readonly epoch: number
  /** Grows with each `seek`. */
  readonly seeks: number
  /** -1 before the first commit. */
  readonly nextOffset: number
  readonly metadata: string
  /** Of the time before the last commit; claims of earlier versions have none. */
  readonly trail?: readonly TrailPlace[]
}

export interface OwnedPartition {
  readonly topic: Topic
  readonly partition: number
  readonly claim: Claim
}

export interface Assignment {
  /** What the member may read now. */
  readonly owned: readonly OwnedPartition[]
  /** What it holds and shall hand over. */
  readonly release: readonly OwnedPartition[]
  /** True when others must look at the group again. */
  readonly changed: boolean
}

const unclaimed: Claim = { owner: '', epoch: 0, seeks: 0, nextOffset: -1, metadata: '' }
const LAST = '\u{10ffff}'

/** The consumer groups of a data folder. Writing methods run inside a write transaction. */
export class Groups {
  readonly #environment: Environment

  constructor(environment: Environment) {
    this.#environment = environment
  }

  claim(group: string, topic: string, partition: number): Claim {
    return (this.#environment.groups.get(['claim', group, topic, partition]) as Claim | undefined) ?? unclaimed
  }

  checkpoints(group: string, topic: Topic): Map<number, Checkpoint> {
    const found = new Map<number, Checkpoint>()
    for (let partition = 0; partition < topic.partitions; partition += 1) {
      const checkpoint = toCheckpoint(this.claim(group, topic.name, partition))
      if (checkpoint !== undefined) found.set(partition, checkpoint)
    }
    return found
  }

  writeClaim(group: string, place: { topic: string; partition: number }, claim: Claim): void {
    this.#environment.groups.putSync(['claim', group, place.topic, place.partition], claim)
  }

  writeMember(group: string, id: string, member: Member): void {
    this.#environment.groups.putSync(['member', group, id], member)
  }

  /** Gives back everything that the member holds. */
  leave(group: string, id: string, topics: readonly Topic[]): void {
    this.#environment.groups.removeSync(['member', group, id])
    for (const topic of topics) {
      for (let partition = 0; partition < topic.partitions; partition += 1) {
        this.release(group, { topic: topic.name, partition }, id)
      }
    }
  }

  release(group: string, place: { topic: string; partition: number }, id: string): void {
    const claim = this.claim(group, place.topic, place.partition)
    if (claim.owner === id) this.writeClaim(group, place, { ...claim, owner: '', epoch: claim.epoch + 1 })
  }

  /** Members in the order in which they joined (an id begins with the time). */
  members(group: string): Map<string, Member> {
    const members = new Map<string, Member>()
    for (const { key, value } of this.#environment.groups.getRange({
      start: ['member', group],
      end: ['member', group, LAST],
    })) {
      if (typeof key[2] === 'string') members.set(key[2], value as Member)
    }
    return members
  }

  /**
   * Renews the member's lease, drops members that are gone, claims partitions that are the member's share and free,
   * and says which ones it must hand over.
   */
  reconcile(
    group: string,
    self: { id: string; member: Member; topics: readonly Topic[] },
    isGone: (member: Member) => boolean,
  ): Assignment {
    let changed = false
    for (const [id, member] of this.members(group)) {
      if (id === self.id || !isGone(member)) continue
      this.#environment.groups.removeSync(['member', group, id])
      changed = true
    }
    this.writeMember(group, self.id, self.member)
    const members = this.members(group)
    const owned: OwnedPartition[] = []
    const release: OwnedPartition[] = []
    for (const topic of self.topics) {
      const readers = [...members].filter(([, member]) => member.topics.includes(topic.name)).map(([id]) => id)
      for (let partition = 0; partition < topic.partitions; partition += 1) {
        const share = shareOf(readers, topic.name, partition)
        let claim = this.claim(group, topic.name, partition)
        if (share === self.id && !members.has(claim.owner)) {
          claim = { ...claim, owner: self.id, epoch: claim.epoch + 1 }
          this.writeClaim(group, { topic: topic.name, partition }, claim)
        }
        if (claim.owner === self.id) (share === self.id ? owned : release).push({ topic, partition, claim })
      }
    }
    return { owned, release, changed }
  }
}

export const toCheckpoint = ({ nextOffset, metadata }: Claim): Checkpoint | undefined =>
  nextOffset < 0 ? undefined : { nextOffset, metadata }

/** Which of the readers a partition goes to. Topics start at different readers, so that small topics spread. */
function shareOf(readers: readonly string[], topic: string, partition: number): string | undefined {
  const start = murmur2(Buffer.from(topic, 'utf8')) >>> 0
  return readers[(start + partition) % readers.length]
}
