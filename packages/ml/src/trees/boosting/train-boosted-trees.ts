import { argumentError } from '../../errors.ts'
import { createRandom, shuffle } from '../../random.ts'
import { createPacer, type TrainingControl } from '../../training-control.ts'
import { binFeatures } from '../binned-features.ts'
import { EnsembleBuilder } from '../ensemble-builder.ts'
import { isSparse, RowReader, type FeatureMatrix } from '../feature-matrix.ts'
import { rowWeights, type RowWeightOptions } from '../row-weights.ts'
import { leafOf, type TreeEnsemble } from '../tree-ensemble.ts'
import { BoostedTreeGrower, type GrowthRules } from './grow-tree.ts'
import { binaryLogLoss, softmaxLogLoss, squaredError, type BoostingLoss } from './loss.ts'

export interface BoostingOptions {
  /** At most; early stopping may end before. 100 when absent. */
  readonly iterations?: number
  /** 0.1 when absent. */
  readonly learningRate?: number
  /** Leaves of a tree; 31 when absent. */
  readonly maxLeaves?: number
  /** No limit when absent. */
  readonly maxDepth?: number
  /** L2 penalty on leaf values; 0 when absent. */
  readonly l2?: number
  /** 20 when absent. */
  readonly minChildRows?: number
  /** Least sum of second derivatives of a leaf; 0.001 when absent. */
  readonly minChildWeight?: number
  /** What a split must gain; 0 when absent. */
  readonly minGain?: number
  /** 2 .. 255, see `binFeatures`; when absent 255, and 32 for sparse rows, whose many columns make histograms long. */
  readonly maxBins?: number
  readonly earlyStopping?: EarlyStopping
  /** Draws the rows that early stopping holds out. */
  readonly seed: number
}

export interface EarlyStopping {
  /** Share of the rows that is held out, in (0, 1). */
  readonly fraction: number
  /** Stops when the loss on them has not fallen for so many iterations, and takes the best of all. */
  readonly rounds: number
}

export interface BoostedTrees {
  readonly ensemble: TreeEnsemble
  readonly iterations: number
  /** Mean loss after each iteration, also those that were taken back: of the held-out rows, or of the training rows without early stopping. */
  readonly losses: readonly number[]
}

/**
 * Gradient-boosted trees on histograms for classes (Friedman 2001; second order as Chen and Guestrin 2016; leaf-wise on
 * histograms as Ke et al. 2017): log-loss, one tree an iteration for two classes, one a class for more. Missing values (NaN)
 * of dense rows go the way that gains more. Throws RPT_ML_ARGUMENT_INVALID.
 */
export async function trainBoostedClassifier(
  matrix: FeatureMatrix,
  labels: Int32Array,
  options: BoostingOptions & RowWeightOptions,
  control: TrainingControl = {},
): Promise<BoostedTrees> {
  checkOptions(matrix, labels.length, options)
  const weights = rowWeights(labels, options)
  const { classes } = options
  const loss = classes === 2 ? binaryLogLoss(labels, weights) : softmaxLogLoss(labels, weights, classes)
  return boost(matrix, loss, options, control)
}

/** As `trainBoostedClassifier` for numbers: squared error, targets by row. Throws RPT_ML_ARGUMENT_INVALID. */
export async function trainBoostedRegressor(
  matrix: FeatureMatrix,
  targets: Float64Array,
  options: BoostingOptions & { readonly sampleWeights?: Float64Array },
  control: TrainingControl = {},
): Promise<BoostedTrees> {
  checkOptions(matrix, targets.length, options)
  const wrong = targets.findIndex((target) => !Number.isFinite(target))
  if (wrong >= 0) throw argumentError(`targets[${wrong}]`, `is ${targets[wrong]}, not finite`)
  const weights = options.sampleWeights ?? new Float64Array(targets.length).fill(1)
  if (weights.length !== targets.length || weights.some((weight) => !(weight >= 0 && Number.isFinite(weight)))) {
    throw argumentError('sampleWeights', 'are not one finite number from 0 on a row')
  }
  return boost(matrix, squaredError(targets, weights), options, control)
}

