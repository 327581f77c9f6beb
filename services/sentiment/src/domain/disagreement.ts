import { sentimentLimits } from '@rapport/contracts'

/** What a model says of sentences. Rows are in the order of `labels`. */
export interface SentenceScores {
  readonly labels: readonly string[]
  /** Of each sentence. */
  readonly rows: readonly Float32Array[]
  /** Of a text that says nothing to the model: what is not more than this is its habit, and no evidence. */
  readonly baseline: Float32Array
}

/** Whether one sentence is clearly positive and another clearly negative. */
export function isMixed({ labels, rows, baseline }: SentenceScores): boolean {
  const hasClear = (label: string): boolean => {
    const at = labels.indexOf(label)
    return rows.some((row) => isClear(row[at] as number, baseline[at] as number))
  }
  return hasClear('positive') && hasClear('negative')
}

function isClear(probability: number, baseline: number): boolean {
  const { clearProbability, clearOddsRatio } = sentimentLimits
  if (probability < clearProbability) return false
  // The comparison of odds, multiplied out: either may be 1.
  return probability * (1 - baseline) >= clearOddsRatio * baseline * (1 - probability)
}
