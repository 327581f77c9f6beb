import { argumentError } from '../errors.ts'
import type { ClassMetrics } from './classification-metrics.ts'

/** A label counts as given from this probability on. */
export const labelThreshold = 0.5

/** Metrics of rows with any number of labels. */
export interface LabelSetEvaluation {
  /** Share of rows whose labels are all right: scikit-learn's accuracy_score of a multi-label problem. */
  readonly subsetAccuracy: number
  /** F1 of all pairs of a row and a label. */
  readonly microF1: number
  /** Mean F1 of the labels that occur, or were given. */
  readonly macroF1: number
  /** Share of pairs of a row and a label that are wrong. */
  readonly hammingLoss: number
  readonly perClass: readonly ClassMetrics[]
}

/**
 * Compares the labels of rows with those whose probability (rows x classes, row-major) is at least `labelThreshold`.
 * @param sets By row, the labels that it has. @throws RPT_ML_ARGUMENT_INVALID
 */
export function evaluateLabelSets(
  sets: readonly Int32Array[],
  probabilities: ArrayLike<number>,
  classes: number,
): LabelSetEvaluation {
  checkSets(sets, probabilities, classes)
  const [hits, given, support] = [new Int32Array(classes), new Int32Array(classes), new Int32Array(classes)]
  let right = 0
  for (const [row, set] of sets.entries()) {
    let isRight = true
    for (const label of set) support[label] = (support[label] as number) + 1
    for (let label = 0; label < classes; label += 1) {
      const isGiven = (probabilities[row * classes + label] as number) >= labelThreshold
      const isTrue = set.includes(label)
      if (isGiven !== isTrue) isRight = false
      if (!isGiven) continue
      given[label] = (given[label] as number) + 1
      if (isTrue) hits[label] = (hits[label] as number) + 1
    }
    if (isRight) right += 1
  }
  const perClass = Array.from(hits, (own, label): ClassMetrics => {
    const [chosen, all] = [given[label] as number, support[label] as number]
    return { precision: share(own, chosen), recall: share(own, all), f1: share(2 * own, chosen + all), support: all }
  })
  const occurring = perClass.filter((_, label) => (given[label] as number) + (support[label] as number) > 0)
  const [allHits, allGiven, allSupport] = [hits, given, support].map((counts) => counts.reduce((a, b) => a + b, 0))
  return {
    subsetAccuracy: right / sets.length,
    microF1: share(2 * (allHits as number), (allGiven as number) + (allSupport as number)),
    macroF1: share(
      occurring.reduce((sum, { f1 }) => sum + f1, 0),
      occurring.length,
    ),
    hammingLoss: ((allGiven as number) + (allSupport as number) - 2 * (allHits as number)) / (sets.length * classes),
    perClass,
  }
}

/** Mean cross-entropy of all pairs of a row and a label, each probability at least 2^-52. @throws RPT_ML_ARGUMENT_INVALID */
export function labelSetLogLoss(
  sets: readonly Int32Array[],
  probabilities: ArrayLike<number>,
  classes: number,
): number {
  checkSets(sets, probabilities, classes)
  let sum = 0
  for (const [row, set] of sets.entries()) {
    for (let label = 0; label < classes; label += 1) {
      const probability = probabilities[row * classes + label] as number
      const own = set.includes(label) ? probability : 1 - probability
      sum -= Math.log(Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, own)))
    }
  }
  return sum / (sets.length * classes)
}

/**
 * Expected calibration error of all pairs of a row and a label, by their probability in bins of equal width: the mean distance of
 * a bin's share of right pairs from its mean probability, weighted by its pairs. @throws RPT_ML_ARGUMENT_INVALID
 */
export function labelSetCalibrationError(
  sets: readonly Int32Array[],
  probabilities: ArrayLike<number>,
  { classes, bins = 15 }: { readonly classes: number; readonly bins?: number },
): number {
  checkSets(sets, probabilities, classes)
  const excess = new Float64Array(bins)
  for (const [row, set] of sets.entries()) {
    for (let label = 0; label < classes; label += 1) {
      const probability = probabilities[row * classes + label] as number
      const bin = Math.min(bins - 1, Math.max(0, Math.ceil(probability * bins) - 1))
      excess[bin] = (excess[bin] as number) + probability - (set.includes(label) ? 1 : 0)
    }
  }
  return excess.reduce((sum, difference) => sum + Math.abs(difference), 0) / (sets.length * classes)
}

function checkSets(sets: readonly Int32Array[], probabilities: ArrayLike<number>, classes: number): void {
  if (sets.length === 0) throw argumentError('sets', 'is empty')
  if (probabilities.length !== sets.length * classes) {
    throw argumentError('probabilities', `has ${probabilities.length} entries for ${sets.length} x ${classes}`)
  }
  const wrong = sets.findIndex((set) => set.some((label) => !(label >= 0 && label < classes)))
  if (wrong >= 0) throw argumentError(`sets[${wrong}]`, `has a label that is not within the ${classes} classes`)
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)
