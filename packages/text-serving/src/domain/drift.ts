import { populationStabilityIndex } from '@rapport/ml'
import { AnswerCounts } from '@rapport/text-models'

/** Documents for each bin: with fewer, chance alone makes a difference. */
const documentsPerBin = 20

/** How far the newest answers of a version are from those that it gave in the test of its training. */
export interface DriftFigures {
  /** How many answers are compared. */
  readonly documents: number
  /** Population stability index of the labels. */
  readonly labels: number
  /** Population stability index of how sure the version was, in tenths. */
  readonly confidence: number
}

/** Compares the newest answers, one to two windows of them, with those of the training. */
export class Drift {
  private readonly expected: AnswerCounts | undefined
  private readonly window: number
  private earlier: AnswerCounts
  private current: AnswerCounts

  /** @param expected Of the training; undefined compares nothing. */
  constructor(expected: AnswerCounts | undefined, labels: number) {
    this.expected = expected
    this.earlier = new AnswerCounts(labels)
    this.current = new AnswerCounts(labels)
    this.window = 5 * documentsPerBin * Math.max(labels, this.current.confidence.length)
  }

  note(label: number, probability: number): void {
    if (this.expected === undefined) return
    this.current.note(label, probability)
    if (this.current.total < this.window) return
    this.earlier = this.current
    this.current = new AnswerCounts(this.earlier.labels.length)
  }

  /** Undefined while there are too few answers, and where the training has kept none or too few. */
  figures(): DriftFigures | undefined {
    const { expected } = this
    const newest = new AnswerCounts(this.current.labels.length)
    newest.add(this.earlier)
    newest.add(this.current)
    const { labels, confidence, total } = newest
    if (expected === undefined || Math.min(expected.total, total) < this.window / 5) return undefined
    return {
      documents: total,
      labels: populationStabilityIndex(expected.labels, labels),
      confidence: populationStabilityIndex(expected.confidence, confidence),
    }
  }
}
