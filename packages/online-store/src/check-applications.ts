import { OnlineStoreInputError } from './errors.ts'
import type { Application, Change, Entry } from './online-store.ts'

const MAX_TEXT_LENGTH = 1024
const MAX_PART_LENGTH = 512
/** About the year 22,000: event-time bucket numbers stay within 32 bits. */
const MAX_TIME_MS = 6.4e14

const isTime = (value: number): boolean => Number.isFinite(value) && Math.abs(value) <= MAX_TIME_MS

const isPositiveInteger = (value: number): boolean => Number.isSafeInteger(value) && value > 0

function faultOfSample({ part, sample }: Extract<Change, { op: 'count' }>): readonly [string, string] | undefined {
  if (sample === undefined) return undefined
  if (!part.startsWith(sample.prefix)) return ['sample.prefix', "must be the start of the part's name"]
  return isPositiveInteger(sample.keep) ? undefined : ['sample.keep', 'must be a positive integer']
}

/** What is wrong with the change as `[field, reason]`, or nothing. */
function faultOfChange(change: Change): readonly [string, string] | undefined {
  const { op, part } = change
  if (!part.startsWith(op) || part.charCodeAt(op.length) !== 47)
    return ['part', `must start with the kind of its changes, "${op}/"`]
  if (part.length > MAX_PART_LENGTH || part.includes('\0'))
    return ['part', `must be free of NUL and at most ${MAX_PART_LENGTH} characters long`]
  if (op !== 'tally' && !isTime(change.atMs)) return ['atMs', 'must be milliseconds since the epoch']
  if (op === 'count' || op === 'tally') {
    if (!Number.isSafeInteger(change.amount)) return ['amount', 'must be a safe integer']
  } else if (change.value === undefined) return ['value', 'must be a JSON value']
  if (op === 'count') return faultOfSample(change)
  const name = op === 'newest' ? change.member : change.field
  if (name.length > MAX_TEXT_LENGTH)
    return [op === 'newest' ? 'member' : 'field', `must be at most ${MAX_TEXT_LENGTH} characters long`]
  if (op !== 'tally' && change.keep !== undefined && !isPositiveInteger(change.keep))
    return ['keep', 'must be a positive integer']
  return undefined
}

function faultOfEntry(entry: Entry, previousOffset: number): readonly [string, string] | undefined {
  if (!Number.isSafeInteger(entry.offset) || entry.offset < 0) return ['offset', 'must be a non-negative integer']
  if (entry.offset <= previousOffset) return ['offset', 'must be greater than the offset before it']
  if (entry.messageId.length === 0 || entry.messageId.length > MAX_TEXT_LENGTH)
    return ['messageId', `must be 1 to ${MAX_TEXT_LENGTH} characters long`]
  if (!isTime(entry.receivedAtMs)) return ['receivedAtMs', 'must be milliseconds since the epoch']
  for (const [index, change] of entry.changes.entries()) {
    const fault = faultOfChange(change)
    if (fault !== undefined) return [`changes[${index}].${fault[0]}`, fault[1]]
  }
  return undefined
}

/**
 * Every driver calls this before it touches anything, so that a call is refused whole.
 * @throws OnlineStoreInputError naming the field and the reason.
 */
export function checkApplications(applications: readonly Application[]): void {
  for (const [index, application] of applications.entries()) {
    const path = `applications[${index}]`
    const { partition, dedupWindowMs } = application
    if (application.topic.length === 0 || application.topic.length > MAX_TEXT_LENGTH)
      throw new OnlineStoreInputError(`${path}.topic`, `must be 1 to ${MAX_TEXT_LENGTH} characters long`)
    if (!Number.isSafeInteger(partition) || partition < 0)
      throw new OnlineStoreInputError(`${path}.partition`, 'must be a non-negative integer')
    if (dedupWindowMs !== undefined && !(dedupWindowMs > 0))
      throw new OnlineStoreInputError(`${path}.dedupWindowMs`, 'must be positive')
    let previousOffset = -1
    for (const [entryIndex, entry] of application.entries.entries()) {
      const fault = faultOfEntry(entry, previousOffset)
      if (fault !== undefined) throw new OnlineStoreInputError(`${path}.entries[${entryIndex}].${fault[0]}`, fault[1])
      previousOffset = entry.offset
    }
  }
}
