import { setImmediate as nextTurn } from 'node:timers/promises'
import { backoffMs } from '@rapport/core'
import { ClosedError } from '../../errors.ts'
import type { Follower, LogRecord } from '../../event-log.ts'
import type { ConsumerContext } from './partition-consumer.ts'
import { Signal } from '../shared/signal.ts'
import type { Topic } from './topic-table.ts'
import type { WakeUps } from './wake-ups.ts'

const PAGE_RECORDS = 1000
const RETRY = { baseMs: 50, maxMs: 10_000 }

export interface FollowerOptions {
  readonly context: Pick<ConsumerContext, 'reader' | 'slice' | 'log' | 'random'>
  readonly wakeUps: WakeUps
  readonly topic: Topic
  readonly onRecords: (records: readonly LogRecord[]) => void | Promise<void>
}

/** Reads a whole topic from its start, then tails it. */
export class EmbeddedFollower implements Follower {
  readonly caughtUp: Promise<void>
  readonly #options: FollowerOptions
  readonly #changed = new Signal()
  readonly #positions: number[]
  readonly #targets: readonly number[]
  readonly #unlisten: () => void
  readonly #loop: Promise<void>
  #reached: () => void = () => undefined
  #abandoned: (error: unknown) => void = () => undefined
  #closed = false

  constructor(options: FollowerOptions) {
    this.#options = options
    const { reader } = options.context
    const { topic } = options
    const heads = reader.heads(topic)
    this.#targets = Array.from({ length: topic.partitions }, (_, partition) => heads.nextOffset(partition))
    this.#positions = this.#targets.map((_, partition) => reader.firstOffset(topic, partition))
    this.caughtUp = new Promise((resolve, reject) => {
      this.#reached = resolve
      this.#abandoned = reject
    })
    // Whoever does not wait for it must not be hit by the rejection when the follower closes early.
    this.caughtUp.catch(() => undefined)
    this.#unlisten = options.wakeUps.onTopic(topic.name, this.#changed.notify)
    this.#loop = this.#run()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#unlisten()
    this.#changed.notify()
    await this.#loop
    this.#abandoned(new ClosedError())
  }

  async #run(): Promise<void> {
    const { context, topic } = this.#options
    while (!this.#closed) {
      let idle = true
      for (let partition = 0; partition < topic.partitions && !this.#closed; partition += 1) {
        const offset = this.#positions[partition] ?? 0
        const records = context.reader.page({ topic, partition, offset }, PAGE_RECORDS)
        const last = records.at(-1)
        if (last === undefined) {
          // Compaction may have taken away the last records that stood here at the start.
          this.#positions[partition] = Math.max(offset, this.#targets[partition] ?? 0)
          continue
        }
        idle = false
        await this.#handOver(records)
        this.#positions[partition] = last.offset + 1
        await context.slice.yieldIfLong()
      }
      if (this.#targets.every((target, partition) => (this.#positions[partition] ?? 0) >= target)) this.#reached()
      if (idle && !this.#closed) await this.#changed.wait()
    }
  }

  async #handOver(records: readonly LogRecord[]): Promise<void> {
    const { log, random } = this.#options.context
    for (let attempt = 0; !this.#closed; attempt += 1) {
      try {
        await this.#options.onRecords(records)
        return
      } catch (error) {
        const waitMs = backoffMs(attempt, { ...RETRY, random })
        log.warn({ err: error, topic: this.#options.topic.name, attempt, waitMs }, 'a follower rejected records')
        await this.#pauseFor(waitMs)
      }
    }
  }

  async #pauseFor(waitMs: number): Promise<void> {
    const until = performance.now() + waitMs
    await nextTurn()
    while (!this.#closed && performance.now() < until) await this.#changed.waitAtMost(until - performance.now())
  }
}