async function boost(
  matrix: FeatureMatrix,
  loss: BoostingLoss,
  options: BoostingOptions,
  control: TrainingControl,
): Promise<BoostedTrees> {
  const { outputs, link } = loss
  const { iterations = 100, earlyStopping } = options
  const pacer = createPacer(control)
  const { train, held } = holdOut(matrix.rows, options)
  const binned = binFeatures(matrix, options.maxBins ?? (isSparse(matrix) ? 32 : 255))
  const base = loss.base(train)
  const builder = new EnsembleBuilder({ featureCount: matrix.columns, outputs, leafWidth: 1, link, scale: 1, base })
  const grower = new BoostedTreeGrower(binned, growthRules(options), builder)
  const scores = new Float64Array(matrix.rows * outputs)
  for (let cell = 0; cell < scores.length; cell += 1) scores[cell] = base[cell % outputs] as number
  const derivatives = Array.from({ length: outputs }, () => ({
    gradients: new Float64Array(matrix.rows),
    hessians: new Float64Array(matrix.rows),
  }))
  const losses: number[] = []
  let best = -1
  for (let iteration = 0; iteration < iterations; iteration += 1) {
    // All outputs of an iteration start from the same scores.
    derivatives.forEach((of, output) => loss.derivatives(scores, output, train, of))
    for (const [offset, of] of derivatives.entries()) {
      if (pacer.due()) await pacer.pause((iteration + offset / outputs) / iterations)
      grower.grow(train, of, scores, { stride: outputs, offset })
    }
    if (held.length > 0) addNewTrees(builder.newTrees(outputs), matrix, held, scores)
    losses.push(loss.mean(scores, earlyStopping === undefined ? train : held))
    if (best < 0 || (losses[iteration] as number) < (losses[best] as number)) best = iteration
    if (earlyStopping !== undefined && iteration - best >= earlyStopping.rounds) break
  }
  control.onProgress?.(1)
  const kept = earlyStopping === undefined ? losses.length : best + 1
  return { ensemble: builder.build(kept * outputs), iterations: kept, losses }
}

/** Adds what each of the trees says of those rows to its output. */
function addNewTrees(trees: TreeEnsemble, matrix: FeatureMatrix, rows: Int32Array, scores: Float64Array): void {
  const reader = new RowReader(matrix)
  for (const row of rows) {
    const values = reader.read(row)
    trees.roots.forEach((root, output) => {
      const cell = row * trees.outputs + output
      const value = trees.leafValues[trees.left[leafOf(trees, root, values)] as number] as number
      scores[cell] = (scores[cell] as number) + value
    })
  }
}

function holdOut(rows: number, { earlyStopping, seed }: BoostingOptions): { train: Int32Array; held: Int32Array } {
  const order = shuffle(
    createRandom(seed),
    Int32Array.from({ length: rows }, (_, row) => row),
  )
  const held =
    earlyStopping === undefined ? 0 : Math.min(rows - 1, Math.max(1, Math.round(rows * earlyStopping.fraction)))
  return { train: order.slice(held).sort(), held: order.slice(0, held).sort() }
}

const growthRules = (options: BoostingOptions): GrowthRules => ({
  l2: options.l2 ?? 0,
  minChildRows: options.minChildRows ?? 20,
  minChildWeight: options.minChildWeight ?? 1e-3,
  minGain: options.minGain ?? 0,
  maxLeaves: options.maxLeaves ?? 31,
  maxDepth: options.maxDepth ?? Number.POSITIVE_INFINITY,
  learningRate: options.learningRate ?? 0.1,
})

function checkOptions(matrix: FeatureMatrix, rows: number, options: BoostingOptions): void {
  if (matrix.rows === 0 || matrix.columns === 0) throw argumentError('matrix', 'has no rows or no columns')
  if (rows !== matrix.rows) throw argumentError('labels', `has ${rows} rows, not ${matrix.rows}`)
  for (const name of ['iterations', 'maxLeaves', 'maxDepth', 'minChildRows'] as const) {
    const value = options[name]
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
      throw argumentError(name, `is ${value}, not a positive integer`)
    }
  }
  for (const name of ['l2', 'minChildWeight', 'minGain'] as const) {
    const value = options[name] ?? 0
    if (!(value >= 0) || !Number.isFinite(value)) throw argumentError(name, `is ${value}, not 0 or more`)
  }
  const { learningRate = 0.1, earlyStopping } = options
  if (!(learningRate > 0)) throw argumentError('learningRate', `is ${learningRate}, not positive`)
  if (earlyStopping === undefined) return
  const { fraction, rounds } = earlyStopping
  if (!(fraction > 0 && fraction < 1)) throw argumentError('earlyStopping.fraction', `is ${fraction}, not within 0..1`)
  if (!(Number.isInteger(rounds) && rounds >= 1))
    throw argumentError('earlyStopping.rounds', `is ${rounds}, not 1 or more`)
  if (matrix.rows < 2) throw argumentError('matrix', 'has one row, none to hold out')
}
