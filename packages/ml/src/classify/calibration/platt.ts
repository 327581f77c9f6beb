import type { PlattCurve } from './calibration.ts'
import { countRows, plattTargets } from './platt-targets.ts'

const maxIterations = 100
const smallestStep = 1e-10
const gradientLimit = 1e-9
/** Keeps the Hessian positive definite where all scores are equal. */
const ridge = 1e-12

interface Sums {
  loss: number
  gradientSlope: number
  gradientIntercept: number
  slopeSlope: number
  slopeIntercept: number
  interceptIntercept: number
}

/**
 * Platt scaling (Platt 1999) to Platt's targets by the Newton iteration with backtracking of Lin, Lin and Weng 2007.
 * `positive[row]` says whether the row belongs to the class. A curve that would fall with the score says that the scores
 * are no evidence of the class: its slope is 0, which is the best of all that do not fall, and every score gets the mean
 * target.
 */
export function fitPlatt(scores: Float64Array, positive: Uint8Array): PlattCurve {
  const counts = countRows(positive)
  const { high, low } = plattTargets(counts)
  const targets = Float64Array.from(positive, (value) => (value === 1 ? high : low))
  let curve: PlattCurve = { slope: 0, intercept: Math.log((counts.negatives + 1) / (counts.positives + 1)) }
  let sums = sumsAt(scores, targets, curve)
  for (let iteration = 0; iteration < maxIterations; iteration += 1) {
    if (Math.max(Math.abs(sums.gradientSlope), Math.abs(sums.gradientIntercept)) < gradientLimit) break
    const next = newtonStep(scores, targets, curve, sums)
    if (next === undefined) break
    curve = next.curve
    sums = next.sums
  }
  return curve.slope > 0 ? flatCurve(targets) : curve
}

function flatCurve(targets: Float64Array): PlattCurve {
  const mean = targets.reduce((sum, target) => sum + target, 0) / targets.length
  return { slope: 0, intercept: Math.log((1 - mean) / mean) }
}

function newtonStep(
  scores: Float64Array,
  targets: Float64Array,
  curve: PlattCurve,
  sums: Sums,
): { readonly curve: PlattCurve; readonly sums: Sums } | undefined {
  const { gradientSlope, gradientIntercept, slopeIntercept } = sums
  const slopeSlope = sums.slopeSlope + ridge
  const interceptIntercept = sums.interceptIntercept + ridge
  const determinant = slopeSlope * interceptIntercept - slopeIntercept ** 2
  const slopeStep = -(interceptIntercept * gradientSlope - slopeIntercept * gradientIntercept) / determinant
  const interceptStep = -(slopeSlope * gradientIntercept - slopeIntercept * gradientSlope) / determinant
  const descent = gradientSlope * slopeStep + gradientIntercept * interceptStep
  for (let step = 1; step >= smallestStep; step /= 2) {
    const moved = { slope: curve.slope + step * slopeStep, intercept: curve.intercept + step * interceptStep }
    const movedSums = sumsAt(scores, targets, moved)
    if (movedSums.loss < sums.loss + 1e-4 * step * descent) return { curve: moved, sums: movedSums }
  }
  return undefined
}

/** Cross-entropy, its gradient and its Hessian in slope and intercept. */
function sumsAt(scores: Float64Array, targets: Float64Array, { slope, intercept }: PlattCurve): Sums {
  const sums = {
    loss: 0,
    gradientSlope: 0,
    gradientIntercept: 0,
    slopeSlope: 0,
    slopeIntercept: 0,
    interceptIntercept: 0,
  }
  for (let row = 0; row < scores.length; row += 1) {
    const score = scores[row] as number
    const target = targets[row] as number
    const exponent = slope * score + intercept
    const small = Math.exp(-Math.abs(exponent))
    sums.loss += (exponent >= 0 ? target : target - 1) * exponent + Math.log1p(small)
    const probability = exponent >= 0 ? small / (1 + small) : 1 / (1 + small)
    const error = target - probability
    const curvature = probability * (1 - probability)
    sums.gradientSlope += score * error
    sums.gradientIntercept += error
    sums.slopeSlope += score * score * curvature
    sums.slopeIntercept += score * curvature
    sums.interceptIntercept += curvature
  }
  return sums
}
