import { argumentError } from '../errors.ts'
import type { CsrMatrix } from '../sparse/csr.ts'
import { addRowProducts } from './row-products.ts'

/** A classifier whose score of a class is linear in the features; also of two classes there are two scores. */
export interface LinearModel {
  readonly classes: number
  readonly features: number
  /** features x classes, row-major: a row of a sparse matrix adds up contiguous runs. */
  readonly weights: Float32Array
  /** By class. */
  readonly bias: Float32Array
}

/** Scores `rows x classes`, row-major. Throws RPT_ML_ARGUMENT_INVALID when the columns are not the model's features. */
export function linearScores(model: LinearModel, rows: CsrMatrix): Float32Array {
  const { classes, features, weights, bias } = model
  if (rows.columns !== features) throw argumentError('rows', `has ${rows.columns} columns, the model ${features}`)
  const scores = new Float32Array(rows.rows * classes)
  const sums = new Float64Array(classes)
  for (let row = 0; row < rows.rows; row += 1) {
    sums.set(bias)
    addRowProducts(rows, row, weights, sums)
    scores.set(sums, row * classes)
  }
  return scores
}

/** The class of the highest score of each row of `rows x classes`; ties go to the smaller index. */
export function highestClasses(scores: ArrayLike<number>, classes: number): Int32Array {
  const highest = new Int32Array(scores.length / classes)
  for (let row = 0; row < highest.length; row += 1) {
    let best = 0
    for (let label = 1; label < classes; label += 1) {
      if ((scores[row * classes + label] as number) > (scores[row * classes + best] as number)) best = label
    }
    highest[row] = best
  }
  return highest
}

/** Writes a weight vector, times `scale`, as the column of a class. */
export function writeColumn(
  model: LinearModel,
  label: number,
  { weights, bias, scale = 1 }: { readonly weights: Float64Array; readonly bias: number; readonly scale?: number },
): void {
  const { classes, features } = model
  for (let feature = 0; feature < features; feature += 1) {
    model.weights[feature * classes + label] = scale * (weights[feature] as number)
  }
  model.bias[label] = scale * bias
}

export const emptyLinearModel = (classes: number, features: number): LinearModel => ({
  classes,
  features,
  weights: new Float32Array(features * classes),
  bias: new Float32Array(classes),
})
