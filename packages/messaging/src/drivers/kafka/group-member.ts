import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs, type Log } from '@rapport/core'
import { Signal } from '../shared/signal.ts'
import { assignPartitions } from './assign-partitions.ts'
import type { TopicPartition } from '../../event-log.ts'
import type { JoinedGroup, KafkaConnection, Membership } from './connection.ts'
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from './consumer-protocol.ts'
import { hasLostMembership, isDenied, toKafkaError, type KafkaError } from './kafka-error.ts'

const PROTOCOL = 'rapport-sticky'
const RETRY = { baseMs: 100, maxMs: 5000 }
/** Where the user may not be a member: rights are given by hand. */
const RETRY_DENIED = { baseMs: 1000, maxMs: 60_000 }
/** Of the time that the coordinator gives for joining again: batches in flight may take it, then they are abandoned. */
const REVOKE_SHARE = 0.8

export interface GroupMemberOptions {
  readonly connection: KafkaConnection
  readonly group: string
  /** Partitions of each topic that the member reads. */
  readonly topics: ReadonlyMap<string, number>
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly heartbeatMs: number
  readonly log: Log
  readonly random: () => number
  /** What the member holds from now on. `continues`: what it held before has been nobody else's meanwhile. */
  readonly onAssigned: (assigned: Assigned) => void
  /** The group is about to share anew: resolves when no batch is in flight. */
  readonly onRevoke: () => Promise<void>
  /** Everything is somebody else's, or may be. */
  readonly onLost: () => void
  /** The coordinator has answered again, after it could have given the member's share away. */
  readonly onHeldAgain: () => void
}

export interface Assigned {
  readonly partitions: readonly TopicPartition[]
  readonly continues: boolean
}

/**
 * Membership of a consumer group by Kafka's classic protocol. Heartbeats have a rhythm of their own, whatever the handlers
 * do. When the group shares anew, the batches in flight end first, then the member joins again: no partition moves
 * while its records are still being handled.
 */
export class GroupMember {
  readonly #options: GroupMemberOptions
  readonly #changed = new Signal()
  readonly #aborted = new AbortController()
  readonly #loop: Promise<void>
  #membership: Membership | undefined
  #memberId = ''
  #held: readonly TopicPartition[] = []
  #isLost = true
  /** Monotonic: until then the coordinator cannot have given the member's share away. */
  #validUntilMs = 0
  #failures = 0

  constructor(options: GroupMemberOptions) {
    this.#options = options
    this.#loop = this.#run()
  }

  /** The membership while nobody else can hold what this member holds. */
  get current(): Membership | undefined {
    return performance.now() < this.#validUntilMs ? this.#membership : undefined
  }

  get memberId(): string {
    return this.#memberId
  }

  /** A commit was told that the group has moved on: a heartbeat will say how. */
  readonly doubt = (): void => this.#changed.notify()

  /** Ends heartbeats and joining. Leaving the group is the caller's. */
  async stop(): Promise<void> {
    this.#aborted.abort()
    this.#validUntilMs = 0
    this.#changed.notify()
    await this.#loop
  }

