import { textSentiments, type TextSentiment } from '@rapport/contracts'
import { newestBucketOf, type CounterSource } from './counter-source.ts'
import type { EntityReading } from './entity-reading.ts'
import { noValue, type FeatureFormula, type TimedValue } from './feature-formula.ts'
import type { Feature } from './feature-name.ts'
import { parts } from './layout.ts'
import { topComplaint, writtenTexts } from './text-marks.ts'
import { sumInWindow, type Window } from './windows.ts'

/** A feature of what a visitor writes, or of what is written about an item. */
export type TextFeature = Extract<
  Feature,
  {
    kind:
      | 'sentiment'
      | 'sentiments'
      | 'negativeShare'
      | 'rating'
      | 'ratings'
      | 'textLabels'
      | 'lastSentiment'
      | 'topComplaint'
  }
>

const kinds: ReadonlySet<string> = new Set([
  'sentiment',
  'sentiments',
  'negativeShare',
  'rating',
  'ratings',
  'textLabels',
  'lastSentiment',
  'topComplaint',
] satisfies TextFeature['kind'][])

export const isTextFeature = (feature: Feature): feature is TextFeature => kinds.has(feature.kind)

/** How each sentiment counts in a mean: a mixed text is neither. */
const signs: Readonly<Record<TextSentiment, number>> = { positive: 1, neutral: 0, negative: -1, mixed: 0 }

/** The parts that a feature is made of. */
export function partsOfText(feature: TextFeature): readonly string[] {
  switch (feature.kind) {
    case 'sentiment':
    case 'negativeShare':
      return textSentiments.map((label) => parts.sentiment(label))
    case 'sentiments':
      return [parts.sentiment(feature.sentiment)]
    case 'textLabels':
      return [parts.textLabel(feature.label)]
    case 'rating':
      return [parts.ratings, parts.ratingSum]
    case 'ratings':
      return [parts.ratings]
    case 'lastSentiment':
      return [parts.sentiments]
    case 'topComplaint':
      return [parts.sentiments, parts.textLabels]
  }
}

interface Weighted {
  readonly source: CounterSource
  readonly weight: number
}

/** @param sourceOf The counter of a part. */
export function toTextFormula(feature: TextFeature, sourceOf: (part: string) => CounterSource): FeatureFormula {
  const weighted = (weightOf: (label: TextSentiment) => number): readonly Weighted[] =>
    textSentiments.map((label) => ({ source: sourceOf(parts.sentiment(label)), weight: weightOf(label) }))
  switch (feature.kind) {
    case 'sentiment':
      return shareOf({ above: weighted((label) => signs[label]), below: weighted(() => 1), window: feature.window })
    case 'negativeShare': {
      const above = weighted((label) => Number(label === 'negative'))
      return shareOf({ above, below: weighted(() => 1), window: feature.window })
    }
    case 'rating': {
      const above = [{ source: sourceOf(parts.ratingSum), weight: 0.01 }]
      return shareOf({ above, below: [{ source: sourceOf(parts.ratings), weight: 1 }], window: feature.window })
    }
    case 'sentiments':
    case 'textLabels':
    case 'ratings': {
      const [part = ''] = partsOfText(feature)
      const source = sourceOf(part)
      return (reading) => ({
        value: sumInWindow(source.countsOf(reading), feature.window),
        eventMs: source.eventMsOf(reading),
      })
    }
    case 'lastSentiment':
      return lastSentiment
    case 'topComplaint':
      return complaint
  }
}

interface Share {
  readonly above: readonly Weighted[]
  readonly below: readonly Weighted[]
  readonly window: Window
}

/** A quotient of counts in a window; missing while there is nothing to divide by. */
const shareOf =
  ({ above, below, window }: Share): FeatureFormula =>
  (reading) => {
    const [numerator, denominator] = [weightedSum(above, window, reading), weightedSum(below, window, reading)]
    if (numerator === undefined || denominator === undefined || denominator <= 0) return noValue
    const eventMs = newestBucketOf(below.flatMap(({ source }) => source.countsOf(reading)))
    return { value: numerator / denominator, eventMs }
  }

function weightedSum(counters: readonly Weighted[], window: Window, reading: EntityReading): number | undefined {
  let sum = 0
  for (const { source, weight } of counters) {
    const amount = sumInWindow(source.countsOf(reading), window)
    if (amount === undefined) return undefined
    sum += weight * amount
  }
  return sum
}

function lastSentiment(reading: EntityReading): TimedValue {
  const newest = writtenTexts(reading).find(({ sentiment }) => sentiment !== undefined)
  return newest === undefined ? noValue : { value: newest.sentiment, eventMs: newest.atMs }
}

function complaint(reading: EntityReading): TimedValue {
  const top = topComplaint(writtenTexts(reading))
  return top === undefined ? noValue : { value: top.label, eventMs: top.newestMs }
}
