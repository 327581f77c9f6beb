import { sentimentLabels, type SentimentLabel } from '@rapport/contracts'
import { TrainingDataError } from '../errors.ts'

/** Spellings that mean one thing in every data set. */
const words: ReadonlyMap<string, SentimentLabel> = new Map([
  ...['negative', 'neg', '-1', '负面', '消极', '差评'].map((word) => [word, 'negative'] as const),
  ...['neutral', 'neu', '中性', '中立', '中评'].map((word) => [word, 'neutral'] as const),
  ...['positive', 'pos', '+1', '正面', '积极', '好评'].map((word) => [word, 'positive'] as const),
])

/** Numbers mean what the others make of them: 0 is negative beside 1 alone, neutral beside -1. */
const scales: readonly ReadonlyMap<string, SentimentLabel>[] = [
  new Map([
    ['0', 'negative'],
    ['1', 'positive'],
    ['+1', 'positive'],
  ]),
  new Map([
    ['-1', 'negative'],
    ['0', 'neutral'],
    ['1', 'positive'],
    ['+1', 'positive'],
  ]),
  new Map([
    ['1', 'negative'],
    ['2', 'negative'],
    ['3', 'neutral'],
    ['4', 'positive'],
    ['5', 'positive'],
  ]),
]

/**
 * The sentiment that each label of a data set means: words of English or Chinese, 0 and 1, -1 to 1, or one to five stars.
 * @throws TrainingDataError naming the labels that mean none.
 */
export function readSentiments(labels: readonly string[]): ReadonlyMap<string, SentimentLabel> {
  const folded = labels.map((label) => label.trim().toLowerCase())
  const scale = [words, ...scales].find((known) => folded.every((label) => known.has(label)))
  if (scale !== undefined)
    return new Map(labels.map((label, at) => [label, scale.get(folded[at] ?? '') as SentimentLabel]))
  const unknown = labels.filter((_, at) => !words.has(folded[at] ?? ''))
  throw new TrainingDataError(
    'RPT_TRAINING_LABELS',
    `the labels ${unknown.slice(0, 5).join(', ')} are no sentiments: use positive, neutral and negative, 0 and 1, -1 to 1, or 1 to 5 stars`,
  )
}

export const bySentiment = (one: string, other: string): number =>
  sentimentLabels.indexOf(one as SentimentLabel) - sentimentLabels.indexOf(other as SentimentLabel)