  get #isClosed(): boolean {
    return this.#aborted.signal.aborted
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#join()
        this.#failures = 0
        await this.#beat()
      } catch (error) {
        if (!this.#isClosed) await this.#recover(toKafkaError(error))
      }
    }
  }

  async #join(): Promise<void> {
    const { connection, group, sessionTimeoutMs, rebalanceTimeoutMs, topics } = this.#options
    this.#validUntilMs = 0
    const held = this.#held.map(({ topic, partition }) => `${topic}/${partition}`)
    const metadata = encodeSubscription({
      topics: [...topics.keys()],
      userData: JSON.stringify({ held }),
    })
    const joined = await connection.joinGroup({
      group,
      memberId: this.#memberId,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      protocol: PROTOCOL,
      metadata,
    })
    this.#memberId = joined.memberId
    const membership = { group, memberId: joined.memberId, generation: joined.generation }
    const isLeader = joined.leaderId === joined.memberId
    const sentAtMs = performance.now()
    const answer = await connection.syncGroup(membership, isLeader ? this.#share(joined) : new Map())
    const partitions = decodeAssignment(answer)
    const continues = !this.#isLost && this.#membership?.generation === joined.generation - 1
    this.#membership = membership
    this.#isLost = false
    this.#held = partitions
    this.#validUntilMs = sentAtMs + sessionTimeoutMs
    if (!this.#isClosed) this.#options.onAssigned({ partitions, continues })
  }

  #share({ members }: JoinedGroup): Map<string, Buffer> {
    const readers = members.map(({ memberId, metadata }) => {
      const { topics, userData } = decodeSubscription(metadata)
      return { memberId, topics, held: new Set(readHeld(userData)) }
    })
    const shares = assignPartitions(readers, this.#options.topics)
    return new Map([...shares].map(([memberId, partitions]) => [memberId, encodeAssignment(partitions)]))
  }

  /** Until it is time to join again. */
  async #beat(): Promise<void> {
    const { heartbeatMs, rebalanceTimeoutMs } = this.#options
    let joinAtMs = Number.POSITIVE_INFINITY
    let isRevoked = false
    while (!this.#isClosed) {
      await this.#changed.waitAtMost(Math.min(heartbeatMs, Math.max(1, joinAtMs - performance.now())))
      if (this.#isClosed || isRevoked || performance.now() >= joinAtMs) break
      const answer = await this.#heartbeat()
      if (answer === 'lost') {
        this.#lose()
        return
      }
      if (answer === 'share anew' && joinAtMs === Number.POSITIVE_INFINITY) {
        joinAtMs = performance.now() + rebalanceTimeoutMs * REVOKE_SHARE
        void this.#options.onRevoke().then(() => {
          isRevoked = true
          this.#changed.notify()
        })
      }
    }
    this.#validUntilMs = 0
  }

  async #heartbeat(): Promise<'member' | 'share anew' | 'lost'> {
    const { connection, sessionTimeoutMs, onHeldAgain, log, group } = this.#options
    const membership = this.#membership
    if (membership === undefined) return 'lost'
    const sentAtMs = performance.now()
    try {
      await connection.heartbeat(membership)
    } catch (error) {
      const failure = toKafkaError(error)
      if (failure.type !== 'REBALANCE_IN_PROGRESS') {
        if (hasLostMembership(failure)) return 'lost'
        if (isDenied(failure)) throw failure
        log.debug({ err: failure, group }, 'a heartbeat failed')
        await connection.refresh().catch(() => undefined)
        return 'member'
      }
      this.#renew(sentAtMs + sessionTimeoutMs, onHeldAgain)
      return 'share anew'
    }
    this.#renew(sentAtMs + sessionTimeoutMs, onHeldAgain)
    return 'member'
  }

  #renew(untilMs: number, onHeldAgain: () => void): void {
    const wasHeld = performance.now() < this.#validUntilMs
    this.#validUntilMs = untilMs
    if (!wasHeld) onHeldAgain()
  }

  #lose(): void {
    const { log, group, onLost } = this.#options
    log.warn({ group, memberId: this.#memberId }, 'the group has gone on without this member: joining again')
    this.#validUntilMs = 0
    this.#isLost = true
    this.#held = []
    onLost()
  }

  async #recover(failure: KafkaError): Promise<void> {
    const { connection, log, group, random } = this.#options
    if (failure.type === 'UNKNOWN_MEMBER_ID') this.#memberId = ''
    if (hasLostMembership(failure) && failure.type !== 'REBALANCE_IN_PROGRESS' && !this.#isLost) this.#lose()
    const waitMs = backoffMs(this.#failures, { ...(isDenied(failure) ? RETRY_DENIED : RETRY), random })
    const fields = { err: failure, group, waitMs, failures: this.#failures }
    if (isDenied(failure)) log.error(fields, 'the group may not be joined')
    else if (failure.canRetry && this.#failures < 3) log.debug(fields, 'joining a group failed and will be tried again')
    else log.warn(fields, 'joining a group fails and will be tried again')
    this.#failures += 1
    await sleep(waitMs, undefined, { signal: this.#aborted.signal }).catch(() => undefined)
    if (!this.#isClosed) await connection.refresh().catch(() => undefined)
  }
}

/** What a member says that it holds. Other clients in the group have no such data, or some of their own. */
function readHeld(userData: string): readonly string[] {
  try {
    const { held } = JSON.parse(userData) as { readonly held?: unknown }
    return Array.isArray(held) ? held.filter((name) => typeof name === 'string') : []
  } catch {
    // Not ours.
    return []
  }
}
