import { argumentError } from '../errors.ts'
import type { CsrMatrix } from '../sparse/csr.ts'
import { createPacer, type TrainingControl } from '../training-control.ts'
import { emptyLinearModel, type LinearModel } from './linear-model.ts'
import { exampleWeights, type ClassifierOptions } from './training-examples.ts'

export interface NaiveBayesOptions extends ClassifierOptions {
  /** Added to the total of every feature in every class (Lidstone smoothing), positive. Default 1. */
  readonly alpha?: number
}

/** What a class that does not occur counts, so that its prior is finite. */
const absent = 1e-10

/**
 * Multinomial naive Bayes (McCallum and Nigam 1998): a score is the logarithm of the class's prior times the likelihood
 * of the row, as scikit-learn's MultinomialNB. Throws RPT_ML_ARGUMENT_INVALID, also on negative values.
 */
export async function trainMultinomialNaiveBayes(
  rows: CsrMatrix,
  labels: Int32Array,
  options: NaiveBayesOptions,
  control: TrainingControl = {},
): Promise<LinearModel> {
  const { totals, classTotals, alpha } = await countFeatures(rows, labels, options, control)
  const { classes } = options
  const model = emptyLinearModel(classes, rows.columns)
  const sums = sumsByClass(totals, classes)
  const all = classTotals.reduce((sum, total) => sum + total, 0)
  for (let label = 0; label < classes; label += 1) {
    const logSum = Math.log((sums[label] as number) + alpha * rows.columns)
    for (let at = label; at < totals.length; at += classes) {
      model.weights[at] = Math.log((totals[at] as number) + alpha) - logSum
    }
    model.bias[label] = Math.log(Math.max(classTotals[label] as number, absent) / all)
  }
  return model
}

/**
 * Complement naive Bayes (Rennie et al. 2003, table 4 without the length transforms): the weight of a feature for a class
 * is minus the logarithm of its share in all other classes, `normalise`d to a sum of absolute values of 1 if asked. As
 * scikit-learn's ComplementNB, which has no prior. Throws RPT_ML_ARGUMENT_INVALID, also on negative values.
 */
export async function trainComplementNaiveBayes(
  rows: CsrMatrix,
  labels: Int32Array,
  options: NaiveBayesOptions & { readonly normalise?: boolean },
  control: TrainingControl = {},
): Promise<LinearModel> {
  const { totals, alpha } = await countFeatures(rows, labels, options, control)
  const { classes, normalise = false } = options
  const model = emptyLinearModel(classes, rows.columns)
  const sums = sumsByClass(totals, classes)
  const sumOfAll = sums.reduce((sum, total) => sum + total, 0)
  const ofFeature = new Float64Array(rows.columns)
  for (let at = 0; at < totals.length; at += 1) {
    const feature = Math.floor(at / classes)
    ofFeature[feature] = (ofFeature[feature] as number) + (totals[at] as number)
  }
  for (let label = 0; label < classes; label += 1) {
    const logSum = Math.log(sumOfAll - (sums[label] as number) + alpha * rows.columns)
    let sumOfWeights = 0
    for (let feature = 0; feature < rows.columns; feature += 1) {
      const at = feature * classes + label
      const others = Math.max(0, (ofFeature[feature] as number) - (totals[at] as number))
      const weight = logSum - Math.log(others + alpha)
      model.weights[at] = weight
      sumOfWeights += weight
    }
    if (!normalise) continue
    for (let at = label; at < totals.length; at += classes) {
      model.weights[at] = (model.weights[at] as number) / sumOfWeights
    }
  }
  return model
}

/** Totals features x classes, row-major, and by class. */
async function countFeatures(
  rows: CsrMatrix,
  labels: Int32Array,
  options: NaiveBayesOptions,
  control: TrainingControl,
): Promise<{ readonly totals: Float64Array; readonly classTotals: Float64Array; readonly alpha: number }> {
  const { classes, alpha = 1 } = options
  if (!(alpha > 0) || !Number.isFinite(alpha)) throw argumentError('alpha', `is ${alpha}, not positive and finite`)
  const weights = exampleWeights(rows, labels, options)
  const pacer = createPacer(control)
  const totals = new Float64Array(rows.columns * classes)
  const classTotals = new Float64Array(classes)
  const { starts, indices, values } = rows
  for (let row = 0; row < rows.rows; row += 1) {
    if (pacer.due()) await pacer.pause(row / rows.rows)
    const label = labels[row] as number
    const weight = weights[row] as number
    classTotals[label] = (classTotals[label] as number) + weight
    const end = starts[row + 1] as number
    for (let entry = starts[row] as number; entry < end; entry += 1) {
      const value = values[entry] as number
      if (!(value >= 0)) throw argumentError(`values[${entry}]`, `is ${value}, not 0 or more`)
      const at = (indices[entry] as number) * classes + label
      totals[at] = (totals[at] as number) + weight * value
    }
  }
  control.onProgress?.(1)
  return { totals, classTotals, alpha }
}

function sumsByClass(totals: Float64Array, classes: number): Float64Array {
  const sums = new Float64Array(classes)
  for (let at = 0; at < totals.length; at += 1) {
    const label = at % classes
    sums[label] = (sums[label] as number) + (totals[at] as number)
  }
  return sums
}
