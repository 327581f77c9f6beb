import { topics, type Event, type LabelJob } from '@rapport/contracts'
import { readManifest, readRowsAfter } from '@rapport/datasets'
import { readParsedEvent } from '@rapport/features'
import type { Pacer } from '@rapport/ml'
import { readArchiveFiles, type ObjectStore } from '@rapport/object-store'
import { findTexts } from '../domain/find-texts.ts'

/** A text of a job. */
export interface LabelInput {
  readonly text: string
  readonly id: string
  readonly language?: string | undefined
  /** Labels that it has already. */
  readonly given?: readonly string[] | undefined
  /** What the result says of where it comes from. */
  readonly source: object
  /** How far the job is when it is done: a part of its progress. */
  readonly place: Pick<LabelJob['progress'], 'lastRow' | 'offsets'>
}

export interface LabelSource {
  readonly objectStore: ObjectStore
  readonly signal: AbortSignal
  /** Lets others in between two slices. */
  readonly pacer: Pacer
}

/** The texts of a job that are not done, in order. @throws DatasetError, ArchiveError */
export function readLabelInputs(job: LabelJob, source: LabelSource): AsyncGenerator<LabelInput> {
  return job.dataset === undefined ? archivedTexts(job, source) : rowsOf(job, job.dataset, source)
}

async function* rowsOf(
  { tenant, progress: { lastRow } }: LabelJob,
  dataset: NonNullable<LabelJob['dataset']>,
  { objectStore }: LabelSource,
): AsyncGenerator<LabelInput> {
  const manifest = await readManifest(objectStore, { tenant, ...dataset })
  for await (const { row, id, text, labels: given, language } of readRowsAfter(objectStore, manifest, lastRow)) {
    const source = { row, ...(id !== undefined && { id }), ...(given && { given }) }
    yield { text, id: id ?? `${row}`, language, given, source, place: { lastRow: row } }
  }
}

/** Events that were sent twice are archived twice, under one `messageId`. */
async function* archivedTexts(
  { tenant, events: { from, to } = {}, rules = [], progress }: LabelJob,
  { objectStore, signal, pacer }: LabelSource,
): AsyncGenerator<LabelInput> {
  const offsets: Record<string, number> = { ...progress.offsets }
  const start = new Map(Object.entries(offsets).map(([partition, offset]) => [Number(partition), offset]))
  const [fromMs, toMs] = [from === undefined ? 0 : Date.parse(from), to === undefined ? Infinity : Date.parse(to)]
  for await (const { lines } of readArchiveFiles(objectStore, tenant, topics.events.name, { from: start })) {
    for (const { partition, offset, key, value } of lines) {
      signal.throwIfAborted()
      if (pacer.due()) await pacer.pause(0)
      offsets[partition] = offset + 1
      const reading = readParsedEvent(key, value)
      if (!reading.ok || reading.value.event.tenant !== tenant) continue
      const { event, atMs } = reading.value
      if (atMs < fromMs || atMs >= toMs) continue
      const texts = findTexts(event, rules)
      if (texts.length === 0) continue
      const place = { lastRow: progress.lastRow, offsets: { ...offsets } }
      for (const { rule, text, itemId, rating } of texts) {
        const found = { ...(itemId !== undefined && { itemId }), ...(rating !== undefined && { rating }) }
        const source = { ...originOf(event), rule: rule.name, ...found }
        yield { text, id: `${event.messageId}#${rule.name}`, source, place }
      }
    }
  }
}

const originOf = ({ messageId, userId, anonymousId, timestamp }: Event): object => ({
  messageId,
  ...(userId !== undefined && { userId }),
  ...(anonymousId !== undefined && { anonymousId }),
  timestamp,
})
