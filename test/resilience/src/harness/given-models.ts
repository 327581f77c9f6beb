import { operatorTenant, recommenderModelName } from '@rapport/contracts'
import { createSelfCheck, encodeBundle, type RecommenderBundle } from '@rapport/ml'
import { createModelStore } from '@rapport/model-store'
import type { ObjectStore } from '@rapport/object-store'

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** Publishes a recommender of so many items `item-0`, `item-1`, …; no alias names it. Nobody has to wait for a training. */
export async function publishGivenModel(objects: ObjectStore, items: number): Promise<string> {
  const factors = 1
  const bundle: RecommenderBundle = {
    itemIds: Array.from({ length: items }, (_, number) => `item-${number}`),
    scorer: {
      algorithm: 'ials',
      itemCount: items,
      factors,
      parameters: { factors },
      alpha0: 0.1,
      regularization: 0.01,
      regularizationExponent: 1,
      itemFactors: Float32Array.from({ length: items }, (_, number) => 1 / (number + 1)),
      gram: Float64Array.of(2),
    },
    popularity: Float32Array.from({ length: items }, (_, number) => 1 / (number + 1)),
    neighbours: {
      similar: { starts: new Int32Array(items + 1), items: new Int32Array(0), scores: new Float32Array(0) },
    },
    eventWeights: { 'Product Viewed': 1 },
    catalogue: Buffer.from('[]'),
  }
  const { version } = await createModelStore(objects, { log: silent }).publish({
    tenant: operatorTenant,
    name: recommenderModelName,
    task: 'recommender',
    algorithm: 'ials',
    framework: 'rapport',
    inputSchema: {},
    data: { rows: 0, fingerprint: 'given' },
    parameters: { factors },
    metrics: {},
    codeRevision: 'test',
    files: encodeBundle(bundle),
    selfCheck: createSelfCheck(bundle, { items: Int32Array.of(0), weights: Float32Array.of(1), length: 1 }),
  })
  return version
}
