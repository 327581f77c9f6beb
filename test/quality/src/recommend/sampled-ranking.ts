import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { rowOf, type CsrMatrix, type RankingScorer } from '@rapport/ml'

/** One item to find for each user, among `negatives` items that the user never touched. */
export interface SampledTask {
  readonly history: CsrMatrix
  readonly test: CsrMatrix
  /** Everything each user ever touched: never a negative. */
  readonly touched: CsrMatrix
  readonly negatives: number
  /** How often the negatives are drawn; the metrics are means over the draws, of which a single one has a wide spread. */
  readonly draws: number
  readonly seed: number
}

/**
 * Ranks each user's test item against sampled negatives (He et al. 2017): hit rate and NDCG at 10. Equal scores rank against
 * the test item, so that a scorer without an opinion gains nothing.
 */
export function judgeSampled(
  scorer: RankingScorer,
  task: SampledTask,
): { 'sampledHitRate@10': number; 'sampledNdcg@10': number } {
  const random = xoroshiro128plus(task.seed)
  const scores = new Float32Array(scorer.itemCount)
  const sums = { lists: 0, hits: 0, ndcg: 0 }
  for (let user = 0; user < task.test.rows; user += 1) {
    const [wanted] = rowOf(task.test, user).items
    if (wanted === undefined) continue
    scorer.score(rowOf(task.history, user), scores)
    const touched = rowOf(task.touched, user).items
    for (let draw = 0; draw < task.draws; draw += 1) {
      const taken = new Set(touched)
      let rank = 0
      for (let drawn = 0; drawn < task.negatives; drawn += 1) {
        const negative = drawNew(random, scorer.itemCount, taken)
        if ((scores[negative] ?? 0) >= (scores[wanted] ?? 0)) rank += 1
      }
      sums.lists += 1
      if (rank < 10) {
        sums.hits += 1
        sums.ndcg += 1 / Math.log2(rank + 2)
      }
    }
  }
  return { 'sampledHitRate@10': sums.hits / sums.lists, 'sampledNdcg@10': sums.ndcg / sums.lists }
}

function drawNew(random: ReturnType<typeof xoroshiro128plus>, itemCount: number, taken: Set<number>): number {
  for (;;) {
    const item = Math.floor(uniformFloat64(random) * itemCount)
    if (taken.has(item)) continue
    taken.add(item)
    return item
  }
}
