import { topics, type Exposure } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { EventLog, OutgoingRecord } from '@rapport/messaging'

export interface ExposurePublisherOptions {
  readonly eventLog: EventLog
  readonly log: Log
  /** Called with the number of exposures that could not be published, or not be said to be. */
  readonly onLost: (count: number) => void
  readonly flushMs: number
  /** Exposures that wait, at most; beyond that they are lost. */
  readonly maxWaiting: number
}

/** Published together, at most. */
const batchSize = 1000
const publishDeadlineMs = 10_000
const closing = Buffer.from('}')

export interface WaitingExposure {
  readonly key: string
  /** Two parts of its JSON: from the opening brace to a comma, */
  readonly head: string
  /** and what stands inside the object besides; UTF-8. */
  readonly fields: Uint8Array
}

/** Publishes what was shown, in batches behind the answers: it never delays one, and counts what is lost. */
export class ExposurePublisher implements AsyncDisposable {
  private readonly options: ExposurePublisherOptions
  private waiting: OutgoingRecord[] = []
  private timer: NodeJS.Timeout | undefined
  private publishing: Promise<void> | undefined

  constructor(options: ExposurePublisherOptions) {
    this.options = options
  }

  add({ key, head, fields }: WaitingExposure): void {
    if (this.waiting.length >= this.options.maxWaiting) {
      this.options.onLost(1)
      return
    }
    // Put together now: for a whole batch at once it would hold up the answers for some milliseconds.
    this.waiting.push({ topic: topics.exposures.name, key, value: Buffer.concat([Buffer.from(head), fields, closing]) })
    this.timer ??= setTimeout(() => void this.flush(), this.options.flushMs)
  }

  /** Publishes what waits; resolves when it is durable or counted as lost. */
  async flush(): Promise<void> {
    clearTimeout(this.timer)
    this.timer = undefined
    this.publishing ??= this.publishAll().finally(() => {
      this.publishing = undefined
    })
    await this.publishing
  }

  private async publishAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, batchSize)
      try {
        await this.options.eventLog.publish(batch, { deadlineMs: publishDeadlineMs })
      } catch (error) {
        this.options.onLost(batch.length)
        this.options.log.warn({ err: error, exposures: batch.length }, 'exposures could not be published')
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush()
  }
}

/** All exposures of one visitor keep their order; an answer to nobody in particular stands for itself. */
export function exposureKey(
  { tenant, userId, anonymousId }: Pick<Exposure, 'tenant' | 'userId' | 'anonymousId'>,
  recommendationId: string,
): string {
  if (userId !== undefined) return `${tenant}/u:${userId}`
  return anonymousId === undefined ? `${tenant}/r:${recommendationId}` : `${tenant}/a:${anonymousId}`
}
