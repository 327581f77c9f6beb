import { describe, expect, it } from 'vitest'
import { judgeMostFrequent } from './held-out.ts'
import { rarestLabels, type Targets } from './targets.ts'

/** The mean cross-entropy of a label that a share of the rows has, given that share as its probability. */
const loss = (share: number): number => -share * Math.log(share) - (1 - share) * Math.log(1 - share)

describe('what a classifier must beat', () => {
  it('gives the most frequent set of labels, and the shares as probabilities', () => {
    // Label 0 is the most frequent one, of more than half of the rows, and not in the most frequent set.
    const sets = [[1], [1], [1], [1], [0], [0], [0], [0, 2], [0, 2], [0, 2]].map((set) => Int32Array.from(set))
    const part: Targets = { classes: 3, labels: rarestLabels(sets, 3), sets }
    const names = ['delivery', 'price', 'quality']
    const { metrics, objective } = judgeMostFrequent(part, part, { names, objective: 'accuracy' })
    expect(metrics['accuracy']).toBe(0.4)
    expect(objective).toBe(0.4)
    expect(metrics['microF1']).toBeCloseTo(8 / 23, 12)
    expect(metrics['logLoss']).toBeCloseTo((loss(0.6) + loss(0.4) + loss(0.3)) / 3, 6)
    expect(metrics['calibrationError']).toBeCloseTo(0, 6)
    const byLoss = judgeMostFrequent(part, part, { names, objective: 'log-loss' })
    expect(byLoss.objective).toBe(-(metrics['logLoss'] as number))
  })

  it('gives the most frequent label where a text has one', () => {
    const part: Targets = { classes: 2, labels: Int32Array.of(1, 1, 1, 0) }
    const { metrics } = judgeMostFrequent(part, part, { names: ['bad', 'good'], objective: 'accuracy' })
    expect(metrics['accuracy']).toBe(0.75)
    expect(metrics['logLoss']).toBeCloseTo(loss(0.75), 6)
  })
})
