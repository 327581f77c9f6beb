import type { JsonValue } from '@rapport/online-store'
import type { EntityReading } from './entity-reading.ts'
import { parts } from './layout.ts'

/** What is kept of a text in an event; the text itself is not. */
export interface TextMark {
  /** A sentiment, or a label of the tenant's own. */
  readonly label: string
  /** The rule that found the text. */
  readonly rule: string
  /** The item that it is about. */
  readonly itemId?: string
  readonly rating?: number
}

/** A text by everything that was found in it. */
export interface WrittenText {
  /** `<messageId of the event>#<rule>`. */
  readonly messageId: string
  readonly atMs: number
  readonly rule: string
  readonly itemId?: string
  readonly rating?: number
  /** `positive`, `neutral`, `negative` or `mixed`. */
  readonly sentiment?: string
  /** By the tenant's own labels. */
  readonly label?: string
}

/** The newest texts by a visitor, or about an item, newest first: sentiments and labels of the same text are put together. */
export function writtenTexts(reading: EntityReading): readonly WrittenText[] {
  const texts = new Map<string, WrittenText>()
  for (const [part, name] of [
    [parts.sentiments, 'sentiment'],
    [parts.textLabels, 'label'],
  ] as const) {
    for (const { member, atMs, value } of reading.newest(part)) {
      const mark = readTextMark(value)
      if (mark === undefined) continue
      const { label, ...rest } = mark
      texts.set(member, { ...texts.get(member), ...rest, messageId: member, atMs, [name]: label })
    }
  }
  return [...texts.values()].sort((a, b) => b.atMs - a.atMs || (a.messageId < b.messageId ? 1 : -1))
}

function readTextMark(value: JsonValue): TextMark | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { label, rule, itemId, rating } = value as Readonly<Record<string, JsonValue | undefined>>
  if (typeof label !== 'string' || typeof rule !== 'string') return undefined
  return {
    label,
    rule,
    ...(typeof itemId === 'string' && { itemId }),
    ...(typeof rating === 'number' && { rating }),
  }
}

export interface Complaint {
  readonly label: string
  /** How many are about it. */
  readonly texts: number
  readonly newestMs: number
}

/** The label that most of the negative texts have, of equally many the first by name. */
export function topComplaint(texts: readonly WrittenText[]): Complaint | undefined {
  const complaints = texts.filter(({ sentiment, label }) => sentiment === 'negative' && label !== undefined)
  const byLabel = [...Map.groupBy(complaints, ({ label = '' }) => label)]
  const [top] = byLabel.sort(([nameA, a], [nameB, b]) => b.length - a.length || (nameA < nameB ? -1 : 1))
  if (top === undefined) return undefined
  const [label, those] = top
  return { label, texts: those.length, newestMs: those[0]?.atMs ?? 0 }
}
