import { argumentError } from '../errors.ts'
import type { TreeEnsemble } from '../trees/tree-ensemble.ts'
import { gaussLegendre, type QuadratureRule } from './quadrature.ts'

export interface TreeExplanation {
  /** By output: the score to expect before anything of the row is known. */
  readonly base: Float64Array
  /** features x outputs, row-major; with the base they sum to the row's scores. */
  readonly contributions: Float64Array
}

/**
 * SHAP values of tree ensembles, path-dependent (Lundberg et al. 2020, "From local explanations to global understanding with
 * explainable AI for trees"): what each feature adds to the score, when an unknown feature sends a row both ways in the
 * proportions of the training rows. They are exact, but not computed by their Algorithm 2, whose time `leaves x depth^2` is
 * minutes for a forest grown to the end on texts. A leaf of value `v` is worth `v * product of f_j`, with `f_j` the "one" fraction `o_j`
 * (0 or 1: whether the row itself goes along) where feature `j` is known, else the "zero" fraction `z_j` (the share of
 * training rows that do). Its Shapley value for `i` is an integral over the multilinear extension (Owen 1972),
 * `v (o_i - z_i) * integral over t in 0..1 of product over j != i of (t o_j + (1 - t) z_j)`: a polynomial, which
 * Gauss-Legendre quadrature integrates (`shapPoints`). One walk over a tree sums all leaves, so the time is `nodes x points`.
 */
export class TreeShap {
  private readonly ensemble: TreeEnsemble
  private readonly base: Float64Array
  /** By tree. */
  private readonly rules: readonly QuadratureRule[]
  /** Of the features on the path; 1 for all others. */
  private readonly zeros: Float64Array
  private readonly ones: Float64Array
  /** By level of the tree, a run of points each: the product of the path. */
  private readonly products: Float64Array
  /** The same for the summed leaves below, leafWidth values a point. */
  private readonly sums: Float64Array
  private readonly stride: number

  constructor(ensemble: TreeEnsemble) {
    this.ensemble = ensemble
    const { outputs, leafWidth, scale, roots, featureCount } = ensemble
    const expected = expectedValues(ensemble)
    this.base = ensemble.base.slice()
    roots.forEach((root, tree) => {
      for (let slot = 0; slot < leafWidth; slot += 1) {
        const output = leafWidth === 1 ? tree % outputs : slot
        this.base[output] = (this.base[output] as number) + scale * (expected[root * leafWidth + slot] as number)
      }
    })
    const paths = Array.from(roots, (root) => measurePaths(ensemble, root))
    const known = new Map<number, QuadratureRule>()
    this.rules = paths.map(({ distinct }) => {
      const count = shapPoints(distinct)
      const rule = known.get(count) ?? gaussLegendre(count)
      known.set(count, rule)
      return rule
    })
    this.stride = Math.max(...known.keys())
    const levels = 1 + Math.max(0, ...paths.map(({ depth }) => depth))
    this.products = new Float64Array(levels * this.stride)
    this.sums = new Float64Array(levels * this.stride * leafWidth)
    this.zeros = new Float64Array(featureCount).fill(1)
    this.ones = new Float64Array(featureCount).fill(1)
  }

  /** `row`: a value a feature, 0 for what a sparse row doesn't have, NaN where missing. Throws RPT_ML_ARGUMENT_INVALID. */
  explain(row: Float32Array): TreeExplanation {
    const { featureCount, outputs, leafWidth, roots } = this.ensemble
    if (row.length !== featureCount) throw argumentError('row', `has ${row.length} values, not ${featureCount}`)
    const contributions = new Float64Array(featureCount * outputs)
    roots.forEach((root, tree) => {
      const rule = this.rules[tree] as QuadratureRule
      this.products.fill(1, 0, rule.points.length)
      this.visit({ row, contributions, firstOutput: leafWidth === 1 ? tree % outputs : 0, rule }, root, 0)
    })
    return { base: this.base.slice(), contributions }
  }

  /** Leaves in `sums` of that level what the leaves below the node come to at every point. */
  private visit(walk: Walk, node: number, level: number): void {
    const { features, thresholds, left, right, missingLeft, leafValues, leafWidth } = this.ensemble
    const points = walk.rule.points.length
    const from = level * this.stride
    const feature = features[node] as number
    if (feature < 0) {
      const leaf = (left[node] as number) * leafWidth
      for (let cell = 0; cell < points * leafWidth; cell += 1) {
        const product = this.products[from + Math.floor(cell / leafWidth)] as number
        this.sums[from * leafWidth + cell] = product * (leafValues[leaf + (cell % leafWidth)] as number)
      }
      return
    }
    const value = walk.row[feature] as number
    const goesLeft = value <= (thresholds[node] as number) || (Number.isNaN(value) && missingLeft[node] === 1)
    this.sums.fill(0, from * leafWidth, (from + points) * leafWidth)
    this.follow(walk, { node, child: left[node] as number, level, hot: goesLeft })
    this.follow(walk, { node, child: right[node] as number, level, hot: !goesLeft })
  }

