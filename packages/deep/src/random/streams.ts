import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** Numbers from 0 to below 1. */
export type Uniform = () => number

/**
 * A stream of random numbers for one purpose: the same seed and purpose (an epoch, a step, …) give the same stream wherever
 * a training begins or goes on, so a resumed run needs no generator's state.
 */
export function randomStream(seed: number, ...purpose: readonly number[]): Uniform {
  let mixed = seed | 0
  for (const part of purpose) mixed = scramble(mixed + Math.imul(part + 1, 0x9e3779b9))
  const generator = xoroshiro128plus(mixed)
  return () => uniformFloat64(generator)
}

/** The finaliser of MurmurHash3 (Appleby). */
function scramble(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

/** The indices 0 .. length - 1 in random order (Fisher and Yates, in Durstenfeld's form). */
export function shuffledIndices(length: number, random: Uniform): Int32Array {
  const order = Int32Array.from({ length }, (_, index) => index)
  for (let last = length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1))
    const index = order[last] as number
    order[last] = order[other] as number
    order[other] = index
  }
  return order
}

/** Standard normal values by the polar method of Marsaglia and Bray (1964). */
export function fillNormal(out: Float64Array, random: Uniform): void {
  for (let index = 0; index < out.length;) {
    const x = 2 * random() - 1
    const y = 2 * random() - 1
    const square = x * x + y * y
    if (square >= 1 || square === 0) continue
    const scale = Math.sqrt((-2 * Math.log(square)) / square)
    out[index] = x * scale
    if (index + 1 < out.length) out[index + 1] = y * scale
    index += 2
  }
}
