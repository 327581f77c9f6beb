import {
  deadLetterTopicOf,
  ingestionLimits,
  tenantOfInbox,
  topics,
  type DeadLetter,
  type DeadLetterRecord,
  type DeadLetterTopic,
  type RefusedReplay,
  type ReplayAnswer,
} from '@rapport/contracts'
import { readDeadLetter, type EventLog, type LogRecord } from '@rapport/messaging'
import { replayLetters, type Letter } from './replay-letters.ts'

export interface DeadLetterPage {
  readonly deadLetters: DeadLetter[]
  /** `after` of the next page; absent at the end. */
  readonly next?: number
}

export interface ReplayRequest {
  readonly tenant: string
  /** Absent: of every topic. */
  readonly topic?: DeadLetterTopic | undefined
  readonly code?: string | undefined
  /** Places in the dead-letter topic; absent: all. */
  readonly offsets?: readonly number[] | undefined
}

export interface DeadLetters {
  /** Letters of the tenant that have not been replayed, oldest first. */
  list(request: {
    tenant: string
    topic: DeadLetterTopic
    after?: number | undefined
    limit: number
  }): Promise<DeadLetterPage>
  /** Publishes the letters' records to the topics they came from, each once. @throws HttpError 503. */
  replay(request: ReplayRequest): Promise<ReplayAnswer>
}

const pageRecords = 500
const replayable = ['events'] as const

export function createDeadLetters(eventLog: EventLog, publishDeadlineMs: number): DeadLetters {
  return {
    async list({ tenant, topic, after, limit }) {
      const found: Letter[] = []
      for await (const page of openLetters(eventLog, { topic, tenant, after })) {
        found.push(...page)
        if (found.length > limit) break
      }
      const deadLetters = found.slice(0, limit).map(toDeadLetter)
      const last = deadLetters.at(-1)
      return found.length > limit && last !== undefined ? { deadLetters, next: last.offset } : { deadLetters }
    },
    async replay({ tenant, topic, code, offsets }) {
      const wanted = offsets === undefined ? undefined : new Set(offsets)
      const { listedRejections } = ingestionLimits
      const answer = { replayed: 0, refusedCount: 0, refused: [] as RefusedReplay[] }
      for (const each of topic === undefined ? replayable : [topic]) {
        for await (const page of openLetters(eventLog, { topic: each, tenant })) {
          const letters = page.filter(
            ({ record, body }) => (code === undefined || body.code === code) && (wanted?.has(record.offset) ?? true),
          )
          const { replayed, refused } = await replayLetters(eventLog, letters, publishDeadlineMs)
          answer.replayed += replayed.length
          answer.refusedCount += refused.length
          const listed = refused.slice(0, listedRejections - answer.refused.length)
          answer.refused.push(...listed.map(({ letter, ...why }) => ({ topic: each, ...placesOf(letter), ...why })))
        }
      }
      return answer
    },
  }
}

interface OpenLettersOptions {
  readonly tenant: string
  readonly topic: DeadLetterTopic
  readonly after?: number | undefined
}

/** The tenant's letters without a tombstone, page by page; what is written meanwhile is left for the next call. */
async function* openLetters(
  eventLog: EventLog,
  { tenant, topic, after }: OpenLettersOptions,
): AsyncGenerator<Letter[]> {
  const name = deadLetterTopicOf(topics[topic].name)
  const replayed = new Set<string>()
  for await (const records of readPages(eventLog, name)) {
    for (const { key, value } of records) if (value === null) replayed.add(key)
  }
  for await (const records of readPages(eventLog, name)) {
    const letters = records.flatMap((record): Letter[] => {
      if (record.offset <= (after ?? -1) || replayed.has(record.key)) return []
      const body = readDeadLetter(record)
      return body !== undefined && isOf(tenant, body) ? [{ record, body }] : []
    })
    if (letters.length > 0) yield letters
  }
}

/** A record of an inbox belongs to the inbox's tenant, whatever its key says; every other key begins with its tenant. */
function isOf(tenant: string, { topic, key }: DeadLetterRecord): boolean {
  const inboxTenant = tenantOfInbox(topic)
  return inboxTenant === undefined ? key.startsWith(`${tenant}/`) : inboxTenant === tenant
}

async function* readPages(eventLog: EventLog, topic: string): AsyncGenerator<readonly LogRecord[]> {
  for (const { partition, firstOffset, nextOffset } of await eventLog.extents(topic)) {
    for (let offset = firstOffset; offset < nextOffset;) {
      const records = await eventLog.read({ topic, partition, offset }, Math.min(pageRecords, nextOffset - offset))
      const last = records.at(-1)
      if (last === undefined) return
      yield records
      offset = last.offset + 1
    }
  }
}

function placesOf({ record, body: { topic, partition, offset } }: Letter): Pick<DeadLetter, 'offset' | 'source'> {
  return { offset: record.offset, source: { topic, partition, offset } }
}

function toDeadLetter(letter: Letter): DeadLetter {
  const { key, keyBase64, code, message, group, failedAt, truncated } = letter.body
  return {
    ...placesOf(letter),
    at: failedAt,
    code,
    message,
    key,
    ...(keyBase64 === undefined ? {} : { keyBase64 }),
    group,
    ...shownValue(letter.body),
    ...(truncated === undefined ? {} : { truncated }),
  }
}

function shownValue({ value }: DeadLetterRecord): Pick<DeadLetter, 'value' | 'valueBase64'> {
  if (value === null) return {}
  try {
    return { value: JSON.parse(Buffer.from(value, 'base64').toString('utf8')) as unknown }
  } catch {
    // What a consumer cannot read need not be JSON.
    return { valueBase64: value }
  }
}
