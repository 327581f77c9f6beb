import { splitFold, type CsrMatrix, type TrainingControl } from '@rapport/ml'
import { scoreRows, type RowScorer } from '@rapport/text-models'
import { TrainingDataError } from '../errors.ts'
import { countTexts, weighRows, type CountedTexts } from './counted-texts.ts'
import { estimateTrainingBytes, trainScorer } from './train-scorer.ts'
import type { FeatureSet, TextRecipe } from './text-recipe.ts'
import { WeighedRowsCache } from './weighed-rows-cache.ts'

export interface LabelledTexts {
  readonly texts: readonly string[]
  readonly labels: Int32Array
  readonly classes: number
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 1024 / 1024)} MiB`
/** Of the memory allowed, for the fits of folds. */
const cacheShare = 0.25

/** The training part: recipes are trained on any of its rows and score any others. */
export class TextProblem {
  readonly part: LabelledTexts
  readonly #memoryLimitBytes: number
  readonly #cache: WeighedRowsCache
  readonly #counted = new Map<string, CountedTexts>()

  constructor(part: LabelledTexts, memoryLimitBytes: number) {
    this.part = part
    this.#memoryLimitBytes = memoryLimitBytes
    this.#cache = new WeighedRowsCache(cacheShare * memoryLimitBytes)
  }

  /** Reads the texts for a set of features, once. */
  async count(features: FeatureSet, control: TrainingControl): Promise<CountedTexts> {
    const key = JSON.stringify(features)
    const known = this.#counted.get(key)
    if (known !== undefined) return known
    const counted = await countTexts(this.part.texts, features, control)
    this.#counted.set(key, counted)
    return counted
  }

  /**
   * Trains on rows of the part; the result scores rows of it, rows x classes, as serving scores their texts. @throws
   * TrainingDataError when it does not fit into memory, and what trainers throw.
   */
  async train(
    recipe: TextRecipe,
    trainRows: Int32Array,
    control: TrainingControl,
  ): Promise<(rows: Int32Array) => Float32Array> {
    const counted = await this.count(recipe.features, control)
    const { weighing, train } = this.#cache.fit(counted, trainRows)
    const labels = trainRows.map((row) => this.part.labels[row] as number)
    const scorer = await trainWithin(
      recipe,
      { rows: train, labels, classes: this.part.classes },
      {
        ...control,
        memoryLimitBytes: this.#memoryLimitBytes,
      },
    )
    return (rows) => scoreRows(scorer, weighRows(counted, weighing, rows))
  }

  /** Scores of every row by a model that was trained without the row's fold. */
  async crossValidate(
    recipe: TextRecipe,
    { folds, foldOf }: { readonly folds: number; readonly foldOf: Int32Array },
    control: TrainingControl,
  ): Promise<Float32Array> {
    const { labels, classes } = this.part
    const scores = new Float32Array(labels.length * classes)
    for (let fold = 0; fold < folds; fold += 1) {
      const { train, held } = splitFold(foldOf, fold)
      const score = await this.train(recipe, train, {
        ...control,
        onProgress: (part) => control.onProgress?.((fold + part) / folds),
      })
      scatterRows(score(held), held, { into: scores, classes })
    }
    return scores
  }
}

/** Copies scores of some rows to the rows' places. */
export function scatterRows(
  scores: Float32Array,
  rows: Int32Array,
  { into, classes }: { readonly into: Float32Array; readonly classes: number },
): void {
  rows.forEach((row, at) => into.set(scores.subarray(at * classes, (at + 1) * classes), row * classes))
}

/** Trains when that fits into the memory that is left. @throws TrainingDataError that says what it needs. */
export async function trainWithin(
  recipe: TextRecipe,
  data: { readonly rows: CsrMatrix; readonly labels: Int32Array; readonly classes: number },
  { memoryLimitBytes, ...control }: TrainingControl & { readonly memoryLimitBytes: number },
): Promise<RowScorer> {
  const needed = estimateTrainingBytes(recipe, data)
  const free = Math.max(0, memoryLimitBytes - process.memoryUsage.rss())
  if (needed <= free) return trainScorer(recipe, data, control)
  const limit = mebibytes(memoryLimitBytes)
  throw new TrainingDataError(
    'RPT_TRAINING_MEMORY',
    `${recipe.algorithm} needs ${mebibytes(needed)} of memory, ${mebibytes(free)} of ${limit} are free`,
  )
}
