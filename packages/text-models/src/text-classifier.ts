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

  /** Whether a text has any number of labels, each with a probability of its own. */
  get isMultiLabel(): boolean {
    return this.data.calibration.kind === 'independent'
  }

  /** Calibrated probabilities, texts x labels, row-major; every row sums to 1, unless `isMultiLabel`. */
  classify(texts: readonly string[]): Float32Array {
    const { calibration, labels } = this.data
    return calibrate(calibration, this.score(texts), labels.length)
  }
}
