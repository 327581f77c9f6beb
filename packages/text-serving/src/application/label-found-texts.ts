import {
  labelledMessageId,
  mostRecordScores,
  type Event,
  type SentimentRecord,
  type TextLabelRecord,
} from '@rapport/contracts'
import type { ModelLease } from '@rapport/model-store'
import { HttpError } from '@rapport/service-kit'
import type { FoundText } from '../domain/find-texts.ts'
import type { ServedClassifier } from '../domain/served-classifier.ts'
import { memoryCode, noModelCode } from '../errors.ts'
import { createSlicePacer } from './classify-slices.ts'
import type { TextContext } from './context.ts'
import { findModel } from './find-model.ts'
import type { LabelResult } from './label-documents.ts'

/** A text with the event that it stands in. */
export interface EventText {
  readonly event: Event
  readonly found: FoundText
}

export type FoundLabel = TextLabelRecord | SentimentRecord

/** Why texts were left without a label. */
export type PassedOver = 'no model' | 'model refused' | 'no memory'

export interface LabelledTexts {
  /** Line up with the texts; undefined where the tenant has no model for them. */
  readonly labels: readonly (FoundLabel | undefined)[]
  readonly passedOver: ReadonlyMap<PassedOver, number>
}

/** Texts that are labelled before the pacer is asked; a document has up to a thousand sentences. */
const chunk = 32

/**
 * Labels texts of any tenants, those of one model together.
 * @throws RapportError that can be retried while a model cannot be read.
 */
export async function labelFoundTexts(context: TextContext, texts: readonly EventText[]): Promise<LabelledTexts> {
  const labels: (FoundLabel | undefined)[] = texts.map(() => undefined)
  const passedOver = new Map<PassedOver, number>()
  const numbered = texts.map((text, at) => ({ ...text, at }))
  const groups = Map.groupBy(numbered, ({ event, found }) => `${event.tenant}/${found.rule.model ?? ''}`)
  for (const group of groups.values()) {
    const [first] = group
    if (first === undefined) continue
    const lease = await acquire(context, first.event.tenant, first.found.rule.model)
    if (typeof lease === 'string') passedOver.set(lease, (passedOver.get(lease) ?? 0) + group.length)
    else {
      using held = lease
      for await (const [at, label] of labelGroup(context, held, group)) labels[at] = label
    }
  }
  return { labels, passedOver }
}

async function acquire(
  context: TextContext,
  tenant: string,
  model: string | undefined,
): Promise<ModelLease<ServedClassifier> | PassedOver> {
  try {
    return await findModel(context, { tenant, model })
  } catch (error) {
    if (!(error instanceof HttpError)) throw error
    if (error.code === memoryCode) return 'no memory'
    if (error.statusCode === 409) return error.code === noModelCode ? 'no model' : 'model refused'
    throw error
  }
}

async function* labelGroup(
  { profile, shadow }: TextContext,
  { model: served }: ModelLease<ServedClassifier>,
  group: readonly (EventText & { readonly at: number })[],
): AsyncGenerator<readonly [at: number, label: FoundLabel]> {
  const pacer = createSlicePacer()
  for (let from = 0; from < group.length; from += chunk) {
    const part = group.slice(from, from + chunk)
    const documents = part.map(({ found }, row) => ({ id: String(row), text: found.text }))
    const answered: { text: string; label: string }[] = []
    for await (const { document, result, best } of profile.label(served, documents, { pacer })) {
      const text = part[answered.length]
      answered.push({ text: document.text, label: served.labels[best] as string })
      if (text !== undefined) yield [text.at, toRecord(text, result, served)]
    }
    shadow.take(served.manifest, answered)
  }
}

function toRecord({ event, found }: EventText, result: LabelResult, { manifest }: ServedClassifier): FoundLabel {
  const { messageId, tenant, userId, anonymousId, timestamp, receivedAt } = event
  const { rule, itemId, rating } = found
  const record = {
    messageId: labelledMessageId(messageId, rule.name),
    sourceMessageId: messageId,
    tenant,
    ...(userId !== undefined && { userId }),
    ...(anonymousId !== undefined && { anonymousId }),
    event: rule.event,
    rule: rule.name,
    ...(itemId !== undefined && { itemId }),
    ...(rating !== undefined && { rating }),
    label: result.label,
    scores: result.scores.slice(0, mostRecordScores),
    language: result.language,
    model: manifest.name,
    modelVersion: manifest.version,
    timestamp,
    receivedAt,
    version: 1 as const,
  }
  return record satisfies TextLabelRecord
}
