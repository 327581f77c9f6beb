import { thresholdBetween, type BinnedFeatures } from '../binned-features.ts'
import type { EnsembleBuilder } from '../ensemble-builder.ts'
import { RowPartition } from '../row-partition.ts'
import { GainSearch, type GainRules, type GainSplit } from './gain-search.ts'
import { HistogramBuilder, type Histogram, type NodeSums } from './histogram.ts'
import type { Derivatives } from './loss.ts'

export interface GrowthRules extends GainRules {
  readonly maxLeaves: number
  readonly maxDepth: number
  readonly learningRate: number
}

/** A leaf that may still be split; its rows are `rows[from .. to]`. */
interface Leaf {
  readonly node: number
  readonly from: number
  readonly to: number
  readonly depth: number
  readonly sums: NodeSums
  readonly histogram: Histogram | undefined
  readonly split: GainSplit | undefined
}

/** Grows trees leaf by leaf, always splitting the leaf that gains most (leaf-wise, Ke et al. 2017; Shi 2007). */
export class BoostedTreeGrower {
  private readonly binned: BinnedFeatures
  private readonly rules: GrowthRules
  private readonly builder: EnsembleBuilder
  private readonly histograms: HistogramBuilder
  private readonly search: GainSearch
  private readonly partition: RowPartition
  private readonly rows: Int32Array

  constructor(binned: BinnedFeatures, rules: GrowthRules, builder: EnsembleBuilder) {
    this.binned = binned
    this.rules = rules
    this.builder = builder
    this.histograms = new HistogramBuilder(binned, rules.minChildRows)
    this.search = new GainSearch(binned, rules)
    this.partition = new RowPartition(binned)
    this.rows = new Int32Array(binned.rows)
  }

  /** Adds a tree to the builder, and its leaf values, scaled by the learning rate, to `scores[row * stride + offset]` of the rows. */
  grow(
    trainRows: Int32Array,
    by: Derivatives,
    scores: Float64Array,
    { stride, offset }: { stride: number; offset: number },
  ): void {
    this.rows.set(trainRows)
    const sums = sumOf(this.rows, trainRows.length, by)
    const root = this.builder.startTree(trainRows.length)
    const leaves = [this.openLeaf({ node: root, from: 0, to: trainRows.length, depth: 0, sums }, by, undefined)]
    while (leaves.length < this.rules.maxLeaves) {
      const at = bestLeaf(leaves)
      const leaf = leaves[at] as Leaf
      if (leaf.split === undefined) break
      leaves.splice(at, 1, ...this.splitLeaf(leaf, leaf.split, by))
    }
    for (const { node, from, to, sums: own, histogram } of leaves) {
      if (histogram !== undefined) this.histograms.release(histogram)
      const value = -this.rules.learningRate * (own.gradient / (own.hessian + this.rules.l2))
      this.builder.setLeaf(node, Float64Array.of(Number.isFinite(value) ? value : 0))
      const added = Math.fround(Number.isFinite(value) ? value : 0)
      for (let slot = from; slot < to; slot += 1) {
        const cell = (this.rows[slot] as number) * stride + offset
        scores[cell] = (scores[cell] as number) + added
      }
    }
  }

  private splitLeaf(leaf: Leaf, split: GainSplit, by: Derivatives): [Leaf, Leaf] {
    const { feature, bins, left: leftSums } = split
    const { node, from, to, sums } = leaf
    const hadMissing = (this.binned.missingBins[feature] as number) >= 0
    const rightSums = {
      gradient: sums.gradient - leftSums.gradient,
      hessian: sums.hessian - leftSums.hessian,
      rows: sums.rows - leftSums.rows,
    }
    // Where training had no missing value, one follows the majority.
    const missingLeft = hadMissing ? split.missingLeft : leftSums.rows > rightSums.rows
    const middle = this.partition.split(this.rows, from, to, { feature, lastLeftBin: bins[0], missingLeft })
    const leftNode = this.builder.addNode(leftSums.rows)
    const rightNode = this.builder.addNode(rightSums.rows)
    this.builder.split(
      node,
      { feature, threshold: thresholdBetween(this.binned, feature, bins), missingLeft },
      leftNode,
      rightNode,
    )
    const depth = leaf.depth + 1
    const left = { node: leftNode, from, to: middle, depth, sums: leftSums }
    const right = { node: rightNode, from: middle, to, depth, sums: rightSums }
    const smaller = leftSums.rows < rightSums.rows ? left : right
    const larger = smaller === left ? right : left
    // The smaller child is counted, the larger one is what it leaves of the parent.
    const counted =
      this.canSplit(left) || this.canSplit(right)
        ? this.histograms.build(this.rows, smaller, by, smaller.sums)
        : undefined
    const parent = leaf.histogram as Histogram
    if (counted === undefined) {
      this.histograms.release(parent)
      return [this.openLeaf(left, by, undefined), this.openLeaf(right, by, undefined)]
    }
    const rest = this.openLeaf(larger, by, this.histograms.subtract(parent, counted))
    const own = this.openLeaf(smaller, by, counted)
    return smaller === left ? [own, rest] : [rest, own]
  }

  private openLeaf(node: Omit<Leaf, 'histogram' | 'split'>, by: Derivatives, known: Histogram | undefined): Leaf {
    if (!this.canSplit(node)) {
      if (known !== undefined) this.histograms.release(known)
      return { ...node, histogram: undefined, split: undefined }
    }
    const histogram = known ?? this.histograms.build(this.rows, node, by, node.sums)
    return { ...node, histogram, split: this.search.find(histogram, this.histograms.features, node.sums) }
  }

  private canSplit({ depth, sums }: { readonly depth: number; readonly sums: NodeSums }): boolean {
    return depth < this.rules.maxDepth && sums.rows >= 2 * this.rules.minChildRows
  }
}

function bestLeaf(leaves: readonly Leaf[]): number {
  let best = 0
  for (let at = 1; at < leaves.length; at += 1) {
    if ((leaves[at]?.split?.gain ?? 0) > (leaves[best]?.split?.gain ?? 0)) best = at
  }
  return best
}

function sumOf(rows: Int32Array, count: number, { gradients, hessians }: Derivatives): NodeSums {
  let gradient = 0
  let hessian = 0
  for (let at = 0; at < count; at += 1) {
    const row = rows[at] as number
    gradient += gradients[row] as number
    hessian += hessians[row] as number
  }
  return { gradient, hessian, rows: count }
}
