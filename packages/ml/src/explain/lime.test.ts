import { describe, expect, it } from 'vitest'
import { explainTokens, type MaskedPredict, type TokenMasks } from './lime.ts'
import { solveWeightedRidge } from './weighted-ridge.ts'

const close = (expected: readonly number[], digits = 5): unknown[] =>
  expected.map((value) => expect.closeTo(value, digits) as unknown)

/** Class 1 has the probability `of` the kept tokens, class 0 the rest. */
const byTokens =
  (of: (kept: Uint8Array) => number): MaskedPredict =>
  ({ samples, tokens, kept }) => {
    const probabilities = new Float32Array(2 * samples)
    for (let sample = 0; sample < samples; sample += 1) {
      const probability = of(kept.subarray(sample * tokens, (sample + 1) * tokens))
      probabilities.set([1 - probability, probability], 2 * sample)
    }
    return probabilities
  }

const importance = [0.1, -0.05, 0, 0.3, 0.02, 0, -0.2, 0]
const linear = byTokens((kept) => importance.reduce((sum, weight, token) => sum + weight * kept[token]!, 0.4))

describe('weighted ridge', () => {
  // scikit-learn 1.9.1: Ridge(alpha=1).fit(Z, Y, sample_weight=w), and its score.
  it('is that of scikit-learn', async () => {
    const rows = Float32Array.from({ length: 100 }, (_, cell) => {
      const [i, k] = [Math.floor(cell / 5), cell % 5]
      return (i * i * (2 * k + 3) + i * 5 + k) % 7 < 4 ? 1 : 0
    })
    const targets = Float32Array.from({ length: 40 }, (_, cell) => {
      const i = Math.floor(cell / 2)
      return cell % 2 === 0 ? ((i * 13) % 17) / 17 : ((i * 7 + 3) % 11) / 11
    })
    const weights = Float32Array.from({ length: 20 }, (_, i) => 0.25 + ((i * 3) % 8) / 8)
    const solution = await solveWeightedRidge({ rows, features: 5, targets, outputs: 2, weights, ridge: 1 })
    expect([...solution.coefficients]).toEqual(
      close([-0.107031, -0.031937, 0.020592, -0.097431, -0.08216, 0.035577, 0.07148, -0.106449, 0.08216, -0.035577]),
    )
    expect([...solution.intercepts]).toEqual(close([0.548494, 0.690905]))
    expect([...solution.r2]).toEqual(close([0.175807, 0.120189]))
  })
})

describe('LIME on tokens', () => {
  it('finds the weights of a model that is linear in the tokens', async () => {
    const explanation = await explainTokens(8, linear, { classes: 2, seed: 1, ridge: 1e-3 })
    const ofClassOne = importance.map((_, token) => explanation.weights[2 * token + 1]!)
    expect(ofClassOne).toEqual(close(importance, 4))
    expect(explanation.weights[6]).toBeCloseTo(-0.3, 4)
    expect(explanation.intercepts[1]).toBeCloseTo(0.4, 4)
    expect(explanation.localR2[1]).toBeGreaterThan(0.9999)
    expect([...explanation.probabilities]).toEqual(close([0.43, 0.57]))
  })

  it('says how little it explains of a model that is not', async () => {
    const parity = byTokens((kept) => kept.reduce((a, b) => a + b, 0) % 2)
    const { localR2 } = await explainTokens(8, parity, { classes: 2, seed: 1 })
    expect(localR2[1]).toBeLessThan(0.2)
    const constant = byTokens(() => 0.5)
    expect((await explainTokens(8, constant, { classes: 2, seed: 1 })).localR2[0]).toBe(1)
  })

  it('hands out the whole document first, then batches whose versions lack 1 to all tokens', async () => {
    const batches: TokenMasks[] = []
    const watching: MaskedPredict = (masks) => {
      batches.push(masks)
      return linear(masks)
    }
    await explainTokens(8, watching, { classes: 2, seed: 3, samples: 1100 })
    expect(batches.map(({ samples }) => samples)).toEqual([500, 500, 100])
    const sizes = batches.flatMap(({ samples, kept }) =>
      Array.from({ length: samples }, (_, sample) => kept.subarray(8 * sample, 8 * sample + 8).reduce((a, b) => a + b)),
    )
    expect(sizes[0]).toBe(8)
    expect(new Set(sizes.slice(1))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]))
  })

  it('depends on the seed alone', async () => {
    const nonlinear = byTokens((kept) => (kept[0]! & kept[3]!) * 0.5 + 0.25)
    const options = { classes: 2, seed: 3, samples: 200 }
    const first = await explainTokens(8, nonlinear, options)
    expect(await explainTokens(8, nonlinear, options)).toEqual(first)
    expect(await explainTokens(8, nonlinear, { ...options, seed: 4 })).not.toEqual(first)
  })

  it('explains a single token, stops when aborted, and names what it cannot use', async () => {
    const single = await explainTokens(
      1,
      byTokens((kept) => 0.2 + 0.6 * kept[0]!),
      { classes: 2, seed: 1, ridge: 1e-6 },
    )
    expect(single.weights[1]).toBeCloseTo(0.6, 3)
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(explainTokens(8, linear, { classes: 2, seed: 1 }, { signal })).rejects.toThrow('enough')
    await expect(explainTokens(0, linear, { classes: 2, seed: 1 })).rejects.toThrow(/tokens is 0/)
    await expect(explainTokens(8, linear, { classes: 3, seed: 1 })).rejects.toThrow(/predict gave 1000/)
    await expect(explainTokens(8, linear, { classes: 2, seed: 1, ridge: 0 })).rejects.toThrow(/ridge is 0/)
  })
})
