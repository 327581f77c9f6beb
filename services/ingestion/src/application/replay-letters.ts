import { tenantOfInbox, type DeadLetterRecord } from '@rapport/contracts'
import {
  bytesOf,
  lacksContent,
  MAX_KEY_BYTES,
  PublishError,
  type EventLog,
  type LogRecord,
  type OutgoingRecord,
  type PublishRefusal,
} from '@rapport/messaging'
import { toAnswer } from '../errors.ts'

/** A record of a dead-letter topic, and the letter in it. */
export interface Letter {
  readonly record: LogRecord
  readonly body: DeadLetterRecord
}

export interface RefusedLetter {
  readonly letter: Letter
  readonly code: string
  readonly reason: string
}

/** Refusals that another try meets again. */
const codes: Partial<Record<PublishRefusal, string>> = {
  'too large': 'RPT_REPLAY_TOO_LARGE',
  'unknown topic': 'RPT_REPLAY_UNKNOWN_TOPIC',
  'not allowed': 'RPT_REPLAY_NOT_ALLOWED',
}

/**
 * Publishes the letters' records to the topics they came from; one that is refused does not touch its neighbours. A letter
 * that was replayed gets a tombstone under its key, after its record is durable: a process that dies in between replays it
 * again, and its messageId or version says that it is the same. @throws HttpError 503.
 */
export async function replayLetters(
  eventLog: EventLog,
  letters: readonly Letter[],
  deadlineMs: number,
): Promise<{ replayed: readonly Letter[]; refused: readonly RefusedLetter[] }> {
  const publish = (records: readonly OutgoingRecord[]) => eventLog.publish(records, { deadlineMs })

  /** All at once; when something is refused, in halves, so that it is known what. */
  async function publishOrRefuse(own: readonly Letter[]): Promise<readonly RefusedLetter[]> {
    const [only] = own
    if (only === undefined) return []
    try {
      await publish(own.map(recordOf))
      return []
    } catch (error) {
      const code =
        error instanceof PublishError && error.outcome === 'refused' ? codes[error.reason as PublishRefusal] : undefined
      if (code === undefined) throw error
      if (own.length === 1) return [{ letter: only, code, reason: (error as PublishError).message }]
    }
    const middle = Math.ceil(own.length / 2)
    const refused = await publishOrRefuse(own.slice(0, middle))
    return [...refused, ...(await publishOrRefuse(own.slice(middle)))]
  }

  const cut = letters.filter(({ body }) => lacksContent(body)).map(refuseCut)
  const whole = letters.filter(({ body }) => !lacksContent(body))
  try {
    const refused = await publishOrRefuse(whole)
    const kept = new Set(refused.map(({ letter }) => letter))
    const replayed = whole.filter((letter) => !kept.has(letter))
    await publish(replayed.map(({ record: { topic, key } }) => ({ topic, key, value: null })))
    return { replayed, refused: [...cut, ...refused] }
  } catch (error) {
    throw toAnswer(error)
  }
}

/** An inbox takes any key, also none, and gives it no meaning: where the log would not take it, the letter's own does. */
function recordOf({ record, body }: Letter): OutgoingRecord {
  const { topic, key, headers } = body
  const isFree = tenantOfInbox(topic) !== undefined
  const isUnfit = key === '' || (isFree && (body.truncated?.keyBytes ?? Buffer.byteLength(key)) > MAX_KEY_BYTES)
  return { topic, key: isUnfit ? record.key : key, value: bytesOf(body), headers }
}

/** What its topic takes from us is whole in every letter, so the record cannot be published from its source either. */
function refuseCut(letter: Letter): RefusedLetter {
  const { topic, partition, offset, truncated } = letter.body
  const reason =
    `the record is too large for its topic and its letter: ${truncated?.valueBytes ?? 0} bytes of value, ` +
    `${truncated?.headersBytes ?? 0} of headers; it stands at ${topic}/${partition}/${offset} while retention keeps it`
  return { letter, code: 'RPT_REPLAY_TRUNCATED', reason }
}
