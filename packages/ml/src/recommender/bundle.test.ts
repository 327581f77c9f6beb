import { describe, expect, it } from 'vitest'
import { RapportError } from '@rapport/core'
import { gramMatrix } from '../linalg/gram.ts'
import { LeastSquares } from '../linalg/least-squares.ts'
import { bundleBytes, decodeBundle, encodeBundle, type RecommenderBundle } from './bundle.ts'
import { createItemScorer, type ScorerModel } from './scorer-model.ts'

const similar = {
  starts: Int32Array.of(0, 2, 3, 3),
  items: Int32Array.of(1, 2, 0),
  scores: Float32Array.of(0.5, 0.25, 0.5),
}
const itemFactors = Float32Array.of(1, 0.5, 0.25, -1, 2, 0.125)
const models: readonly ScorerModel[] = [
  { algorithm: 'popularity', itemCount: 3, parameters: {} },
  {
    algorithm: 'item-knn',
    itemCount: 3,
    parameters: { neighbours: 2 },
    weights: {
      rows: 3,
      columns: 3,
      starts: Int32Array.of(0, 2, 3, 3),
      indices: Int32Array.of(1, 2, 0),
      values: Float32Array.of(0.5, 0.25, 0.5),
    },
  },
  {
    algorithm: 'ease-dense',
    itemCount: 3,
    parameters: { lambda: 1 },
    weights: Float32Array.of(0, 1, 2, 3, 0, 4, 5, 6, 0),
  },
  {
    algorithm: 'ials',
    itemCount: 3,
    parameters: { epochs: 3 },
    factors: 2,
    alpha0: 0.1,
    regularization: 0.01,
    regularizationExponent: 1,
    itemFactors,
    gram: gramMatrix(new LeastSquares(2), itemFactors, 0, 3),
  },
]
const bundleOf = (scorer: ScorerModel): RecommenderBundle => ({
  itemIds: ['a', 'b', '茶'],
  scorer,
  popularity: Float32Array.of(3, 0, 1.5),
  neighbours: { similar, alsoBought: similar },
  eventWeights: { 'Product Viewed': 1, 'Order Completed': 4 },
  historyHalfLifeMs: 86_400_000,
  catalogue: new TextEncoder().encode('{"茶":{"title":"tea"}}'),
})

describe('bundle', () => {
  it.each(models)('comes back from its files: $algorithm', (model) => {
    const bundle = bundleOf(model)
    const decoded = decodeBundle(encodeBundle(bundle))
    expect(decoded).toEqual(bundle)
    const history = { items: Int32Array.of(0, 2), weights: Float32Array.of(1, 2), length: 2 }
    const [before, after] = [new Float32Array(3), new Float32Array(3)]
    createItemScorer(model).score(history, before)
    createItemScorer(decoded.scorer).score(history, after)
    expect(after).toEqual(before)
  })

  it('uses aligned bytes in place and copies others', () => {
    const files = new Map(encodeBundle(bundleOf(models[0]!)))
    const aligned = files.get('popularity.f32')!
    expect(decodeBundle(files).popularity.buffer).toBe(aligned.buffer)
    const shifted = new Uint8Array(13)
    shifted.set(aligned, 1)
    files.set('popularity.f32', shifted.subarray(1))
    expect(decodeBundle(files).popularity).toEqual(Float32Array.of(3, 0, 1.5))
  })

  it('refuses a bundle its reader would refuse before it is published', () => {
    const bundle = bundleOf(models[0]!)
    expect(() => encodeBundle({ ...bundle, popularity: Float32Array.of(1, Number.NaN, 1) })).toThrow(
      /popularity.f32: entry 1/,
    )
  })

  it('counts the bytes of its arrays', () => {
    const bundle = bundleOf(models[3]!)
    const arrays = 12 + 2 * (16 + 12 + 12) + 24 + 32 + bundle.catalogue.byteLength
    expect(bundleBytes(bundle)).toBe(arrays + 3 * 26)
  })
})

describe('a corrupt bundle', () => {
  const i32 = (...values: number[]) => new Uint8Array(Int32Array.from(values).buffer)
  const f32 = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer)
  const text = (value: string) => new TextEncoder().encode(value)
  const [popular, knn, , ials] = models as [ScorerModel, ScorerModel, ScorerModel, ScorerModel]

  it.each([
    ['a missing file', popular, 'item-ids.json', undefined, /item-ids.json: is missing/],
    ['text that is not JSON', popular, 'bundle.json', text('{'), /bundle.json: is not JSON/],
    ['another format', popular, 'bundle.json', text('{"format":"x"}'), /format is not/],
    ['a short array', popular, 'popularity.f32', f32(1, 2), /popularity.f32: has 8 bytes, not 12/],
    ['bytes that are no whole entry', popular, 'popularity.f32', new Uint8Array(11), /has 11 bytes, not 12/],
    ['a negative popularity', popular, 'popularity.f32', f32(1, -1, 1), /entry 1 is -1, below 0/],
    ['an infinite score', knn, 'scorer/weights.f32', f32(1, Number.POSITIVE_INFINITY, 1), /entry 1 is Infinity/],
    ['falling row starts', knn, 'scorer/starts.i32', i32(0, 2, 1, 3), /falls after entry 1/],
    ['row starts beyond the entries', knn, 'scorer/starts.i32', i32(0, 2, 3, 9), /not 36/],
    ['an item out of range', knn, 'neighbours/similar/items.i32', i32(1, 3, 0), /entry 1 is 3, not within 0..2/],
    ['a negative item', knn, 'scorer/items.i32', i32(-1, 2, 0), /entry 0 is -1/],
    ['a row out of order', knn, 'scorer/items.i32', i32(2, 1, 0), /row 0 is not in ascending order/],
    [
      'an unknown algorithm',
      knn,
      'scorer/scorer.json',
      text('{"algorithm":"magic","parameters":{}}'),
      /"magic" is not known/,
    ],
    ['item ids twice', popular, 'item-ids.json', text('["a","a","b"]'), /names an item twice/],
    [
      'a gram that is not symmetric',
      ials,
      'scorer/gram.f64',
      new Uint8Array(Float64Array.of(9, 1, 2, 9).buffer),
      /symmetric/,
    ],
    [
      'a gram that no factors have',
      ials,
      'scorer/gram.f64',
      new Uint8Array(Float64Array.of(1, 5, 5, 1).buffer),
      /semidefinite/,
    ],
  ] as const)('is refused: %s', (...[, model, path, content, message]) => {
    const files = new Map(encodeBundle(bundleOf(model)))
    expect(files.has(path)).toBe(true)
    if (content === undefined) files.delete(path)
    else files.set(path, content)
    expect(() => decodeBundle(files)).toThrow(message)
    expect(() => decodeBundle(files)).toThrow(RapportError)
  })
})
