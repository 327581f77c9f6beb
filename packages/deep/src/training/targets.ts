import { argumentError } from '../errors.ts'

/** What a network learns: classes by cross-entropy, or values by mean squared error. */
export type Targets =
  | {
      readonly kind: 'classes'
      /** One a row, 0 .. outputs - 1. */
      readonly labels: Int32Array
    }
  | {
      readonly kind: 'values'
      /** rows x outputs, row-major. */
      readonly values: Float32Array
    }

/** Throws RPT_DEEP_ARGUMENT_INVALID where targets are missing, out of range or not finite. */
export function checkTargets(targets: Targets, rows: number, outputs: number): void {
  if (targets.kind === 'classes') {
    if (targets.labels.length !== rows) throw argumentError('labels', `are ${targets.labels.length}, not ${rows}`)
    const wrong = targets.labels.find((label) => label < 0 || label >= outputs)
    if (wrong !== undefined) throw argumentError('labels', `have ${wrong}, not within 0..${outputs - 1}`)
    return
  }
  if (targets.values.length !== rows * outputs)
    throw argumentError('values', `are ${targets.values.length}, not ${rows * outputs}`)
  if (!targets.values.every(Number.isFinite)) throw argumentError('values', 'are not all finite')
}

export interface Weighting {
  /** One a class; `balanced` makes all classes weigh the same: rows / (classes that occur * rows of the class). */
  readonly classWeights?: 'balanced' | Float64Array
  /** One a row. */
  readonly sampleWeights?: Float64Array
}

/** The weight of each row. Throws RPT_DEEP_ARGUMENT_INVALID. */
export function rowWeights(targets: Targets, rows: number, outputs: number, weighting: Weighting): Float64Array {
  const weights = weighting.sampleWeights?.slice() ?? new Float64Array(rows).fill(1)
  if (weights.length !== rows) throw argumentError('sampleWeights', `are ${weights.length}, not ${rows}`)
  const { classWeights } = weighting
  if (classWeights !== undefined) {
    if (targets.kind !== 'classes') throw argumentError('classWeights', 'are given without classes')
    const byClass = classWeights === 'balanced' ? balancedWeights(targets.labels, outputs) : classWeights
    if (byClass.length !== outputs) throw argumentError('classWeights', `are ${byClass.length}, not ${outputs}`)
    for (const [row, label] of targets.labels.entries())
      weights[row] = (weights[row] as number) * (byClass[label] as number)
  }
  if (!weights.every((weight) => Number.isFinite(weight) && weight >= 0))
    throw argumentError('weights', 'are not all finite and 0 or more')
  return weights
}

function balancedWeights(labels: Int32Array, classes: number): Float64Array {
  const counts = new Float64Array(classes)
  for (const label of labels) counts[label] = (counts[label] as number) + 1
  const occurring = counts.filter((count) => count > 0).length
  return counts.map((count) => (count === 0 ? 1 : labels.length / (occurring * count)))
}
