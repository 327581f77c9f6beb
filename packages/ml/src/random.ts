import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'

/** The first numbers of neighbouring seeds resemble each other. */
const discarded = 16

/** A stream of random numbers; every (seed, stream) has its own. */
export function createRandom(seed: number, stream = 0): RandomGenerator {
  const random = xoroshiro128plus((seed ^ Math.imul(stream, 0x9e3779b1)) | 0)
  for (let draw = 0; draw < discarded; draw += 1) random.next()
  return random
}

/** Uniform in 0 .. bound - 1; the bias is below bound / 2^32. */
export const randomBelow = (random: RandomGenerator, bound: number): number =>
  Math.floor(((random.next() >>> 0) * bound) / 4294967296)

/** Fisher-Yates shuffle in place. */
export function shuffle(random: RandomGenerator, values: Int32Array): Int32Array {
  for (let last = values.length - 1; last > 0; last -= 1) {
    const other = randomBelow(random, last + 1)
    const value = values[last] as number
    values[last] = values[other] as number
    values[other] = value
  }
  return values
}
