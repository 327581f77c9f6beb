import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** A seeded source of everything random in the shop: the same seed gives the same shop. */
export class Random {
  readonly #generator: ReturnType<typeof xoroshiro128plus>

  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed)
  }

  /** From 0 up to, but without, 1. */
  float(): number {
    return uniformFloat64(this.#generator)
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.float()
  }

  /** Both bounds included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.float() * (high - low + 1))
  }

  chance(probability: number): boolean {
    return this.float() < probability
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.integer(0, choices.length - 1)]
    if (choice === undefined) throw new RangeError('nothing to pick from')
    return choice
  }

  /** The index of a weight, with a probability in proportion to it. */
  weighted(weights: readonly number[]): number {
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    let rest = this.float() * total
    for (const [index, weight] of weights.entries()) {
      rest -= weight
      if (rest < 0) return index
    }
    return weights.length - 1
  }

  /** Milliseconds until the next arrival of a Poisson process. */
  waitMs(ratePerSecond: number): number {
    return (-Math.log(1 - this.float()) / ratePerSecond) * 1000
  }
}
