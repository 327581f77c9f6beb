import { argumentError } from '../errors.ts'

/** Of one class: shares of 1; 0 where there is nothing to divide by. */
export interface ClassMetrics {
  readonly precision: number
  readonly recall: number
  readonly f1: number
  /** Examples of the class. */
  readonly support: number
}

/** Metrics of predicted classes. Rows of the confusion matrix (classes x classes, row-major) are true classes. */
export interface ClassificationEvaluation {
  readonly accuracy: number
  /** Mean F1 of the classes that occur among the labels or the predictions. */
  readonly macroF1: number
  readonly perClass: readonly ClassMetrics[]
  readonly confusion: Int32Array
}

/** Throws RPT_ML_ARGUMENT_INVALID on arrays of different lengths, none at all, and classes out of range. */
export function evaluateClassification(
  labels: Int32Array,
  predicted: Int32Array,
  classes: number,
): ClassificationEvaluation {
  const confusion = confusionMatrix(labels, predicted, classes)
  const perClass: ClassMetrics[] = []
  let right = 0
  let sumOfF1 = 0
  let occurring = 0
  for (let label = 0; label < classes; label += 1) {
    const hits = confusion[label * classes + label] as number
    let support = 0
    let chosen = 0
    for (let other = 0; other < classes; other += 1) {
      support += confusion[label * classes + other] as number
      chosen += confusion[other * classes + label] as number
    }
    const f1 = share(2 * hits, support + chosen)
    perClass.push({ precision: share(hits, chosen), recall: share(hits, support), f1, support })
    right += hits
    sumOfF1 += f1
    if (support + chosen > 0) occurring += 1
  }
  return { accuracy: right / labels.length, macroF1: sumOfF1 / occurring, perClass, confusion }
}

/** Counts by true class and predicted class, classes x classes, row-major. Throws as `evaluateClassification` does. */
export function confusionMatrix(labels: Int32Array, predicted: Int32Array, classes: number): Int32Array {
  checkLabels(labels, classes)
  checkLabels(predicted, classes)
  if (predicted.length !== labels.length) {
    throw argumentError('predicted', `has ${predicted.length} entries for ${labels.length} labels`)
  }
  const confusion = new Int32Array(classes * classes)
  for (let row = 0; row < labels.length; row += 1) {
    const cell = (labels[row] as number) * classes + (predicted[row] as number)
    confusion[cell] = (confusion[cell] as number) + 1
  }
  return confusion
}

/**
 * Mean of minus the logarithm of the true class's probability, of `rows x classes`, each at least 2^-52, as scikit-learn's
 * log_loss. Throws RPT_ML_ARGUMENT_INVALID.
 */
export function logLoss(labels: Int32Array, probabilities: ArrayLike<number>, classes: number): number {
  checkProbabilities(labels, probabilities, classes)
  let sum = 0
  for (let row = 0; row < labels.length; row += 1) {
    const own = probabilities[row * classes + (labels[row] as number)] as number
    sum -= Math.log(Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, own)))
  }
  return sum / labels.length
}

/**
 * Expected calibration error (Guo et al. 2017, equation 3): rows of `rows x classes` fall by their highest probability into
 * `bins` bins of equal width, open below and closed above; the mean distance of a bin's accuracy from its mean highest
 * probability, weighted by its rows. Throws RPT_ML_ARGUMENT_INVALID.
 */
export function expectedCalibrationError(
  labels: Int32Array,
  probabilities: ArrayLike<number>,
  { classes, bins = 15 }: { readonly classes: number; readonly bins?: number },
): number {
  checkProbabilities(labels, probabilities, classes)
  const excess = new Float64Array(bins)
  for (let row = 0; row < labels.length; row += 1) {
    let best = 0
    for (let label = 1; label < classes; label += 1) {
      if ((probabilities[row * classes + label] as number) > (probabilities[row * classes + best] as number))
        best = label
    }
    const confidence = probabilities[row * classes + best] as number
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1))
    excess[bin] = (excess[bin] as number) + confidence - (labels[row] === best ? 1 : 0)
  }
  return excess.reduce((sum, difference) => sum + Math.abs(difference), 0) / labels.length
}

/**
 * Area under the curve of true against false positives: the share of pairs of a positive and a negative in which the
 * positive scores higher, ties counting half (Hanley and McNeil 1982). NaN without positives or negatives.
 */
export function rocAuc(positives: ArrayLike<number | boolean>, scores: ArrayLike<number>): number {
  let lower = 0
  let pairs = 0
  let negatives = 0
  for (const { positive, negative } of tiesAscending(positives, scores)) {
    lower += positive * (negatives + negative / 2)
    negatives += negative
    pairs += positive
  }
  return lower / (pairs * negatives)
}

/**
 * Average precision: the sum over falling thresholds of the precision times the gain in recall, ties taken together, as
 * scikit-learn's average_precision_score. NaN without positives.
 */
export function averagePrecision(positives: ArrayLike<number | boolean>, scores: ArrayLike<number>): number {
  let found = 0
  let taken = 0
  let sum = 0
  for (const { positive, negative } of tiesAscending(positives, scores).reverse()) {
    found += positive
    taken += positive + negative
    sum += (positive * found) / taken
  }
  return sum / found
}

/** Counts of positives and negatives of each score, from the lowest. */
function tiesAscending(
  positives: ArrayLike<number | boolean>,
  scores: ArrayLike<number>,
): { positive: number; negative: number }[] {
  if (scores.length !== positives.length) {
    throw argumentError('scores', `has ${scores.length} entries for ${positives.length} examples`)
  }
  const order = Int32Array.from(scores, (_, row) => row).sort((a, b) => (scores[a] as number) - (scores[b] as number))
  const ties: { positive: number; negative: number }[] = []
  let score: number | undefined
  for (const row of order) {
    if (scores[row] !== score) ties.push({ positive: 0, negative: 0 })
    score = scores[row]
    const tie = ties.at(-1) as { positive: number; negative: number }
    if (positives[row]) tie.positive += 1
    else tie.negative += 1
  }
  return ties
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)

function checkLabels(labels: Int32Array, classes: number): void {
  if (labels.length === 0) throw argumentError('labels', 'is empty')
  const at = labels.findIndex((label) => !(label >= 0 && label < classes))
  if (at >= 0) throw argumentError(`labels[${at}]`, `is ${labels[at]}, not within the ${classes} classes`)
}

function checkProbabilities(labels: Int32Array, probabilities: ArrayLike<number>, classes: number): void {
  checkLabels(labels, classes)
  if (probabilities.length !== labels.length * classes) {
    throw argumentError('probabilities', `has ${probabilities.length} entries for ${labels.length} x ${classes}`)
  }
}
