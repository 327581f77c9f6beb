import { sentimentLabels } from '@rapport/contracts'
import { RapportError } from '@rapport/core'

/** Throws RPT_SENTIMENT_LABELS unless a model knows positive and negative, and nothing else but neutral. */
export function checkSentimentLabels(labels: readonly string[]): void {
  const unknown = labels.find((label) => !sentimentLabels.some((known) => known === label))
  if (unknown !== undefined) throw invalid(`${JSON.stringify(unknown)} is no sentiment`)
  const missing = ['positive', 'negative'].find((label) => !labels.includes(label))
  if (missing !== undefined) throw invalid(`there is no ${missing}`)
}

const invalid = (problem: string): RapportError =>
  new RapportError('RPT_SENTIMENT_LABELS', `the labels of a sentiment model are not these: ${problem}`)