  /** Visits a child, adds its leaves to the node's, and credits the feature of the node. */
  private follow(walk: Walk, { node, child, level, hot }: Edge): void {
    const { features, cover, leafWidth } = this.ensemble
    const { zeros, ones, products, sums, stride } = this
    const feature = features[node] as number
    const { points } = walk.rule
    const oldZero = zeros[feature] as number
    const oldOne = ones[feature] as number
    const zero = (oldZero * (cover[child] as number)) / (cover[node] as number)
    const one = hot ? oldOne : 0
    const from = level * stride
    const to = from + stride
    for (let point = 0; point < points.length; point += 1) {
      const t = points[point] as number
      const change = (t * one + (1 - t) * zero) / (t * oldOne + (1 - t) * oldZero)
      products[to + point] = (products[from + point] as number) * change
    }
    zeros[feature] = zero
    ones[feature] = one
    this.visit(walk, child, level + 1)
    zeros[feature] = oldZero
    ones[feature] = oldOne
    for (let cell = 0; cell < points.length * leafWidth; cell += 1) {
      const at = from * leafWidth + cell
      sums[at] = (sums[at] as number) + (sums[to * leafWidth + cell] as number)
    }
    this.credit(walk, feature, to, { zero, one, oldZero, oldOne })
  }

  /** A leaf counts the feature once, with its last fractions: each edge adds its own and takes back the edge's before. */
  private credit({ contributions, firstOutput, rule }: Walk, feature: number, from: number, of: Fractions): void {
    const { leafWidth, outputs, scale } = this.ensemble
    const { points, weights } = rule
    const cell = feature * outputs + firstOutput
    const isNew = of.oldOne === 1 && of.oldZero === 1
    for (let point = 0; point < points.length; point += 1) {
      const t = points[point] as number
      const own = (of.one - of.zero) / (t * of.one + (1 - t) * of.zero)
      const before = isNew ? 0 : (of.oldOne - of.oldZero) / (t * of.oldOne + (1 - t) * of.oldZero)
      const factor = scale * (weights[point] as number) * (own - before)
      for (let slot = 0; slot < leafWidth; slot += 1) {
        const sum = this.sums[(from + point) * leafWidth + slot] as number
        contributions[cell + slot] = (contributions[cell + slot] as number) + factor * sum
      }
    }
  }
}

/**
 * Points for paths of that many distinct features: half as many are exact. Of long paths `4 sqrt(features)` are enough: the
 * polynomial is a sum of Bernstein polynomials with weights of one sign, and of each of those up to degree 3,000 they miss
 * less than 1e-10 of the integral.
 */
export const shapPoints = (features: number): number =>
  Math.max(1, Math.min(Math.ceil(features / 2), Math.ceil(4 * Math.sqrt(features))))

interface Walk {
  readonly row: Float32Array
  readonly contributions: Float64Array
  /** The output of a leaf's first value. */
  readonly firstOutput: number
  readonly rule: QuadratureRule
}

interface Edge {
  readonly node: number
  readonly child: number
  readonly level: number
  /** Whether the row goes along. */
  readonly hot: boolean
}

interface Fractions {
  readonly zero: number
  readonly one: number
  readonly oldZero: number
  readonly oldOne: number
}

/** Mean leaf values below every node by cover. */
function expectedValues({ features, left, right, cover, leafValues, leafWidth }: TreeEnsemble): Float64Array {
  const expected = new Float64Array(features.length * leafWidth)
  // Children come after their parents.
  for (let node = features.length - 1; node >= 0; node -= 1) {
    const first = left[node] as number
    const second = right[node] as number
    const isLeaf = (features[node] as number) < 0
    for (let slot = 0; slot < leafWidth; slot += 1) {
      const cell = node * leafWidth + slot
      if (isLeaf) expected[cell] = leafValues[first * leafWidth + slot] as number
      else {
        const fromLeft = (cover[first] as number) * (expected[first * leafWidth + slot] as number)
        const fromRight = (cover[second] as number) * (expected[second * leafWidth + slot] as number)
        expected[cell] = (fromLeft + fromRight) / (cover[node] as number)
      }
    }
  }
  return expected
}

/** Of the longest path: its edges, and the most distinct features of any path. */
function measurePaths(
  { features, left, right }: TreeEnsemble,
  root: number,
): { readonly depth: number; readonly distinct: number } {
  const onPath = new Map<number, number>()
  let depth = 0
  let distinct = 0
  const visit = (node: number, level: number): void => {
    depth = Math.max(depth, level)
    distinct = Math.max(distinct, onPath.size)
    const feature = features[node] as number
    if (feature < 0) return
    const before = onPath.get(feature)
    onPath.set(feature, (before ?? 0) + 1)
    visit(left[node] as number, level + 1)
    visit(right[node] as number, level + 1)
    if (before === undefined) onPath.delete(feature)
    else onPath.set(feature, before)
  }
  visit(root, 0)
  return { depth, distinct }
}
