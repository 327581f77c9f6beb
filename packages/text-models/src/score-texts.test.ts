import { expect, it } from 'vitest'
import { networkScores } from './score-texts.ts'

it('gives the logarithms of the probabilities of logits, none less than that of 2^-24, as a network that serves', () => {
  const scores = networkScores(Float32Array.of(0, 100, Math.log(3), 0), 2)
  const expected = [-24 * Math.LN2, 0, Math.log(0.75), Math.log(0.25)]
  for (const [at, score] of expected.entries()) expect(scores[at]).toBeCloseTo(score, 5)
})
