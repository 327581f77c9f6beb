import { describe, expect, it } from 'vitest'
import { trainBoostedClassifier } from './boosting/train-boosted-trees.ts'
import { trainRandomForest } from './forest/train-random-forest.ts'
import { smallTask } from './testing/small-data.ts'
import { fromTreeData, toTreeData } from './tree-data.ts'
import { treeScores, type TreeEnsemble } from './tree-ensemble.ts'

const { matrix, labels } = smallTask()
const boosted = await trainBoostedClassifier(matrix, labels, { classes: 3, seed: 1, iterations: 2, minChildRows: 2 })
const forest = await trainRandomForest(matrix, labels, { classes: 3, trees: 3, seed: 1 })

type Change = (ensemble: TreeEnsemble) => Partial<TreeEnsemble>

const put = (values: Int32Array, at: number, value: number): Int32Array => values.with(at, value)

describe('tree ensembles as data', () => {
  it.each([boosted.ensemble, forest])('come back the same', (ensemble) => {
    const { header, arrays } = toTreeData(ensemble)
    expect(fromTreeData({ header: JSON.parse(JSON.stringify(header)), arrays: { ...arrays } })).toEqual(ensemble)
  })

  it.each<[string, Change, RegExp]>([
    ['a loop', ({ left }) => ({ left: put(left, 0, 0) }), /node 0 is not a later node/],
    ['a child that is not there', ({ right }) => ({ right: put(right, 0, 1e6) }), /node 0 is not a later node/],
    ['a feature that is not there', ({ features }) => ({ features: put(features, 0, 3) }), /features of node 0 is 3/],
    ['a root that is not there', () => ({ roots: Int32Array.of(-1) }), /roots names node -1/],
    ['leaf values that are not there', () => ({ leafValues: new Float32Array(0) }), /which do not exist/],
    ['a NaN in a leaf', ({ leafValues }) => ({ leafValues: leafValues.with(0, Number.NaN) }), /not finite/],
    ['a NaN threshold', ({ thresholds }) => ({ thresholds: thresholds.with(0, Number.NaN) }), /thresholds of node 0/],
    ['a negative cover', ({ cover }) => ({ cover: cover.with(0, -1) }), /cover of node 0 is -1/],
    ['a short array', ({ cover }) => ({ cover: cover.slice(1) }), /cover has \d+ nodes/],
    ['an unknown link', () => ({ link: 'probit' as 'softmax' }), /link is "probit"/],
    ['no outputs', () => ({ outputs: 0 }), /outputs is 0/],
    ['a base of another size', () => ({ base: Float64Array.of(1) }), /base has 1 values/],
  ])('with %s are refused', (_, change, message) => {
    const { header, arrays } = toTreeData({ ...forest, ...change(forest) })
    expect(() => fromTreeData({ header, arrays: { ...arrays } })).toThrow(message)
  })

  it('of other types are refused', () => {
    const { header, arrays } = toTreeData(forest)
    expect(() => fromTreeData({ header: null, arrays: { ...arrays } })).toThrow(/header is not an object/)
    expect(() => fromTreeData({ header, arrays: { ...arrays, roots: [0] } })).toThrow(/roots is not a Int32Array/)
  })

  it('score the rows of a matrix with as many columns only', () => {
    expect(() => treeScores(forest, { rows: 1, columns: 2, values: Float32Array.of(1, 2) })).toThrow(/2 columns, not 3/)
  })
})
