import { argumentError } from '../errors.ts'
import type { CsrMatrix } from '../sparse/csr.ts'

/** What every trainer of a classifier takes beside its own parameters. */
export interface ClassifierOptions {
  /** How many classes there are; labels are 0 .. classes - 1. */
  readonly classes: number
  /** By row, 0 or more; all 1 when absent. */
  readonly sampleWeights?: Float64Array
  /** By class, 0 or more; `balanced` gives every class that occurs the same total weight. All 1 when absent. */
  readonly classWeights?: 'balanced' | Float64Array
}

/**
 * The weight of each example, its class's included. Throws RPT_ML_ARGUMENT_INVALID on labels out of range, arrays of
 * a wrong length, weights that are negative or not finite, and labels that are all of one class.
 */
export function exampleWeights(rows: CsrMatrix, labels: Int32Array, options: ClassifierOptions): Float64Array {
  const { classes, sampleWeights } = options
  if (!Number.isInteger(classes) || classes < 2) throw argumentError('classes', `is ${classes}, not 2 or more`)
  if (labels.length !== rows.rows) throw argumentError('labels', `has ${labels.length} entries for ${rows.rows} rows`)
  const weights = sampleWeights?.slice() ?? new Float64Array(rows.rows).fill(1)
  if (weights.length !== rows.rows) {
    throw argumentError('sampleWeights', `has ${weights.length} entries for ${rows.rows} rows`)
  }
  checkWeights('sampleWeights', weights)
  const totals = new Float64Array(classes)
  for (let row = 0; row < labels.length; row += 1) {
    const label = labels[row] as number
    if (!(label >= 0 && label < classes)) throw argumentError(`labels[${row}]`, `is ${label}, not within the classes`)
    totals[label] = (totals[label] as number) + (weights[row] as number)
  }
  const occurring = totals.filter((total) => total > 0).length
  if (occurring < 2) throw argumentError('labels', 'have weight in fewer than two classes')
  const byClass = classWeightsOf(totals, occurring, options)
  for (let row = 0; row < labels.length; row += 1) {
    weights[row] = (weights[row] as number) * (byClass[labels[row] as number] as number)
  }
  return weights
}

function classWeightsOf(
  totals: Float64Array,
  occurring: number,
  { classes, classWeights }: ClassifierOptions,
): Float64Array {
  if (classWeights === undefined) return new Float64Array(classes).fill(1)
  if (classWeights === 'balanced') {
    const all = totals.reduce((sum, total) => sum + total, 0)
    return totals.map((total) => (total === 0 ? 0 : all / (occurring * total)))
  }
  if (classWeights.length !== classes) {
    throw argumentError('classWeights', `has ${classWeights.length} entries for ${classes} classes`)
  }
  checkWeights('classWeights', classWeights)
  return classWeights
}

function checkWeights(name: string, weights: Float64Array): void {
  const at = weights.findIndex((weight) => !(weight >= 0) || !Number.isFinite(weight))
  if (at >= 0) throw argumentError(`${name}[${at}]`, `is ${weights[at]}, not 0 or more and finite`)
}
