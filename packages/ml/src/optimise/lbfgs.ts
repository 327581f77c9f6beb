import { addScaled, difference, dot, maxAbs } from './vectors.ts'

export interface Objective {
  /** The smooth part's value at `x`; writes its gradient. */
  evaluate(x: Float64Array, gradient: Float64Array): Promise<number>
  /** Weight of the absolute values of the first `count` variables, added to the smooth part. */
  readonly l1?: { readonly weight: number; readonly count: number }
}

export interface MinimiseOptions {
  /** Ends when no entry of the (pseudo-)gradient is larger. */
  readonly tolerance: number
  readonly maxIterations: number
  /** Pairs of steps and gradient changes that are kept, as 32-bit floats. */
  readonly memory: number
  /** Estimates of the second derivatives by each variable, positive, for the first guess of the Hessian; all 1 when absent. */
  readonly curvatures?: Float64Array
  /** Called before each iteration with the largest entry of the (pseudo-)gradient. */
  readonly onIteration?: (largest: number) => void
}

const sufficientDecrease = 1e-4
const curvature = 0.9
const mostTrials = 40

/**
 * Minimises a convex function, in place of `x`, by L-BFGS (Liu and Nocedal 1989, two-loop recursion, first guess diagonal) with a weak Wolfe
 * search by bisection (Lewis and Overton 2013, algorithm 2.6); with an l1 part by OWL-QN (Andrew and Gao 2007), whose
 * search only goes back. Returns whether the tolerance was reached.
 */
export async function minimise(objective: Objective, x: Float64Array, options: MinimiseOptions): Promise<boolean> {
  const search = new Search(objective, x)
  const pairs = new CorrectionPairs(x.length, options)
  await search.begin()
  for (let iteration = 0; iteration < options.maxIterations; iteration += 1) {
    const steepest = search.steepest()
    const largest = maxAbs(steepest)
    options.onIteration?.(largest)
    if (largest <= options.tolerance) return true
    const direction = pairs.multiply(steepest)
    search.keepDescent(direction, steepest)
    const isScaled = pairs.count > 0 || options.curvatures !== undefined
    const firstStep = isScaled ? 1 : 1 / Math.sqrt(dot(steepest, steepest))
    if (!(await search.along(direction, steepest, firstStep))) return false
    pairs.add(search.step(), search.gradientChange())
  }
  return maxAbs(search.steepest()) <= options.tolerance
}

/** The point reached, the one before it, and the way between them. */
class Search {
  private readonly objective: Objective
  private readonly x: Float64Array
  private readonly before: Float64Array
  private gradient: Float64Array
  private gradientBefore: Float64Array
  private readonly scratch: Float64Array
  private value = 0

  constructor(objective: Objective, x: Float64Array) {
    this.objective = objective
    this.x = x
    this.before = x.slice()
    this.gradient = new Float64Array(x.length)
    this.gradientBefore = new Float64Array(x.length)
    this.scratch = new Float64Array(x.length)
  }

  async begin(): Promise<void> {
    this.value = await this.evaluate()
  }

  /** Minus the gradient; where the l1 part has a kink, minus the smallest subgradient. In shared memory. */
  steepest(): Float64Array {
    const { scratch, gradient, x } = this
    const { weight, count } = this.objective.l1 ?? { weight: 0, count: 0 }
    for (let at = 0; at < x.length; at += 1) {
      const slope = gradient[at] as number
      const place = x[at] as number
      if (at >= count) scratch[at] = -slope
      else if (place !== 0) scratch[at] = -(slope + Math.sign(place) * weight)
      else scratch[at] = Math.abs(slope) <= weight ? 0 : -(slope - Math.sign(slope) * weight)
    }
    return scratch
  }

  /** OWL-QN: what does not go down the steepest way stands still. */
  keepDescent(direction: Float64Array, steepest: Float64Array): void {
    const count = this.objective.l1?.count ?? 0
    for (let at = 0; at < count; at += 1) {
      if ((direction[at] as number) * (steepest[at] as number) <= 0) direction[at] = 0
    }
  }

