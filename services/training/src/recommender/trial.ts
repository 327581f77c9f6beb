import { type CsrMatrix, evaluateRanking, type RankingTask, type ScorerModel, type TrainingControl } from '@rapport/ml'
import type { InteractionLog } from '../data/interaction-log.ts'
import { itemPopularity, newCells, type Span, strengthMatrix } from './parts.ts'
import { estimateBytes, parameterOf, rankingScorer, type Recipe, trainModel } from './recipe.ts'

const dayMs = 24 * 60 * 60 * 1000
const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 1024 / 1024)} MiB`
const cutoff = 20
const shown = ['recall', 'ndcg', 'mrr', 'coverage', 'novelty'].map((name) => `${name}@${cutoff}`)

/** Serving folds in so many acts of a visitor unless it is told otherwise (RAPPORT_RECOMMENDATION_MAX_EVENTS). */
export const foldedActs = 200

/** What recipes are compared by. */
export const decisiveMetric = `ndcg@${cutoff}`

export interface TrainingDataset {
  readonly log: InteractionLog
  /** Factor of every strength. */
  readonly scale: number
  /** Of the whole process. */
  readonly memoryLimitBytes: number
}

export type Trial =
  | { readonly recipe: Recipe; readonly metrics: Readonly<Record<string, number>>; readonly trainingSeconds: number }
  | { readonly recipe: Recipe; readonly declined: string }

export const scoreOf = (trial: Trial): number =>
  'metrics' in trial ? (trial.metrics[decisiveMetric] ?? 0) : Number.NEGATIVE_INFINITY

/** Data up to a moment, as recipes want it; what recipes share is made once. */
export class TrainingPart {
  readonly span: Span
  readonly dataset: TrainingDataset
  readonly #matrices = new Map<string, CsrMatrix>()

  constructor(dataset: TrainingDataset, toMs: number) {
    this.dataset = dataset
    this.span = { fromMs: Number.NEGATIVE_INFINITY, toMs }
  }

  matrix(historyHalfLifeDays = 0): CsrMatrix {
    return this.#matrix(historyHalfLifeDays, Number.POSITIVE_INFINITY)
  }

  /** Histories as serving folds them in: of the newest acts. */
  histories(historyHalfLifeDays: number): CsrMatrix {
    const { starts } = this.dataset.log
    const isLong = starts.some((start, user) => (starts[user + 1] ?? start) - start > foldedActs)
    return this.#matrix(historyHalfLifeDays, isLong ? foldedActs : Number.POSITIVE_INFINITY)
  }

  #matrix(historyHalfLifeDays: number, newestActs: number): CsrMatrix {
    const { log, scale } = this.dataset
    const key = `${historyHalfLifeDays} ${newestActs}`
    const halfLifeMs = historyHalfLifeDays === 0 ? undefined : historyHalfLifeDays * dayMs
    const options = { span: this.span, halfLifeMs, scale, newestActs }
    const made = this.#matrices.get(key) ?? strengthMatrix(log, options)
    this.#matrices.set(key, made)
    return made
  }

  popularity(halfLifeDays: number): Float32Array {
    const { log, scale } = this.dataset
    const halfLifeMs = halfLifeDays === 0 ? undefined : halfLifeDays * dayMs
    return itemPopularity(log, { span: this.span, halfLifeMs, scale })
  }

  /** Why the recipe cannot be trained in the memory that is left; undefined when it can. */
  declineFor(recipe: Recipe): string | undefined {
    // Popularity is what everything is measured against; it takes next to nothing.
    if (recipe.algorithm === 'popularity') return undefined
    const { memoryLimitBytes } = this.dataset
    const matrix = this.matrix()
    const needed = estimateBytes(recipe, { users: matrix.rows, items: matrix.columns, entries: matrix.indices.length })
    const free = memoryLimitBytes - process.memoryUsage.rss()
    if (needed <= free) return undefined
    if (needed === Number.POSITIVE_INFINITY) return `cannot hold ${matrix.columns} items`
    return `needs ${mebibytes(needed)} of memory, ${mebibytes(Math.max(0, free))} of ${mebibytes(memoryLimitBytes)} are free`
  }

  train(recipe: Recipe, control: TrainingControl): Promise<ScorerModel> {
    return trainModel(recipe, this.matrix(parameterOf(recipe, 'historyHalfLifeDays')), control)
  }
}

/** Trains on one part and scores on what came after it. */
export class Arena {
  readonly part: TrainingPart
  readonly #test: CsrMatrix

  constructor(part: TrainingPart, later: Span) {
    this.part = part
    const seen = part.matrix()
    this.#test = newCells(seen, strengthMatrix(part.dataset.log, { span: later }))
  }

  /** Cells to be found. */
  get testCells(): number {
    return this.#test.indices.length
  }

  async try(recipe: Recipe, control: TrainingControl): Promise<Trial> {
    const declined = this.part.declineFor(recipe)
    if (declined !== undefined) return { recipe, declined }
    const startedMs = performance.now()
    const { onProgress, ...rest } = control
    const model = await this.part.train(recipe, { ...rest, onProgress: (part) => onProgress?.(0.8 * part) })
    const trainingSeconds = (performance.now() - startedMs) / 1000
    const popularity = this.part.popularity(parameterOf(recipe, 'halfLifeDays'))
    const task: RankingTask = {
      history: this.part.histories(parameterOf(recipe, 'historyHalfLifeDays')),
      test: this.#test,
      exclude: this.part.matrix(),
    }
    const evaluation = await evaluateRanking(rankingScorer(model, popularity), task, {
      ...rest,
      onProgress: (part) => onProgress?.(0.8 + 0.2 * part),
      cutoffs: [cutoff],
    })
    const metrics = Object.fromEntries(shown.map((name) => [name, evaluation.metrics[name] ?? 0]))
    return { recipe, metrics, trainingSeconds }
  }
}
