import { RapportError } from '@rapport/core'

/**
 * Why nothing was written. `full`: the log is given more than it can write; the same call may be made again, later.
 * `not allowed`: the log's server refuses such records, by its access rules or a policy.
 */
export type PublishRefusal = 'unkeyed' | 'unknown topic' | 'too large' | 'not allowed' | 'closed' | 'full'
/** Why nobody can say whether the records were written: a retry may write them twice. */
export type PublishDoubt = 'deadline' | 'commit failed' | 'connection lost'

/**
 * A `publish` that did not end well. `outcome` is `refused` when nothing was written, `unknown` when the records may or may
 * not have been written. `canRetry` unless the call itself is at fault or the log is closed.
 */
export class PublishError extends RapportError {
  override readonly name = 'PublishError'
  readonly outcome: 'refused' | 'unknown'
  readonly reason: PublishRefusal | PublishDoubt

  private constructor(
    outcome: 'refused' | 'unknown',
    reason: PublishRefusal | PublishDoubt,
    options: ErrorOptions & { message: string },
  ) {
    super(outcome === 'refused' ? 'RPT_PUBLISH_REFUSED' : 'RPT_PUBLISH_UNKNOWN', options.message, {
      ...('cause' in options ? { cause: options.cause } : {}),
      canRetry: outcome === 'unknown' || reason === 'full',
    })
    this.outcome = outcome
    this.reason = reason
  }

  static refused(reason: PublishRefusal, message: string): PublishError {
    return new PublishError('refused', reason, { message })
  }

  static unknown(reason: PublishDoubt, message: string, cause?: unknown): PublishError {
    return new PublishError('unknown', reason, cause === undefined ? { message } : { message, cause })
  }
}

/** A topic that was not named when the log was opened. */
export class UnknownTopicError extends RapportError {
  override readonly name = 'UnknownTopicError'
  constructor(topic: string) {
    super(
      'RPT_EVENT_LOG_UNKNOWN_TOPIC',
      `unknown topic "${topic}": it is not among the topics this log was opened with`,
    )
  }
}

/** A commit for a partition that belongs to another consumer by now, or whose group has been moved by `seek`. */
export class NotCurrentError extends RapportError {
  override readonly name = 'NotCurrentError'
  constructor(group: string, topic: string, partition: number) {
    super('RPT_EVENT_LOG_NOT_CURRENT', `group "${group}" no longer holds ${topic}/${partition} by this batch`)
  }
}

/** The log, subscriber or follower was closed before the call could be done. */
export class ClosedError extends RapportError {
  override readonly name = 'ClosedError'
  constructor() {
    super('RPT_EVENT_LOG_CLOSED', 'the event log is closed')
  }
}

/** A call that the state of the log or of its arguments does not allow. */
export class EventLogUseError extends RapportError {
  override readonly name = 'EventLogUseError'
}
