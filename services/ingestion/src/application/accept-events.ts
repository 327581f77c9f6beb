import { topics, type BatchAnswer, type RejectedEvent } from '@rapport/contracts'
import type { EventLog } from '@rapport/messaging'
import type { BatchReading } from '../domain/read-batch.ts'
import { maxEncodedBytes } from '../domain/read-batch.ts'
import { invalid, toAnswer, tooLarge } from '../errors.ts'
import type { IngestionMetrics } from '../metrics.ts'

export interface AcceptEventsDependencies {
  readonly eventLog: EventLog
  readonly metrics: IngestionMetrics
  readonly publishDeadlineMs: number
}

/** Resolves when every accepted event of the reading is durable. */
export type AcceptEvents = (reading: BatchReading, route: string) => Promise<BatchAnswer>

/**
 * Publishes what a batch's reading accepted, in one call to the log.
 * @throws HttpError 400 without a valid event, 413, 503 when durability cannot be had in time.
 */
export function createAcceptEvents({ eventLog, metrics, publishDeadlineMs }: AcceptEventsDependencies): AcceptEvents {
  return async function acceptEvents({ accepted, rejected, bytes }, route) {
    for (const { field } of rejected) metrics.rejected.inc({ field: knownField(field) })
    if (bytes > maxEncodedBytes) {
      throw tooLarge(`The events with the batch's context in each are larger than ${maxEncodedBytes} bytes.`)
    }
    if (accepted.length === 0) throw invalid('No event of the call is valid.', toDetails(rejected))
    const startedMs = performance.now()
    const topic = topics.events.name
    try {
      await eventLog.publish(
        accepted.map(({ key, value }) => ({ topic, key, value })),
        { deadlineMs: publishDeadlineMs },
      )
    } catch (error) {
      throw toAnswer(error)
    }
    metrics.publishSeconds.observe((performance.now() - startedMs) / 1000)
    metrics.batchEvents.observe(accepted.length)
    metrics.accepted.inc({ route }, accepted.length)
    return { success: true, accepted: accepted.length, rejected: [...rejected] }
  }
}

const toDetails = (rejected: readonly RejectedEvent[]) =>
  rejected.map(({ index, field, reason }) => ({ index, field, reason }))

/** Fields of a call and of a CloudEvent. */
const topLevelFields = new Set(
  (
    'type messageId userId anonymousId previousId groupId event name category properties traits context timestamp ' +
    'originalTimestamp sentAt id source specversion subject time data userid anonymousid datacontenttype data_base64'
  ).split(' '),
)

/** A label has few values, whatever clients send. */
function knownField(field: string): string {
  const head = field.split('.', 1)[0] ?? ''
  return topLevelFields.has(head) ? head : 'event'
}
