import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'

/** What each symbol can become; `{symbol}` in a text stands for one of that symbol's texts. */
export type Grammar = Readonly<Record<string, readonly string[]>>

/** A stream of choices that follows from its seed. */
export class Choices {
  readonly #random: RandomGenerator

  constructor(seed: number) {
    this.#random = xoroshiro128plus(seed)
    // The first numbers of neighbouring seeds resemble each other.
    for (let draw = 0; draw < 16; draw += 1) this.#random.next()
  }

  /** Uniform in 0 .. bound - 1; the bias is below bound / 2^32. */
  below(bound: number): number {
    return Math.floor(((this.#random.next() >>> 0) * bound) / 4_294_967_296)
  }

  /** True once in `times`. */
  onceIn(times: number): boolean {
    return this.below(times) === 0
  }

  of<T>(values: readonly [T, ...T[]] | readonly T[]): T {
    const value = values[this.below(values.length)]
    if (value === undefined) throw new RangeError('there is nothing to choose from')
    return value
  }
}

const symbols = /\{(\w+)\}/gu

/** A text of the symbol, each choice drawn. @throws RangeError when the grammar has no such symbol. */
export function expand(grammar: Grammar, symbol: string, choices: Choices): string {
  const texts = grammar[symbol]
  if (texts === undefined || texts.length === 0) throw new RangeError(`the grammar has no ${symbol}`)
  return choices.of(texts).replaceAll(symbols, (_, inner: string) => expand(grammar, inner, choices))
}
