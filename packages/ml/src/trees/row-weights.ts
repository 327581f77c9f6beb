import { argumentError } from '../errors.ts'

export interface RowWeightOptions {
  readonly classes: number
  /** 1 for every row when absent. */
  readonly sampleWeights?: Float64Array
  /** By class; `'balanced'` is `rows / (classes * rows of the class)`. 1 when absent. */
  readonly classWeights?: 'balanced' | Float64Array
}

/** The weight of every row: that of the sample times that of its class; some row has one. Throws RPT_ML_ARGUMENT_INVALID. */
export function rowWeights(labels: Int32Array, options: RowWeightOptions): Float64Array {
  const { classes, sampleWeights, classWeights } = options
  if (!Number.isInteger(classes) || classes < 2)
    throw argumentError('classes', `is ${classes}, not an integer from 2 on`)
  if (sampleWeights !== undefined && sampleWeights.length !== labels.length) {
    throw argumentError('sampleWeights', `has ${sampleWeights.length} rows, not ${labels.length}`)
  }
  const counts = new Float64Array(classes)
  labels.forEach((label, row) => {
    if (label < 0 || label >= classes)
      throw argumentError(`labels[${row}]`, `is ${label}, not within 0..${classes - 1}`)
    counts[label] = (counts[label] as number) + 1
  })
  const present = counts.filter((count) => count > 0).length
  const ofClass =
    classWeights === 'balanced'
      ? counts.map((count) => (count > 0 ? labels.length / (present * count) : 0))
      : classWeights
  if (ofClass !== undefined && ofClass.length !== classes) {
    throw argumentError('classWeights', `has ${ofClass.length} classes, not ${classes}`)
  }
  const weights = Float64Array.from(labels, (label, row) => {
    const weight = (sampleWeights?.[row] ?? 1) * (ofClass?.[label] ?? 1)
    if (!(weight >= 0) || !Number.isFinite(weight)) throw argumentError(`weight of row ${row}`, `is ${weight}`)
    return weight
  })
  if (!weights.some((weight) => weight > 0)) throw argumentError('weights', 'are all 0')
  return weights
}
