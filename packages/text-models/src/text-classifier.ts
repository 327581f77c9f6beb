import { calibrate } from '@rapport/ml'
import { createTextScorer, type ScoreTexts } from './score-texts.ts'
import type { TextClassifierData } from './text-classifier-data.ts'

/** A classifier that is ready to serve. Not re-entrant; make one for each thread. */
export class TextClassifier {
  readonly data: TextClassifierData
  private readonly score: ScoreTexts

  constructor(data: TextClassifierData) {
    this.data = data
    this.score = createTextScorer(data.scorer)
  }

  get labels(): readonly string[] {
    return this.data.labels
  }

  /** Calibrated probabilities, texts x labels, row-major; every row sums to 1. */
  classify(texts: readonly string[]): Float32Array {
    const { calibration, labels } = this.data
    return calibrate(calibration, this.score(texts), labels.length)
  }
}
