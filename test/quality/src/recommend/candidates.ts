import {
  createItemScorer,
  neighboursToWeights,
  popularity,
  pruneEase,
  trainEase,
  trainIals,
  trainItemKnn,
  truncateNeighbours,
  type CsrMatrix,
  type DenseLinearModel,
  type Interactions,
  type NeighbourLists,
  type RankingScorer,
} from '@rapport/ml'

/** What a model may learn from: users x items, and the single interactions behind it with their times. */
export interface TrainingPart {
  readonly matrix: CsrMatrix
  readonly interactions: Interactions
  /** The moment at which it was known: the end of the training part. */
  readonly asOfMs?: number
}

export type Parameters = Readonly<Record<string, number>>

/** A model with the parameters that the validation part chooses among. */
export interface Candidate {
  readonly name: string
  /** The points tried first; or the name of an earlier candidate, whose choice is the only one of them. */
  readonly grid: readonly Parameters[] | string
  /** Parameters in which the search goes on from the best point, each with the factor of a step up or down. */
  readonly steps?: Parameters
  fit(part: TrainingPart, parameters: Parameters): Promise<RankingScorer>
}

const dayMs = 86_400_000

/** `halfLifeDays: 0` stands for no decay. */
export const popularityCandidate = (halfLifeDays: readonly number[]): Candidate => ({
  name: 'popularity',
  grid: halfLifeDays.map((days) => ({ halfLifeDays: days })),
  async fit({ matrix, interactions, asOfMs }, { halfLifeDays = 0 }) {
    const decay = halfLifeDays === 0 || asOfMs === undefined ? {} : { halfLifeMs: halfLifeDays * dayMs, asOfMs }
    const scores = popularity(matrix.columns, interactions, decay)
    return { itemCount: matrix.columns, score: (_history, out) => out.set(scores) }
  },
})

export function itemKnnCandidate(neighbours: readonly number[], shrinkages: readonly number[]): Candidate {
  const longest = Math.max(...neighbours)
  const kept = new WeakMap<CsrMatrix, Map<number, NeighbourLists>>()
  return {
    name: 'item-knn',
    grid: shrinkages.flatMap((shrinkage) => neighbours.map((count) => ({ neighbours: count, shrinkage }))),
    async fit({ matrix }, { neighbours: count = longest, shrinkage = 0 }) {
      // The lists of fewer neighbours are the beginnings of the longest ones.
      const byShrinkage = kept.get(matrix) ?? new Map<number, NeighbourLists>()
      kept.set(matrix, byShrinkage)
      const lists = byShrinkage.get(shrinkage) ?? (await trainItemKnn(matrix, { neighbours: longest, shrinkage }))
      byShrinkage.set(shrinkage, lists)
      const weights = neighboursToWeights(truncateNeighbours(lists, count))
      return createItemScorer({ algorithm: 'item-knn', itemCount: matrix.columns, parameters: {}, weights })
    },
  }
}

/** EASE as it is and, for each of `kept`, with that many weights an item, as it is served. */
export function easeCandidates(lambdas: readonly number[], kept: readonly number[] = []): readonly Candidate[] {
  const grid = lambdas.map((lambda) => ({ lambda }))
  const trained = new WeakMap<CsrMatrix, Map<number, DenseLinearModel>>()
  const train = async (matrix: CsrMatrix, lambda: number): Promise<DenseLinearModel> => {
    const byLambda = trained.get(matrix) ?? new Map<number, DenseLinearModel>()
    trained.set(matrix, byLambda)
    const model = byLambda.get(lambda) ?? (await trainEase(matrix, { lambda }))
    if (kept.length > 0) byLambda.set(lambda, model)
    return model
  }
  return [
    { name: 'ease', grid, fit: async ({ matrix }, { lambda = 500 }) => createItemScorer(await train(matrix, lambda)) },
    ...kept.map((count): Candidate => ({
      name: `ease-top${count}`,
      grid,
      fit: async ({ matrix }, { lambda = 500 }) => createItemScorer(pruneEase(await train(matrix, lambda), count)),
    })),
  ]
}

/**
 * The search of iALS is the same for every data set and was fixed before its figures were seen: two points a decade around
 * the values that Rendle et al. 2022 report for MovieLens, then half as wide steps from the best of them.
 */
const ialsPoints = [0.1, 0.3, 1].flatMap((alpha0) =>
  [0.003, 0.01, 0.03].map((regularization) => ({ alpha0, regularization })),
)
const ialsStep = 10 ** 0.25

export interface IalsSize {
  readonly factors: number
  readonly epochs: number
  /** Factors of an earlier iALS candidate from whose choice the search begins, where the points would take too long. */
  readonly after?: number
}

export const ialsCandidate = ({ factors, epochs, after }: IalsSize): Candidate => ({
  name: `ials-${factors}`,
  grid: after === undefined ? ialsPoints : `ials-${after}`,
  steps: { alpha0: ialsStep, regularization: ialsStep },
  async fit({ matrix }, { alpha0 = 0.1, regularization = 0.01 }) {
    const { model } = await trainIals(matrix, { factors, epochs, alpha0, regularization, seed: 1 })
    return createItemScorer(model)
  },
})
