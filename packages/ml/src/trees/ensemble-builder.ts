import type { TreeEnsemble } from './tree-ensemble.ts'

export interface SplitRule {
  readonly feature: number
  readonly threshold: number
  readonly missingLeft: boolean
}

type Shape = Pick<TreeEnsemble, 'featureCount' | 'outputs' | 'leafWidth' | 'link' | 'scale' | 'base'>

/** Collects the nodes of growing trees. A new node is a leaf without values until it is told otherwise. */
export class EnsembleBuilder {
  private readonly shape: Shape
  private readonly roots: number[] = []
  private features = new Int32Array(1024)
  private thresholds = new Float32Array(1024)
  private left = new Int32Array(1024)
  private right = new Int32Array(1024)
  private missingLeft = new Uint8Array(1024)
  private cover = new Float32Array(1024)
  private leafValues = new Float32Array(1024)
  private nodes = 0
  private leaves = 0
  private readonly leafOfValues = new Map<string, number>()

  constructor(shape: Shape) {
    this.shape = shape
  }

  /** Views of the last trees, valid until the next node. */
  newTrees(count: number): TreeEnsemble {
    const { features, thresholds, left, right, missingLeft, cover, leafValues } = this
    const roots = Int32Array.from(this.roots.slice(-count))
    return { ...this.shape, roots, features, thresholds, left, right, missingLeft, cover, leafValues }
  }

  startTree(cover: number): number {
    const root = this.addNode(cover)
    this.roots.push(root)
    return root
  }

  addNode(cover: number): number {
    const node = this.nodes
    if (node === this.features.length) this.grow()
    this.features[node] = -1
    this.cover[node] = cover
    this.nodes += 1
    return node
  }

  split(node: number, rule: SplitRule, left: number, right: number): void {
    this.features[node] = rule.feature
    this.thresholds[node] = rule.threshold
    this.missingLeft[node] = rule.missingLeft ? 1 : 0
    this.left[node] = left
    this.right[node] = right
  }

  setLeaf(node: number, values: Float64Array): void {
    this.left[node] = this.addLeafValues(values)
  }

  /** As `setLeaf`; leaves with the same values share them, which the pure leaves of a forest over many classes need. */
  setSharedLeaf(node: number, values: Float64Array): void {
    let key = ''
    for (let at = 0; at < values.length; at += 1)
      if (values[at] !== 0) key += `${at}:${Math.fround(values[at] as number)},`
    const known = this.leafOfValues.get(key) ?? this.addLeafValues(values)
    this.leafOfValues.set(key, known)
    this.left[node] = known
  }

  /** The first `trees` trees, all when absent. */
  build(trees = this.roots.length): TreeEnsemble {
    const nodes = trees < this.roots.length ? (this.roots[trees] as number) : this.nodes
    return {
      ...this.shape,
      roots: Int32Array.from(this.roots.slice(0, trees)),
      features: this.features.slice(0, nodes),
      thresholds: this.thresholds.slice(0, nodes),
      left: this.left.slice(0, nodes),
      right: this.right.slice(0, nodes),
      missingLeft: this.missingLeft.slice(0, nodes),
      cover: this.cover.slice(0, nodes),
      leafValues: this.leafValues.slice(0, this.usedLeaves(nodes) * this.shape.leafWidth),
    }
  }

  private usedLeaves(nodes: number): number {
    let used = 0
    for (let node = 0; node < nodes; node += 1) {
      if (this.features[node] === -1) used = Math.max(used, (this.left[node] as number) + 1)
    }
    return used
  }

  private addLeafValues(values: Float64Array): number {
    const at = this.leaves * this.shape.leafWidth
    if (at + values.length > this.leafValues.length) {
      const grown = new Float32Array(2 * (at + values.length))
      grown.set(this.leafValues)
      this.leafValues = grown
    }
    this.leafValues.set(values, at)
    this.leaves += 1
    return this.leaves - 1
  }

  private grow(): void {
    const size = 2 * this.features.length
    const { features, thresholds, left, right, missingLeft, cover } = this
    this.features = new Int32Array(size)
    this.features.set(features)
    this.thresholds = new Float32Array(size)
    this.thresholds.set(thresholds)
    this.left = new Int32Array(size)
    this.left.set(left)
    this.right = new Int32Array(size)
    this.right.set(right)
    this.missingLeft = new Uint8Array(size)
    this.missingLeft.set(missingLeft)
    this.cover = new Float32Array(size)
    this.cover.set(cover)
  }
}
