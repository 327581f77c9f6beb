import { operatorTenant, recommenderModelName } from '@rapport/contracts'
import {
  createSelfCheck,
  encodeBundle,
  type FactorModel,
  type NeighbourLists,
  type RecommenderBundle,
} from '@rapport/ml'
import { createModelStore } from '@rapport/model-store'
import type { ObjectStore } from '@rapport/object-store'
import { itemId } from './workload.ts'

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** Standard normal by Box and Muller. */
const normal = (): number => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())

/** An iALS model of a given size. Speed depends on the shape alone, so its factors are random and nobody waits for training. */
function randomFactorModel(itemCount: number, factors: number): FactorModel {
  const itemFactors = Float32Array.from({ length: itemCount * factors }, () => normal() / Math.sqrt(factors))
  const gram = new Float64Array(factors * factors)
  for (let item = 0; item < itemCount; item += 1) {
    const row = itemFactors.subarray(item * factors, (item + 1) * factors)
    for (const [left, a] of row.entries())
      for (const [right, b] of row.entries()) gram[left * factors + right]! += a * b
  }
  const size = { algorithm: 'ials' as const, itemCount, factors, parameters: { factors } }
  return { ...size, alpha0: 0.1, regularization: 0.01, regularizationExponent: 1, itemFactors, gram }
}

const checkedHistory = { items: Int32Array.of(0, 1), weights: Float32Array.of(1, 1), length: 2 }

const noNeighbours = (itemCount: number): NeighbourLists => ({
  starts: new Int32Array(itemCount + 1),
  items: new Int32Array(0),
  scores: new Float32Array(0),
})

/** Publishes such a model as the champion of the first tenant. */
export async function publishModel(
  objects: ObjectStore,
  { items, factors }: { items: number; factors: number },
): Promise<void> {
  const store = createModelStore(objects, { log: silent })
  const scorer = randomFactorModel(items, factors)
  const bundle: RecommenderBundle = {
    itemIds: Array.from({ length: items }, (_, index) => itemId(index)),
    scorer,
    popularity: Float32Array.from({ length: items }, (_, index) => 1 / (index + 1)),
    neighbours: { similar: noNeighbours(items) },
    eventWeights: { 'Product Viewed': 1, 'Product Added': 3, 'Order Completed': 5 },
    catalogue: Buffer.from('[]'),
  }
  const ref = { tenant: operatorTenant, name: recommenderModelName }
  const { version } = await store.publish({
    ...ref,
    task: 'recommender',
    algorithm: 'ials',
    framework: 'rapport',
    inputSchema: {},
    data: { rows: 0, fingerprint: 'random' },
    parameters: { factors },
    metrics: {},
    codeRevision: 'bench',
    files: encodeBundle(bundle),
    selfCheck: createSelfCheck(bundle, checkedHistory),
  })
  await store.promote({ ...ref, alias: 'champion' }, version)
}
