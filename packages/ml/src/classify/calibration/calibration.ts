import { argumentError } from '../../errors.ts'

export type CalibrationKind = 'platt' | 'isotonic' | 'temperature'

/** `P = 1 / (1 + exp(slope * score + intercept))`. */
export interface PlattCurve {
  readonly slope: number
  readonly intercept: number
}

/** Points of a rising curve, scores strictly ascending: linear between them, constant outside. */
export interface IsotonicCurve {
  readonly scores: readonly number[]
  readonly probabilities: readonly number[]
}

/**
 * How scores become probabilities; plain JSON. Two classes have one curve, on `score of class 1 - score of class 0`; more
 * classes have one each, on the class's own score against all others. `independent`: classes do not exclude each other, each has
 * a curve on its own score.
 */
export type Calibration =
  | { readonly kind: 'platt'; readonly curves: readonly PlattCurve[] }
  | { readonly kind: 'isotonic'; readonly curves: readonly IsotonicCurve[] }
  | { readonly kind: 'temperature'; readonly temperature: number }
  | { readonly kind: 'independent'; readonly curves: readonly PlattCurve[] }

/**
 * Probabilities (rows x classes, row-major; every row sums to 1, unless classes are independent) of scores (rows x classes, row-major). One against the rest
 * is normalised (Zadrozny and Elkan 2002); a row that every class refuses is uniform. Throws RPT_ML_ARGUMENT_INVALID.
 */
export function calibrate(calibration: Calibration, scores: Float32Array, classes: number): Float32Array {
  checkShape(scores, classes)
  const probabilities = new Float32Array(scores.length)
  if (calibration.kind === 'temperature') {
    for (let at = 0; at < scores.length; at += classes) {
      softmax(scores.subarray(at, at + classes), calibration.temperature, probabilities.subarray(at, at + classes))
    }
    return probabilities
  }
  const curves = toFunctions(calibration)
  const isIndependent = calibration.kind === 'independent'
  const expected = classes === 2 && !isIndependent ? 1 : classes
  if (curves.length !== expected) throw argumentError('calibration', `has ${curves.length} curves, not ${expected}`)
  if (isIndependent) {
    return probabilities.map((_, at) => (curves[at % classes] as Curve)(scores[at] as number))
  }
  for (let at = 0; at < scores.length; at += classes) {
    if (classes === 2) {
      const probability = (curves[0] as Curve)((scores[at + 1] as number) - (scores[at] as number))
      probabilities[at] = 1 - probability
      probabilities[at + 1] = probability
    } else {
      againstTheRest(curves, scores.subarray(at, at + classes), probabilities.subarray(at, at + classes))
    }
  }
  return probabilities
}

/** Throws RPT_ML_ARGUMENT_INVALID where the scores are no rows x classes of numbers. */
export function checkShape(scores: Float32Array, classes: number): void {
  if (!Number.isInteger(classes) || classes < 2)
    throw argumentError('classes', `is ${classes}, not an integer from 2 on`)
  if (scores.length % classes !== 0) throw argumentError('scores', `has ${scores.length} values for ${classes} classes`)
  const wrong = scores.findIndex((score) => !Number.isFinite(score))
  if (wrong >= 0) throw argumentError(`scores[${wrong}]`, `is ${scores[wrong]}, not finite`)
}

type Curve = (score: number) => number

function toFunctions(calibration: Exclude<Calibration, { kind: 'temperature' }>): Curve[] {
  if (calibration.kind === 'isotonic') {
    return calibration.curves.map((curve) => (score) => isotonicProbability(curve, score))
  }
  return calibration.curves.map((curve) => (score) => plattProbability(curve, score))
}

function againstTheRest(curves: readonly Curve[], scores: Float32Array, out: Float32Array): void {
  let sum = 0
  for (let label = 0; label < out.length; label += 1) {
    const probability = (curves[label] as Curve)(scores[label] as number)
    out[label] = probability
    sum += probability
  }
  for (let label = 0; label < out.length; label += 1)
    out[label] = sum > 0 ? (out[label] as number) / sum : 1 / out.length
}

function plattProbability({ slope, intercept }: PlattCurve, score: number): number {
  const exponent = slope * score + intercept
  // The form that doesn't overflow.
  if (exponent < 0) return 1 / (1 + Math.exp(exponent))
  const small = Math.exp(-exponent)
  return small / (1 + small)
}

function isotonicProbability({ scores, probabilities }: IsotonicCurve, score: number): number {
  const last = scores.length - 1
  if (score <= (scores[0] as number)) return probabilities[0] as number
  if (score >= (scores[last] as number)) return probabilities[last] as number
  let low = 0
  let high = last
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((scores[middle] as number) <= score) low = middle
    else high = middle
  }
  const from = probabilities[low] as number
  const share = (score - (scores[low] as number)) / ((scores[high] as number) - (scores[low] as number))
  return from + share * ((probabilities[high] as number) - from)
}

function softmax(scores: Float32Array, temperature: number, out: Float32Array): void {
  const highest = scores.reduce((a, b) => Math.max(a, b))
  let sum = 0
  for (let label = 0; label < out.length; label += 1) {
    sum += Math.exp(((scores[label] as number) - highest) / temperature)
  }
  for (let label = 0; label < out.length; label += 1) {
    out[label] = Math.exp(((scores[label] as number) - highest) / temperature) / sum
  }
}
