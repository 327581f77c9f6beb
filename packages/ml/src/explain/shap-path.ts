/**
 * The path of Algorithm 2 of Lundberg et al. 2020: its distinct features with the fractions of "zero" (the share of training
 * rows that go along) and "one" (whether the row itself does), and the weights of their subsets by size. Level `n` of a walk works on
 * its own copy, which begins at `n (n + 1) / 2`.
 */
export class ShapPath {
  private readonly features: Int32Array
  private readonly zeros: Float64Array
  private readonly ones: Float64Array
  private readonly weights: Float64Array

  constructor(treeDepth: number) {
    const size = ((treeDepth + 2) * (treeDepth + 3)) / 2
    this.features = new Int32Array(size)
    this.zeros = new Float64Array(size)
    this.ones = new Float64Array(size)
    this.weights = new Float64Array(size)
  }

  /** Makes level `level` hold the `length` steps that level `from` holds. */
  copy(from: number, level: number, length: number): void {
    const source = start(from)
    const target = start(level)
    for (const array of [this.features, this.zeros, this.ones, this.weights]) {
      array.copyWithin(target, source, source + length)
    }
  }

  /** EXTEND: adds a step behind `length` others. */
  extend(
    level: number,
    length: number,
    step: { readonly feature: number; readonly zero: number; readonly one: number },
  ): void {
    const { weights } = this
    const at = start(level)
    this.features[at + length] = step.feature
    this.zeros[at + length] = step.zero
    this.ones[at + length] = step.one
    weights[at + length] = length === 0 ? 1 : 0
    for (let size = length - 1; size >= 0; size -= 1) {
      const weight = weights[at + size] as number
      weights[at + size + 1] = (weights[at + size + 1] as number) + (step.one * weight * (size + 1)) / (length + 1)
      weights[at + size] = (step.zero * weight * (length - size)) / (length + 1)
    }
  }

  /** UNWIND: takes the step at `index` out of those up to `last`. */
  unwind(level: number, last: number, index: number): void {
    const { weights, features, zeros, ones } = this
    const at = start(level)
    const one = ones[at + index] as number
    const zero = zeros[at + index] as number
    let next = weights[at + last] as number
    for (let size = last - 1; size >= 0; size -= 1) {
      const weight = weights[at + size] as number
      if (one === 0) {
        weights[at + size] = (weight * (last + 1)) / (zero * (last - size))
      } else {
        const unwound = (next * (last + 1)) / ((size + 1) * one)
        weights[at + size] = unwound
        next = weight - (unwound * zero * (last - size)) / (last + 1)
      }
    }
    features.copyWithin(at + index, at + index + 1, at + last + 1)
    zeros.copyWithin(at + index, at + index + 1, at + last + 1)
    ones.copyWithin(at + index, at + index + 1, at + last + 1)
  }

  /** Where the feature stands among the steps 1 .. last, 0 when it doesn't. */
  find(level: number, last: number, feature: number): number {
    const at = start(level)
    for (let index = last; index > 0; index -= 1) if (this.features[at + index] === feature) return index
    return 0
  }

  zero(level: number, index: number): number {
    return this.zeros[start(level) + index] as number
  }

  one(level: number, index: number): number {
    return this.ones[start(level) + index] as number
  }

  /** What a leaf of value 1 at the end of the path gives each feature of the steps 1 .. last. */
  contribute(level: number, last: number, receive: (feature: number, amount: number) => void): void {
    const at = start(level)
    // Of steps with "one" 0 the unwound sum depends on the step only by a factor.
    let coldSum = 0
    for (let size = 0; size < last; size += 1) coldSum += (this.weights[at + size] as number) / (last - size)
    coldSum *= last + 1
    for (let index = 1; index <= last; index += 1) {
      const one = this.ones[at + index] as number
      const zero = this.zeros[at + index] as number
      const sum = one === 0 ? coldSum / zero : this.unwoundSum(at, last, { one, zero })
      receive(this.features[at + index] as number, sum * (one - zero))
    }
  }

  private unwoundSum(at: number, last: number, { one, zero }: { readonly one: number; readonly zero: number }): number {
    const { weights } = this
    let next = weights[at + last] as number
    let sum = 0
    for (let size = last - 1; size >= 0; size -= 1) {
      const unwound = next / ((size + 1) * one)
      sum += unwound
      next = (weights[at + size] as number) - unwound * zero * (last - size)
    }
    return sum * (last + 1)
  }
}

const start = (level: number): number => (level * (level + 1)) / 2
