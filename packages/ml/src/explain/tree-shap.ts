import { argumentError } from '../errors.ts'
import type { TreeEnsemble } from '../trees/tree-ensemble.ts'
import { ShapPath } from './shap-path.ts'

export interface TreeExplanation {
  /** By output: the score to expect before anything of the row is known. */
  readonly base: Float64Array
  /** features x outputs, row-major; with the base they sum to the row's scores. */
  readonly contributions: Float64Array
}

/**
 * SHAP values of tree ensembles, path-dependent (Lundberg et al. 2020, "From local explanations to global understanding with
 * explainable AI for trees", Algorithm 2): what each feature adds to the score, when an unknown feature sends a row both ways
 * in the proportions of the training rows. Time is `trees x leaves x depth^2`, the depth counted in distinct features.
 */
export class TreeShap {
  private readonly ensemble: TreeEnsemble
  private readonly base: Float64Array
  private readonly path: ShapPath

  constructor(ensemble: TreeEnsemble) {
    this.ensemble = ensemble
    const { outputs, leafWidth, scale, roots } = ensemble
    const { expected, depth } = expectedValues(ensemble)
    this.base = ensemble.base.slice()
    roots.forEach((root, tree) => {
      for (let slot = 0; slot < leafWidth; slot += 1) {
        const output = leafWidth === 1 ? tree % outputs : slot
        this.base[output] = (this.base[output] as number) + scale * (expected[root * leafWidth + slot] as number)
      }
    })
    this.path = new ShapPath(depth)
  }

  /** `row`: a value a feature, 0 for what a sparse row doesn't have, NaN where missing. Throws RPT_ML_ARGUMENT_INVALID. */
  explain(row: Float32Array): TreeExplanation {
    const { featureCount, outputs, leafWidth, roots } = this.ensemble
    if (row.length !== featureCount) throw argumentError('row', `has ${row.length} values, not ${featureCount}`)
    const contributions = new Float64Array(featureCount * outputs)
    roots.forEach((root, tree) => {
      const walk = { row, contributions, firstOutput: leafWidth === 1 ? tree % outputs : 0 }
      this.path.extend(0, 0, { feature: -1, zero: 1, one: 1 })
      this.visit(walk, root, { level: 0, last: 0 })
    })
    return { base: this.base.slice(), contributions }
  }

  /** The path of the node stands at that level and has the steps 0 .. last. */
  private visit(walk: Walk, node: number, { level, last }: { readonly level: number; readonly last: number }): void {
    const { features, thresholds, left, right, missingLeft, cover } = this.ensemble
    const { path } = this
    const feature = features[node] as number
    if (feature < 0) {
      this.addLeaf(walk, left[node] as number, { level, last })
      return
    }
    const value = walk.row[feature] as number
    const goesLeft = value <= (thresholds[node] as number) || (Number.isNaN(value) && missingLeft[node] === 1)
    const hot = (goesLeft ? left[node] : right[node]) as number
    const cold = (goesLeft ? right[node] : left[node]) as number
    const known = path.find(level, last, feature)
    const zero = known > 0 ? path.zero(level, known) : 1
    const one = known > 0 ? path.one(level, known) : 1
    if (known > 0) path.unwind(level, last, known)
    const length = known > 0 ? last : last + 1
    const whole = cover[node] as number
    path.copy(level, level + 1, length)
    path.extend(level + 1, length, { feature, zero: (zero * (cover[hot] as number)) / whole, one })
    this.visit(walk, hot, { level: level + 1, last: length })
    path.copy(level, level + 1, length)
    path.extend(level + 1, length, { feature, zero: (zero * (cover[cold] as number)) / whole, one: 0 })
    this.visit(walk, cold, { level: level + 1, last: length })
  }

  private addLeaf(
    { contributions, firstOutput }: Walk,
    leaf: number,
    { level, last }: { readonly level: number; readonly last: number },
  ): void {
    const { leafValues, leafWidth, outputs, scale } = this.ensemble
    this.path.contribute(level, last, (feature, amount) => {
      for (let slot = 0; slot < leafWidth; slot += 1) {
        const cell = feature * outputs + firstOutput + slot
        const value = leafValues[leaf * leafWidth + slot] as number
        contributions[cell] = (contributions[cell] as number) + scale * amount * value
      }
    })
  }
}

interface Walk {
  readonly row: Float32Array
  readonly contributions: Float64Array
  /** The output of a leaf's first value. */
  readonly firstOutput: number
}

/** Mean leaf values below every node by cover, and the greatest depth of a tree. */
function expectedValues({ features, left, right, cover, leafValues, leafWidth }: TreeEnsemble): {
  readonly expected: Float64Array
  readonly depth: number
} {
  const expected = new Float64Array(features.length * leafWidth)
  const height = new Int32Array(features.length)
  // Children come after their parents.
  for (let node = features.length - 1; node >= 0; node -= 1) {
    const first = left[node] as number
    const second = right[node] as number
    const isLeaf = (features[node] as number) < 0
    if (!isLeaf) height[node] = 1 + Math.max(height[first] as number, height[second] as number)
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
  return { expected, depth: height.reduce((a, b) => Math.max(a, b), 0) }
}