  /** Goes to a point that fulfils the conditions of the search; false, and nowhere, when there is none. */
  async along(direction: Float64Array, steepest: Float64Array, firstStep: number): Promise<boolean> {
    const { objective, x, before } = this
    const slope = -dot(steepest, direction)
    if (!(slope < 0)) return false
    const orthant = objective.l1 && Int8Array.from(steepest, (down, at) => Math.sign((x[at] as number) || down))
    const valueBefore = this.value
    before.set(x)
    ;[this.gradient, this.gradientBefore] = [this.gradientBefore, this.gradient]
    let low = 0
    let high = Infinity
    for (let trial = 0, size = firstStep; trial < mostTrials; trial += 1) {
      this.place(direction, size, orthant)
      this.value = await this.evaluate()
      if (!(this.value <= valueBefore + sufficientDecrease * this.expectedChange(slope * size, orthant))) high = size
      else if (orthant !== undefined || dot(this.gradient, direction) >= curvature * slope) return true
      else low = size
      size = high < Infinity ? (low + high) / 2 : 2 * low
    }
    if (this.value < valueBefore) return true
    x.set(before)
    ;[this.gradient, this.gradientBefore] = [this.gradientBefore, this.gradient]
    this.value = valueBefore
    return false
  }

  step(): Float64Array {
    return difference(this.x, this.before, this.scratch)
  }

  gradientChange(): Float64Array {
    return difference(this.gradient, this.gradientBefore, this.gradientBefore)
  }

  /** With an orthant, what leaves it stays at 0. */
  private place(direction: Float64Array, size: number, orthant: Int8Array | undefined): void {
    const { x, before } = this
    const count = this.objective.l1?.count ?? 0
    for (let at = 0; at < x.length; at += 1) {
      const next = (before[at] as number) + size * (direction[at] as number)
      x[at] = orthant !== undefined && at < count && next * (orthant[at] as number) < 0 ? 0 : next
    }
  }

  /** First-order change of the function: along the way taken, which an orthant may have bent. */
  private expectedChange(straight: number, orthant: Int8Array | undefined): number {
    if (orthant === undefined) return straight
    let change = 0
    // `scratch` still holds the steepest way of the point before.
    for (let at = 0; at < this.x.length; at += 1) {
      change -= (this.scratch[at] as number) * ((this.x[at] as number) - (this.before[at] as number))
    }
    return change
  }

  private async evaluate(): Promise<number> {
    const { objective, x } = this
    let value = await objective.evaluate(x, this.gradient)
    const { weight, count } = objective.l1 ?? { weight: 0, count: 0 }
    for (let at = 0; at < count; at += 1) value += weight * Math.abs(x[at] as number)
    return value
  }
}

/** The latest steps s and gradient changes y, from which the inverse Hessian is estimated. */
class CorrectionPairs {
  private readonly memory: number
  private readonly curvatures: Float64Array | undefined
  private readonly pairs: { readonly s: Float32Array; readonly y: Float32Array; sy: number; yy: number }[] = []
  private readonly result: Float64Array

  constructor(length: number, { memory, curvatures }: Pick<MinimiseOptions, 'memory' | 'curvatures'>) {
    this.memory = memory
    this.curvatures = curvatures
    this.result = new Float64Array(length)
  }

  get count(): number {
    return this.pairs.length
  }

  /** A pair without positive curvature is left out. */
  add(step: Float64Array, change: Float64Array): void {
    if (!(dot(step, change) > 1e-10 * dot(change, change))) return
    const oldest = this.pairs.length < this.memory ? undefined : this.pairs.shift()
    const s = oldest?.s ?? new Float32Array(step.length)
    const y = oldest?.y ?? new Float32Array(step.length)
    s.set(step)
    y.set(change)
    this.pairs.push({ s, y, sy: dot(s, y), yy: this.scaledSquares(y) })
  }

  /** The estimate times a vector; the result is used again. */
  multiply(vector: Float64Array): Float64Array {
    const { pairs, result } = this
    result.set(vector)
    const factors = pairs.map(() => 0)
    for (let at = pairs.length - 1; at >= 0; at -= 1) {
      const { s, y, sy } = pairs[at] as (typeof pairs)[number]
      const factor = dot(s, result) / sy
      factors[at] = factor
      addScaled(result, -factor, y)
    }
    const latest = pairs.at(-1)
    this.multiplyFirstGuess(latest === undefined ? 1 : latest.sy / latest.yy)
    for (const [at, { s, y, sy }] of pairs.entries()) {
      addScaled(result, (factors[at] as number) - dot(y, result) / sy, s)
    }
    return result
  }

  private multiplyFirstGuess(factor: number): void {
    const { curvatures, result } = this
    for (let at = 0; at < result.length; at += 1) {
      result[at] = ((result[at] as number) * factor) / (curvatures === undefined ? 1 : (curvatures[at] as number))
    }
  }

  private scaledSquares(y: Float32Array): number {
    const { curvatures } = this
    if (curvatures === undefined) return dot(y, y)
    let sum = 0
    for (let at = 0; at < y.length; at += 1) sum += (y[at] as number) ** 2 / (curvatures[at] as number)
    return sum
  }
}
