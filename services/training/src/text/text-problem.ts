import { splitFold, type TrainingControl } from '@rapport/ml'
import { scoreRows, type RowScorer } from '@rapport/text-models'
import { assertMemory } from './assert-memory.ts'
import { countTexts, weighRows, type CountedTexts } from './counted-texts.ts'
import { estimateTrainingBytes, learnsOne, trainScorer, type LabelledRows } from './train-scorer.ts'
import { isNetwork, nameOf, type FeatureSet, type RowRecipe, type TextRecipe } from './text-recipe.ts'
import type { OpenNetworks } from './networks/network-trainer.ts'
import { pickTargets, type LabelledTexts } from './targets.ts'
import { WeighedRowsCache } from './weighed-rows-cache.ts'

/** Scores of rows by models that were trained without their folds. */
export interface OutOfFold {
  readonly rows: Int32Array
  /** By row of `rows`. */
  readonly scores: Float32Array
}

export interface Validation extends OutOfFold {
  /** Of a network what its epochs took, those before an interruption of the job, too. */
  readonly trainingMs: number
}

/** Scores rows of the part, rows x classes. */
export type ScorePartRows = (rows: Int32Array) => Float32Array | Promise<Float32Array>

interface Folds {
  readonly folds: number
  readonly foldOf: Int32Array
}

/** Of the memory allowed, for the fits of folds. */
const cacheShare = 0.25

/** The training part: recipes are trained on any of its rows and score any others. */
export class TextProblem {
  readonly part: LabelledTexts
  readonly #memoryLimitBytes: number
  readonly #networks: OpenNetworks
  readonly #cache: WeighedRowsCache
  readonly #counted = new Map<string, CountedTexts>()

  /** Of networks by their names: they take too long to be trained again for their calibration. */
  readonly #validated = new Map<string, OutOfFold[]>()

  constructor(
    part: LabelledTexts,
    { memoryLimitBytes, networks }: { readonly memoryLimitBytes: number; readonly networks: OpenNetworks },
  ) {
    this.part = part
    this.#networks = networks
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
  async train(recipe: TextRecipe, trainRows: Int32Array, control: TrainingControl): Promise<ScorePartRows> {
    return (await this.#train(recipe, trainRows, control)).score
  }

  /** Trains without a fold, and scores it. */
  async validate(
    recipe: TextRecipe,
    { foldOf, fold }: Pick<Folds, 'foldOf'> & { readonly fold: number },
    control: TrainingControl,
  ): Promise<Validation> {
    const known = this.#validated.get(nameOf(recipe)) ?? []
    const { train, held: rows } = splitFold(foldOf, fold)
    const { score, trainingMs } = await this.#train(recipe, train, control)
    const found = { rows, scores: await score(rows), trainingMs }
    if (isNetwork(recipe)) this.#validated.set(nameOf(recipe), [...known, found])
    return found
  }

  /**
   * Scores of the part's rows by models that were trained without the row's fold: of every row, but by a network those of the
   * folds that `validate` has tried, of one at least.
   */
  async crossValidate(recipe: TextRecipe, { folds, foldOf }: Folds, control: TrainingControl): Promise<OutOfFold> {
    const known = this.#validated.get(nameOf(recipe)) ?? []
    const wanted = isNetwork(recipe) ? Math.max(1, known.length) : folds
    const found = [...known]
    for (let fold = found.length; fold < wanted; fold += 1) {
      const onProgress = (part: number): void => control.onProgress?.((fold + part) / wanted)
      found.push(await this.validate(recipe, { foldOf, fold }, { ...control, onProgress }))
    }
    return joinFolds(found, this.part.classes)
  }

  async #train(
    recipe: TextRecipe,
    trainRows: Int32Array,
    control: TrainingControl,
  ): Promise<{ readonly score: ScorePartRows; readonly trainingMs: number }> {
    if (isNetwork(recipe)) {
      if (this.part.sets !== undefined) throw learnsOne(recipe)
      const trainer = await this.#networks()
      const { score, trainingMs } = await trainer.train(recipe, this.#pick(trainRows), control)
      return { score: (rows) => score(this.#pick(rows).texts, control), trainingMs }
    }
    const started = performance.now()
    const score = await this.#trainOnRows(recipe, trainRows, control)
    return { score, trainingMs: performance.now() - started }
  }

  async #trainOnRows(recipe: RowRecipe, trainRows: Int32Array, control: TrainingControl): Promise<ScorePartRows> {
    const counted = await this.count(recipe.features, control)
    const { weighing, train } = this.#cache.fit(counted, trainRows)
    const scorer = await trainWithin(
      recipe,
      { rows: train, ...pickTargets(this.part, trainRows) },
      { ...control, memoryLimitBytes: this.#memoryLimitBytes },
    )
    return (rows) => scoreRows(scorer, weighRows(counted, weighing, rows))
  }

  #pick(rows: Int32Array): LabelledTexts {
    return pickTexts(this.part, rows)
  }
}

/** Those of some rows. */
export const pickTexts = (from: LabelledTexts, rows: Int32Array): LabelledTexts => ({
  texts: Array.from(rows, (row) => from.texts[row] ?? ''),
  ...pickTargets(from, rows),
})

function joinFolds(found: readonly OutOfFold[], classes: number): OutOfFold {
  const rows = Int32Array.from(found.flatMap((each) => [...each.rows]))
  const scores = new Float32Array(rows.length * classes)
  let at = 0
  for (const each of found) {
    scores.set(each.scores, at)
    at += each.scores.length
  }
  return { rows, scores }
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
  recipe: RowRecipe,
  data: LabelledRows,
  { memoryLimitBytes, ...control }: TrainingControl & { readonly memoryLimitBytes: number },
): Promise<RowScorer> {
  assertMemory(recipe.algorithm, estimateTrainingBytes(recipe, data), memoryLimitBytes)
  return trainScorer(recipe, data, control)
}
