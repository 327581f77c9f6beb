import { argumentError } from '../errors.ts'
import type { CsrMatrix } from '../sparse/csr.ts'

/** The part of a linear model that explains its scores: `weights` are features x classes, row-major. */
export interface LinearWeights {
  readonly features: number
  readonly classes: number
  readonly weights: Float32Array
  readonly bias: Float32Array
}

export interface LinearExplanation {
  /** By class: the score of the mean background row. */
  readonly base: Float64Array
  /** Entries of the row x classes, in the order of the entries, row-major. */
  readonly contributions: Float64Array
  /** By class: what all features together add that the row doesn't have. With it and the base the contributions sum to the score. */
  readonly absent: Float64Array
}

/** The mean of every column, cells without an entry counted as 0. */
export function columnMeans(matrix: CsrMatrix): Float64Array {
  const means = new Float64Array(matrix.columns)
  matrix.indices.forEach((column, entry) => {
    means[column] = (means[column] as number) + (matrix.values[entry] as number)
  })
  return means.map((sum) => sum / Math.max(1, matrix.rows))
}

/**
 * Linear SHAP for independent features (Lundberg and Lee 2017, Corollary 1): feature `i` adds `w_i (x_i - mean_i)`. A row
 * costs its entries times the classes.
 */
export class LinearShap {
  private readonly model: LinearWeights
  private readonly means: Float64Array
  /** By class: sum of weight times mean. */
  private readonly meanScores: Float64Array

  /** `means`: of the background by feature, see `columnMeans`. Throws RPT_ML_ARGUMENT_INVALID. */
  constructor(model: LinearWeights, means: Float64Array) {
    const { features, classes, weights } = model
    if (means.length !== features) throw argumentError('means', `has ${means.length} features, not ${features}`)
    this.model = model
    this.means = means
    this.meanScores = new Float64Array(classes)
    means.forEach((mean, feature) => {
      if (mean === 0) return
      for (let label = 0; label < classes; label += 1) {
        const weight = weights[feature * classes + label] as number
        this.meanScores[label] = (this.meanScores[label] as number) + weight * mean
      }
    })
  }

  /** Throws RPT_ML_ARGUMENT_INVALID. */
  explain(matrix: CsrMatrix, row: number): LinearExplanation {
    const { features, classes, weights, bias } = this.model
    if (matrix.columns !== features) throw argumentError('matrix', `has ${matrix.columns} columns, not ${features}`)
    const first = matrix.starts[row] as number
    const entries = (matrix.starts[row + 1] as number) - first
    const contributions = new Float64Array(entries * classes)
    const absent = this.meanScores.map((score) => -score)
    for (let entry = 0; entry < entries; entry += 1) {
      const feature = matrix.indices[first + entry] as number
      const mean = this.means[feature] as number
      const difference = (matrix.values[first + entry] as number) - mean
      for (let label = 0; label < classes; label += 1) {
        const weight = weights[feature * classes + label] as number
        contributions[entry * classes + label] = weight * difference
        absent[label] = (absent[label] as number) + weight * mean
      }
    }
    return { base: this.meanScores.map((score, label) => score + (bias[label] as number)), contributions, absent }
  }
}
