import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import { argumentError } from '../../errors.ts'
import { createRandom, randomBelow } from '../../random.ts'
import { createPacer, type TrainingControl } from '../../training-control.ts'
import { binFeatures, thresholdBetween, type BinnedFeatures } from '../binned-features.ts'
import { EnsembleBuilder } from '../ensemble-builder.ts'
import type { FeatureMatrix } from '../feature-matrix.ts'
import { RowPartition } from '../row-partition.ts'
import { rowWeights, type RowWeightOptions } from '../row-weights.ts'
import type { TreeEnsemble } from '../tree-ensemble.ts'
import { GiniSweep, type GiniSplit, type NodeTotals } from './gini-sweep.ts'
import { toRowEntries } from './row-entries.ts'
import { SplitSearch, type OpenNode } from './split-search.ts'

export interface RandomForestOptions extends RowWeightOptions {
  readonly trees: number
  readonly seed: number
  /** Features drawn for a split: the root of their number (rounded down) when absent. */
  readonly splitFeatures?: number
  /** Distinct rows that a leaf has at least; 1 when absent. */
  readonly minLeafRows?: number
  /** No limit when absent. */
  readonly maxDepth?: number
  /** Each tree sees as many rows, drawn with replacement; all rows once when false. True when absent. */
  readonly bootstrap?: boolean
  /** 2 .. 255, see `binFeatures`; 255 when absent. */
  readonly maxBins?: number
}

/**
 * A random forest (Breiman 2001): trees grown to the end on bootstrap samples by Gini impurity, each split from randomly drawn
 * features; the probabilities of a row are the mean of its leaves' class shares. Missing values of dense rows lie above all
 * others. The same seed makes the same forest. Throws RPT_ML_ARGUMENT_INVALID.
 */
export async function trainRandomForest(
  matrix: FeatureMatrix,
  labels: Int32Array,
  options: RandomForestOptions,
  control: TrainingControl = {},
): Promise<TreeEnsemble> {
  checkOptions(matrix, labels, options)
  const pacer = createPacer(control)
  const weights = rowWeights(labels, options)
  const binned = binFeatures(matrix, options.maxBins ?? 255)
  const builder = new EnsembleBuilder({
    featureCount: matrix.columns,
    outputs: options.classes,
    leafWidth: options.classes,
    link: 'identity',
    scale: 1 / options.trees,
    base: new Float64Array(options.classes),
  })
  const grower = new TreeGrower(binned, { labels, weights, builder, options })
  for (let tree = 0; tree < options.trees; tree += 1) {
    grower.start(createRandom(options.seed, tree))
    while (grower.step()) if (pacer.due()) await pacer.pause(tree / options.trees)
  }
  control.onProgress?.(1)
  return builder.build()
}

class TreeGrower {
  private readonly binned: BinnedFeatures
  private readonly labels: Int32Array
  private readonly rowWeight: Float64Array
  private readonly builder: EnsembleBuilder
  private readonly options: RandomForestOptions
  /** Of the tree that grows: weight in its sample. */
  private readonly weights: Float64Array
  private readonly rows: Int32Array
  private readonly nodeOf: Int32Array
  private readonly search: SplitSearch
  private readonly partition: RowPartition
  private readonly open: OpenNode[] = []
  private random: RandomGenerator = createRandom(0)

  constructor(
    binned: BinnedFeatures,
    training: {
      readonly labels: Int32Array
      readonly weights: Float64Array
      readonly builder: EnsembleBuilder
      readonly options: RandomForestOptions
    },
  ) {
    this.binned = binned
    this.labels = training.labels
    this.rowWeight = training.weights
    this.builder = training.builder
    this.options = training.options
    this.weights = new Float64Array(binned.rows)
    this.rows = new Int32Array(binned.rows)
    this.nodeOf = new Int32Array(binned.rows)
    const { classes, minLeafRows = 1 } = training.options
    const { labels } = training
    const sweep = new GiniSweep({ capacity: binned.rows, labels, weights: this.weights, classes, minLeafRows })
    const { rows, nodeOf } = this
    this.search = new SplitSearch({ binned, byRow: toRowEntries(binned), sweep, rows, nodeOf })
    this.partition = new RowPartition(binned)
  }

