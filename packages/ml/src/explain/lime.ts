import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import { argumentError } from '../errors.ts'
import { createRandom, randomBelow } from '../random.ts'
import { createPacer, type TrainingControl } from '../training-control.ts'
import { solveWeightedRidge } from './weighted-ridge.ts'

/** Versions of one document, each without some of its tokens. */
export interface TokenMasks {
  readonly samples: number
  readonly tokens: number
  /** samples x tokens, row-major: 1 where the token is kept. */
  readonly kept: Uint8Array
}

/** Probabilities of those versions: samples x classes, row-major. */
export type MaskedPredict = (masks: TokenMasks) => Float32Array | Promise<Float32Array>

export interface LimeOptions {
  readonly classes: number
  readonly seed: number
  /** Versions of the document, itself among them; 5,000 when absent. */
  readonly samples?: number
  /** How many of them are handed to `predict` at once; 500 when absent. */
  readonly batchSamples?: number
  /** Of the exponential kernel on 100 times the cosine distance; 25 when absent. */
  readonly kernelWidth?: number
  /** L2 penalty of the local model; 1 when absent. */
  readonly ridge?: number
}

export interface LimeExplanation {
  /** tokens x classes, row-major: what the presence of the token adds to the probability. */
  readonly weights: Float64Array
  readonly intercepts: Float64Array
  /** By class: how much of the model's change around the document the weights account for, at most 1. */
  readonly localR2: Float64Array
  /** What the model says of the whole document. */
  readonly probabilities: Float32Array
}

/** The normal equations of more would not fit a sensible time; group tokens into longer pieces. */
export const maxLimeTokens = 2000

/**
 * LIME on tokens (Ribeiro, Singh and Guestrin 2016): versions of the document without a random number of random tokens are
 * given to the model, and a ridge regression on what is kept, weighted by likeness to the document, explains its
 * probabilities. The kernel is `sqrt(exp(-(100 d)^2 / width^2))` of the cosine distance `d`, as the authors' program has it
 * for texts. Whoever calls decides what a token is: equal words may be one. Throws RPT_ML_ARGUMENT_INVALID.
 */
export async function explainTokens(
  tokens: number,
  predict: MaskedPredict,
  options: LimeOptions,
  control: TrainingControl = {},
): Promise<LimeExplanation> {
  const { classes, seed, samples = 5000, batchSamples = 500, kernelWidth = 25, ridge = 1 } = options
  checkOptions(tokens, { samples, batchSamples, kernelWidth })
  const pacer = createPacer(control)
  const sampler = new MaskSampler(tokens, seed)
  const rows = new Float32Array(samples * tokens)
  const targets = new Float32Array(samples * classes)
  const weights = new Float32Array(samples)
  for (let from = 0; from < samples; from += batchSamples) {
    if (pacer.due()) await pacer.pause(from / samples)
    const count = Math.min(batchSamples, samples - from)
    const kept = new Uint8Array(count * tokens)
    for (let slot = 0; slot < count; slot += 1) {
      const mask = kept.subarray(slot * tokens, (slot + 1) * tokens)
      const share = (from + slot === 0 ? sampler.whole(mask) : sampler.draw(mask)) / tokens
      const distance = 100 * (1 - Math.sqrt(share))
      weights[from + slot] = Math.sqrt(Math.exp(-((distance / kernelWidth) ** 2)))
    }
    const predicted = await predict({ samples: count, tokens, kept })
    if (predicted.length !== count * classes) {
      throw argumentError('predict', `gave ${predicted.length} probabilities, not ${count} x ${classes}`)
    }
    rows.set(kept, from * tokens)
    targets.set(predicted, from * classes)
  }
  const problem = { rows, features: tokens, targets, outputs: classes, weights, ridge }
  const solution = await solveWeightedRidge(problem, control.signal === undefined ? {} : { signal: control.signal })
  control.onProgress?.(1)
  return {
    weights: solution.coefficients,
    intercepts: solution.intercepts,
    localR2: solution.r2,
    probabilities: targets.slice(0, classes),
  }
}

/** Removes a uniformly drawn number of tokens, at least one, each set of that size alike. */
class MaskSampler {
  private readonly random: RandomGenerator
  private readonly order: Int32Array

  constructor(tokens: number, seed: number) {
    this.random = createRandom(seed)
    this.order = Int32Array.from({ length: tokens }, (_, token) => token)
  }

  whole(mask: Uint8Array): number {
    mask.fill(1)
    return mask.length
  }

  /** Says how many are kept. */
  draw(mask: Uint8Array): number {
    const { order, random } = this
    mask.fill(1)
    const removed = 1 + randomBelow(random, order.length)
    for (let place = 0; place < removed; place += 1) {
      const other = place + randomBelow(random, order.length - place)
      const token = order[other] as number
      order[other] = order[place] as number
      order[place] = token
      mask[token] = 0
    }
    return mask.length - removed
  }
}

function checkOptions(
  tokens: number,
  { samples, batchSamples, kernelWidth }: { samples: number; batchSamples: number; kernelWidth: number },
): void {
  if (!(Number.isInteger(tokens) && tokens >= 1 && tokens <= maxLimeTokens)) {
    throw argumentError('tokens', `is ${tokens}, not within 1..${maxLimeTokens}`)
  }
  if (!(Number.isInteger(samples) && samples >= 2)) throw argumentError('samples', `is ${samples}, not 2 or more`)
  if (!(Number.isInteger(batchSamples) && batchSamples >= 1)) {
    throw argumentError('batchSamples', `is ${batchSamples}, not 1 or more`)
  }
  if (!(kernelWidth > 0)) throw argumentError('kernelWidth', `is ${kernelWidth}, not positive`)
}
