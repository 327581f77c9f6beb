import { sentimentLabels } from '@rapport/contracts'
import { RapportError } from '@rapport/core'

/** Throws RPT_SENTIMENT_LABELS unless a model knows positive and negative, nothing else but neutral, and gives a text one of them. */
export function checkSentimentLabels({
  labels,
  isMultiLabel = false,
}: {
  readonly labels: readonly string[]
  readonly isMultiLabel?: boolean
}): void {
  if (isMultiLabel) throw invalid('a text may have several')
  const unknown = labels.find((label) => !sentimentLabels.some((known) => known === label))
  if (unknown !== undefined) throw invalid(`${JSON.stringify(unknown)} is no sentiment`)
  const missing = ['positive', 'negative'].find((label) => !labels.includes(label))
  if (missing !== undefined) throw invalid(`there is no ${missing}`)
}

const invalid = (problem: string): RapportError =>
  new RapportError('RPT_SENTIMENT_LABELS', `the labels of a sentiment model are not these: ${problem}`)
