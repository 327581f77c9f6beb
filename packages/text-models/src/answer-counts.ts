/** Of a manifest. */
type Metrics = Record<string, Record<string, number>>

const bins = 10

/** How often a classifier has answered with each label, and how sure it was: what later answers are compared with. */
export class AnswerCounts {
  /** Answers by label, in the order of the classifier's labels. */
  readonly labels: Float64Array
  /** Answers by the probability of their label, in tenths. */
  readonly confidence = new Float64Array(bins)
  total = 0

  constructor(labels: number) {
    this.labels = new Float64Array(labels)
  }

  note(label: number, probability: number): void {
    const bin = Math.min(bins - 1, Math.floor(probability * bins))
    this.labels[label] = (this.labels[label] as number) + 1
    this.confidence[bin] = (this.confidence[bin] as number) + 1
    this.total += 1
  }

  add(other: AnswerCounts): void {
    for (const [label, count] of other.labels.entries()) this.labels[label] = (this.labels[label] as number) + count
    for (const [bin, count] of other.confidence.entries()) {
      this.confidence[bin] = (this.confidence[bin] as number) + count
    }
    this.total += other.total
  }
}

const groups = { labels: 'test answers', confidence: 'test confidence' } as const

/** Of probabilities of texts x labels. */
export function countAnswers(probabilities: Float32Array, labels: number): AnswerCounts {
  const counts = new AnswerCounts(labels)
  for (let from = 0; from < probabilities.length; from += labels) {
    const row = probabilities.subarray(from, from + labels)
    const highest = row.reduce((a, b) => Math.max(a, b))
    counts.note(row.indexOf(highest), highest)
  }
  return counts
}

/** As a manifest has them among its metrics. */
export const answerMetrics = ({ labels, confidence }: AnswerCounts, names: readonly string[]): Metrics => ({
  [groups.labels]: Object.fromEntries(names.map((name, label) => [name, labels[label] as number])),
  [groups.confidence]: Object.fromEntries(Array.from(confidence, (count, bin) => [nameOfBin(bin), count])),
})

/** Undefined when the manifest has none. */
export function readAnswerCounts(metrics: Metrics, names: readonly string[]): AnswerCounts | undefined {
  const [byLabel, byConfidence] = [metrics[groups.labels], metrics[groups.confidence]]
  if (byLabel === undefined || byConfidence === undefined) return undefined
  const counts = new AnswerCounts(names.length)
  for (const [label, name] of names.entries()) counts.labels[label] = byLabel[name] ?? 0
  for (const bin of counts.confidence.keys()) counts.confidence[bin] = byConfidence[nameOfBin(bin)] ?? 0
  counts.total = counts.labels.reduce((sum, count) => sum + count, 0)
  return counts.total === 0 ? undefined : counts
}

const nameOfBin = (bin: number): string => `${(bin / bins).toFixed(1)}-${((bin + 1) / bins).toFixed(1)}`
