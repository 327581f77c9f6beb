import type { IsotonicCurve } from './calibration.ts'
import { countRows, plattTargets } from './platt-targets.ts'

/**
 * Isotonic regression of membership (0 or 1) on the score by pooling adjacent violators (Ayer et al. 1955; as a calibration
 * Zadrozny and Elkan 2002), with Platt's targets in place of 1 and 0: a block of one kind of rows would else be certain, and
 * one row in it that a later text contradicts costs without limit. Rows of one score are pooled first. Sorting aside, linear
 * time.
 */
export function fitIsotonic(scores: Float64Array, positive: Uint8Array): IsotonicCurve {
  const order = Int32Array.from(scores.keys()).sort((a, b) => (scores[a] as number) - (scores[b] as number))
  const blocks = new Blocks(order.length)
  for (let at = 0; at < order.length;) {
    const score = scores[order[at] as number] as number
    let members = 0
    const first = at
    for (; at < order.length && scores[order[at] as number] === score; at += 1) {
      members += positive[order[at] as number] as number
    }
    blocks.append(score, members, at - first)
  }
  const { scores: ends, probabilities } = blocks.toCurve()
  const { high, low } = plattTargets(countRows(positive))
  return { scores: ends, probabilities: probabilities.map((mean) => low + mean * (high - low)) }
}

/** Adjacent blocks of scores with rising means. */
class Blocks {
  private readonly lowest: Float64Array
  private readonly highest: Float64Array
  private readonly members: Float64Array
  private readonly weights: Float64Array
  private used = 0

  constructor(capacity: number) {
    this.lowest = new Float64Array(capacity)
    this.highest = new Float64Array(capacity)
    this.members = new Float64Array(capacity)
    this.weights = new Float64Array(capacity)
  }

  /** Adds the rows of the next higher score, and pools until the means rise again. */
  append(score: number, members: number, weight: number): void {
    const { lowest, highest } = this
    lowest[this.used] = score
    highest[this.used] = score
    this.members[this.used] = members
    this.weights[this.used] = weight
    this.used += 1
    while (this.used > 1 && this.mean(this.used - 2) >= this.mean(this.used - 1)) {
      const last = this.used - 1
      highest[last - 1] = highest[last] as number
      this.members[last - 1] = (this.members[last - 1] as number) + (this.members[last] as number)
      this.weights[last - 1] = (this.weights[last - 1] as number) + (this.weights[last] as number)
      this.used = last
    }
  }

  /** Both ends of every block. */
  toCurve(): IsotonicCurve {
    const scores: number[] = []
    const probabilities: number[] = []
    for (let block = 0; block < this.used; block += 1) {
      const low = this.lowest[block] as number
      const high = this.highest[block] as number
      scores.push(low)
      probabilities.push(this.mean(block))
      if (high > low) {
        scores.push(high)
        probabilities.push(this.mean(block))
      }
    }
    return { scores, probabilities }
  }

  private mean(block: number): number {
    return (this.members[block] as number) / (this.weights[block] as number)
  }
}
