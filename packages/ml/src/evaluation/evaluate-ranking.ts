import { argumentError } from '../errors.ts'
import { Bitset } from '../ranking/bitset.ts'
import { TopK } from '../ranking/top-k.ts'
import type { ItemScorer } from '../recommender/item-scorer.ts'
import type { CsrMatrix } from '../sparse/csr.ts'
import { createPacer, type TrainingControl } from '../training-control.ts'
import { cappedRecallAt, hitRateAt, ndcgAt, recallAt, reciprocalRankAt } from './ranking-metrics.ts'

export type RankingScorer = Pick<ItemScorer, 'itemCount' | 'score'>

/** What is known of each user and what is to be found; three matrices users x items with the same users. */
export interface RankingTask {
  readonly history: CsrMatrix
  readonly test: CsrMatrix
  /** Items never recommended to a user; the history's when absent. */
  readonly exclude?: CsrMatrix
}

/** Means over the users with test items; keys such as `recall@20`, `cappedRecall@20`, `ndcg@20`, `mrr@20`, `hitRate@20`, and over all lists `coverage@20`, `novelty@20`. */
export interface RankingEvaluation {
  readonly users: number
  readonly metrics: Readonly<Record<string, number>>
}

const perUser = {
  recall: recallAt,
  cappedRecall: cappedRecallAt,
  ndcg: ndcgAt,
  mrr: reciprocalRankAt,
  hitRate: hitRateAt,
}

/**
 * Ranks the whole catalogue for every user with test items and judges the first places. Coverage is the share of the catalogue
 * in any list; novelty is the mean self-information `-log2(share of users with the item)` of what was recommended, an item
 * nobody has counting as one user's.
 */
export async function evaluateRanking(
  scorer: RankingScorer,
  task: RankingTask,
  options: TrainingControl & { readonly cutoffs: readonly number[] },
): Promise<RankingEvaluation> {
  const { history, test, exclude = history } = task
  if (test.rows !== history.rows || exclude.rows !== history.rows)
    throw argumentError('task', 'has matrices of different users')
  const pacer = createPacer(options)
  const sums = new MetricSums(history, options.cutoffs)
  const scores = new Float32Array(scorer.itemCount)
  const hidden = new Bitset(scorer.itemCount)
  const best = new TopK(Math.max(...options.cutoffs))
  const hits = new Uint8Array(best.capacity)
  for (let user = 0; user < test.rows; user += 1) {
    if (pacer.due()) await pacer.pause(user / test.rows)
    const wanted = rowOf(test, user)
    if (wanted.length === 0) continue
    scorer.score(rowOf(history, user), scores)
    const banned = rowOf(exclude, user)
    for (const item of banned.items) hidden.add(item)
    const found = best.select(scores, best.capacity, hidden)
    for (const item of banned.items) hidden.delete(item)
    hits.fill(0)
    for (let rank = 0; rank < found; rank += 1) hits[rank] = wanted.items.includes(best.items[rank] as number) ? 1 : 0
    sums.add({ hits, relevant: wanted.length }, best.items.subarray(0, found))
  }
  options.onProgress?.(1)
  return sums.result()
}

/** A row of the matrix as a history, without copying. */
export function rowOf(matrix: CsrMatrix, row: number): { items: Int32Array; weights: Float32Array; length: number } {
  const start = matrix.starts[row] as number
  const end = matrix.starts[row + 1] as number
  return {
    items: matrix.indices.subarray(start, end),
    weights: matrix.values.subarray(start, end),
    length: end - start,
  }
}

class MetricSums {
  private readonly cutoffs: readonly number[]
  private readonly sums = new Map<string, number>()
  private readonly recommended: readonly Bitset[]
  private readonly information: Float64Array
  private readonly shown: number[]
  private users = 0

  constructor(history: CsrMatrix, cutoffs: readonly number[]) {
    this.cutoffs = cutoffs
    this.recommended = cutoffs.map(() => new Bitset(history.columns))
    this.shown = cutoffs.map(() => 0)
    this.information = new Float64Array(history.columns)
    for (const item of history.indices) this.information[item] = (this.information[item] as number) + 1
    const users = history.rows
    this.information.forEach((count, item) => {
      this.information[item] = Math.log2(users / Math.max(1, count))
    })
  }

  add(list: { readonly hits: Uint8Array; readonly relevant: number }, items: Int32Array): void {
    this.users += 1
    for (const [index, k] of this.cutoffs.entries()) {
      for (const [name, metric] of Object.entries(perUser)) this.addTo(`${name}@${k}`, metric(list, k))
      for (const item of items.subarray(0, k)) {
        this.recommended[index]?.add(item)
        this.addTo(`novelty@${k}`, this.information[item] as number)
        this.shown[index] = (this.shown[index] ?? 0) + 1
      }
    }
  }

  result(): RankingEvaluation {
    const metrics: Record<string, number> = {}
    for (const [index, k] of this.cutoffs.entries()) {
      for (const name of Object.keys(perUser)) metrics[`${name}@${k}`] = this.mean(`${name}@${k}`, this.users)
      metrics[`coverage@${k}`] = (this.recommended[index]?.count() ?? 0) / this.information.length
      metrics[`novelty@${k}`] = this.mean(`novelty@${k}`, this.shown[index] ?? 0)
    }
    return { users: this.users, metrics }
  }

  private addTo(name: string, value: number): void {
    this.sums.set(name, (this.sums.get(name) ?? 0) + value)
  }

  private mean(name: string, count: number): number {
    return count === 0 ? 0 : (this.sums.get(name) ?? 0) / count
  }
}
