import { RapportError } from '@rapport/core'
import type { KernelCache } from './kernel-cache.ts'

export interface SmoProblem {
  readonly kernel: KernelCache
  /** +1 or -1. */
  readonly signs: Int8Array
  /** Upper bound of every multiplier. */
  readonly bounds: Float64Array
  /** Greatest violation of the optimality conditions that is let pass. */
  readonly tolerance: number
}

export interface SmoSolution {
  readonly multipliers: Float64Array
  /** The decision value is `sum of sign * multiplier * kernel + intercept`. */
  readonly intercept: number
}

/** In place of a curvature that is not positive. */
const smallCurvature = 1e-12

/**
 * The dual of a support vector machine by sequential minimal optimisation (Platt 1998), each pair chosen by second-order
 * information (Fan, Chen and Lin 2005, WSS 2): the most violating multiplier, and with it the one that lowers the objective
 * most. No shrinking.
 */
export class SmoSolver {
  private readonly problem: SmoProblem
  private readonly multipliers: Float64Array
  private readonly gradient: Float64Array
  private readonly limit: number
  private steps = 0

  constructor(problem: SmoProblem) {
    const count = problem.signs.length
    this.problem = problem
    this.multipliers = new Float64Array(count)
    this.gradient = new Float64Array(count).fill(-1)
    this.limit = Math.max(1e7, 100 * count)
  }

  /** Improves a pair; false when optimal. Throws RPT_ML_NOT_CONVERGED. */
  step(): boolean {
    const pair = this.choosePair()
    if (pair === undefined) return false
    this.steps += 1
    if (this.steps > this.limit) {
      throw new RapportError(
        'RPT_ML_NOT_CONVERGED',
        `the support vector machine is not optimal after ${this.limit} steps`,
      )
    }
    this.improve(pair[0], pair[1])
    return true
  }

  solution(): SmoSolution {
    return { multipliers: this.multipliers, intercept: this.intercept() }
  }

  private choosePair(): readonly [number, number] | undefined {
    const { signs, kernel, tolerance } = this.problem
    const { gradient } = this
    let first = -1
    let highest = Number.NEGATIVE_INFINITY
    for (let at = 0; at < signs.length; at += 1) {
      const violation = -(signs[at] as number) * (gradient[at] as number)
      if (violation >= highest && this.canRise(at)) {
        highest = violation
        first = at
      }
    }
    if (first < 0) return undefined
    const column = kernel.column(first)
    let second = -1
    let lowest = Number.POSITIVE_INFINITY
    let best = Number.POSITIVE_INFINITY
    for (let at = 0; at < signs.length; at += 1) {
      if (!this.canFall(at)) continue
      const violation = -(signs[at] as number) * (gradient[at] as number)
      lowest = Math.min(lowest, violation)
      const difference = highest - violation
      if (difference <= 0) continue
      const curvature = 2 - 2 * (column[at] as number)
      const objective = -(difference * difference) / (curvature > 0 ? curvature : smallCurvature)
      if (objective <= best) {
        best = objective
        second = at
      }
    }
    return second < 0 || highest - lowest < tolerance ? undefined : [first, second]
  }

  /** Whether sign times multiplier can grow. */
  private canRise(at: number): boolean {
    const multiplier = this.multipliers[at] as number
    return this.problem.signs[at] === 1 ? multiplier < (this.problem.bounds[at] as number) : multiplier > 0
  }

  private canFall(at: number): boolean {
    const multiplier = this.multipliers[at] as number
    return this.problem.signs[at] === 1 ? multiplier > 0 : multiplier < (this.problem.bounds[at] as number)
  }

  /** Moves the pair along `sign_i a_i + sign_j a_j = constant` to the minimum within the bounds. */
  private improve(first: number, second: number): void {
    const { signs, bounds, kernel } = this.problem
    const { multipliers, gradient } = this
    const firstColumn = kernel.column(first)
    const secondColumn = kernel.column(second)
    const firstSign = signs[first] as number
    const secondSign = signs[second] as number
    const curvature = 2 - 2 * (firstColumn[second] as number)
    const difference = -firstSign * (gradient[first] as number) + secondSign * (gradient[second] as number)
    const wanted = difference / (curvature > 0 ? curvature : smallCurvature)
    const firstRoom = roomOf(multipliers[first] as number, bounds[first] as number, firstSign)
    const secondRoom = roomOf(multipliers[second] as number, bounds[second] as number, -secondSign)
    const moved = Math.min(wanted, firstRoom, secondRoom)
    // A bound that was reached is met exactly, so that the multiplier counts as bounded.
    multipliers[first] = land(
      multipliers[first] as number,
      firstSign * moved,
      moved === firstRoom ? bounds[first] : undefined,
    )
    multipliers[second] = land(
      multipliers[second] as number,
      -secondSign * moved,
      moved === secondRoom ? bounds[second] : undefined,
    )
    for (let at = 0; at < signs.length; at += 1) {
      const change = moved * ((firstColumn[at] as number) - (secondColumn[at] as number))
      gradient[at] = (gradient[at] as number) + (signs[at] as number) * change
    }
  }

  /** From the free multipliers, or the middle of what the bounded ones allow (Chang and Lin 2011, LIBSVM, section 4.1.5). */
  private intercept(): number {
    const { signs } = this.problem
    let free = 0
    let sum = 0
    let upper = Number.POSITIVE_INFINITY
    let lower = Number.NEGATIVE_INFINITY
    for (let at = 0; at < signs.length; at += 1) {
      const value = -(signs[at] as number) * (this.gradient[at] as number)
      const rises = this.canRise(at)
      const falls = this.canFall(at)
      if (rises && falls) {
        free += 1
        sum += value
      } else if (rises) lower = Math.max(lower, value)
      else upper = Math.min(upper, value)
    }
    if (free > 0) return sum / free
    if (Number.isFinite(upper) && Number.isFinite(lower)) return (upper + lower) / 2
    return Number.isFinite(upper) ? upper : Number.isFinite(lower) ? lower : 0
  }
}

const roomOf = (multiplier: number, bound: number, direction: number): number =>
  direction > 0 ? bound - multiplier : multiplier

function land(multiplier: number, change: number, bound: number | undefined): number {
  if (bound === undefined) return multiplier + change
  return change > 0 ? bound : 0
}
