import { toInstant, type Instant } from './parse-time.ts'

/** What a client's clock said, and when the event came in. */
export interface EventTimes {
  readonly original: Instant
  /** Absent: the client's clock cannot be compared with ours, or must not be (history). */
  readonly sentAt: Instant | undefined
  readonly received: Instant
}

const epoch = toInstant(0)

/**
 * The event's time by our clock: `receivedAt - (sentAt - originalTimestamp)`, which takes the error of the client's
 * clock out; without `sentAt` it is `originalTimestamp`. Never later than `receivedAt`, never before 1970.
 */
export function correctTime({ original, sentAt, received }: EventTimes): Instant {
  if (sentAt === undefined) {
    if (original.ms > received.ms) return received
    return original.ms < 0 ? epoch : original
  }
  const correctedMs = received.ms - (sentAt.ms - original.ms)
  if (correctedMs >= received.ms) return received
  return correctedMs < 0 ? epoch : correctedMs === original.ms ? original : toInstant(correctedMs)
}
