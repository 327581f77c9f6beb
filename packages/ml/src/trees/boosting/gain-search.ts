import type { BinnedFeatures } from '../binned-features.ts'
import type { Histogram, NodeSums } from './histogram.ts'

export interface GainRules {
  /** L2 penalty on leaf values. */
  readonly l2: number
  readonly minChildRows: number
  /** Least sum of second derivatives in a child. */
  readonly minChildWeight: number
  /** What a split must gain at least. */
  readonly minGain: number
}

export interface GainSplit {
  readonly feature: number
  /** The last bin on the left and the first on the right. */
  readonly bins: readonly [number, number]
  readonly missingLeft: boolean
  readonly gain: number
  readonly left: NodeSums
}

/**
 * The split with the greatest second-order gain (Chen and Guestrin 2016, eq. 7), `G_L^2 / (H_L + l2) + G_R^2 / (H_R + l2) -
 * G^2 / (H + l2)` halved; missing values are tried on both sides (their Algorithm 3).
 */
export class GainSearch {
  private readonly binned: BinnedFeatures
  private readonly rules: GainRules
  private best: GainSplit | undefined

  constructor(binned: BinnedFeatures, rules: GainRules) {
    this.binned = binned
    this.rules = rules
  }

  find(histogram: Histogram, features: Int32Array, sums: NodeSums): GainSplit | undefined {
    this.best = undefined
    for (const feature of features) {
      const first = this.binned.binStarts[feature] as number
      const missing = this.binned.missingBins[feature] as number
      const end = missing >= 0 ? first + missing : (this.binned.binStarts[feature + 1] as number)
      const none = { gradient: 0, hessian: 0, rows: 0 }
      if (missing < 0) {
        this.scan(histogram, { feature, first, end: end - 1 }, sums, { start: none, missingLeft: false })
        continue
      }
      const cell = 3 * end
      const start = {
        gradient: histogram[cell] as number,
        hessian: histogram[cell + 1] as number,
        rows: histogram[cell + 2] as number,
      }
      // The last of these splits has nothing but the missing values on the right.
      this.scan(histogram, { feature, first, end }, sums, { start: none, missingLeft: false })
      if (start.rows > 0) this.scan(histogram, { feature, first, end: end - 1 }, sums, { start, missingLeft: true })
    }
    return this.best
  }

  /** All splits after one of the flat bins `first .. end`. */
  private scan(
    histogram: Histogram,
    { feature, first, end }: { readonly feature: number; readonly first: number; readonly end: number },
    sums: NodeSums,
    { start, missingLeft }: { readonly start: NodeSums; readonly missingLeft: boolean },
  ): void {
    const { l2, minChildRows, minChildWeight, minGain } = this.rules
    const whole = sums.gradient ** 2 / (sums.hessian + l2)
    let { gradient, hessian, rows } = start
    let atLeast = Math.max(this.best?.gain ?? 0, minGain)
    let previous = -1
    for (let bin = first; bin < end; bin += 1) {
      const inBin = histogram[3 * bin + 2] as number
      if (inBin === 0) continue
      gradient += histogram[3 * bin] as number
      hessian += histogram[3 * bin + 1] as number
      rows += inBin
      previous = bin
      const rightHessian = sums.hessian - hessian
      if (rows < minChildRows || hessian < minChildWeight) continue
      if (sums.rows - rows < minChildRows || rightHessian < minChildWeight) break
      const rightGradient = sums.gradient - gradient
      const left = gradient ** 2 / (hessian + l2)
      const gain = 0.5 * (left + rightGradient ** 2 / (rightHessian + l2) - whole)
      if (!(gain > atLeast)) continue
      atLeast = gain
      const bins = [previous - first, previous - first + 1] as const
      this.best = { feature, bins, missingLeft, gain, left: { gradient, hessian, rows } }
    }
  }
}
