import {
  labelledMessageId,
  mostRecordScores,
  type Event,
  type SentimentRecord,
  type TextLabelRecord,
} from '@rapport/contracts'
import { HttpError } from '@rapport/service-kit'
import type { FoundText } from '../domain/find-texts.ts'
import type { ServedClassifier } from '../domain/served-classifier.ts'
import { memoryCode, noModelCode } from '../errors.ts'
import { createSlicePacer } from './classify-slices.ts'
import type { TextContext } from './context.ts'
import { findAnswerers, type Answerers } from './find-answerers.ts'
import type { LabelResult } from './label-documents.ts'
import type { AnsweredText } from './shadow-scoring.ts'

/** A text with the event that it stands in. */
export interface EventText {
  readonly event: Event
  readonly found: FoundText
}

export type FoundLabel = TextLabelRecord | SentimentRecord

/** Why texts were left without a label. */
export type PassedOver = 'no model' | 'model refused' | 'no memory' | 'no label'

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
    const found = await acquire(context, first.event.tenant, first.found.rule.model)
    if (typeof found === 'string') passedOver.set(found, (passedOver.get(found) ?? 0) + group.length)
    else {
      using answerers = found
      for await (const [at, label] of labelGroup(context, answerers, group)) {
        labels[at] = label
        if (label === undefined) passedOver.set('no label', (passedOver.get('no label') ?? 0) + 1)
      }
    }
  }
  return { labels, passedOver }
}

async function acquire(
  context: TextContext,
  tenant: string,
  model: string | undefined,
): Promise<Answerers | PassedOver> {
  try {
    return await findAnswerers(context, { tenant, model })
  } catch (error) {
    if (!(error instanceof HttpError)) throw error
    if (error.code === memoryCode) return 'no memory'
    if (error.statusCode === 409) return error.code === noModelCode ? 'no model' : 'model refused'
    throw error
  }
}

async function* labelGroup(
  { profile, shadow }: TextContext,
  answerers: Answerers,
  group: readonly (EventText & { readonly at: number })[],
): AsyncGenerator<readonly [at: number, label: FoundLabel | undefined]> {
  const pacer = createSlicePacer()
  for (let from = 0; from < group.length; from += chunk) {
    const part = group.slice(from, from + chunk)
    const documents = part.map(({ event: { userId, anonymousId }, found: { text } }, row) => {
      const served = answerers.of({ text, userId: userId ?? anonymousId ?? text })
      return { id: String(row), text, served }
    })
    const answered: AnsweredText[] = []
    for await (const { document, result, best } of profile.label(documents, { pacer })) {
      const { served } = document
      const text = part[answered.length]
      answered.push({ text: document.text, served, label: served.labels[best] as string })
      // Of several labels that a text may have, the stream has the best; a text may have none.
      const isNone = result.labels?.length === 0
      if (text !== undefined) yield [text.at, isNone ? undefined : toRecord(text, result, served)]
    }
    shadow.take(answered)
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
