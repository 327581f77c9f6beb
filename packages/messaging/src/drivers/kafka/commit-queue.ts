import { NotCurrentError } from '../../errors.ts'
import type { KafkaConnection, Membership, OffsetToCommit } from './connection.ts'
import { hasLostMembership, toKafkaError, type KafkaError } from './kafka-error.ts'
import { FinalFailure, withRetries } from './retry.ts'

const COMMIT_DEADLINE_MS = 30_000

interface Waiting {
  readonly offset: OffsetToCommit
  readonly membership: Membership
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export interface CommitQueueOptions {
  readonly connection: KafkaConnection
  readonly random: () => number
  /** Called when the coordinator says that the member is none any more. */
  readonly onLost: (failure: KafkaError) => void
}

/** One commit is under way at a time; what comes meanwhile goes together in the next. */
export class CommitQueue {
  readonly #options: CommitQueueOptions
  #waiting: Waiting[] = []
  #running = false
  #isClosing = false

  constructor(options: CommitQueueOptions) {
    this.#options = options
  }

  /** @throws NotCurrentError when the partition belongs to another member by now. */
  commit(membership: Membership, offset: OffsetToCommit): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ offset, membership, resolve, reject })
      void this.#drain()
    })
  }

  /** From now on each commit is attempted once: nobody waits for a broker that is gone. */
  close(): void {
    this.#isClosing = true
  }

  async #drain(): Promise<void> {
    if (this.#running) return
    this.#running = true
    while (this.#waiting.length > 0) {
      // Those of one generation go together.
      const membership = this.#waiting[0]?.membership
      const batch = this.#waiting.filter((waiting) => waiting.membership === membership)
      this.#waiting = this.#waiting.filter((waiting) => waiting.membership !== membership)
      if (membership !== undefined) await this.#send(membership, batch)
    }
    this.#running = false
  }

  async #send(membership: Membership, batch: readonly Waiting[]): Promise<void> {
    const { connection, random } = this.#options
    // Of two commits of one partition the later one counts.
    const offsets = new Map(batch.map(({ offset }) => [`${offset.topic}/${offset.partition}`, offset]))
    try {
      await withRetries(() => this.#attempt(membership, [...offsets.values()]), {
        deadlineMs: COMMIT_DEADLINE_MS,
        random,
        recover: () => connection.refresh(),
        isOver: () => this.#isClosing,
      })
      for (const { resolve } of batch) resolve()
    } catch (error) {
      for (const { offset, reject } of batch) reject(toCommitError(error, membership.group, offset))
    }
  }

  async #attempt(membership: Membership, offsets: readonly OffsetToCommit[]): Promise<void> {
    try {
      await this.#options.connection.commitOffsets(membership, offsets)
    } catch (error) {
      const failure = toKafkaError(error)
      if (!hasLostMembership(failure)) throw failure
      this.#options.onLost(failure)
      throw new FinalFailure(failure.message, { cause: failure })
    }
  }
}

const toCommitError = (error: unknown, group: string, { topic, partition }: OffsetToCommit): unknown =>
  error instanceof FinalFailure ? new NotCurrentError(group, topic, partition) : error
