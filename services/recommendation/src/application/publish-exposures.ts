import { topics, type Exposure } from '@rapport/contracts'
import type { Log } from '@rapport/core'
import type { EventLog, OutgoingRecord } from '@rapport/messaging'
import { setImmediate } from 'node:timers/promises'

export interface ExposurePublisherOptions {
  readonly eventLog: EventLog
  readonly log: Log
  /** Called with the number of exposures that could not be published, or not be said to be. */
  readonly onLost: (count: number) => void
  readonly flushMs: number
  /** Exposures that wait, at most; beyond that they are lost. */
  readonly maxWaiting: number
}

/** Encoding them is one piece of work, during which no answer goes out. */
const sliceSize = 100
const publishDeadlineMs = 10_000
const closing = Buffer.from('}')

/** An exposure as two parts of its JSON, put together when it is published. */
export interface WaitingExposure {
  readonly key: string
  /** From the opening brace to the comma before `fields`. */
  readonly head: string
  /** What stands inside the object besides; UTF-8. */
  readonly fields: Uint8Array
}

const toRecord = ({ key, head, fields }: WaitingExposure): OutgoingRecord => ({
  topic: topics.exposures.name,
  key,
  value: Buffer.concat([Buffer.from(head), fields, closing]),
})

/** Publishes what was shown, in batches behind the answers: it never delays one, and counts what is lost. */
export class ExposurePublisher implements AsyncDisposable {
  private readonly options: ExposurePublisherOptions
  private waiting: WaitingExposure[] = []
  private timer: NodeJS.Timeout | undefined
  private publishing: Promise<void> | undefined

  constructor(options: ExposurePublisherOptions) {
    this.options = options
  }

  add(exposure: WaitingExposure): void {
    if (this.waiting.length >= this.options.maxWaiting) {
      this.options.onLost(1)
      return
    }
    this.waiting.push(exposure)
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
      const taken = this.waiting
      this.waiting = []
      const publications: Promise<void>[] = []
      for (let start = 0; start < taken.length; start += sliceSize) {
        if (start > 0) await setImmediate()
        publications.push(this.publish(taken.slice(start, start + sliceSize)))
      }
      await Promise.all(publications)
    }
  }

  private async publish(slice: readonly WaitingExposure[]): Promise<void> {
    try {
      await this.options.eventLog.publish(slice.map(toRecord), { deadlineMs: publishDeadlineMs })
    } catch (error) {
      this.options.onLost(slice.length)
      this.options.log.warn({ err: error, exposures: slice.length }, 'exposures could not be published')
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