  /** Begins a tree. */
  start(random: RandomGenerator): void {
    this.random = random
    this.search.reset()
    const inBag = this.drawSample()
    const totals = this.sum(0, inBag)
    this.pushNode({ node: this.builder.startTree(totals.weight), from: 0, to: inBag, depth: 0, totals })
  }

  /** Splits a node or makes it a leaf; false when the tree is done. */
  step(): boolean {
    const node = this.open.pop()
    if (node === undefined) return false
    const split = this.isFinal(node)
      ? undefined
      : this.search.find(node, this.options.splitFeatures ?? Math.floor(Math.sqrt(this.binned.features)), this.random)
    if (split === undefined) {
      const { classes, weight } = node.totals
      this.builder.setSharedLeaf(
        node.node,
        classes.map((own) => (weight > 0 ? own / weight : 1 / classes.length)),
      )
    } else {
      this.split(node, split)
    }
    return true
  }

  private split(node: OpenNode, { feature, bins }: GiniSplit): void {
    const { from, to } = node
    const missing = this.binned.missingBins[feature] as number
    const split = { feature, lastLeftBin: bins[0], missingLeft: false }
    const middle = this.partition.split(this.rows, from, to, split)
    const left = this.sum(from, middle)
    const right = this.sum(middle, to)
    const leftNode = this.builder.addNode(left.weight)
    const rightNode = this.builder.addNode(right.weight)
    // Where training had no missing value, one follows the majority.
    const missingLeft = missing < 0 && left.weight > right.weight
    const rule = { feature, threshold: thresholdBetween(this.binned, feature, bins), missingLeft }
    this.builder.split(node.node, rule, leftNode, rightNode)
    this.pushNode({ node: rightNode, from: middle, to, depth: node.depth + 1, totals: right })
    this.pushNode({ node: leftNode, from, to: middle, depth: node.depth + 1, totals: left })
  }

  private pushNode(node: OpenNode): void {
    for (let at = node.from; at < node.to; at += 1) this.nodeOf[this.rows[at] as number] = node.node
    this.open.push(node)
  }

  private isFinal({ depth, totals }: OpenNode): boolean {
    const { minLeafRows = 1, maxDepth = Number.POSITIVE_INFINITY } = this.options
    if (depth >= maxDepth || totals.rows < Math.max(2, 2 * minLeafRows)) return true
    let present = 0
    for (const weight of totals.classes) if (weight > 0) present += 1
    return present < 2
  }

  private sum(from: number, to: number): NodeTotals {
    const classes = new Float64Array(this.options.classes)
    let weight = 0
    for (let at = from; at < to; at += 1) {
      const row = this.rows[at] as number
      const own = this.weights[row] as number
      const label = this.labels[row] as number
      classes[label] = (classes[label] as number) + own
      weight += own
    }
    return { rows: to - from, weight, classes }
  }

  /** Rows of the tree's sample, ascending, and how many there are; rows of weight 0 are left out. */
  private drawSample(): number {
    const { rows } = this.binned
    this.weights.fill(0)
    this.nodeOf.fill(-1)
    for (let draw = 0; draw < rows; draw += 1) {
      const row = this.options.bootstrap === false ? draw : randomBelow(this.random, rows)
      this.weights[row] = (this.weights[row] as number) + (this.rowWeight[row] as number)
    }
    let inBag = 0
    for (let row = 0; row < rows; row += 1) {
      if (this.weights[row] === 0) continue
      this.rows[inBag] = row
      inBag += 1
    }
    return inBag
  }
}

function checkOptions(matrix: FeatureMatrix, labels: Int32Array, options: RandomForestOptions): void {
  if (matrix.rows === 0 || matrix.columns === 0) throw argumentError('matrix', 'has no rows or no columns')
  if (labels.length !== matrix.rows) throw argumentError('labels', `has ${labels.length} rows, not ${matrix.rows}`)
  for (const name of ['trees', 'splitFeatures', 'minLeafRows', 'maxDepth'] as const) {
    const value = options[name]
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
      throw argumentError(name, `is ${value}, not a positive integer`)
    }
  }
}
